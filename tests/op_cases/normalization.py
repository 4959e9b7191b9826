"""Rows for shapecalc/ops/normalization.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import C, Case, D, H, L, N, Rejects, W


def training(module: nn.Module) -> nn.Module:
    """Mark a row to run in training mode."""
    module.trains = True
    return module


def batch_norm(x, n=3, **options):
    """Batch norm with statistics of n channels."""
    return F.batch_norm(x, torch.zeros(n), torch.ones(n), **options)


CASES = [
    Case(nn.BatchNorm1d(3),                               (N, 3),          (N, 3)),
    Case(nn.BatchNorm1d(3, affine=False),                 (N, 3, L),       (N, 3, L)),
    Case(nn.BatchNorm2d(3),                               (N, 3, H, W),    (N, 3, H, W)),
    Case(nn.BatchNorm2d(3, track_running_stats=False),    (N, 3, H, W),    (N, 3, H, W)),
    Case(training(nn.BatchNorm2d(3, momentum=None)),      (N, 3, H, W),    (N, 3, H, W)),
    Case(training(nn.BatchNorm1d(3)),                     (N, 3),          (N, 3)),
    Case(nn.BatchNorm3d(3),                               (N, 3, D, H, W), (N, 3, D, H, W)),
    Case(nn.SyncBatchNorm(3),                             (N, 3, L),       (N, 3, L)),
    Case(lambda x: F.batch_norm(x, None, None, training=True), (N, C, L),  (N, C, L)),
    Case(nn.BatchNorm1d(3, track_running_stats=False), (N, 3, L), (N, 3, L)),
    Case(training(nn.InstanceNorm1d(3, track_running_stats=True)), (N, 3, L), (N, 3, L)),
    Case(nn.InstanceNorm1d(3, track_running_stats=True),  (N, 3, L),       (N, 3, L)),
    Case(nn.InstanceNorm1d(3, affine=True),               (N, 3, L),       (N, 3, L)),
    Case(nn.InstanceNorm2d(3),                            (N, 3, H, W),    (N, 3, H, W)),
    Case(nn.InstanceNorm2d(3),                            (0, 3, 0, 9),    (0, 3, 0, 9)),
    Case(nn.InstanceNorm2d(3),                            (3, H, W),       (3, H, W)),
    Case(nn.InstanceNorm3d(3, track_running_stats=True),  (N, 3, D, H, W), (N, 3, D, H, W)),
    Case(lambda x: F.instance_norm(x),                    (N, C, L),       (N, C, L)),
    Case(nn.LazyBatchNorm2d(),                            (N, 3, H, W),    (N, 3, H, W)),
    Case(nn.LazyInstanceNorm1d(),                         (N, 3, L),       (N, 3, L)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.BatchNorm2d(3), (2, 4, 9, 9)),
    Rejects(training(nn.BatchNorm1d(3)), (1, 3)),
    Rejects(training(nn.BatchNorm2d(3)), (1, 3, 1, 1)),
    Rejects(lambda x: F.batch_norm(x, None, None), (2, 3, 9)),
    Rejects(batch_norm, (3,)),
    Rejects(lambda x: batch_norm(x, 4), (2, 3, 9)),
    Rejects(lambda x: batch_norm(x, weight=torch.ones(4)), (2, 3, 9)),
    Rejects(lambda x: batch_norm(x, bias=torch.ones(2)), (2, 3, 9)),
    Rejects(lambda x: batch_norm(x, 0, weight=torch.ones(0)), (2, 0, 9)),
    Rejects(nn.InstanceNorm1d(3, affine=True), (0, 3, 9)),
    Rejects(nn.InstanceNorm1d(3), (2, 3, 1)),
    Rejects(lambda x: F.instance_norm(x), (2, 3)),
    Rejects(lambda x: F.instance_norm(x, use_input_stats=False), (2, 3, 9)),
    Rejects(lambda x: F.instance_norm(x, weight=torch.ones(4)), (2, 3, 9)),
]
