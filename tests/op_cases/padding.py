"""Rows for shapecalc/ops/padding.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, D, H, L, N, Rejects, W

CASES = [
    Case(nn.ZeroPad1d(2),                                      (N, C, L),       (N, C, L + 4)),
    Case(nn.ZeroPad2d((1, 2, 3, 4)),                           (N, C, H, W),    (N, C, H + 7, W + 3)),
    Case(nn.ZeroPad3d(1),                                      (C, D, H, W),    (C, D + 2, H + 2, W + 2)),
    Case(nn.ConstantPad1d((1, -3), 2.0),                       (N, C, L),       (N, C, L - 2)),
    Case(nn.ConstantPad2d(1, 2.0),                             (H, W),          (H + 2, W + 2)),
    Case(nn.ConstantPad3d((0, 0, 1, 0, 0, 2), 2.0),            (N, C, D, H, W), (N, C, D + 2, H + 1, W)),
    Case(nn.ReflectionPad1d((1, 2)),                           (C, L),          (C, L + 3)),
    Case(nn.ReflectionPad2d((1, 2, 3, 0)),                     (N, C, H, W),    (N, C, H + 3, W + 3)),
    Case(nn.ReflectionPad3d(1),                                (N, C, D, H, W), (N, C, D + 2, H + 2, W + 2)),
    Case(nn.ReplicationPad1d(30),                              (N, C, L),       (N, C, L + 60)),
    Case(nn.ReplicationPad2d((-1, 2, 3, -4)),                  (C, H, W),       (C, H - 1, W + 1)),
    Case(nn.ReplicationPad3d(1),                               (C, D, H, W),    (C, D + 2, H + 2, W + 2)),
    Case(nn.ReflectionPad2d((-1, 0, 1, 0)),                    (0, 3, 2, 1),    (0, 3, 3, 0)),
    Case(nn.CircularPad1d((2, 0)),                             (N, C, L),       (N, C, L + 2)),
    Case(nn.CircularPad1d((-1, 3)),                            (N, C, L),       (N, C, L + 2)),
    Case(nn.CircularPad1d((2, -2)),                            (N, C, L),       (N, C, L)),
    Case(nn.ReflectionPad1d((-2, 3)),                          (N, C, L),       (N, C, L + 1)),
    Case(nn.CircularPad2d((1, 2, 3, 4)),                       (N, C, H, W),    (N, C, H + 7, W + 3)),
    Case(nn.CircularPad3d(1),                                  (N, C, D, H, W), (N, C, D + 2, H + 2, W + 2)),
    Case(lambda x: F.pad(x, (1, 1, 0, 0, 2, 0), value=3.0),    (N, C, H, W),    (N, C + 2, H, W + 2)),
    Case(lambda x: F.pad(x, (0, 16 - x.shape[-1] % 16)),       (N, L),          (N, 16 * floordiv(L, 16) + 16)),
    Case(lambda x: F.pad(x, ()),                               (N, L),          (N, L)),
    Case(lambda x: torch.constant_pad_nd(x, [1, 2], 5.0),      (N, L),          (N, L + 3)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.ZeroPad2d(1), (9,)),
    Rejects(nn.ZeroPad1d((-4, -3)), (2, 6)),
    Rejects(nn.ZeroPad1d((-7, 3)), (2, 6)),
    Rejects(nn.ReflectionPad1d(6), (2, 6)),
    Rejects(nn.ReflectionPad1d((-3, -3)), (2, 6)),
    Rejects(nn.ReflectionPad2d(1), (6, 6)),
    Rejects(nn.ReplicationPad1d((-3, -3)), (2, 6)),
    Rejects(nn.ReplicationPad1d(1), (2, 2, 2, 6)),
    Rejects(nn.ReplicationPad1d(1), (2, 0)),
    Rejects(nn.ReplicationPad2d(1), (2, 0, 6, 6)),
    Rejects(nn.ReflectionPad1d(1), (0, 6)),
    Rejects(nn.ReflectionPad3d(1), (2, 0, 6, 6, 6)),
    Rejects(lambda x: F.pad(x, (7, 0), mode="circular"), (2, 6)),
    Rejects(lambda x: F.pad(x, (-4, -3), mode="circular"), (2, 6)),
    Rejects(lambda x: F.pad(x, (1,)), (2, 6)),
    Rejects(lambda x: F.pad(x, (1, 1), mode="mirror"), (2, 6)),
    Rejects(lambda x: F.pad(x, (1, 1), mode="reflect", value=1.0), (2, 6)),
]
