"""Rows for shapecalc/ops/dropout.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import C, Case, D, H, L, N, Rejects, W

TINY = 1e-9  # so that nothing is dropped, which would not be read

CASES = [
    Case(nn.Dropout(0.1),                                  (N, L),          (N, L)),
    Case(lambda x: F.dropout(x, TINY, inplace=True),        (L,),            (L,)),
    Case(nn.Dropout1d(),                                   (N, C, L),       (N, C, L)),
    Case(lambda x: F.dropout2d(x, TINY),                    (N, C, H, W),    (N, C, H, W)),
    Case(nn.Dropout3d(),                                   (N, C, D, H, W), (N, C, D, H, W)),
    Case(lambda x: F.alpha_dropout(x, TINY, training=True), (N, L),          (N, L)),
    Case(nn.FeatureAlphaDropout(),                         (N, C, L),       (N, C, L)),
    Case(lambda x: torch.dropout(x, TINY, train=True),      (N, L),          (N, L)),
    Case(lambda x: torch.feature_dropout(x, TINY, True),   (N, C, L),       (N, C, L)),
    Case(lambda x: F.dropout(x, 1.0),                      (N, L),          (N, L)),
    Case(lambda x: F.alpha_dropout(x, 1.0, training=True), (N, L),          (N, L)),
    Case(lambda x: F.dropout(x, 1.0, training=False),      (N, L),          (N, L)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: F.dropout(x, 1.5), (2, 3)),
    Rejects(nn.Dropout1d(), (2, 3, 4, 5)),
    Rejects(lambda x: torch.feature_dropout(x, TINY, True), (3,)),
    Rejects(lambda x: F.feature_alpha_dropout(x, TINY, True), (3,)),
]
