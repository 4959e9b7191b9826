"""Rows for shapecalc/ops/slicing.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, H, L, N, Rejects, T, W, half

SHORT = [{"N": 2, "T": t} for t in (1, 4, 9)]
LONG = [{"N": 2, "T": t} for t in (10, 17)]
INDEX = (T, "int64")
ALL = slice(None)


def set_at(*index: Any) -> Callable[..., torch.Tensor]:
    def call(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        x[index] = values[0] if values else 0
        return x

    return call


def set_by(x: torch.Tensor, i: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    x[:, i, 1:] = y
    return x


def cleared(x: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
    x[m, 1:3] = 0
    return x


def written(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    x[:, 0] = y
    x[..., 1:3] = 0
    x[0] += 1
    return x


def masked(x: torch.Tensor) -> torch.Tensor:
    x[x > 0.5] = 0.0
    x[x > 0.5] = x[x > 0.5]
    return x


CASES = [
    Case(lambda x: x[0],                                      (N, C, H),      (C, H)),
    Case(lambda x: x[:, -1],                                  (N, C, H),      (N, H)),
    Case(lambda x: x[:, 0, ..., 1],                           (N, C, H, W),   (N, H)),
    Case(lambda x: x[..., None],                              (N, H),         (N, H, 1)),
    Case(lambda x: x[:, None, :, None],                       (N, H),         (N, 1, H, 1)),
    Case(lambda x: x[..., ...],                               (N, H),         (N, H)),
    Case(lambda x: x[:],                                      (N, H),         (N, H)),
    Case(lambda x: x[()],                                     (N, H),         (N, H)),
    Case(lambda x: x[:, 1:],                                  (N, T),         (N, T - 1)),
    Case(lambda x: x[:, :-1],                                 (N, T),         (N, T - 1)),
    Case(lambda x: x[:, ::2],                                 (N, T),         (N, half(T))),
    Case(lambda x: x[:, 1::2],                                (N, T),         (N, floordiv(T, 2))),
    Case(lambda x: x[:, 2:-1:3],                              (N, T),         (N, floordiv(T - 1, 3))),
    Case(lambda x: x[:, :10],                                 (N, T),         (N, T), SHORT),
    Case(lambda x: x[:, :10],                                 (N, T),         (N, 10), LONG),
    Case(lambda x: x[:, -10:],                                (N, T),         (N, T), SHORT),
    Case(lambda x: x[:, -10:],                                (N, T),         (N, 10), LONG),
    Case(lambda x: x[:, 10:],                                 (N, T),         (N, 0), SHORT),
    Case(lambda x: x[:, 3:1],                                 (N, T),         (N, 0)),
    Case(lambda x: x[:, 5:100, :],                            (N, 50, T),     (N, 45, T)),
    Case(lambda x, y: x[:, : y.shape[1]],                     [(N, 64), (N, T)], (N, T)),
    Case(lambda x: x[:, x.shape[1] // 2 :],                   (N, 2 * C),     (N, C)),
    Case(lambda x: x[:, : x.shape[1] // 2, 0],                (N, T, H),      (N, floordiv(T, 2))),
    Case(lambda x: x[:, x.shape[1] - 1],                      (N, T),         (N,)),
    Case(lambda x, i: x[i],                                   [(N, H), (T, L, "int64")], (T, L, H)),
    Case(lambda x, i: x[:, i],                                [(N, C, H), INDEX], (N, T, H)),
    Case(lambda x, i: x[i, :, i],                             [(N, C, H), INDEX], (T, C)),
    Case(lambda x, i: x[:, i, i],                             [(N, C, H), INDEX], (N, T)),
    Case(lambda x, i: x[:, i, None, i],                       [(N, C, H), INDEX], (T, N, 1)),
    Case(lambda x, i: x[0, :, i],                             [(N, C, H), INDEX], (C, T)),
    Case(lambda x, i: x[i[:, None], i],                       [(N, C, H), INDEX], (T, T, H)),
    Case(lambda x, i: x[torch.arange(x.shape[0]), i],         [(N, C), (N, "int64")], (N,)),
    Case(lambda x, i: x[i[0], 1:, i],                         [(N, C, H), INDEX], (C - 1, T)),
    Case(lambda x: x[[0, 2], 1:],                             (N, H),         (2, H - 1)),
    Case(lambda x: x[:, [0, 1, 0]],                           (N, H),         (N, 3)),
    Case(lambda x: x[True],                                   (N, H),         (1, N, H)),
    Case(lambda x, i: x[True, i],                             [(N, H), INDEX], (T, H)),
    Case(lambda x, i: x[False],                               [(N, H), INDEX], (0, N, H)),
    Case(lambda x, m: (x[m], x)[1],                           [(N, H), (N, "bool")], (N, H)),
    Case(written,                                             [(N, C, H), (N, 1)], (N, C, H)),
    Case(masked,                                              (N, H),         (N, H)),
    Case(lambda x, m, y: x.index_put((m,), y),                [(N, H), (T, "int64"), (T, 1)], (N, H)),
    Case(lambda x: x.select(1, 0),                            (N, C, H),      (N, H)),
    Case(lambda x: torch.select(x, -1, -2),                   (N, C, H),      (N, C)),
    Case(lambda x: x.narrow(1, 2, 5),                         (N, H),         (N, 5)),
    Case(lambda x: torch.narrow(x, -1, -4, length=x.shape[1] // 4), (N, H),   (N, floordiv(H, 4))),
    Case(lambda x: x.narrow_copy(0, 1, x.shape[0] - 1),       (N, H),         (N - 1, H)),
    Case(lambda x: x[[True, False, True]],                    (3, H),         (2, H)),
    Case(lambda x: x[:, [False, False]],                      (N, 2, H),      (N, 0, H)),
    Case(lambda x: x[([[True, False], [True, True]],)],       (2, 2, H),      (3, H)),
    Case(lambda x, i: x[[True, False, True], i],              [(3, H), (2, "int64")], (2,)),
    Case(lambda x: x[[0, 2], 1:],                             (1, 1),         (2, 0)),
    Case(lambda x: x[:, ::3],                                 (N, T),         (N, floordiv(T + 2, 3))),
    Case(lambda x: x[:, 2:8:3],                               (N, T),         (N, 2)),
    Case(lambda x: x[:, [2, 1, 0]],                           (N, 3, H),      (N, 3, H)),
    Case(lambda x: x[[0, -1], :, [1, 2]],                     (N, C, H),      (2, C)),
    Case(lambda x: x[:, [[0, 1], [2, 0]]],                    (N, H),         (N, 2, 2)),
    Case(lambda x: x[:, [[0], [2]], [0, 1, -1]],              (N, C, H),      (N, 2, 3)),
    Case(lambda x: x[:, [True, False, True], [0, 1]],         (N, 3, H),      (N, 2)),
    Case(lambda x: x[list(range(8)) * 9],                     (N, H),         (72, H)),
    Case(lambda x, i: x[:, i, [0]],                           [(N, C, H), INDEX], (N, T)),
    Case(lambda x, i: x.narrow(1, i, 3),                      [(N, H), ("int64",)], (N, 3)),
    Case(set_at(ALL, 0),                                      [(N, C, H), (N, H)], (N, C, H)),
    Case(set_at(ALL, -1),                                     [(N, C, H), (1, 1, H)], (N, C, H)),
    Case(set_at(0, ..., 1),                                   [(N, C, H), ()], (N, C, H)),
    Case(set_at(..., slice(1, 3)),                            (N, C, H),      (N, C, H)),
    Case(set_at(ALL, slice(1, -1)),                           [(N, C, H), (N, C - 2, 1)], (N, C, H)),
    Case(set_at(ALL, slice(1, None, 2)),                      [(N, C, H), (N, floordiv(C, 2), H)], (N, C, H)),
    Case(set_at(ALL, slice(2, 8, 3), slice(1, None)),         [(N, C, H), (2, H - 1)], (N, C, H)),
    Case(set_at(ALL, None, slice(5, 2)),                      (N, C, H),      (N, C, H)),
    Case(set_at(0, None),                                     [(N, C, H), (1, C, H)], (N, C, H)),
    Case(set_at(...),                                         [(N, C, H), (C, 1)], (N, C, H)),
    Case(set_at(ALL, [0, 2]),                                 [(N, C, H), (2, H)], (N, C, H)),
    Case(set_by,                                              [(N, C, H), INDEX, (N, T, 1)], (N, C, H)),
    Case(cleared,                                             [(N, H), (N, "bool")], (N, H)),
    Case(lambda x, i, y: x.index_put((i,), y, accumulate=True), [(N, H), INDEX, (T, H)], (N, H)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x[3],                                   (3, 4)),
    Rejects(lambda x: x[-4],                                  (3, 4)),
    Rejects(lambda x: x[0, 0, 0],                             (3, 4)),
    Rejects(lambda x: x[0],                                   ()),
    Rejects(lambda x: x[::-1],                                (3, 4)),
    Rejects(lambda x: x[::0],                                 (3, 4)),
    Rejects(lambda x, m: x[m],                                [(3, 4), (4, "bool")]),
    Rejects(lambda x, m: x[..., m],                           [(3, 4), (3, "bool")]),
    Rejects(lambda x, i: x[i],                                [(3, 4), (2,)]),
    Rejects(lambda x, i, j: x[i, j],                          [(3, 4), (2, "int64"), (3, "int64")]),
    Rejects(lambda x, y: x.__setitem__(0, y),                 [(3, 4), (3,)]),
    Rejects(lambda x, y: x.__setitem__((slice(None), 0), y),  [(3, 4), (2, 3)]),
    Rejects(lambda x: x.select(0, 3),                         (3, 4)),
    Rejects(lambda x: x.select(2, 0),                         (3, 4)),
    Rejects(lambda x: x.narrow(1, 2, 3),                      (3, 4)),
    Rejects(lambda x: x.narrow(1, -5, 1),                     (3, 4)),
    Rejects(lambda x: x.narrow(1, 0, -1),                     (3, 4)),
    Rejects(lambda x, y: x.index_put((torch.tensor([0, 1]),), y), [(3, 4), (3, 4)]),
    Rejects(lambda x, i: x[:, i],                             [(3, 0), (2, "int64")]),
    Rejects(lambda x, i: x[i],                                [(0, 0), (2, "int64")]),
    Rejects(lambda x: x[[True, False]],                       (3, 4)),
    Rejects(lambda x: x[[0, 2]],                              (2, 4)),
]  # fmt: skip
