"""Rows for shapecalc/ops/linear.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import Case, H, L, N, Rejects, T, W

CASES = [
    Case(nn.Linear(3, 8),                            (N, 3),                    (N, 8)),
    Case(nn.Linear(3, 8, bias=False),                (3,),                      (8,)),
    Case(nn.Linear(3, 8),                            (N, H, W, 3),              (N, H, W, 8)),
    Case(nn.Linear(3, 8),                            (N, 3, "float32"),         (N, 8)),
    Case(F.linear,                                   [(N, T, L), (H, L)],       (N, T, H)),
    Case(F.linear,                                   [(N, T, L), (H, L), (H,)], (N, T, H)),
    Case(F.linear,                                   [(N, L), (H, L), (N, 1)],  (N, H)),
    Case(F.linear,                                   [(N, L), (L,)],            (N,)),
    Case(F.linear,                                   [(L,), (L,)],              ()),
    Case(nn.Bilinear(3, 4, 5),                       [(N, 3), (N, 4)],          (N, 5)),
    Case(nn.Bilinear(3, 4, 5, bias=False),           [(N, T, 3), (N, T, 4)],    (N, T, 5)),
    Case(torch.bilinear,                             [(H,), (W,), (L, H, W)],   (L,)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.Linear(9, 3), (2, 9, "int64")),
    Rejects(nn.Linear(3, 8), (2, 4)),
    Rejects(nn.Linear(3, 8), ()),
    Rejects(nn.Linear(1, 8), (2, 4)),
    Rejects(F.linear, [(2, 3), (4, 3), (3,)]),
    Rejects(F.linear, [(2, 3), (4, 3), (5, 2, 4)]),
    Rejects(F.linear, [(2, 3), (2, 4, 3)]),
    Rejects(nn.Bilinear(3, 4, 5), [(2, 3), (2, 3)]),
    Rejects(nn.Bilinear(3, 4, 5), [(1, 3), (2, 4)]),
    Rejects(nn.Bilinear(3, 4, 5), [(2, 3), (6, 2, 4)]),
    Rejects(torch.bilinear, [(2, 3), (2, 4), (5, 3, 4), (1,)]),
    Rejects(torch.bilinear, [(2, 3), (2, 4), (3, 4)]),
    Rejects(torch.bilinear, [(2, 0), (2, 3), (4, 0, 3)]),
]  # fmt: skip
