"""Rows for shapecalc/ops/convolution.py."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, D, H, L, N, Rejects, W, half

CASES = [
    Case(nn.Conv1d(3, 8, 3),                                  (N, 3, L),        (N, 8, L - 2)),
    Case(nn.Conv1d(3, 8, 4, 3, "valid", 2),                   (3, L),           (8, floordiv(L - 7, 3) + 1)),
    Case(nn.Conv2d(3, 8, 4, padding="same"),                  (N, 3, H, W),     (N, 8, H, W)),
    Case(nn.Conv2d(3, 8, 4, padding="same", dilation=2),      (N, 3, H, W),     (N, 8, H, W)),
    Case(nn.Conv2d(3, 8, 3, padding="valid"),                 (N, 3, H, W),     (N, 8, H - 2, W - 2)),
    Case(nn.Conv2d(3, 8, 7, stride=2, padding=3),             (N, 3, H, W),     (N, 8, half(H), half(W))),
    Case(nn.Conv2d(4, 8, (3, 1), (2, 1), (1, 0), groups=4),   (N, 4, H, W),     (N, 8, half(H), W)),
    Case(nn.Conv1d(4, 6, 2, 3, 1, 2, groups=2),               (4, L),           (6, floordiv(L + 2, 3))),
    Case(nn.Conv2d(3, 8, 3, stride=3, dilation=2),            (N, 3, H, W),     (N, 8, floordiv(H - 2, 3), floordiv(W - 2, 3))),
    Case(nn.Conv3d(3, 8, 3, stride=2, padding=1),             (N, 3, D, H, W),  (N, 8, half(D), half(H), half(W))),
    Case(nn.Conv3d(3, 8, (1, 2, 3), bias=False),              (3, D, H, W),     (8, D, H - 1, W - 2)),
    Case(nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect"), (N, 3, H, W),   (N, 8, H, W)),
    Case(nn.Conv2d(3, 8, 4, padding="same", padding_mode="circular"), (N, 3, H, W), (N, 8, H, W)),
    Case(nn.Conv2d(3, 8, 3),                                  (3, H, W),        (8, H - 2, W - 2)),
    Case(lambda x, w: F.conv2d(x, w, stride=2),               [(N, 3, H, W), (8, 3, 3, 3)], (N, 8, floordiv(H - 1, 2), floordiv(W - 1, 2))),
    Case(lambda x, w: F.conv1d(x, w, padding=[2], groups=2),  [(N, 4, L), (6, 2, 3)], (N, 6, L + 2)),
    Case(nn.Conv2d(3, 8, 3, padding=2),                       (0, 3, 0, 5),     (0, 8, 2, 7)),
    Case(lambda x, w: F.conv2d(x, w, padding=1),              [(2, 0, 5, 0), (8, 0, 1, 1)], (2, 0, 7, 2)),
    Case(nn.LazyConv2d(8, 3, 2, 1),                           (N, 3, H, W),     (N, 8, half(H), half(W))),
    Case(nn.LazyConv1d(8, 3),                                 (N, C, L),        (N, 8, L - 2), sizes=[{"N": 2, "C": 3, "L": 9}]),
]  # fmt: skip

REJECTS = [
    Rejects(nn.Conv2d(3, 8, 3), (2, 3, 9, 9, "int64")),
    Rejects(nn.Conv2d(3, 8, 3), (2, 4, 9, 9)),
    Rejects(nn.Conv2d(3, 8, 3), (2, 3, 2, 9)),
    Rejects(nn.Conv2d(3, 8, 3), (2, 2, 3, 9, 9)),
    Rejects(nn.Conv2d(3, 8, 3, dilation=5), (2, 3, 10, 11)),
    Rejects(nn.Conv2d(3, 8, 3, padding=9, padding_mode="reflect"), (2, 3, 9, 9)),
    Rejects(nn.Conv2d(3, 8, 3, padding=10, padding_mode="circular"), (2, 3, 9, 9)),
    Rejects(nn.Conv2d(3, 8, 3, padding=2), (2, 3, 0, 5)),
    Rejects(nn.Conv1d(3, 8, 1, padding=1), (3, 0)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(0, 3, 3, 3)), (2, 3, 9, 9)),
    Rejects(nn.Conv2d(3, 8, 2, padding=1, padding_mode="replicate"), (0, 3, 0, 9)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(4, 3, 3, 3), stride=0), (2, 3, 9, 9)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(4, 3, 3, 3), padding=-1), (2, 3, 9, 9)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(4, 3, 3, 3), stride=(1, 1, 1)), (2, 3, 9, 9)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(4, 3, 3, 3), padding="same", stride=2), (2, 3, 9, 9)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(4, 3, 3)), (2, 3, 9, 9)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(4, 1, 3, 3), groups=3), (2, 3, 9, 9)),
    Rejects(lambda x: F.conv2d(x, x.new_zeros(4, 3, 3, 3), groups=0), (2, 3, 9, 9)),
    Rejects(lambda x, b: F.conv2d(x, x.new_zeros(4, 3, 3, 3), b), [(2, 3, 9, 9), (3,)]),
    Rejects(lambda x, b: F.conv2d(x, x.new_zeros(4, 3, 3, 3), b), [(2, 3, 9, 9), (4, 1)]),
]
