"""Rows for shapecalc/ops/statistics.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import Case, H, N, Rejects, W

CASES = [
    Case(lambda x: x.norm(),                                  (N, H),      ()),
    Case(lambda x: x.norm(dim=1, keepdim=True),               (N, H),      (N, 1)),
    Case(lambda x: torch.norm(x, 2, (1, 2)),                  (N, H, W),   (N,)),
    Case(lambda x: torch.norm(x, p=1, dim=-1),                (N, H),      (N,)),
    Case(lambda x: torch.linalg.norm(x),                      (N, H, W),   ()),
    Case(lambda x: torch.linalg.norm(x, dim=-1, keepdim=True), (N, H),     (N, 1)),
    Case(lambda x: torch.linalg.norm(x, "fro"),               (N, H),      ()),
    Case(lambda x: torch.linalg.vector_norm(x, 3, dim=(0, 1)), (N, H, W),  (W,)),
    Case(torch.dist,                                          [(N, 1), (H,)], ()),
    Case(lambda x: x.quantile(0.5),                           (N, H),      ()),
    Case(lambda x, q: x.quantile(q, dim=1),                   [(N, H), (W,)], (W, N)),
    Case(lambda x, q: x.quantile(q, dim=1, keepdim=True),     [(N, H), (W,)], (W, N, 1)),
    Case(lambda x, q: x.quantile(q),                          [(N, H), ()], ()),
    Case(lambda x: torch.nanquantile(x, 0.1, 1, True),        (N, H),      (N, 1)),
    Case(lambda x: torch.histc(x, 7),                         (N, H),      (7,)),
    Case(lambda x: torch.unique(x, return_inverse=True)[1],   (N, H),      (N, H)),
    Case(lambda x: x.unique(dim=0, return_inverse=True)[1],   (N, H),      (N,)),
    Case(lambda x: torch.unique_consecutive(x, return_inverse=True, return_counts=True)[1], (N, H), (N, H)),
    Case(lambda x: (x.bincount(), x)[1],                      (N, "int64"), (N,)),
    Case(lambda x, w: (x.bincount(w), x)[1],                  [(N, "int64"), (N,)], (N,)),
    Case(lambda x: x.norm(float("inf"), 0),                   (N, 0),      (0,)),
    Case(lambda x: torch.linalg.norm(x, float("inf")),        (N, 0),      ()),
    Case(lambda x: torch.linalg.matrix_norm(x),               (N, H, W),   (N,)),
    Case(lambda x: torch.linalg.matrix_norm(x, 2, (0, 1), True), (N, H, W), (1, 1, W)),
    Case(lambda x: torch.linalg.norm(x, -1),                  (0, H),      ()),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.quantile(1.5),                        (3,)),
    Rejects(lambda x: torch.linalg.norm(x, 2),                (2, 3, 4)),
    Rejects(lambda x: x.norm(dim=2),                          (3, 4)),
    Rejects(torch.dist,                                       [(3, 4), (3,)]),
    Rejects(lambda x, q: x.quantile(q),                       [(3,), (2, 2)]),
    Rejects(lambda x: torch.histc(x, 0),                      (3,)),
    Rejects(lambda x: x.bincount(),                           (3, 4, "int64")),
    Rejects(lambda x, w: x.bincount(w),                       [(3, "int64"), (4,)]),
    Rejects(lambda x: x.unique(dim=2),                        (3, 4)),
    Rejects(lambda x: x.quantile(0.5, dim=0),                 (3, 0)),
    Rejects(lambda x: x.unique(dim=0),                        (3, 0)),
    Rejects(lambda x: x.norm(float("inf")),                   (3, 0)),
    Rejects(lambda x: torch.linalg.vector_norm(x, -1, 1),     (3, 0)),
    Rejects(lambda x: torch.linalg.norm(x, -2),               (3, 0)),
    Rejects(lambda x: torch.linalg.norm(x, 3),                (3, 4)),
    Rejects(lambda x: torch.linalg.matrix_norm(x),            (3,)),
    Rejects(lambda x: torch.linalg.norm(x, -1),               (3, 0)),
    Rejects(lambda x: torch.linalg.norm(x, float("-inf")),    (0, 3)),
]  # fmt: skip
