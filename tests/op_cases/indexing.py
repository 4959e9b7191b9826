"""Rows for shapecalc/ops/indexing.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import C, Case, H, L, N, Rejects, W

SMALLER = [{"N": 2, "H": 5, "L": 9, "W": 3}, {"N": 4, "H": 6, "L": 7, "W": 6}]  # W <= H
INDEX = (L, "int64")
UNSORTED = "the sequence is not sorted here, and a search meets a few elements of it"


CASES = [
    Case(lambda x, i: x.index_select(1, i),                   [(N, H, W), INDEX], (N, L, W)),
    Case(lambda x, i: torch.index_select(x, 0, i),            [(N, H), (1, "int64")], (1, H)),
    Case(lambda x, i: x.gather(1, i),                         [(N, H), (N, L, "int64")], (N, L)),
    Case(lambda x, i: torch.gather(x, dim=0, index=i),        [(N, H), (L, W, "int64")], (L, W), SMALLER),
    Case(lambda x, i: x.take(i),                              [(N, H), (L, W, "int64")], (L, W)),
    Case(lambda x, i: torch.take_along_dim(x, i, 1),          [(N, H), (N, L, "int64")], (N, L)),
    Case(lambda x, i: torch.take_along_dim(x, i, dim=0),      [(C, H), (L, 1, "int64")], (L, H)),
    Case(lambda x, i: x.take_along_dim(i),                    [(N, H), INDEX],    (L,)),
    Case(lambda x, m: (x.masked_select(m), x)[1],             [(N, H), (N, 1, "bool")], (N, H)),
    Case(lambda x: (x.nonzero(), x.nonzero(as_tuple=True), x)[2], (N, H),         (N, H)),
    Case(lambda x: (torch.argwhere(x), x)[1],                 (N, H),             (N, H)),
    Case(lambda x: (torch.where(x)[1], x)[1],                 (N, H),             (N, H)),
    Case(lambda c, x: torch.where(c, input=x, other=0.0),     [(N, 1, "bool"), (H,)], (N, H)),
    Case(lambda s, x: torch.searchsorted(s, x),               [(H,), (N, W)],     (N, W), unseen=UNSORTED),
    Case(lambda s, x: torch.searchsorted(s, x, out_int32=True), [(N, H), (N, W)], (N, W), unseen=UNSORTED),
    Case(lambda s: torch.searchsorted(s, 0.5),                (H,),               (), unseen=UNSORTED),
    Case(lambda x, b: torch.bucketize(x, b, right=True),      [(N, W), (H,)],     (N, W), unseen=UNSORTED),
    Case(lambda x, i: x.index_select(1, i[:0]),               [(N, 0), INDEX],    (N, 0)),
    Case(lambda x, i: x.take_along_dim(i, 1),                 [(0, 0), (1, L, "int64")], (0, L)),
    Case(lambda x, i: x.index_select(-1, i),                  [(N, H), ("int64",)], (N, 1)),
    Case(lambda x, i: torch.take_along_dim(x, i, -1),         [(1, H), (N, L, "int64")], (N, L)),
    Case(lambda x, i: x.take_along_dim(i),                    [(N, H), (L, W, "int64")], (L * W,)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x, i: x.index_select(2, i),                [(3, 4), (2, "int64")]),
    Rejects(lambda x, i: x.index_select(1, i),                [(3, 4), (2, 1, "int64")]),
    Rejects(lambda x, i: x.gather(1, i),                      [(3, 4), (4, 2, "int64")]),
    Rejects(lambda x, i: x.gather(1, i),                      [(3, 4), (3, "int64")]),
    Rejects(lambda x, i: x.take_along_dim(i, 1),              [(3, 4), (2, 4, "int64")]),
    Rejects(lambda x, m: x.masked_select(m),                  [(3, 4), (3, "bool")]),
    Rejects(lambda s, x: torch.searchsorted(s, x),            [(3, 4), (2, 4)]),
    Rejects(lambda x, b: torch.bucketize(x, b),               [(3,), (3, 4)]),
    Rejects(lambda x, i: x.index_select(1, i),                [(3, 0), (2, "int64")]),
    Rejects(lambda x, i: x.index_select(0, i),                [(), (2, "int64")]),
    Rejects(lambda x, i: x.gather(0, i),                      [(0, 4), (2, 4, "int64")]),
    Rejects(lambda x, i: x.take(i),                           [(3, 0), (2, "int64")]),
    Rejects(lambda x, i: x.take_along_dim(i, 1),              [(3, 0), (3, 2, "int64")]),
    Rejects(lambda x, i: x.take_along_dim(i),                 [(3, 0), (2, "int64")]),
]  # fmt: skip
