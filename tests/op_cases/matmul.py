"""Rows for shapecalc/ops/matmul.py and products.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import C, Case, D, H, L, N, Rejects, T, W

CASES = [
    Case(torch.matmul,                             [(L,), (L,)],                   ()),
    Case(torch.matmul,                             [(H, L), (L,)],                 (H,)),
    Case(torch.matmul,                             [(L,), (L, W)],                 (W,)),
    Case(torch.matmul,                             [(H, L), (L, W)],               (H, W)),
    Case(torch.matmul,                             [(L,), (N, L, W)],              (N, W)),
    Case(torch.matmul,                             [(N, H, L), (L,)],              (N, H)),
    Case(lambda x, y: x @ y,                       [(N, C, H, L), (N, C, L, W)],   (N, C, H, W)),
    Case(lambda x, y: x @ y,                       [(N, 1, H, L), (C, L, W)],      (N, C, H, W)),
    Case(lambda x, y: x @ y,                       [(H, L), (N, C, L, W)],         (N, C, H, W)),
    Case(lambda x: x @ torch.ones(4, 5),           (N, H, 4),                      (N, H, 5)),
    Case(lambda x: torch.ones(2, 4) @ x,           (N, 4, H),                      (N, 2, H)),
    Case(lambda x, y: x.__rmatmul__(y),            [(H, L), (W, H)],               (W, L)),
    Case(torch.linalg.matmul,                      [(N, H, L), (N, L, W)],         (N, H, W)),
    Case(torch.mm,                                 [(H, L), (L, W)],               (H, W)),
    Case(lambda x, y: torch.mm(x, mat2=y),         [(H, L), (L, W)],               (H, W)),
    Case(lambda x, y: x @ y,                       [(N, C, 1, H, L), (C, 3, L, 1)], (N, C, 3, H, 1)),
    Case(torch.matmul,                             [(N, 1, H, L), (L,)],           (N, 1, H)),
    Case(torch.bmm,                                [(N, H, L), (N, L, W)],         (N, H, W)),
    Case(torch.mv,                                 [(H, L), (L,)],                 (H,)),
    Case(torch.dot,                                [(L,), (L,)],                   ()),
    Case(torch.vdot,                               [(L,), (L,)],                   ()),
    Case(torch.inner,                              [(N, H, L), (W, L)],            (N, H, W)),
    Case(torch.inner,                              [(), (W, L)],                   (W, L)),
    Case(torch.inner,                              [(W, L), ()],                   (W, L)),
    Case(torch.linalg.vecdot,                      [(N, 1, L), (T, L)],            (N, T)),
    Case(lambda x, y: torch.linalg.vecdot(x, y, dim=0), [(N, L), (N, 1)],          (L,)),
    Case(torch.addmm,                              [(W,), (H, L), (L, W)],         (H, W)),
    Case(lambda b, x, y: torch.addmm(b, mat1=x, mat2=y, beta=0.5), [(H, 1), (H, L), (L, W)], (H, W)),
    Case(lambda b, x, y: torch.addmm(b, x, y, beta=0),  [(H, 1), (H, L), (L, W)],  (H, W)),
    Case(lambda b, x, y: torch.addmm(b, x, y, alpha=0), [(W,), (H, L), (L, W)],    (H, W)),
    Case(torch.addmv,                              [(H,), (H, L), (L,)],           (H,)),
    Case(torch.addr,                               [(), (H,), (W,)],               (H, W)),
    Case(torch.baddbmm,                            [(H, W), (N, H, L), (N, L, W)], (N, H, W)),
    Case(torch.addbmm,                             [(H, 1), (N, H, L), (N, L, W)], (H, W)),
    Case(lambda *x: torch.linalg.multi_dot(x),     [(L,), (L, H), (H,)],           ()),
    Case(lambda *x: torch.linalg.multi_dot(x),     [(L,), (L, H)],                 (H,)),
    Case(lambda *x: torch.linalg.multi_dot(x),     [(N, L), (L, H), (H, W)],       (N, W)),
    Case(lambda *x: torch.linalg.multi_dot(x),     [(N, L), (L, H), (H,)],         (N,)),
    Case(lambda x, y, z: x @ y @ z,                [(N, D), (D, H), (H, W)],       (N, W)),
    Case(torch.outer,                              [(H,), (W,)],                   (H, W)),
    Case(torch.ger,                                [(H,), (W,)],                   (H, W)),
]  # fmt: skip

_SHAPES = [(), (1,), (3,), (2, 3), (3, 2), (1, 3), (2, 3, 4), (5, 4, 3), (1, 4, 3), (5, 2, 4, 3)]


def refused(call):
    """Yield a row for every pair of shapes that torch refuses."""
    for left in _SHAPES:
        for right in _SHAPES:
            try:
                call(torch.ones(left), torch.ones(right))
            except (RuntimeError, IndexError):
                yield Rejects(call, [left, right])


REJECTS = [
    *refused(torch.matmul),
    *refused(torch.inner),
    *refused(torch.linalg.vecdot),
    Rejects(torch.mm, [(2, 3), (2, 3)]),
    Rejects(torch.mm, [(1, 2, 3), (3, 4)]),
    Rejects(torch.bmm, [(1, 2, 3), (4, 3, 5)]),
    Rejects(torch.bmm, [(2, 3), (3, 5)]),
    Rejects(torch.mv, [(2, 3), (2,)]),
    Rejects(torch.dot, [(2,), (1,)]),
    Rejects(torch.vdot, [(2, 2), (2, 2)]),
    Rejects(torch.addmm, [(4,), (3, 4), (4, 5)]),
    Rejects(torch.addmm, [(1, 3, 5), (3, 4), (4, 5)]),
    Rejects(torch.addmv, [(4,), (5, 4), (4,)]),
    Rejects(torch.addr, [(4,), (3,), (5,)]),
    Rejects(torch.baddbmm, [(3, 4), (2, 3, 4), (2, 4, 5)]),
    Rejects(torch.baddbmm, [(3, 5), (1, 3, 4), (2, 4, 5)]),
    Rejects(torch.addbmm, [(2, 3, 5), (2, 3, 4), (2, 4, 5)]),
    Rejects(lambda *x: torch.linalg.multi_dot(x), [(2, 3)]),
    Rejects(lambda *x: torch.linalg.multi_dot(x), [(2, 3), (3,), (3, 4)]),
    Rejects(lambda *x: torch.linalg.multi_dot(x), [(2, 3), (4, 4)]),
    Rejects(torch.outer, [(), (4,)]),
]  # fmt: skip
