"""Convolutions."""

from __future__ import annotations

from torch import nn

from tests.diagnosis_pairs import Pair


def two(out: int, into: int, groups: int = 1) -> nn.Module:
    """Two convolutions, the first with so many channels out, the second with so many in."""
    return nn.Sequential(nn.Conv2d(3, out, 3), nn.ReLU(), nn.Conv2d(into, 32, 3, groups=groups))


def decoder(**options: int) -> nn.Module:
    """A transposed convolution."""
    return nn.Sequential(nn.ConvTranspose2d(16, 8, 3, **options), nn.ReLU())  # type: ignore[arg-type]


PAIRS = [
    Pair(
        kind="input_channels",
        broken=lambda: two(16, 8),
        repaired=lambda: two(16, 16),
        inputs=("N,3,16,16",),
        layer="2",
    ),
    Pair(
        kind="input_channels",  # depthwise: the layer before has to change
        broken=lambda: two(16, 32, groups=32),
        repaired=lambda: two(32, 32, groups=32),
        inputs=("N,3,16,16",),
        layer="2",
    ),
    Pair(
        kind="input_channels",  # grey images into a model for colours
        broken=lambda: two(16, 16),
        repaired=lambda: two(16, 16),
        inputs=("N,1,28,28",),
        repaired_inputs=("N,3,28,28",),
        layer="0",
    ),
    Pair(
        kind="input_channels",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(16, 8, 3)),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 8, 3)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="conv_dim",
        broken=lambda: nn.Sequential(nn.Conv1d(3, 8, 3), nn.ReLU()),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()),
        inputs=("N,3,28,28",),
        layer="0",
    ),
    Pair(
        kind="conv_dim",
        broken=lambda: nn.Sequential(nn.Conv2d(6, 8, 3), nn.ReLU()),
        repaired=lambda: nn.Sequential(nn.Conv1d(6, 8, 3), nn.ReLU()),
        inputs=("N,6,100",),
        layer="0",
    ),
    Pair(
        kind="conv_dim",
        broken=lambda: nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), nn.ReLU()),
        repaired=lambda: nn.Sequential(nn.Conv3d(1, 8, 3, stride=2), nn.ReLU()),
        inputs=("N,1,16,32,32",),
        layer="0",
    ),
    Pair(
        kind="conv_dim",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool1d(2)),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2)),
        inputs=("N,3,28,28",),
        layer="1",
    ),
    Pair(
        kind="conv_groups",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 16, 3, groups=3)),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 16, 3, groups=4)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
    Pair(
        kind="conv_groups",
        broken=lambda: nn.Sequential(nn.Conv2d(32, 48, 3, groups=32)),
        repaired=lambda: nn.Sequential(nn.Conv2d(32, 64, 3, groups=32)),
        inputs=("N,32,16,16",),
        layer="0",
    ),
    Pair(
        kind="padding_same_stride",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 8, 5, stride=2, padding="same")),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 8, 5, stride=2, padding=2)),
        inputs=("N,3,32,32",),
        layer="0",
    ),
    Pair(
        kind="padding_same_stride",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 8, (3, 5), (2, 1), padding="same")),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 8, (3, 5), (2, 1), padding=(1, 2))),
        inputs=("N,3,32,32",),
        layer="0",
    ),
    Pair(
        kind="output_padding",
        broken=lambda: decoder(output_padding=1),
        repaired=lambda: decoder(stride=2, output_padding=1),
        inputs=("N,16,8,8",),
        layer="0",
    ),
]
