"""What is fed: the order of the axes, and how many there are."""

from __future__ import annotations

import torch
from torch import nn

from tests.diagnosis_pairs import Pair


def classifier(channels: int = 3) -> nn.Module:
    """Images of so many channels into ten classes."""
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip


class Tagger(nn.Module):
    """Words into vectors, and a convolution along the words."""

    def __init__(self, *, moved: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, 16)
        self.conv = nn.Conv1d(16, 8, 3, padding=1)
        self.moved = moved

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        x = self.embed(words)
        return self.conv(x.permute(0, 2, 1) if self.moved else x)


PAIRS = [
    Pair(
        kind="channels_last_input",
        broken=classifier,
        repaired=classifier,
        inputs=("N,32,32,3",),
        repaired_inputs=("N,3,32,32",),
        layer="0",
    ),
    Pair(
        kind="channels_last_input",  # one photo, as NumPy has it
        broken=classifier,
        repaired=classifier,
        inputs=("48,32,3",),
        repaired_inputs=("1,3,48,32",),
        layer="0",
    ),
    Pair(
        kind="channels_last_input",
        broken=lambda: Tagger(moved=False),
        repaired=lambda: Tagger(moved=True),
        inputs=("N,20:int64",),
        layer="conv",
    ),
    Pair(
        kind="input_rank",  # no batch: convolutions take that, the norm does not
        broken=classifier,
        repaired=classifier,
        inputs=("3,32,32",),
        repaired_inputs=("1,3,32,32",),
        layer="1",
    ),
    Pair(
        kind="input_rank",  # no batch: the classifier gets a row for each channel
        broken=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 10)),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 10)),
        inputs=("3,8,8",),
        repaired_inputs=("1,3,8,8",),
        layer="2",
    ),
    Pair(
        kind="input_rank",  # grey images without an axis for the channel
        broken=lambda: classifier(1),
        repaired=lambda: classifier(1),
        inputs=("N,28,28",),
        repaired_inputs=("N,1,28,28",),
        layer="0",
    ),
    Pair(
        kind="input_rank",
        broken=lambda: classifier(1),
        repaired=lambda: classifier(1),
        inputs=("N,1,1,28,28",),
        repaired_inputs=("N,1,28,28",),
        layer="0",
    ),
    Pair(
        kind="input_rank",  # frames of videos
        broken=classifier,
        repaired=classifier,
        inputs=("N,4,3,32,32",),
        repaired_inputs=("N,3,32,32",),
        layer="0",
    ),
]
