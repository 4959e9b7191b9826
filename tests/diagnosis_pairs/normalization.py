"""Normalization layers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.diagnosis_pairs import Pair


def normed(norm: nn.Module) -> nn.Module:
    """A convolution to 16 channels and a normalization."""
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), norm, nn.ReLU())


def rows(norm: nn.Module) -> nn.Module:
    """A linear layer to 16 features and a normalization."""
    return nn.Sequential(nn.Linear(8, 16), norm, nn.ReLU())


class Groups(nn.Module):
    """Channels normalized in groups, by a function."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.group_norm(x, self.groups)


class Tokens(nn.Module):
    """Tokens of 16 features: their axis is the last, and that of BatchNorm1d is the second."""

    def __init__(self, *, moved: bool) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(8, 16), nn.BatchNorm1d(16)
        self.moved = moved

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        return self.norm(x.mT).mT if self.moved else self.norm(x)


PAIRS = [
    Pair(
        kind="norm_num_features",
        broken=lambda: normed(nn.BatchNorm2d(32)),
        repaired=lambda: normed(nn.BatchNorm2d(16)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="norm_num_features",
        broken=lambda: normed(nn.InstanceNorm2d(8, affine=True)),
        repaired=lambda: normed(nn.InstanceNorm2d(16, affine=True)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="norm_num_features",
        broken=lambda: normed(nn.GroupNorm(4, 32)),
        repaired=lambda: normed(nn.GroupNorm(4, 16)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="norm_num_features",
        broken=lambda: rows(nn.LayerNorm(32)),
        repaired=lambda: rows(nn.LayerNorm(16)),
        inputs=("N,10,8",),
        layer="1",
    ),
    Pair(
        kind="norm_num_features",
        broken=lambda: Tokens(moved=False),
        repaired=lambda: Tokens(moved=True),
        inputs=("N,10,8",),
        layer="norm",
    ),
    Pair(
        kind="norm_rank",
        broken=lambda: normed(nn.BatchNorm1d(16)),
        repaired=lambda: normed(nn.BatchNorm2d(16)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="norm_rank",
        broken=lambda: rows(nn.BatchNorm2d(16)),
        repaired=lambda: rows(nn.BatchNorm1d(16)),
        inputs=("N,8",),
        layer="1",
    ),
    Pair(
        kind="norm_divisibility",
        broken=lambda: normed(nn.GroupNorm(6, 16)),
        repaired=lambda: normed(nn.GroupNorm(4, 16)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="norm_divisibility",
        broken=lambda: Groups(3),
        repaired=lambda: Groups(2),
        inputs=("N,4,16,16",),
    ),
    Pair(
        kind="bn_single_value",  # a batch of one, and the map pooled to 1x1
        broken=lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(3)),
        repaired=lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(3)),
        inputs=("1,3,16,16",),
        repaired_inputs=("2,3,16,16",),
        layer="1",
        options={"train": True},
    ),
    Pair(
        kind="bn_single_value",
        broken=lambda: rows(nn.BatchNorm1d(16)),
        repaired=lambda: rows(nn.BatchNorm1d(16)),
        inputs=("1,8",),
        repaired_inputs=("4,8",),
        layer="1",
        options={"train": True},
    ),
]
