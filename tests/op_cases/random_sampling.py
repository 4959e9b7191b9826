"""Rows for shapecalc/ops/random_sampling.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import Case, H, N, Rejects

IN_PLACE = [
    "normal_",
    "uniform_",
    "exponential_",
    "geometric_",
    "cauchy_",
    "log_normal_",
    "random_",
]
SELDOM = "the same elements are often drawn with other weights"


def filled(name: str) -> object:
    arguments = (0.5,) if name == "geometric_" else ()
    return lambda x: getattr(x.clone(), name)(*arguments)


CASES = [
    *(Case(filled(name), (N, H), (N, H)) for name in IN_PLACE),
    Case(lambda x: torch.rand(x.shape[0], 2),                 (N, H),          (N, 2)),
    Case(lambda x: torch.randn(size=(x.shape[0], 2)),         (N, H),          (N, 2)),
    Case(lambda x: torch.randn(x.shape, dtype=torch.float64), (N, H),          (N, H)),
    Case(lambda x: torch.randint(10, (x.shape[0],)),          (N, H),          (N,)),
    Case(lambda x: torch.randint(0, 10, (2, x.shape[0])),     (N, H),          (2, N)),
    Case(lambda x: torch.randint(high=5, size=x.shape),       (N, H),          (N, H)),
    Case(lambda x: torch.randperm(x.shape[0]),                (N, H),          (N,)),
    Case(lambda x: torch.normal(0.0, 1.0, (x.shape[0],)),     (N, H),          (N,)),
    Case(lambda x, y: torch.normal(x, y),                     [(N, 1), (H,)],  (N, H)),
    Case(lambda x: torch.normal(x, 2.0),                      (N, H),          (N, H)),
    Case(torch.bernoulli,                                     (N, H),          (N, H)),
    Case(lambda x: x.bernoulli(0.5),                          (N, H),          (N, H)),
    Case(torch.poisson,                                       (N, H),          (N, H), unseen="a mean decides how many random numbers are used"),
    Case(lambda x: torch.binomial(x.round(), x),              (N, H),          (N, H)),
    Case(lambda x: torch.multinomial(x, 3),                   (N, H),          (N, 3), unseen=SELDOM),
    Case(lambda x: x.multinomial(30, replacement=True),       (H,),            (30,)),
    Case(lambda x: torch.multinomial(x, 2, True),             (0, 0),      (0, 2)),
    Case(lambda x: torch.bernoulli(x, p=0.5),                 (N, H),          (N, H)),
    Case(lambda x: x.uniform_(),                              (N, H),          (N, H)),
    Case(lambda x, p: x.bernoulli_(p),                        [(N, H), (N, H)], (N, H)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: torch.multinomial(x, 5),                (3, 4)),
    Rejects(lambda x: torch.multinomial(x, 0),                (3, 4)),
    Rejects(lambda x: torch.multinomial(x, 1),                (2, 3, 4)),
    Rejects(lambda x, y: torch.normal(x, y),                  [(3, 4), (3,)]),
    Rejects(lambda x: torch.multinomial(x, 2, True),          (3, 0)),
]  # fmt: skip
