"""Rows for shapecalc/ops/layer_normalization.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import C, Case, D, H, L, N, Rejects, T, W

CASES = [
    Case(nn.LayerNorm(8),                                    (N, T, 8),       (N, T, 8)),
    Case(nn.LayerNorm((7, 8), bias=False),                   (N, 7, 8),       (N, 7, 8)),
    Case(lambda x: F.layer_norm(x, x.shape[1:]),             (N, C, H, W),    (N, C, H, W)),
    Case(lambda x: torch.layer_norm(x, [8], torch.ones(8)),  (N, T, 8),       (N, T, 8)),
    Case(nn.RMSNorm((7, 8), eps=1e-3),                       (N, 7, 8),       (N, 7, 8)),
    Case(lambda x: F.rms_norm(x, (8,), torch.ones(8), 1e-3), (8,),            (8,)),
    Case(nn.GroupNorm(2, 6),                                 (N, 6, H, W),    (N, 6, H, W)),
    Case(nn.GroupNorm(3, 6, affine=False),                   (N, 6),          (N, 6)),
    Case(lambda x: F.group_norm(x, 3),                       (N, C, L),       (N, C, L), sizes=[{"N": 2, "C": 6, "L": 5}, {"N": 1, "C": 9, "L": 1}]),
    Case(nn.GroupNorm(1, 6),                                 (N, 6, L),       (N, 6, L)),
    Case(nn.GroupNorm(6, 6),                                 (N, 6, L),       (N, 6, L)),
    Case(nn.LocalResponseNorm(5),                            (N, 9, L),       (N, 9, L)),
    Case(nn.LocalResponseNorm(2),                            (N, C, L),       (N, C, L)),
    Case(nn.LocalResponseNorm(15),                           (N, C, D, H, W), (N, C, D, H, W)),
    Case(lambda x: F.normalize(x),                           (N, C, H, W),    (N, C, H, W)),
    Case(lambda x: F.normalize(x, p=1.0, dim=(-1, 0)),       (N, C),          (N, C)),
    Case(lambda x: F.normalize(x, dim=None),                 (N, C),          (N, C)),
    Case(lambda x: F.normalize(x, dim=()),                   (N, C),          (N, C)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.LayerNorm(8), (2, 3, 9)),
    Rejects(nn.LayerNorm((7, 8)), (8,)),
    Rejects(lambda x: F.layer_norm(x, ()), (2, 8)),
    Rejects(lambda x: F.layer_norm(x, (8,), torch.ones(7)), (2, 8)),
    Rejects(lambda x: F.layer_norm(x, (8,), torch.ones(8), torch.ones(1, 8)), (2, 8)),
    Rejects(nn.RMSNorm(8), (2, 3, 9)),
    Rejects(lambda x: F.rms_norm(x, (8,), torch.ones(7)), (2, 8)),
    Rejects(nn.GroupNorm(2, 6), (2, 8, 3)),
    Rejects(nn.GroupNorm(6, 6), (1, 6)),
    Rejects(lambda x: F.group_norm(x, 4), (2, 6, 3)),
    Rejects(lambda x: F.group_norm(x, 3, torch.ones(6, 1)), (2, 6, 3)),
    Rejects(lambda x: F.group_norm(x, 3), (6,)),
    Rejects(nn.LocalResponseNorm(2), (2, 3)),
    Rejects(nn.LocalResponseNorm(0), (2, 3, 9)),
    Rejects(lambda x: F.normalize(x), (9,)),
    Rejects(lambda x: F.normalize(x, dim=(1, -1)), (2, 3)),
    Rejects(lambda x: F.normalize(x, float("inf"), 0), (0, 3)),
    Rejects(lambda x: F.normalize(x, -1.0, None), (2, 0)),
]
