"""Rows for shapecalc/ops/adaptive_pooling.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv, scaled
from tests.op_cases.case import C, Case, D, H, L, N, Rejects, W

CASES = [
    Case(nn.AdaptiveAvgPool1d(5),                              (N, C, L),       (N, C, 5)),
    Case(nn.AdaptiveAvgPool2d((None, 7)),                      (N, C, H, W),    (N, C, H, 7)),
    Case(nn.AdaptiveAvgPool2d(1),                              (C, H, W),       (C, 1, 1)),
    Case(nn.AdaptiveAvgPool2d((None, 1)),                      (2, 3, 1, 0),    (2, 3, 1, 1)),
    Case(nn.AdaptiveAvgPool2d(2),                              (2, 0, 9, 9),    (2, 0, 2, 2)),
    Case(nn.AdaptiveMaxPool2d(2),                              (0, 9, 9),       (0, 2, 2)),
    Case(nn.AdaptiveAvgPool3d((3, None, 20)),                  (N, C, D, H, W), (N, C, 3, H, 20)),
    Case(lambda x: F.adaptive_avg_pool2d(x, x.shape[-1]),      (N, C, H, W),    (N, C, W, W)),
    Case(nn.AdaptiveMaxPool1d(5),                              (C, L),          (C, 5)),
    Case(nn.AdaptiveMaxPool2d((3, None)),                      (N, C, H, W),    (N, C, 3, W)),
    Case(nn.AdaptiveMaxPool3d(2),                              (N, C, D, H, W), (N, C, 2, 2, 2)),
    Case(nn.AdaptiveMaxPool1d(5, return_indices=True),         (N, C, L),       [(N, C, 5)] * 2),
    Case(nn.AdaptiveMaxPool2d((None, 4), return_indices=True), (N, C, H, W),    [(N, C, H, 4)] * 2),
    Case(nn.AdaptiveMaxPool3d(2, return_indices=True),         (C, D, H, W),    [(C, 2, 2, 2)] * 2),
    Case(lambda x: torch.adaptive_max_pool1d(x, 5),            (N, C, L),       [(N, C, 5)] * 2),
    Case(nn.FractionalMaxPool2d(2, 5),                         (N, C, H, W),    (N, C, 5, 5)),
    Case(nn.FractionalMaxPool2d((2, 3), output_ratio=(0.5, 0.7)), (N, C, H, W), (N, C, floordiv(H, 2), scaled(W, 0.7))),
    Case(nn.FractionalMaxPool2d(2, (5, 4), return_indices=True), (C, H, W),     [(C, 5, 4)] * 2),
    Case(nn.FractionalMaxPool3d(2, output_ratio=0.5),          (N, C, D, H, W), (N, C, floordiv(D, 2), floordiv(H, 2), floordiv(W, 2))),
    Case(nn.FractionalMaxPool3d(3, (4, 5, 6), return_indices=True), (N, C, D, H, W), [(N, C, 4, 5, 6)] * 2),
]  # fmt: skip

REJECTS = [
    Rejects(nn.AdaptiveAvgPool2d(3), (9, 9)),
    Rejects(nn.AdaptiveAvgPool2d((3,)), (2, 3, 9, 9)),
    Rejects(nn.AdaptiveAvgPool2d(-1), (2, 3, 9, 9)),
    Rejects(nn.AdaptiveAvgPool1d(3), (2, 2, 3, 9)),
    Rejects(nn.AdaptiveAvgPool2d(2), (2, 3, 9, 0)),
    Rejects(nn.AdaptiveAvgPool3d(2), (2, 0, 9, 9, 9)),
    Rejects(nn.AdaptiveMaxPool1d(1), (2, 0, 9)),
    Rejects(nn.AdaptiveMaxPool2d(1), (2, 3, 0, 9)),
    Rejects(nn.AdaptiveMaxPool1d(None), (2, 3, 9)),
    Rejects(nn.AdaptiveAvgPool2d(None), (2, 3, 9, 9)),
    Rejects(nn.AdaptiveMaxPool3d((2, 2)), (2, 3, 9, 9, 9)),
    Rejects(nn.FractionalMaxPool2d(2, 7), (2, 3, 7, 7)),
    Rejects(nn.FractionalMaxPool3d(2, 6), (2, 3, 7, 7, 7)),
    Rejects(nn.FractionalMaxPool2d(2, 4), (2, 0, 7, 7)),
    Rejects(nn.FractionalMaxPool3d(1, 0), (3, 7, 0, 7)),
    Rejects(nn.FractionalMaxPool2d((2,), 4), (2, 3, 7, 7)),
    Rejects(lambda x: F.fractional_max_pool2d(x, 2), (2, 3, 7, 7)),
]
