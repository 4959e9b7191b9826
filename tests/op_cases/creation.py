"""Rows for shapecalc/ops/creation.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from shapecalc.dims import ceildiv, floordiv
from tests.op_cases.case import Case, H, N, Rejects, W
from tests.op_cases.pointwise import named

LIKE = ["zeros_like", "ones_like", "rand_like", "randn_like"]
WINDOWS = ["hann_window", "hamming_window", "blackman_window", "bartlett_window", "kaiser_window"]
SMALL = "no integer above 2 is tried"


def filled(x: torch.Tensor) -> torch.Tensor:
    return x.clone().fill_(2).zero_()


def resized(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x.clone().resize_(3, y.shape[0]), x.clone().resize_as_(y)


MEMORY = "its values are what was in the memory"

CASES = [
    *(Case(named(name), (N, H), (N, H)) for name in LIKE),
    Case(torch.empty_like,                                    (N, H),   (N, H), unseen=MEMORY),
    *(Case(lambda x, n=name: getattr(torch, n)(x.shape[0]), (N, H), (N,)) for name in WINDOWS),
    Case(lambda x: torch.zeros(x.shape[0], 3),                (N, H),   (N, 3)),
    Case(lambda x: torch.ones(x.shape, dtype=torch.int64),    (N, H),   (N, H)),
    Case(lambda x: torch.empty(size=(x.shape[1],)),           (N, H),   (H,)),
    Case(lambda x: torch.zeros(2 * x.shape[0] + 1),           (N, H),   (2 * N + 1,)),
    Case(lambda x: torch.empty_strided((x.shape[0], 2), (2, 1)), (N, H), (N, 2)),
    Case(lambda x: torch.empty_permuted((x.shape[0], 2), (1, 0)), (N, H), (N, 2)),
    Case(lambda x: torch.full((x.shape[0],), 7),              (N, H),   (N,)),
    Case(lambda x: torch.full((x.shape[0],), 0.5),            (N, H),   (N,)),
    Case(lambda x: torch.full((x.shape[0],), True),           (N, H),   (N,)),
    Case(lambda x: torch.full_like(x, 2),                     (N, H),   (N, H)),
    Case(lambda x: torch.zeros_like(x, dtype=torch.bool),     (N, H),   (N, H)),
    Case(lambda x: torch.randint_like(x, 5),                  (N, H),   (N, H)),
    Case(lambda x: torch.eye(x.shape[0]),                     (N, H),   (N, N)),
    Case(lambda x: torch.eye(x.shape[0], m=x.shape[1]),       (N, H),   (N, H)),
    Case(lambda x: torch.linspace(-1, 1, x.shape[0]),         (N, H),   (N,)),
    Case(lambda x: torch.logspace(0, 1, steps=x.shape[0]),    (N, H),   (N,)),
    Case(lambda x: torch.arange(x.shape[0]),                  (N, H),   (N,)),
    Case(lambda x: torch.arange(2, x.shape[0]),               (N, H),   (N - 2,)),
    Case(lambda x: torch.arange(start=1, end=x.shape[0], step=2), (N, H), (floordiv(N, 2),)),
    Case(lambda x: torch.arange(x.shape[0] - 1, -1, -1),      (N, H),   (N,)),
    Case(lambda x: torch.arange(0, x.shape[0], 0.5),          (N, H),   (2 * N,)),
    Case(lambda x: torch.arange(0.5, x.shape[0]),             (N, H),   (N,)),
    Case(lambda x: torch.arange(x.shape[0] / 2),              (N, H),   (ceildiv(N, 2),)),
    Case(lambda x: torch.arange(x.shape[0], dtype=torch.float32), (N, H), (N,)),
    Case(lambda x: torch.tril_indices(x.shape[0], x.shape[0]), (N, H),  (2, floordiv(N * (N + 1), 2))),
    Case(lambda x: torch.triu_indices(x.shape[0], x.shape[0], 1), (N, H), (2, floordiv(N * (N - 1), 2))),
    Case(lambda x: torch.tril_indices(x.shape[0], 3),         (N, H),   (2, 3 * N - 3)),
    Case(lambda x: x.new_zeros(2, x.shape[0]),                (N, H),   (2, N)),
    Case(lambda x: x.new_ones((x.shape[0],), dtype=torch.bool), (N, H), (N,)),
    Case(lambda x: x.new_empty(x.shape[1:]),                  (N, H),   (H,), unseen=MEMORY),
    Case(lambda x: x.new_full((1, x.shape[0]), 3.0),          (N, H, "int64"), (1, N)),
    Case(lambda x: x.new_full(size=(4,), fill_value=0),       (N, H),   (4,)),
    Case(lambda x: x.new_empty_strided((x.shape[0],), (1,)),  (N, H),   (N,), unseen=MEMORY),
    Case(lambda x: x.new_tensor([[1, 2, 3], [4, 5, 6]]),      (N, H),   (2, 3)),
    Case(filled,                                              (N, H),   (N, H)),
    Case(resized,                                             [(N, H), (W,)], [(3, W), (W,)]),
    Case(lambda x: torch.tensor([x.shape[0], x.shape[1]]),    (N, H),   (2,)),
    Case(lambda x: torch.tensor([[x.shape[0], 0.5]]),         (N, H),   (1, 2)),
    Case(lambda x: torch.as_tensor(x.shape[0], dtype=torch.float32), (N, H), ()),
    Case(lambda x: torch.as_tensor(x),                        (N, H),   (N, H)),
    Case(lambda x: torch.asarray([x.shape[0]]),               (N, H),   (1,)),
    Case(lambda x: torch.scalar_tensor(x.shape[0]),           (N, H),   ()),
    Case(torch.complex,                                       [(N, H), (N, H)], (N, H)),
    Case(torch.polar,                                         [(N, H), (N, H)], (N, H)),
    Case(lambda x: F.one_hot(x, 10),                          (N, H, "int64"), (N, H, 10), unseen=SMALL),
    Case(lambda x, y: F.one_hot(x, num_classes=y.shape[0]),   [(N, "int64"), (W,)], (N, W), unseen=SMALL),
    Case(lambda x: (F.one_hot(x), x)[1],                      (N, "int64"), (N,)),
    Case(lambda x: torch.arange(x.shape[0] * 1.0),            (N, H),      (N,)),
    Case(lambda x: torch.arange(x.shape[0] / 2),              (N, H),      (ceildiv(N, 2),)),
    Case(lambda x: torch.arange(0, x.shape[1], 0.5),          (N, H),      (2 * H,)),
    Case(lambda x: torch.full((2,), x.shape[1] * 0.5),        (N, H),      (2,)),
    Case(lambda x: torch.full((2,), x.shape[1] * 2.0),        (N, H),      (2,)),
    Case(lambda x: torch.tensor([x.shape[1] * 1.0, 2]),       (N, H),      (2,)),
    Case(lambda x: F.interpolate(x, scale_factor=x.shape[1] * 1.0), (N, 3, H), (N, 3, 3 * H)),
    Case(lambda x, v: x.fill_(v),                             [(N, H), ()],   (N, H)),
    Case(lambda x: x.clone().zero_(),                         (N, H),         (N, H)),
    Case(lambda x: x.resize_(2, 3),                           (N, H),         (2, 3)),
    Case(lambda x: F.one_hot(x, 3),                           (N, H, "int64"), (N, H, 3)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.new_zeros(-1),                        (3,)),
    Rejects(lambda x: x.new_tensor([[1], [1, 2]]),            (3,)),
    Rejects(lambda x, y: x.fill_(y),                          [(3,), (2,)]),
    Rejects(lambda x: torch.nn.functional.one_hot(x),         (0, "int64")),
    Rejects(lambda x: torch.nn.functional.one_hot(x, 0),      (2, "int64")),
]  # fmt: skip
