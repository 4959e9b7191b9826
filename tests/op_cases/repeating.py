"""Rows for shapecalc/ops/repeating.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import Case, H, N, Rejects, W

CASES = [
    Case(lambda x: x.repeat(2, 1, 3),                         (N, H),         (2, N, 3 * H)),
    Case(lambda x: x.repeat((1, x.shape[0])),                 (N, H),         (N, N * H)),
    Case(lambda x: x.tile(2),                                 (N, H),         (N, 2 * H)),
    Case(lambda x: torch.tile(x, (3, 1, 1)),                  (N, H),         (3, N, H)),
    Case(lambda x: torch.tile(x, dims=(2, 2)),                (N, H),         (2 * N, 2 * H)),
    Case(lambda x: x.repeat_interleave(3),                    (N, H),         (3 * N * H,)),
    Case(lambda x: torch.repeat_interleave(x, 2, dim=1),      (N, H, W),      (N, 2 * H, W)),
    Case(lambda x, r: (x.repeat_interleave(r, 0), x)[1],      [(N, H), (N, "int64")], (N, H)),
    Case(lambda x, r: (x.repeat_interleave(r, 1), x)[1],      [(N, H), (N, "int64")], (N, H), [{"N": 1, "H": 4}, {"N": 1, "H": 5}]),
    Case(lambda r: (torch.repeat_interleave(r), r)[1],        (N, "int64"),   (N,)),
    Case(lambda x: x.repeat(3, 2, 1),                         (1, H),         (3, 2, H)),
    Case(lambda x: x.repeat(2, 2),                            (N, H),         (2 * N, 2 * H)),
    Case(lambda x: x.repeat(2, 3),                            (0, H),         (0, 3 * H)),
    Case(lambda x: x.repeat_interleave(0, dim=1),             (N, H),         (N, 0)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.repeat(2),                            (2, 3)),
    Rejects(lambda x: x.repeat(2, -1),                        (2, 3)),
    Rejects(lambda x: x.repeat_interleave(2, dim=2),          (2, 3)),
    Rejects(lambda x, r: x.repeat_interleave(r, 1),           [(2, 3), (2, "int64")]),
]  # fmt: skip
