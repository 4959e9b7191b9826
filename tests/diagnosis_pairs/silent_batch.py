"""What torch does not raise of the batch: folded, written down, dropped, not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.diagnosis_pairs import Pair


class Between(nn.Module):
    """A stem, what is done to its output, and a head."""

    def __init__(
        self, stem: nn.Module, function: Callable[..., Any], head: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.stem, self.function = stem, function
        self.head = head or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.function(self.stem(x)))


def halved(rows: Callable[[Tensor], Tensor], features: int) -> nn.Module:
    """A convolution that leaves 16 channels of 10x10, and a head for so many features."""
    return Between(nn.Conv2d(3, 16, 3, padding=1, stride=2), rows, nn.Linear(features, 10))


def pooled(squeezed: Callable[[Tensor], Tensor]) -> nn.Module:
    """Features of an image, one number for each channel."""
    stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1))
    return Between(stem, squeezed, nn.Linear(8, 10))


class Recalled(nn.Module):
    """An LSTM with a first state for so many samples; None asks the input."""

    def __init__(self, batch: int | None) -> None:
        super().__init__()
        self.batch = batch
        self.rnn = nn.LSTM(6, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        zeros = torch.zeros(1, self.batch or x.size(0), 8)
        return self.rnn(x, (zeros, zeros))[0][:, -1]


PAIRS = [
    Pair(
        kind="view_folds_batch",
        broken=lambda: halved(lambda x: x.view(-1, 400), 400),
        repaired=lambda: halved(lambda x: x.flatten(1), 1600),
        inputs=("N,3,20,20",),
        layer="view",
        raises=False,
    ),
    Pair(
        kind="view_folds_batch",
        broken=lambda: halved(lambda x: x.view(-1, 16), 16),
        repaired=lambda: halved(lambda x: x.permute(0, 2, 3, 1).reshape(-1, 16), 16),
        inputs=((4, 3, 20, 20),),
        layer="view",
        raises=False,
        repairs=False,
    ),
    Pair(
        kind="view_folds_batch",
        broken=lambda: Between(nn.Conv1d(4, 8, 3), lambda x: x.reshape(-1, x.size(-1))),
        repaired=lambda: Between(nn.Conv1d(4, 8, 3), lambda x: x.transpose(1, 2)),
        inputs=("N,4,30",),
        layer="reshape",
        raises=False,
        repairs=False,
    ),
    Pair(
        kind="view_hardcoded_batch",
        broken=lambda: halved(lambda x: x.view(2, -1), 1600),
        repaired=lambda: halved(lambda x: x.view(x.size(0), -1), 1600),
        inputs=("N,3,20,20",),
        layer="view",
        raises=False,
    ),
    Pair(
        kind="view_hardcoded_batch",
        broken=lambda: halved(lambda x: x.reshape(8, 1600), 1600),
        repaired=lambda: halved(lambda x: x.reshape(-1, 1600), 1600),
        inputs=((8, 3, 20, 20),),
        layer="reshape",
        raises=False,
    ),
    Pair(
        kind="view_hardcoded_batch",
        broken=lambda: Recalled(4),
        repaired=lambda: Recalled(None),
        inputs=((4, 5, 6),),
        layer="rnn",
        raises=False,
        repairs=False,
    ),
    Pair(
        kind="squeeze_batch",
        broken=lambda: pooled(lambda x: x.squeeze()),
        repaired=lambda: pooled(lambda x: x.squeeze((-2, -1))),
        inputs=("N,3,20,20",),
        layer="squeeze",
        raises=False,
    ),
    Pair(
        kind="squeeze_batch",
        broken=lambda: pooled(lambda x: x.squeeze()),
        repaired=lambda: pooled(lambda x: x.flatten(1)),
        inputs=((1, 3, 20, 20),),
        layer="squeeze",
        raises=False,
    ),
    Pair(
        kind="unbatched_input",
        broken=lambda: nn.Sequential(nn.Conv2d(2, 8, 3), nn.ReLU()),
        repaired=lambda: nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU()),
        inputs=("N,28,28",),
        repaired_inputs=("N,1,28,28",),
        layer="0",
        raises=False,
        repairs=False,
    ),
]
