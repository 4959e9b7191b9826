"""What torch does not raise of broadcasting: matrices that nobody meant."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.diagnosis_pairs import Pair


class Weighted(nn.Module):
    """A number for every sample, times a weight of it."""

    def __init__(self, *, fitting: bool) -> None:
        super().__init__()
        self.score = nn.Linear(6, 1)
        self.fitting = fitting

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.linalg.vector_norm(x, dim=-1, keepdim=self.fitting)
        return self.score(x) * weight


class Masked(nn.Module):
    """A map of one channel, times a mask of the image."""

    def __init__(self, *, fitting: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, padding=1)
        self.fitting = fitting

    def forward(self, x: Tensor) -> Tensor:
        mask = x.mean(1, keepdim=self.fitting)
        return self.conv(x) * mask


class Trained(nn.Module):
    """A number for every sample, and how far it is from the one that is wanted."""

    def __init__(self, *, fitting: bool) -> None:
        super().__init__()
        self.score = nn.Linear(6, 1)
        self.fitting = fitting

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        found = self.score(x)
        return ((found.squeeze(-1) if self.fitting else found) - y).square().mean()


PAIRS = [
    Pair(
        kind="silent_broadcast",
        broken=lambda: Trained(fitting=False),
        repaired=lambda: Trained(fitting=True),
        inputs=("N,6", "N"),
        layer="sub",
        raises=False,
    ),
    Pair(
        kind="silent_broadcast",
        broken=lambda: Weighted(fitting=False),
        repaired=lambda: Weighted(fitting=True),
        inputs=("N,6",),
        layer="mul",
        raises=False,
    ),
    Pair(
        kind="silent_broadcast",
        broken=lambda: Masked(fitting=False),
        repaired=lambda: Masked(fitting=True),
        inputs=((4, 3, 8, 9),),
        layer="mul",
        raises=False,
        repairs=False,
    ),
]
