"""Rows for shapecalc/ops/activation.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, H, L, N, Rejects, T, W

MODULES = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.ELU(0.5), nn.CELU(inplace=True), nn.SELU(),
    nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.LeakyReLU(0.2, inplace=True), nn.RReLU(),
    nn.Threshold(0.1, 20.0), nn.Hardtanh(-2.0, 2.0), nn.Hardsigmoid(), nn.Hardswish(),
    nn.Hardshrink(), nn.Softshrink(0.3), nn.Softplus(2.0), nn.LogSigmoid(), nn.Sigmoid(), nn.Tanh(),
    nn.Softsign(), nn.Tanhshrink(), nn.PReLU(), nn.Identity(),
]  # fmt: skip

CASES = [
    *(Case(module, (N, C, H, W), (N, C, H, W)) for module in MODULES),
    Case(F.relu6,                             (N, L),             (N, L)),
    Case(lambda x: x.relu_().sigmoid(),       (N, L),             (N, L)),
    Case(torch.tanh,                          (N, L, "int64"),    (N, L)),
    Case(lambda x: F.rrelu(x, training=True), (L,),               (L,)),
    Case(F.relu,                              (),                 ()),
    Case(nn.PReLU(3),                         (N, 3, H, W),       (N, 3, H, W)),
    Case(lambda x: F.prelu(x, torch.tensor(0.1)), (L,),           (L,)),
    Case(lambda x: F.prelu(x, torch.ones(1)), (),                 ()),
    Case(nn.GLU(1),                           (N, C, L),          (N, floordiv(C, 2), L), sizes=[{"N": 2, "C": 6, "L": 5}, {"N": 1, "C": 2, "L": 3}]),
    Case(nn.GLU(0),                                 (6, L),             (3, L)),
    Case(lambda x: F.glu(x),                  (T, 8),             (T, 4)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.PReLU(3), (2, 4, 9)),
    Rejects(nn.PReLU(3), (3,)),
    Rejects(nn.PReLU(3), ()),
    Rejects(lambda x: F.prelu(x, torch.ones(3, 1)), (2, 3)),
    Rejects(nn.GLU(), (2, 3)),
    Rejects(nn.GLU(2), (2, 4)),
    Rejects(nn.GLU(0), ()),
]
