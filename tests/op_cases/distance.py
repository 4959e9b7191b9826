"""Rows for shapecalc/ops/distance.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, D, H, L, N, Rejects, T

CASES = [
    Case(F.cosine_similarity,                               [(N, C, H), (N, C, H)], (N, H)),
    Case(nn.CosineSimilarity(dim=-1),                       [(N, 1, D), (T, D)],    (N, T)),
    Case(lambda x, y: F.cosine_similarity(x, y, dim=0),     [(L,), (L,)],           ()),
    Case(F.pairwise_distance,                               [(N, D), (N, D)],       (N,)),
    Case(nn.PairwiseDistance(p=1, keepdim=True),            [(N, T, D), (T, D)],    (N, T, 1)),
    Case(F.pairwise_distance,                               [(N, 1), (D,)],         (N,)),
    Case(torch.cdist,                                       [(N, H, D), (N, L, D)], (N, H, L)),
    Case(torch.cdist,                                       [(H, D), (C, N, L, D)], (C, N, H, L)),
    Case(torch.cdist,                                       [(1, H, D), (N, 1, D)], (N, H, 1)),
    Case(lambda x, y: F.cosine_similarity(x, y, dim=0),     [(N, H), (H,)],         (H,)),
    Case(torch.pdist,                                       (1, 4),                 (0,)),
    Case(torch.pdist,                                       (65, 1),                (2080,)),
    Case(torch.pdist,                                       (N, D),                 (floordiv(N * (N - 1), 2),)),
]  # fmt: skip

REJECTS = [
    Rejects(F.cosine_similarity, [(2, 3), (2, 4)]),
    Rejects(F.cosine_similarity, [(3,), (3,)]),
    Rejects(F.pairwise_distance, [(2, 3), (2, 4)]),
    Rejects(torch.cdist, [(2, 3), (2, 4)]),
    Rejects(torch.cdist, [(2, 3), (3,)]),
    Rejects(torch.cdist, [(2, 2, 3), (3, 2, 3)]),
    Rejects(torch.pdist, (2, 3, 4)),
]  # fmt: skip
