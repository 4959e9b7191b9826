"""Rows for shapecalc/ops/joining.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import C, Case, H, L, N, Rejects, W

CASES = [
    Case(lambda x, y: torch.cat([x, y], 1),                   [(N, C, H), (N, 3, H)], (N, C + 3, H)),
    Case(lambda x, y: torch.cat((x, y, x), dim=-1),           [(N, C), (N, H)],  (N, 2 * C + H)),
    Case(lambda x, y: torch.concat([x, y]),                   [(N, H), (C, H)],  (N + C, H)),
    Case(lambda x, y: torch.concatenate([x, y], axis=1),      [(N, H), (N, W)],  (N, H + W)),
    Case(lambda x: torch.cat([x.new_empty(0), x], 1),         (N, H),            (N, H)),
    Case(lambda x: torch.cat([torch.zeros(x.shape[0], 1, 4), x], 1), (N, L, 4),  (N, L + 1, 4)),
    Case(lambda x, y: torch.stack([x, y]),                    [(N, H), (N, H)],  (2, N, H)),
    Case(lambda x: torch.stack((x, x, x), dim=-1),            (N, H),            (N, H, 3)),
    Case(lambda x, y: torch.hstack([x, y]),                   [(N, C), (N, H)],  (N, C + H)),
    Case(lambda x, y: torch.hstack((x, y)),                   [(N,), ()],        (N + 1,)),
    Case(lambda x, y: torch.vstack([x, y]),                   [(H,), (N, H)],    (N + 1, H)),
    Case(lambda x, y: torch.row_stack([x, y]),                [(H,), (H,)],      (2, H)),
    Case(lambda x, y: torch.dstack([x, y]),                   [(N, H), (N, H, W)], (N, H, W + 1)),
    Case(lambda x, y: torch.dstack([x, y]),                   [(N,), (N,)],      (1, N, 2)),
    Case(lambda x, y: torch.column_stack([x, y]),             [(N,), (N, H)],    (N, H + 1)),
    Case(lambda x: torch.atleast_1d(x),                       (),                (1,)),
    Case(lambda x, y: torch.atleast_2d(x, y),                 [(N,), (N, H)],    [(1, N), (N, H)]),
    Case(lambda x, y: torch.atleast_3d([x, y]),               [(N,), (N, H)],    [(1, N, 1), (N, H, 1)]),
    Case(lambda x, y: torch.broadcast_tensors(x, y),          [(N, 1), (H,)],    [(N, H), (N, H)]),
    Case(lambda x, y, z: torch.cat([x, y, z], 1),             [(N, 2), (N, H), (N, 3)], (N, H + 5)),
    Case(lambda x, y: torch.stack([x, y], 1),                 [(N, H), (N, H)],  (N, 2, H)),
    Case(lambda x, y: torch.cat([x, y], -1),                  [(N, H), (0,)],    (N, H)),
    Case(lambda x, y: torch.column_stack([x, y]),             [(), (1, H)],      (1, H + 1)),
    Case(lambda x, y: torch.vstack([x, y]),                   [(), (N, 1)],      (N + 1, 1)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x, y: torch.cat([x, y], 1),                [(2, 3, 4), (3, 3, 4)]),
    Rejects(lambda x, y: torch.cat([x, y]),                   [(2, 3), (2, 3, 1)]),
    Rejects(lambda x, y: torch.cat([x, y]),                   [(2, 3), (3,)]),
    Rejects(lambda x: torch.cat([x, x]),                      ()),
    Rejects(lambda x: torch.cat([x, x], 2),                   (2, 3)),
    Rejects(lambda x, y: torch.stack([x, y]),                 [(2, 3), (3, 2)]),
    Rejects(lambda x, y: torch.stack([x, y]),                 [(2, 3), (3,)]),
    Rejects(lambda x: torch.stack([x], 3),                    (2, 3)),
    Rejects(lambda x, y: torch.hstack([x, y]),                [(2, 3), (3,)]),
    Rejects(lambda x, y: torch.vstack([x, y]),                [(2, 3), (4,)]),
    Rejects(lambda x, y: torch.broadcast_tensors(x, y),       [(2, 3), (4,)]),
]  # fmt: skip
