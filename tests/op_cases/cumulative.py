"""Rows for shapecalc/ops/cumulative.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import Case, H, N, Rejects, W

CASES = [
    Case(lambda x: x.cumsum(1),                               (N, H),         (N, H)),
    Case(lambda x: torch.cumsum(x, dim=-1),                   (N, H, "bool"), (N, H)),
    Case(lambda x: x.cumprod(dim=0, dtype=torch.float64),     (N, H),         (N, H)),
    Case(lambda x: x.logcumsumexp(1),                         (N, H),         (N, H)),
    Case(lambda x: x.cummax(0),                               (N, H),         [(N, H), (N, H)]),
    Case(lambda x: torch.cummin(x, dim=1).indices,            (N, H),         (N, H)),
    Case(lambda x: x.diff(),                                  (N, H),         (N, H - 1)),
    Case(lambda x: torch.diff(x, 2, 0),                       (N, H),         (N - 2, H)),
    Case(lambda x, y: torch.diff(x, prepend=y, append=y),     [(N, H), (N, W)], (N, H + 2 * W - 1)),
    Case(lambda x: x.diff(12, 0),                             (N, H),         (0, H), [{"N": 9, "H": 3}, {"N": 12, "H": 4}]),
    Case(lambda x: torch.gradient(x),                         (N, H),         [(N, H), (N, H)]),
    Case(lambda x: torch.gradient(x, dim=1, edge_order=2)[0], (N, H),         (N, H)),
    Case(lambda x: x.diff(0),                                 (N, H),         (N, H)),
    Case(lambda x, y, z: torch.diff(x, 2, 0, prepend=y, append=z), [(N, H), (3, H), (2, H)], (N + 3, H)),
    Case(lambda x: x.cumsum(0),                               (),             ()),
    Case(lambda x: torch.cummax(x, 0),                        (),             [(), ()]),
    Case(lambda x: torch.gradient(x, spacing=2.0),            (2, 3),         [(2, 3), (2, 3)]),
    Case(lambda x: torch.gradient(x, spacing=(torch.arange(float(x.shape[0])) ** 2,), dim=0)[0], (N, H), (N, H)),
    Case(lambda x: torch.gradient(x, spacing=(torch.arange(9.0) ** 2,), dim=0, edge_order=2)[0], (9, 2), (9, 2)),
    Case(lambda x: torch.trapezoid(x),                        (N, H),         (N,)),
    Case(lambda x, y: torch.trapezoid(x, y, dim=0),           [(N, H), (N,)], (H,)),
    Case(lambda x: torch.trapz(x, dx=2.0),                    (N, H),         (N,)),
    Case(lambda x, y: torch.trapezoid(x, y, dim=-2),          [(N, H, W), (H, 1)], (N, W)),
    Case(lambda x, y: torch.cumulative_trapezoid(x, y),       [(N, H), (H,)], (N, H - 1)),
    Case(lambda x, y: torch.cumulative_trapezoid(x, y, dim=0), [(N, H), (N, 1)], (N - 1, H)),
    Case(lambda x: torch.cumulative_trapezoid(x, dim=0),      (N, H),         (N - 1, H)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.cumsum(2),                            (3, 4)),
    Rejects(lambda x: x.cummax(-3),                           (3, 4)),
    Rejects(lambda x: x.diff(dim=2),                          (3, 4)),
    Rejects(lambda x: x.diff(),                               ()),
    Rejects(lambda x, y: x.diff(prepend=y),                   [(3, 4), (2, 1)]),
    Rejects(lambda x: torch.gradient(x),                      (3, 1)),
    Rejects(lambda x: torch.gradient(x, edge_order=2),        (2,)),
    Rejects(lambda x, y: torch.trapezoid(x, y),               [(3, 4), (3,)]),
]  # fmt: skip
