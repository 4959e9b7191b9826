"""Rows for shapecalc/ops/softmax.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import C, Case, H, L, N, Rejects, W

CASES = [
    Case(nn.Softmax(1),                                           (N, C, H, W), (N, C, H, W)),
    Case(nn.Softmin(-1),                                          (N, C),       (N, C)),
    Case(nn.LogSoftmax(0),                                        (L,),         (L,)),
    Case(nn.Softmax2d(),                                          (N, C, H, W), (N, C, H, W)),
    Case(lambda x: F.softmax(x, 1, dtype=torch.float64),          (N, C),       (N, C)),
    Case(lambda x: torch.softmax(x, 1, torch.float64),            (N, C),       (N, C)),
    Case(lambda x: x.log_softmax(0),                              (),           ()),
    Case(lambda x: F.gumbel_softmax(x, tau=0.5, hard=True, dim=1), (N, C),      (N, C), unseen="only the greatest element shows"),
    Case(lambda x: F.gumbel_softmax(x, tau=0.5, dim=0),           (N, C),       (N, C)),
    Case(lambda x: torch.special.softmax(x, 1),                   (N, C),       (N, C)),
    Case(lambda x: torch.special.log_softmax(x, dim=-2),          (N, C),       (N, C)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.Softmax(2), (2, 3)),
    Rejects(nn.LogSoftmax(-3), (2, 3)),
    Rejects(nn.Softmin(1), ()),
    Rejects(lambda x: F.gumbel_softmax(x, dim=2), (2, 3)),
    Rejects(lambda x: F.gumbel_softmax(x, hard=True), (3, 0)),
]
