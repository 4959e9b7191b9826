"""Rows of `shapecalc/ops/function_transforms.py`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import grad, jvp, vjp, vmap

from tests.op_cases.case import C, Case, H, N, Rejects, T

UNSEEN = "a change of the input changes no gradient of a sum of squares elsewhere"


def energy(x: Tensor) -> Tensor:
    return (x**2).sum()


def gradient(x: Tensor) -> Tensor:
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        return torch.autograd.grad(energy(x), x)[0]


def gradients(x: Tensor) -> tuple[Tensor, ...]:
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        y = x[0].flatten() * 2
        basis = torch.eye(y.numel())
        return torch.autograd.grad(y, (x,), (basis,), is_grads_batched=True)


def directional(x: Tensor) -> Any:
    with forward_ad.dual_level():
        return tuple(forward_ad.unpack_dual(forward_ad.make_dual(x, x + 1).exp()))


def unlike(x: Tensor, direction: Tensor) -> Tensor:
    with forward_ad.dual_level():
        return forward_ad.make_dual(x, direction)


CASES = [
    Case(lambda x: vmap(lambda y: y.sum(0))(x),             (N, C, H), (N, H)),
    Case(lambda x: vmap(lambda y: y.sum(0), 1, 1)(x),       (N, C, H), (H, C)),
    Case(lambda x: vmap(lambda y: y.flatten(), -1, -1)(x),  (N, C, H), (N * C, H)),
    Case(lambda x: vmap(vmap(torch.dot))(x, x),             (N, T, C), (N, T)),
    Case(lambda x: vmap(lambda y: y * 2, chunk_size=2)(x),  (N, C),    (N, C)),
    Case(gradient,                                          (N, C),    (N, C), unseen=UNSEEN),
    Case(gradients,                                         (N, 3, 2), ((6, N, 3, 2),), unseen=UNSEEN),
    Case(lambda x: grad(energy)(x),                         (N, C),    (N, C), unseen=UNSEEN),
    Case(lambda x: vjp(torch.sin, x)[1](x),                 (N, C),    ((N, C),), unseen=UNSEEN),
    Case(lambda x: jvp(torch.sin, (x,), (x,)),              (N, C),    ((N, C), (N, C)), unseen=UNSEEN),
    Case(directional,                                       (N, C),    ((N, C), (N, C))),
]  # fmt: skip

REJECTS = [
    Rejects(unlike, [(2, 3), (3, 2)]),
]
