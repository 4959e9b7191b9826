"""Outputs, targets and losses."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.diagnosis_pairs import Pair
from tests.diagnosis_pairs.silent_batch import Between


def classified(classes: int) -> nn.Module:
    """A classifier of vectors."""
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, classes))


class Self(nn.Module):
    """A classifier that compares its answer with the first class."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.score = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        return F.cross_entropy(self.score(x), torch.zeros(x.size(0), dtype=torch.long))


OF_CLASSES = {"target": "N:int64", "loss": "cross_entropy"}

PAIRS = [
    Pair(
        kind="loss_class_axis",
        broken=lambda: nn.Linear(6, 10),
        repaired=lambda: Between(nn.Linear(6, 10), lambda x: x.transpose(1, 2)),
        inputs=("N,7,6",),
        options={"target": "N,7:int64", "loss": "cross_entropy"},
    ),
    Pair(
        kind="loss_target_shape",
        broken=lambda: nn.Sequential(nn.Conv2d(3, 10, 4), nn.AdaptiveAvgPool2d(1)),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 10, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        inputs=("N,3,20,20",),
        options=OF_CLASSES,
        repairs=False,
    ),
    Pair(
        kind="loss_target_shape",
        broken=lambda: classified(1),
        repaired=lambda: Between(classified(1), lambda x: x.squeeze(-1)),
        inputs=("N,6",),
        options={"target": "N", "loss": "binary_cross_entropy_with_logits"},
    ),
    Pair(
        kind="loss_target_shape",
        broken=lambda: classified(10),
        repaired=lambda: Between(classified(10), lambda x: x.unsqueeze(-1)),
        inputs=("N,6",),
        options={"target": "N,1:int64", "loss": "cross_entropy"},
    ),
    Pair(
        kind="loss_one_class",
        broken=lambda: Self(1),
        repaired=lambda: Self(2),
        inputs=("N,6",),
        raises=False,
        repairs=False,
    ),
    Pair(
        kind="output_shape",
        broken=lambda: nn.Conv2d(3, 10, 32),
        repaired=lambda: nn.Sequential(nn.Conv2d(3, 10, 32), nn.Flatten()),
        inputs=("N,3,32,32",),
        options={"output": "N,10"},
        raises=False,
        repairs=False,
    ),
]
