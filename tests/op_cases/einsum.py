"""Rows for shapecalc/ops/einsum.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import C, Case, D, H, L, N, Rejects, T, W


def einsum(equation):
    """Return the function that an equation stands for."""
    return lambda *tensors: torch.einsum(equation, *tensors)


CASES = [
    Case(einsum("bhid,bhjd->bhij"),         [(N, C, H, D), (N, C, W, D)],      (N, C, H, W)),
    Case(einsum(" i j , j k -> k i"),       [(H, L), (L, W)],                  (W, H)),
    Case(einsum("ij,jk"),                   [(H, L), (L, W)],                  (H, W)),
    Case(einsum("ba"),                      (H, W),                            (W, H)),
    Case(einsum("Ab,ba"),                   [(H, L), (L, 3)],                  (H, 3)),
    Case(einsum("ii"),                      (L, L),                            ()),
    Case(einsum("ii->i"),                   (L, L),                            (L,)),
    Case(einsum("iij,jj->ij"),              [(H, H, W), (W, W)],               (H, W)),
    Case(einsum("...ij->...ji"),            (N, C, H, W),                      (N, C, W, H)),
    Case(einsum("...ij->ij"),               (N, C, H, W),                      (H, W)),
    Case(einsum("i...->i"),                 (N, C),                            (N,)),
    Case(einsum("b...,...->b..."),          [(N, C, T), (T,)],                 (N, C, T)),
    Case(einsum("...a,...b"),               [(N, 1, H), (C, W)],               (N, C, H, W)),
    Case(einsum("a...b,b->...a"),           [(H, N, C, W), (W,)],              (N, C, H)),
    Case(einsum("ij->i...j"),               (H, W),                            (H, W)),
    Case(einsum("ij,jk->ik"),               [(H, 1), (L, W)],                  (H, W)),
    Case(einsum("ij,ij->ij"),               [(H, 1), (H, W)],                  (H, W)),
    Case(einsum("i,->i"),                   [(H,), ()],                        (H,)),
    Case(einsum("n,m,k->knm"),              [(N,), (C,), (T,)],                (T, N, C)),
    Case(lambda *x: torch.einsum("ij,jk", x), [(H, L), (L, W)],                (H, W)),
    Case(lambda x, y: torch.einsum(x, [..., 0, 1], y, [..., 1, 30], [30, ..., 0]), [(N, H, L), (N, L, W)], (W, N, H)),
    Case(lambda x, y: torch.einsum(x, [2, 0], y, [0, 1]), [(H, L), (L, W)],    (W, H)),
]  # fmt: skip

REJECTS = [
    Rejects(einsum("ij->i"), (2,)),
    Rejects(einsum("ij->i"), (2, 3, 4)),
    Rejects(einsum("ij...->i"), (2,)),
    Rejects(einsum("ii->i"), (3, 1)),
    Rejects(einsum("ij,jk->ik"), [(2, 3), (4, 4)]),
    Rejects(einsum("ij,jk->ik"), [(2, 3)]),
    Rejects(einsum("ij->ik"), [(2, 3), (3, 4)]),
    Rejects(einsum("ij->iji"), (2, 3)),
    Rejects(einsum("ij->k"), (2, 3)),
    Rejects(einsum("i.j->ij"), (2, 3)),
    Rejects(einsum("i...j...->ij"), (2, 3)),
    Rejects(einsum("i1->i"), (2, 3)),
    Rejects(einsum("...i,...i->i"), [(2, 3), (4, 3)]),
]  # fmt: skip
