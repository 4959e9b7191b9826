"""Rows for shapecalc/ops/diagonal.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import Case, H, N, Rejects, W

WIDE = [{"N": 3, "H": 5, "W": 9}, {"N": 4, "H": 7, "W": 11}]  # H below W - 1

CASES = [
    Case(lambda x: x.diagonal(),                              (N, N),         (N,)),
    Case(lambda x: torch.diagonal(x, 1, 1, 2),                (N, H, W),      (N, H), WIDE),
    Case(lambda x: x.diagonal(offset=-2, dim1=-1, dim2=1),    (N, H, W),      (N, H), WIDE),
    Case(lambda x: x.diagonal(-2, 1, 2),                      (N, H, W),      (N, H - 2), WIDE),
    Case(torch.linalg.diagonal,                               (N, H, W),      (N, H), WIDE),
    Case(lambda x: x.diag(),                                  (N,),           (N, N)),
    Case(lambda x: torch.diag(x, -2),                         (N,),           (N + 2, N + 2)),
    Case(lambda x: torch.diag(x, 1),                          (N, N),         (N - 1,)),
    Case(torch.diag_embed,                                    (N, H),         (N, H, H)),
    Case(lambda x: torch.diag_embed(x, 1, 0, 2),              (N, H),         (H + 1, N, H + 1)),
    Case(torch.diagflat,                                      (N, H),         (N * H, N * H)),
    Case(lambda x: torch.diagflat(x, offset=-1),              (N,),           (N + 1, N + 1)),
    Case(lambda x, y: x.diagonal_scatter(y, 1),               [(N, N), (N - 1,)], (N, N)),
    Case(torch.block_diag,                                    [(N, H), (W,), ()], (N + 2, H + W + 1)),
    Case(lambda x: torch.diag_embed(x, -2, -1, 0),            (N, H),         (H + 2, N, H + 2)),
    Case(lambda x: torch.diagflat(x, 2),                      (N, 3),         (3 * N + 2, 3 * N + 2)),
    Case(lambda x: torch.diagflat(x, -1),                     (),             (2, 2)),
    Case(lambda x: torch.diagflat(x),                         (N, 0),         (0, 0)),
    Case(lambda x, y: x.diagonal_scatter(y, -2, 2, 0),        [(N, H, N), (H, N - 2)], (N, H, N)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.diagonal(),                           (3,)),
    Rejects(lambda x: x.diagonal(dim1=0, dim2=-2),            (3, 4)),
    Rejects(torch.diag,                                       (2, 3, 4)),
    Rejects(lambda x: torch.diag_embed(x, dim1=0, dim2=0),    (3,)),
    Rejects(lambda x, y: x.diagonal_scatter(y),               [(3, 3), (2,)]),
    Rejects(torch.block_diag,                                 [(2, 3), (2, 3, 4)]),
]  # fmt: skip
