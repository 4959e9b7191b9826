"""Rows for shapecalc/ops/view.py."""

from __future__ import annotations

import torch
from torch import nn

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, D, H, N, Rejects, W

SIX = [{"N": n} for n in (6, 12, 18)]
WIDER = "the values are of float64 here, which have other bytes"

CASES = [
    Case(lambda x: x.view(x.shape[0], -1),                    (N, C, H, W),   (N, C * H * W)),
    Case(lambda x: x.view(-1, x.size(1), x.size(2) * x.size(3)), (N, C, H, W), (N, C, H * W)),
    Case(lambda x: x.view(x.shape[0], 4, 2, -1),              (N, 8, H),      (N, 4, 2, H)),
    Case(lambda x: x.view((-1, 6)),                           (N,),           (floordiv(N, 6), 6), SIX),
    Case(lambda x: x.view(3, -1),                             (N, H),         (3, floordiv(N * H, 3)), [{"N": 9, "H": 4}, {"N": 2, "H": 12}]),
    Case(lambda x: x.view(size=(-1,)),                        (N, H),         (N * H,)),
    Case(lambda x: x.view(-1, x.shape[1] // 2, 2),            (N, H),         (N, floordiv(H, 2), 2), [{"N": 5, "H": 8}, {"N": 3, "H": 10}]),
    Case(lambda x: x.view(torch.int32),                       (N, H),         (N, H), unseen=WIDER),
    Case(lambda x: x.view(torch.int16),                       (N, H),         (N, 2 * H), unseen=WIDER),
    Case(lambda x: x.view(torch.int16),                       (N, H, "float64"), (N, 4 * H)),
    Case(lambda x: x.view(torch.complex128),                  (N, 2 * H, "float64"), (N, H)),
    Case(lambda x: x.view(torch.int64),                       (N, H, "float64"), (N, H)),
    Case(lambda x: x.view(dtype=torch.float64),               (N, H),         (N, floordiv(H, 2)), [{"N": 5, "H": 8}, {"N": 3, "H": 10}], WIDER),
    Case(lambda x: x.reshape(x.shape[0], -1, 2),              (N, 8, H),      (N, 4 * H, 2)),
    Case(lambda x: torch.reshape(x, (-1,)),                   (N, H),         (N * H,)),
    Case(lambda x: torch.reshape(x, shape=(-1, 2)),           (N, 2 * H),     (N * H, 2)),
    Case(lambda x, y: x.view_as(y),                           [(N, 2, H), (2, N, H)], (2, N, H)),
    Case(lambda x, y: x.reshape_as(y),                        [(N, H), (H, N)], (H, N)),
    Case(lambda x: x.flatten(1),                              (N, C, H, W),   (N, C * H * W)),
    Case(lambda x: torch.flatten(x, 1, 2),                    (N, C, H, W),   (N, C * H, W)),
    Case(lambda x: x.flatten(start_dim=-2),                   (N, C, H, W),   (N, C, H * W)),
    Case(torch.flatten,                                       (),             (1,)),
    Case(nn.Flatten(),                                        (N, C, H, W),   (N, C * H * W)),
    Case(nn.Flatten(0, 1),                                    (N, C, H, W),   (N * C, H, W)),
    Case(lambda x: x.ravel(),                                 (N, H),         (N * H,)),
    Case(lambda x: x.unflatten(1, (2, -1)),                   (N, 6, H),      (N, 2, 3, H)),
    Case(lambda x: torch.unflatten(x, -1, (-1, 2)),           (N, 2 * H),     (N, H, 2)),
    Case(nn.Unflatten(1, (3, 4)),                             (N, 12, H),     (N, 3, 4, H)),
    Case(torch.view_as_real,                                  (N, H, "complex64"), (N, H, 2)),
    Case(lambda x: torch.view_as_complex(x),                  (N, H, 2),      (N, H)),
    Case(lambda x: x.view(x.shape[0] // 2, 2, x.shape[1] // 3, 3), (2 * N, 3 * D), (N, 2, D, 3)),
    Case(lambda x: x.view(torch.float64),                     (0,),        (0,)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.view(2, 400),                         (2, 3, 5, 5)),
    Rejects(lambda x: x.view(-1, 7),                          (2, 3, 4)),
    Rejects(lambda x: x.view(-1, -1),                         (2, 3)),
    Rejects(lambda x: x.view(2, -3),                          (2, 3)),
    Rejects(lambda x: x.view(-1, 0),                          (0, 3)),
    Rejects(lambda x: x.reshape(7),                           (2, 3)),
    Rejects(lambda x: x.flatten(2, 1),                        (2, 3, 4)),
    Rejects(lambda x: x.flatten(3),                           (2, 3, 4)),
    Rejects(lambda x: x.unflatten(1, (2, 2)),                 (2, 3)),
    Rejects(lambda x: x.unflatten(2, (1, 3)),                 (2, 3)),
    Rejects(lambda x: x.view(torch.float64),                  (2, 3)),
    Rejects(lambda x: torch.view_as_complex(x),               (2, 3)),
    Rejects(lambda x, y: x.view_as(y),                        [(2, 3), (2, 4)]),
    Rejects(lambda x: x.view(torch.float64),                  (3, 0)),
]  # fmt: skip
