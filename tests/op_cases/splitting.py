"""Rows for shapecalc/ops/splitting.py."""

from __future__ import annotations

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, H, N, Rejects

THREE = [{"N": 2, "H": h} for h in (9, 10, 11, 12)]  # three pieces of 4

CASES = [
    Case(lambda x: x.split(4, 1),                             (N, 10),        [(N, 4), (N, 4), (N, 2)]),
    Case(lambda x: torch.split(x, 4, dim=1),                  (N, H),         [(N, 4), (N, 4), (N, H - 8)], THREE),
    Case(lambda x: x.split(x.shape[1] // 2, dim=1),           (N, 2 * C),     [(N, C), (N, C)]),
    Case(lambda x: torch.split(x, [1, 2, x.shape[1] - 3], 1), (N, H),         [(N, 1), (N, 2), (N, H - 3)]),
    Case(lambda x: torch.functional.split(x, split_size_or_sections=5), (5, H), [(5, H)]),
    Case(lambda x: x.split_with_sizes([3, 6], dim=-1),        (N, 9),         [(N, 3), (N, 6)]),
    Case(lambda x: x.unsafe_split(4, 1),                      (N, 8),         [(N, 4), (N, 4)]),
    Case(lambda x: x[:, 9:].split(x.shape[1] - 9, 1),         (N, H),         [(N, 0)], [{"N": 2, "H": 9}]),
    Case(lambda x: x[:, 9:].chunk(3, 1),                      (N, H),         [(N, 0)] * 3, [{"N": 2, "H": 7}, {"N": 3, "H": 9}]),
    Case(lambda x: torch.unsafe_split_with_sizes(x, [3, 6], 1), (N, 9),       [(N, 3), (N, 6)]),
    Case(lambda x: x.chunk(3, dim=-1),                        (N, 3 * C),     [(N, C), (N, C), (N, C)]),
    Case(lambda x: torch.chunk(x, 2, 1),                      (N, H),         [(N, floordiv(H + 1, 2)), (N, floordiv(H, 2))]),
    Case(lambda x: x.chunk(4, 1),                             (N, 6),         [(N, 2), (N, 2), (N, 2)]),
    Case(lambda x: x.unsafe_chunk(2),                         (4, H),         [(2, H), (2, H)]),
    Case(lambda x: x.tensor_split(3, dim=1),                  (N, H),         [(N, floordiv(H + 2, 3)), (N, floordiv(H + 1, 3)), (N, floordiv(H, 3))]),
    Case(lambda x: torch.tensor_split(x, (1, 4), 1),          (N, H),         [(N, 1), (N, 3), (N, H - 4)]),
    Case(lambda x: x.tensor_split((4, 2, -1), 1),             (N, H),         [(N, 4), (N, 0), (N, H - 3), (N, 1)]),
    Case(lambda x: torch.hsplit(x, 2),                        (N, 2 * H),     [(N, H), (N, H)]),
    Case(lambda x: torch.hsplit(x, [2]),                      (H,),           [(2,), (H - 2,)]),
    Case(lambda x: x.vsplit(2),                               (2 * N, H),     [(N, H), (N, H)]),
    Case(lambda x: x.dsplit((1, 3)),                          (N, H, C),      [(N, H, 1), (N, H, 2), (N, H, C - 3)]),
    Case(lambda x: x.unbind(1),                               (N, 3, H),      [(N, H), (N, H), (N, H)]),
    Case(lambda x: torch.unbind(x),                           (2, H),         [(H,), (H,)]),
    Case(lambda x: [row + 1 for row in x],                    (2, H),         [(H,), (H,)]),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.split(0),                             (2, 3)),
    Rejects(lambda x: x.split(-1),                            (2, 3)),
    Rejects(lambda x: x.split([1, 3], 1),                     (2, 3)),
    Rejects(lambda x: x.split([4, -1], 1),                    (2, 3)),
    Rejects(lambda x: x.split(1, 2),                          (2, 3)),
    Rejects(lambda x: x.chunk(0),                             (2, 3)),
    Rejects(lambda x: x.chunk(2),                             ()),
    Rejects(lambda x: x.tensor_split(0),                      (2, 3)),
    Rejects(lambda x: x.hsplit(2),                            (2, 3)),
    Rejects(lambda x: x.dsplit(2),                            (2, 4)),
    Rejects(lambda x: x.unbind(2),                            (2, 3)),
]  # fmt: skip
