"""Rows for shapecalc/ops/folding.py."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv, product
from tests.op_cases.case import C, Case, H, N, Rejects, W, half

CASES = [
    Case(nn.Unfold(3),                                     (N, C, H, W), (N, 9 * C, product((H - 2, W - 2)))),
    Case(nn.Unfold((3, 2), padding=(1, 0), stride=(2, 1)), (C, H, W),    (6 * C, product((half(H), W - 1)))),
    Case(nn.Unfold(3, dilation=2, stride=4),               (N, 3, H, W), (N, 27, product((floordiv(H - 1, 4), floordiv(W - 1, 4))))),
    Case(lambda x: F.unfold(x, 2, 1, 1, 2),                (N, 3, H, W), (N, 12, product((floordiv(H, 2) + 1, floordiv(W, 2) + 1)))),
    Case(nn.Fold(4, 2),                                    (N, 12, 9),   (N, 3, 4, 4)),
    Case(nn.Fold((4, 5), (2, 3), stride=(2, 1)),           (C, 6),       (floordiv(C, 6), 4, 5), sizes=[{"C": 6}, {"C": 36}]),
    Case(lambda x: F.fold(x, (5, 6), 3, 2, 1, 2),          (N, 18, 4),   (N, 2, 5, 6)),
    Case(lambda x: F.fold(x, (5, 7), 2, padding=1, stride=2),  (N, 12, 12), (N, 3, 5, 7)),
    Case(nn.Fold((5, 6), 4, padding=(2, 1), stride=2),     (N, 32, 9),   (N, 2, 5, 6)),
    Case(nn.Fold(12, 11, dilation=1, padding=0),           (N, 121, 4),  (N, 1, 12, 12)),
    Case(lambda x: F.fold(F.unfold(x, 4, stride=4), x.shape[2:], 4, stride=4), (N, 3, H, W), (N, 3, H, W)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.Unfold(3), (9, 9)),
    Rejects(nn.Unfold(10), (2, 3, 9, 9)),
    Rejects(nn.Unfold((3, 3, 3)), (2, 3, 9, 9)),
    Rejects(nn.Unfold(3, padding=2), (0, 9, 9)),
    Rejects(nn.Unfold(3, padding=2), (2, 3, 0, 9)),
    Rejects(nn.Fold(4, 2), (2, 12, 8)),
    Rejects(nn.Fold(4, 2), (2, 0, 9)),
    Rejects(nn.Fold((0, 3), 2, padding=1), (2, 12, 4)),
    Rejects(nn.Fold(4, 2), (2, 13, 9)),
    Rejects(nn.Fold(3, 4), (2, 16, 1)),
    Rejects(nn.Fold(4, 2), (1, 2, 12, 9)),
]
