"""Sizes that have to divide, or to be whole numbers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.diagnosis_pairs import Pair


class Windows(nn.Module):
    """Windows of 7x7, channels last, as Swin cuts them."""

    def __init__(self, *, padded: bool = False) -> None:
        super().__init__()
        self.embed, self.padded = nn.Conv2d(3, 8, 1), padded

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x).permute(0, 2, 3, 1)
        if self.padded:
            x = F.pad(x, (0, 0, 0, -x.shape[2] % 7, 0, -x.shape[1] % 7))
        batch, height, width, channels = x.shape
        x = x.reshape(batch, height // 7, 7, width // 7, 7, channels)
        return x.permute(0, 1, 3, 2, 4, 5)


class Half(nn.Module):
    """Maps made half as large; the division makes floats."""

    def __init__(self, *, floats: bool) -> None:
        super().__init__()
        self.conv, self.floats = nn.Conv2d(3, 8, 3, padding=1), floats

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        height, width = x.shape[2:]
        size = (height / 2, width / 2) if self.floats else (height // 2, width // 2)
        return F.interpolate(x, size=size)  # type: ignore[arg-type]


def pooled(kernel_size: float) -> nn.Module:
    """A pooling built with what may be a float."""
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(kernel_size))  # type: ignore[arg-type]


def narrow(channels: float) -> nn.Module:
    """A convolution built with what may be a float."""
    return nn.Sequential(nn.Conv2d(3, channels, 3), nn.ReLU())  # type: ignore[arg-type]


PAIRS = [
    Pair(
        kind="window_divisibility",
        broken=Windows,
        repaired=lambda: Windows(padded=True),
        inputs=("N,3,30,28",),
    ),
    Pair(
        kind="window_divisibility",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.PixelUnshuffle(2)),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.PixelUnshuffle(2)),
        inputs=("N,3,29,29",),
        repaired_inputs=("N,3,30,30",),
        layer="1",
    ),
    Pair(
        kind="float_scale",
        broken=lambda: Half(floats=True),
        repaired=lambda: Half(floats=False),
        inputs=("N,3,16,16",),
    ),
    Pair(
        kind="float_scale",
        broken=lambda: pooled(4 / 2),
        repaired=lambda: pooled(4 // 2),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="float_scale",
        broken=lambda: narrow(16 / 2),
        repaired=lambda: narrow(16 // 2),
        inputs=("N,3,16,16",),
        layer="0",
    ),
]
