"""Rows for shapecalc/ops/mutating.py."""

from __future__ import annotations

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import Case, H, N, Rejects, W

CASES = [
    Case(lambda x: x.flip(0),                                 (N, H),         (N, H)),
    Case(lambda x: x.flip(0, 1),                              (N, H),         (N, H)),
    Case(lambda x: torch.flip(x, dims=(-1,)),                 (N, H),         (N, H)),
    Case(torch.fliplr,                                        (N, H),         (N, H)),
    Case(torch.flipud,                                        (N, H),         (N, H)),
    Case(lambda x: x.roll(1),                                 (N, H),         (N, H)),
    Case(lambda x: torch.roll(x, (-3, 3), (0, 1)),            (N, H),         (N, H)),
    Case(lambda x: torch.roll(x, shifts=x.shape[0] // 2, dims=0), (N, H),     (N, H)),
    Case(lambda x: x.rot90(),                                 (N, H),         (H, N)),
    Case(lambda x: torch.rot90(x, -1, (1, 2)),                (N, H, W),      (N, W, H)),
    Case(lambda x: torch.rot90(x, 2, [1, 2]),                 (N, H, W),      (N, H, W)),
    Case(lambda x: x.unfold(1, 3, 2),                         (N, H, W),      (N, floordiv(H - 1, 2), W, 3)),
    Case(lambda x: x.unfold(-1, size=4, step=1),              (N, H),         (N, H - 3, 4)),
    Case(lambda x: x.as_strided((x.shape[0], 2), (2, 1)),     (N, H),         (N, 2)),
    Case(lambda x: torch.as_strided(x, (2, 3), (1, 1), 1),    (N, H),         (2, 3)),
    Case(lambda x: x.roll(-20, 1),                            (N, H),         (N, H)),
    Case(lambda x: x.roll((1, 1, 2), (1, 0, 1)),              (N, H),         (N, H)),
    Case(lambda x: x.roll(2, 1),                              (N, 0),         (N, 0)),
    Case(lambda x: torch.rot90(x, 3, (2, 0)),                 (N, H, W),      (W, H, N)),
    Case(lambda x: x.rot90(4),                                (N, H),         (N, H)),
    Case(lambda x: x.unfold(0, 2, 3),                         (N, H),         (floordiv(N + 1, 3), H, 2)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.as_strided((x.shape[0] - 5, 2), (1, 1)), (3, 4)),
    Rejects(lambda x: x.flip(2),                              (2, 3)),
    Rejects(lambda x: x.flip(0, 0),                           (2, 3)),
    Rejects(torch.fliplr,                                     (3,)),
    Rejects(torch.flipud,                                     ()),
    Rejects(lambda x: x.roll((1, 2), 0),                      (2, 3)),
    Rejects(lambda x: x.roll(1, 2),                           (2, 3)),
    Rejects(lambda x: x.rot90(1, (0, 0)),                     (2, 3)),
    Rejects(lambda x: x.rot90(),                              (3,)),
    Rejects(lambda x: x.unfold(1, 4, 1),                      (2, 3)),
    Rejects(lambda x: x.unfold(1, 2, 0),                      (2, 3)),
    Rejects(lambda x: x.as_strided((2, 4), (3, 1)),           (2, 3)),
    Rejects(lambda x: x.as_strided((2,), (3, 1)),             (2, 3)),
]  # fmt: skip
