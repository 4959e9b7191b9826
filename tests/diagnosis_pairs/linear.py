"""Linear layers."""

from __future__ import annotations

from torch import nn

from tests.diagnosis_pairs import Pair


def flattened(features: int) -> nn.Module:
    """A convolution on 28x28, and a classifier for so many features."""
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(features, 10))


PAIRS = [
    Pair(
        kind="linear_in_features",
        broken=lambda: flattened(8 * 28 * 28),
        repaired=lambda: flattened(8 * 26 * 26),
        inputs=("N,1,28,28",),
        layer="2",
    ),
]
