"""Rows for shapecalc/ops/pooling.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, D, H, L, N, Rejects, W, half

CASES = [
    Case(nn.MaxPool1d(3, 2),                                (N, C, L),       (N, C, floordiv(L - 1, 2))),
    Case(nn.MaxPool2d(2),                                   (N, C, H, W),    (N, C, floordiv(H, 2), floordiv(W, 2))),
    Case(nn.MaxPool2d(3, 2, 1),                             (C, H, W),       (C, half(H), half(W))),
    Case(nn.MaxPool2d((3, 2), (1, 3), (1, 0), (2, 1)),      (N, C, H, W),    (N, C, H - 2, floordiv(W + 1, 3))),
    Case(nn.MaxPool2d(3, 2, ceil_mode=True),                (N, C, H, W),    (N, C, floordiv(H, 2), floordiv(W, 2))),
    Case(nn.MaxPool2d(2, 4, 1, ceil_mode=True),             (N, C, H, W),    (N, C, floordiv(H, 4) + 1, floordiv(W, 4) + 1)),
    Case(nn.MaxPool2d(2, return_indices=True),              (N, C, H, W),    [(N, C, floordiv(H, 2), floordiv(W, 2))] * 2),
    Case(nn.MaxPool1d(2, return_indices=True),              (C, L),          [(C, floordiv(L, 2))] * 2),
    Case(nn.MaxPool3d(2, 1, dilation=3),                    (N, C, D, H, W), (N, C, D - 3, H - 3, W - 3)),
    Case(nn.MaxPool3d(2, 1, return_indices=True),           (N, C, D, H, W), [(N, C, D - 1, H - 1, W - 1)] * 2),
    Case(lambda x: F.max_pool2d_with_indices(x, 2),         (N, C, H, W),    [(N, C, floordiv(H, 2), floordiv(W, 2))] * 2),
    Case(lambda x: F.max_pool2d(x, 3, [], 1),               (N, C, H, W),    (N, C, floordiv(H + 2, 3), floordiv(W + 2, 3))),
    Case(lambda x: torch.max_pool2d(x, (2, 3), 1),          (N, C, H, W),    (N, C, H - 1, W - 2)),
    Case(lambda x: torch.max_pool1d_with_indices(x, 2, 1),  (N, C, L),       [(N, C, L - 1)] * 2),
    Case(nn.AvgPool1d(3, 2, 1),                             (N, C, L),       (N, C, half(L))),
    Case(nn.AvgPool2d(3, 1, 1, count_include_pad=False),    (N, C, H, W),    (N, C, H, W)),
    Case(nn.AvgPool2d(4, 4, 2, ceil_mode=True),             (N, C, H, W),    (N, C, floordiv(H + 1, 4) + 1, floordiv(W + 1, 4) + 1)),
    Case(nn.AvgPool2d((2, 5), (3, 2)),                      (C, H, W),       (C, floordiv(H + 1, 3), floordiv(W - 3, 2))),
    Case(nn.AvgPool3d(2, divisor_override=3),               (C, D, H, W),    (C, floordiv(D, 2), floordiv(H, 2), floordiv(W, 2))),
    Case(nn.LPPool1d(2, 3, 2),                              (N, C, L),       (N, C, floordiv(L - 1, 2))),
    Case(nn.LPPool2d(2, (3, 2), ceil_mode=True),            (N, C, H, W),    (N, C, floordiv(H + 2, 3), half(W))),
    Case(nn.LPPool3d(2, 2),                                 (N, C, D, H, W), (N, C, floordiv(D, 2), floordiv(H, 2), floordiv(W, 2))),
]  # fmt: skip

REJECTS = [
    Rejects(nn.MaxPool2d(3, 1, 2), (2, 3, 9, 9)),
    Rejects(nn.MaxPool2d(2, 1, 2, dilation=3), (2, 3, 9, 9)),
    Rejects(nn.MaxPool2d(10), (2, 3, 9, 9)),
    Rejects(nn.MaxPool2d(30, 2, ceil_mode=True), (2, 3, 9, 9)),
    Rejects(nn.MaxPool2d(3), (9, 9)),
    Rejects(nn.MaxPool2d((3, 3, 3)), (2, 3, 9, 9)),
    Rejects(lambda x: F.max_pool2d(x, 3, 0), (2, 3, 9, 9)),
    Rejects(lambda x: F.max_pool2d(x, 3, 1, -1), (2, 3, 9, 9)),
    Rejects(lambda x: F.max_pool1d(x, 0), (2, 3, 9)),
    Rejects(nn.MaxPool1d(10), (2, 3, 9)),
    Rejects(nn.AvgPool2d(3, 1, 2), (2, 3, 9, 9)),
    Rejects(nn.AvgPool2d(3, divisor_override=0), (2, 3, 9, 9)),
    Rejects(nn.AvgPool1d(3), (9,)),
    Rejects(nn.AvgPool3d(5, 1, 2), (2, 3, 4, 4, 4)),
    Rejects(nn.MaxPool1d(2), (0, 9)),
    Rejects(nn.MaxPool1d(2, padding=1, return_indices=True), (2, 3, 0)),
    Rejects(nn.MaxPool2d(2), (2, 0, 9, 9)),
    Rejects(nn.MaxPool2d(2, padding=1), (2, 3, 9, 0)),
    Rejects(nn.MaxPool3d(2, padding=1, ceil_mode=True), (3, 9, 0, 9)),
    Rejects(nn.AvgPool1d(2), (2, 0, 9)),
    Rejects(nn.AvgPool3d(2), (0, 9, 9, 9)),
    Rejects(nn.LPPool2d(2, 2), (0, 9, 9)),
    Rejects(nn.LPPool2d(2, 10), (2, 3, 9, 9)),
    Rejects(nn.LPPool3d(2, 5, ceil_mode=True), (2, 3, 4, 4, 4)),
]
