"""Rows for shapecalc/ops/other.py, and the products of tensors of products.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import C, Case, H, L, N, Rejects, T, W
from tests.op_cases.linalg import quiet

CASES = [
    Case(torch.tensordot,                                        [(N, H, W), (H, W, L)], (N, L)),
    Case(lambda x, y: torch.tensordot(x, y, 0),                  [(N, H), (W,)],         (N, H, W)),
    Case(lambda x, y: torch.tensordot(x, y, dims=1),             [(N, H), (H, W)],       (N, W)),
    Case(lambda x, y: torch.tensordot(x, y, ([1, -1], [1, 0])),  [(N, H, W), (W, H, L)], (N, L)),
    Case(lambda x, y: torch.tensordot(x, y, ([1], [0])),         [(N, 1, W), (H, L)],    (N, W, L)),
    Case(torch.kron,                                             [(H, W), (T, L)],       (H * T, W * L)),
    Case(torch.kron,                                             [(N, H, W), (L,)],      (N, H, W * L)),
    Case(quiet(torch.cross),                                     [(N, 3, L), (N, 3, L)], (N, 3, L)),
    Case(lambda x, y: torch.cross(x, y, dim=-1),                 [(N, 3), (1, 3)],       (N, 3)),
    Case(torch.linalg.cross,                                     [(N, 1, 3), (1, L, 3)], (N, L, 3)),
    Case(lambda x, y: torch.linalg.cross(x, y, dim=0),           [(3, N), (3, N)],       (3, N)),
    Case(torch.trace,                                            (H, W),                 ()),
    Case(lambda x: torch.renorm(x, 2, 0, 1.0),                   (N, C, L),              (N, C, L)),
    Case(torch.kron,                                             [(H, 1), (1, 3, L)],    (1, 3 * H, L)),
    Case(lambda x: torch.renorm(x, 2, -1, 1.0),                  (N, C, L),              (N, C, L)),
    Case(torch.corrcoef,                                         (L,),                   ()),
    Case(torch.trace,                                            (L, 3),                 ()),
    Case(torch.vander,                                           (L,),                   (L, L)),
    Case(lambda x: torch.vander(x, N=4, increasing=True),        (L,),                   (L, 4)),
    Case(lambda x: torch.linalg.vander(x, N=7),                  (N, L),                 (N, L, 7)),
    Case(torch.cov,                                              (H, W),                 (H, H)),
    Case(torch.cov,                                              (L,),                   ()),
    Case(lambda x: torch.cov(x, correction=0),                   (1, L),                 ()),
    Case(torch.corrcoef,                                         (H, W),                 (H, H)),
    Case(torch.cov,                                              (H, W),                 (), sizes=[{"H": 1, "W": 5}]),
]  # fmt: skip

REJECTS = [
    Rejects(torch.tensordot, [(3, 2, 5), (4, 5, 6)]),
    Rejects(torch.tensordot, [(3, 2), (5,)]),
    Rejects(lambda x, y: torch.tensordot(x, y, ([0, 1], [0])), [(3, 2), (3, 2)]),
    Rejects(lambda x, y: torch.tensordot(x, y, ([2], [0])), [(3, 2), (3, 2)]),
    Rejects(lambda x, y: torch.tensordot(x, y, ([0, 0], [0, 1])), [(2, 2), (2, 2)]),
    Rejects(quiet(torch.cross), [(2, 4), (2, 4)]),
    Rejects(quiet(torch.cross), [(3,), (2, 3)]),
    Rejects(quiet(torch.cross), [(5, 1, 3), (5, 3, 1)]),
    Rejects(torch.linalg.cross, [(3, 2), (3, 2)]),
    Rejects(torch.linalg.cross, [(2, 3), (4, 3)]),
    Rejects(torch.trace, (2, 3, 3)),
    Rejects(lambda x: torch.renorm(x, 2, 0, 1.0), (3,)),
    Rejects(lambda x: torch.renorm(x, 2, 2, 1.0), (3, 4)),
    Rejects(torch.vander, (2, 3)),
    Rejects(torch.linalg.vander, ()),
    Rejects(torch.cov, (2, 3, 4)),
]  # fmt: skip
