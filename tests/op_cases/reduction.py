"""Rows for shapecalc/ops/reduction.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import Case, H, N, Rejects, W
from tests.op_cases.pointwise import named

OVER_AXES = [
    "sum",
    "nansum",
    "mean",
    "nanmean",
    "amax",
    "amin",
    "logsumexp",
    "special.logsumexp",
    "count_nonzero",
]
OVER_ONE = ["prod", "argmax", "argmin", "median", "nanmedian", "max", "min", "mode", "std", "var"]

CASES = [
    *(Case(named(name, 1), (N, H, W), (N, W)) for name in OVER_AXES),
    *(Case(named(name, (0, -1)), (N, H, W), (H,)) for name in OVER_AXES),
    *(Case(named(name), (N, H, W), ()) for name in OVER_AXES if "logsumexp" not in name),
    *(Case(lambda x, n=name: _first(named(n, -1)(x)), (N, H, W), (N, H)) for name in OVER_ONE),
    Case(lambda x: x.sum(),                                   (N, H),      ()),
    Case(lambda x: x.sum(dim=()),                             (N, H),      ()),
    Case(lambda x: x.mean((2, 1), True),                      (N, H, W),   (N, 1, 1)),
    Case(lambda x: x.mean(dim=-1, keepdim=True),              (N, H),      (N, 1)),
    Case(lambda x: x.sum(axis=1, keepdims=True),              (N, H),      (N, 1)),
    Case(lambda x: torch.sum(x, 0, dtype=torch.float64),      (N, H),      (H,)),
    Case(lambda x: x.prod(),                                  (N, H),      ()),
    Case(lambda x: x.argmax(),                                (N, H),      ()),
    Case(lambda x: x.argmin(1, keepdim=True),                 (N, H),      (N, 1)),
    Case(lambda x: torch.max(x),                              (N, H),      ()),
    Case(lambda x: x.max(1, keepdim=True),                    (N, H),      [(N, 1), (N, 1)]),
    Case(lambda x: x.min(dim=0).indices,                      (N, H),      (H,)),
    Case(lambda x, y: torch.max(x, y),                        [(N, 1), (H,)], (N, H)),
    Case(lambda x, y: torch.min(x, other=y),                  [(N, 1), (H,)], (N, H)),
    Case(lambda x: x.median(),                                (N, H),      ()),
    Case(lambda x: x.median(1, True).values,                  (N, H),      (N, 1)),
    Case(lambda x: x.mode(),                                  (N, H),      [(N,), (N,)]),
    Case(lambda x: x.all(),                                   (N, H, "bool"), ()),
    Case(lambda x: x.any(1, keepdim=True),                    (N, H, "bool"), (N, 1)),
    Case(lambda x: x.all((0, 1)),                             (N, H, W),   (W,)),
    Case(lambda x: torch.aminmax(x),                          (N, H),      [(), ()]),
    Case(lambda x: torch.aminmax(x, dim=1, keepdim=True).max, (N, H),      (N, 1)),
    Case(lambda x: x.std(),                                   (N, H),      ()),
    Case(lambda x: x.std(False),                              (N, H),      ()),
    Case(lambda x: x.var((1, 2), unbiased=False),             (N, H, W),   (N,)),
    Case(lambda x: torch.var(x, dim=1, correction=0),         (N, H),      (N,)),
    Case(lambda x: torch.std_mean(x, (0, 1)),                 (N, H, W),   [(W,), (W,)]),
    Case(lambda x: torch.var_mean(x, -1, keepdim=True),       (N, H),      [(N, 1), (N, 1)]),
    Case(lambda x: x.sum((-1, 0), keepdim=True),              (N, H, W),   (1, H, 1)),
    Case(lambda x: x.any(()),                                 (N, H, "bool"), (N, H)),
    Case(lambda x: x.sum(0),                                  (),          ()),
    Case(lambda x: x.median(),                                (N, 0),      ()),
]  # fmt: skip


def _first(result: object) -> torch.Tensor:
    return result if isinstance(result, torch.Tensor) else result[0]


REJECTS = [
    Rejects(lambda x: x.sum(2),                               (3, 4)),
    Rejects(lambda x: x.sum((0, 0)),                          (3, 4)),
    Rejects(lambda x: x.mean((0, -2)),                        (3, 4)),
    Rejects(lambda x: x.max(-3),                              (3, 4)),
    Rejects(lambda x: x.max(),                                (0, 4)),
    Rejects(lambda x: x.argmax(0),                            (0, 4)),
    Rejects(lambda x: x.amax(1),                              (3, 0)),
    Rejects(lambda x, y: torch.max(x, y),                     [(3, 4), (5,)]),
    Rejects(lambda x: x.median(1),                            (3, 0)),
    Rejects(lambda x: x.nanmedian(0),                         (0, 3)),
]  # fmt: skip
