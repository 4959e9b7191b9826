"""Rows for shapecalc/ops/grids.py."""

from __future__ import annotations

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import Case, H, N, Rejects

CASES = [
    Case(lambda x, y: torch.meshgrid(x, y, indexing="xy"),    [(N,), (H,)],      [(H, N), (H, N)]),
    Case(lambda x, y: torch.meshgrid([x, y], indexing="ij"),  [(N,), ()],        [(N, 1), (N, 1)]),
    Case(lambda x: torch.meshgrid(torch.arange(x.shape[0]), torch.arange(x.shape[1]), indexing="ij")[0],
                                                              (N, H),            (N, H)),
    Case(lambda x, y: torch.cartesian_prod(x, y),             [(N,), (H,)],      (N * H, 2)),
    Case(lambda x: torch.cartesian_prod(x),                   (N,),              (N,)),
    Case(lambda x: torch.combinations(x),                     (N,),              (floordiv(N * (N - 1), 2), 2)),
    Case(lambda x: torch.combinations(x, 3, with_replacement=True), (N,),        (floordiv(N * (N + 1) * (N + 2), 6), 3)),
    Case(lambda x, y, z: torch.cartesian_prod(x, y, z),       [(2,), (3,), (H,)], (6 * H, 3)),
    Case(lambda x: torch.combinations(x, 1),                  (N,),              (N, 1)),
    Case(lambda x, y, z: torch.meshgrid(x, y, z, indexing="xy"), [(2,), (3,), (H,)], [(3, 2, H), (3, 2, H), (3, 2, H)]),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: torch.meshgrid(x, x, indexing="ij"),    (2, 3)),
    Rejects(lambda x: torch.cartesian_prod(x, x),             (2, 3)),
    Rejects(lambda x: torch.combinations(x),                  (2, 3)),
]  # fmt: skip
