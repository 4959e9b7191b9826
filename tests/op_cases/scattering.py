"""Rows for shapecalc/ops/scattering.py."""

from __future__ import annotations

import warnings

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import Case, H, L, N, Rejects, W

SMALLER = [{"N": 2, "H": 5, "L": 9, "W": 3}, {"N": 4, "H": 6, "L": 7, "W": 6}]  # W <= H
INDEX = (L, "int64")


def copied(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x.copy_(y)


def reduced(x: torch.Tensor, index: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls it a beta
        return x.index_reduce(0, index, source, "mean")


def added(x: torch.Tensor, index: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have scatter_add
        return x.scatter(0, index, source, reduce="add")


CASES = [
    Case(lambda x, i, s: x.scatter(1, i, s),                  [(N, H), (N, L, "int64"), (N, L)], (N, H)),
    Case(lambda x, i: x.scatter_(1, i, 1.0),                  [(N, H), (N, L, "int64")], (N, H)),
    Case(lambda x, i: torch.scatter(x, 0, i, value=2.0),      [(N, H), (L, W, "int64")], (N, H), SMALLER),
    Case(lambda x, i, s: x.scatter_add(1, i, s),              [(N, H), (N, L, "int64"), (N, L)], (N, H)),
    Case(lambda x, i, s: x.scatter_reduce(1, i, src=s, reduce="amax"), [(N, H), (N, L, "int64"), (N, L)], (N, H)),
    Case(lambda x, i, s: x.index_add(1, i, s, alpha=2),       [(N, H), INDEX, (N, L)], (N, H)),
    Case(lambda x, i, s: x.index_add_(0, i, s),               [(N, H), INDEX, (L, H)], (N, H)),
    Case(lambda x, i, s: x.index_copy(0, i, s),               [(N, H), INDEX, (L, H)], (N, H)),
    Case(reduced,                                             [(N, H), INDEX, (L, H)], (N, H)),
    Case(lambda x, i: x.index_fill(1, i, 0.0),                [(N, H), INDEX],    (N, H)),
    Case(lambda x, s: x.select_scatter(s, 1, 0),              [(N, H), (N,)],     (N, H)),
    Case(lambda x, s: torch.slice_scatter(x, s, 1, start=2),  [(N, H), (N, H - 2)], (N, H)),
    Case(lambda x, i, s: x.put(i, s),                         [(N, H), INDEX, (L,)], (N, H)),
    Case(lambda x, m, s: x.masked_scatter(m, s),              [(N, H), (H, "bool"), (N, H)], (N, H)),
    Case(copied,                                              [(N, H), (H,)],     (N, H)),
    Case(lambda x, i: x.index_fill(0, i, 0.0),                [(0, 0), (2, "int64")], (0, 0)),
    Case(lambda x, i, s: x.index_add(0, i, s),                [(0, 4), (2, "int64"), (2, 4)], (0, 4)),
    Case(added,                                               [(N, H), (L, W, "int64"), (L, H)], (N, H), SMALLER),
    Case(lambda x, i, s: x.scatter_reduce(1, i, s, "sum", include_self=False), [(N, H), (N, L, "int64"), (N, L)], (N, H)),
    Case(lambda x, i, v: x.index_fill(1, i, v),               [(N, H), INDEX, ()], (N, H)),
    Case(lambda x, s: x.select_scatter(s, -1, -2),            [(N, H), (N,)],     (N, H)),
    Case(lambda x, s: x.slice_scatter(s, 1, 1, step=2),       [(N, H), (N, floordiv(H, 2))], (N, H)),
    Case(lambda x, s: x.slice_scatter(s, 0, 1, 8, 3),         [(N, H), (3, H)],   (N, H)),
    Case(lambda x, i, s: x.put(i, s, accumulate=True),        [(N, H), INDEX, (L,)], (N, H)),
    Case(copied,                                              [(N, H), (N, 1)],   (N, H)),
    Case(lambda x, i, s: x.scatter_add(0, i, s),              [(H,), ("int64",), ()], (H,)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x, i, s: x.scatter(1, i, s),               [(3, 4), (3, 2, "int64"), (3, 1)]),
    Rejects(lambda x, i: x.scatter(1, i, 0.0),                [(3, 4), (4, 2, "int64")]),
    Rejects(lambda x, i, s: x.index_add(1, i, s),             [(3, 4), (2, "int64"), (3, 3)]),
    Rejects(lambda x, i, s: x.index_copy(1, i, s),            [(3, 4), (2, "int64"), (2, 2)]),
    Rejects(lambda x, s: x.select_scatter(s, 1, 0),           [(3, 4), (4,)]),
    Rejects(lambda x, s: x.slice_scatter(s, 1, 0, 2),         [(3, 4), (3, 3)]),
    Rejects(lambda x, i, s: x.put(i, s),                      [(3, 4), (2, "int64"), (3,)]),
    Rejects(lambda x, y: x.copy_(y),                          [(3, 4), (3,)]),
    Rejects(lambda x, y: x.copy_(y),                          [(3, 4), (1, 3, 4)]),
    Rejects(lambda x, i, v: x.index_fill(0, i, v),            [(3, 4), (2, "int64"), (1,)]),
    Rejects(lambda x, i: x.index_fill(1, i, 0.0),             [(3, 0), (2, "int64")]),
    Rejects(lambda x, i, s: x.index_copy(0, i, s),            [(0, 4), (2, "int64"), (2, 4)]),
    Rejects(lambda x, i, s: x.index_add(0, i, s),             [(0,), (2, "int64"), (2,)]),
    Rejects(lambda x, i, s: x.index_reduce(0, i, s, "amax"),  [(0, 0), (2, "int64"), (2, 0)]),
    Rejects(lambda x, i, s: x.put(i, s),                      [(0, 4), (2, "int64"), (2,)]),
    Rejects(lambda x, i, s: x.scatter(0, i, s),               [(0, 4), (2, 4, "int64"), (2, 4)]),
]  # fmt: skip
