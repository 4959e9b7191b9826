"""Rows for shapecalc/ops/comparison.py."""

from __future__ import annotations

import operator

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import Case, H, N, Rejects, W
from tests.op_cases.pointwise import named

BINARY = [
    "eq",
    "ne",
    "not_equal",
    "lt",
    "less",
    "le",
    "less_equal",
    "gt",
    "greater",
    "ge",
    "greater_equal",
    "isclose",
    "__eq__",
]
UNARY = ["isfinite", "isinf", "isposinf", "isneginf", "isnan"]

CASES = [
    *(Case(named(name), [(N, 1, W), (H, 1)], (N, H, W)) for name in BINARY),
    *(Case(named(name), (N, H), (N, H), unseen="all elements are finite") for name in UNARY),
    Case(torch.isreal,                                        (N, H, "complex64"), (N, H)),
    Case(operator.eq,                                         [(N, 1), (H,)],  (N, H)),
    Case(operator.ge,                                         [(N, H), ()],    (N, H)),
    Case(lambda x: (x != 0) & (x > 1),                        (N, H),          (N, H)),
    Case(lambda x, y: torch.isclose(x, y, rtol=1e-3),         [(N, 1), (H,)],  (N, H)),
    Case(torch.isin,                                          [(N, H), (W,)],  (N, H)),
    Case(lambda x: torch.isin(x, 1),                          (N, H, "int64"), (N, H)),
    Case(lambda x: torch.isin(1, x),                          (N, "int64"),    ()),
    Case(lambda x: torch.sort(x, dim=0, descending=True),     (N, H),          [(N, H), (N, H)]),
    Case(lambda x: x.sort().values,                           (N, H),          (N, H)),
    Case(lambda x: torch.sort(x, stable=True, dim=1)[1],      (N, H),          (N, H)),
    Case(lambda x: x.argsort(-1, descending=True),            (N, H),          (N, H)),
    Case(torch.msort,                                         (N, H),          (N, H)),
    Case(lambda x: x.topk(5, dim=1),                          (N, H, W),       [(N, 5, W), (N, 5, W)]),
    Case(lambda x: torch.topk(x, x.shape[0] // 2, 0).indices, (N, W),          (floordiv(N, 2), W)),
    Case(lambda x: x.kthvalue(2, 1, keepdim=True),            (N, H),          [(N, 1), (N, 1)]),
    Case(lambda x: torch.kthvalue(x, 3)[0],                   (N, H),          (N,)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.topk(5),                              (3, 4)),
    Rejects(lambda x: x.topk(1, dim=2),                       (3, 4)),
    Rejects(lambda x: x.kthvalue(0),                          (3, 4)),
    Rejects(lambda x: x.kthvalue(5, dim=1),                   (3, 4)),
    Rejects(lambda x: x.sort(dim=2),                          (3, 4)),
    Rejects(lambda x: x.argsort(dim=-3),                      (3, 4)),
    Rejects(lambda x, y: x == y,                              [(3, 4), (3, 5)]),
]  # fmt: skip
