"""Windows without room, and sizes that a layer cannot make."""

from __future__ import annotations

import torch
from torch import nn

from tests.diagnosis_pairs import Pair


def shrinking(pools: int, padding: int = 0) -> nn.Module:
    """Convolutions, each followed by a pooling that halves the map."""
    blocks = [[nn.Conv2d(8, 8, 3, padding=padding), nn.MaxPool2d(2)] for _ in range(pools)]
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=padding), *(m for b in blocks for m in b))


class Up(nn.Module):
    """A map made larger, to a size that is asked for."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.up, self.size = nn.ConvTranspose2d(3, 8, 3, stride=2, padding=1), size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(x, output_size=(self.size, self.size))


class Unpool(nn.Module):
    """A pooling that is undone, to a size that is asked for."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, indices = self.pool(x)
        return self.unpool(y, indices, output_size=(self.size, self.size))


PAIRS = [
    Pair(
        kind="spatial_collapse",
        broken=lambda: shrinking(4),
        repaired=lambda: shrinking(4, padding=1),
        inputs=("N,3,32,32",),
        layer="7",
    ),
    Pair(
        kind="spatial_collapse",
        broken=lambda: nn.Sequential(*(nn.MaxPool2d(2) for _ in range(4))),
        repaired=lambda: nn.Sequential(*(nn.MaxPool2d(2) for _ in range(3))),
        inputs=("N,3,8,8",),
        layer="3",
    ),
    Pair(
        kind="spatial_collapse",
        broken=lambda: nn.Sequential(nn.Conv1d(4, 8, 9), nn.Conv1d(8, 8, 9)),
        repaired=lambda: nn.Sequential(nn.Conv1d(4, 8, 9, padding=4), nn.Conv1d(8, 8, 9)),
        inputs=("N,4,12",),
        layer="1",
    ),
    Pair(
        kind="output_size",
        broken=lambda: Up(70),
        repaired=lambda: Up(56),
        inputs=("N,3,28,28",),
        layer="up",
    ),
    Pair(
        kind="output_size",
        broken=lambda: Unpool(40),
        repaired=lambda: Unpool(28),
        inputs=("N,3,28,28",),
        layer="unpool",
    ),
    Pair(
        kind="pixelshuffle_channels",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 16, 3), nn.PixelShuffle(3)),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 18, 3), nn.PixelShuffle(3)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
]
