"""Branches that are added."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.diagnosis_pairs import Pair


class Block(nn.Module):
    """A block of a residual network between a stem and a head."""

    def __init__(self, inner=16, outer=16, *, stride=1, padding=1, shortcut=None):
        super().__init__()
        self.stem = nn.Conv2d(3, inner, 3, padding=1)
        self.conv1 = nn.Conv2d(inner, outer, 3, stride=stride, padding=padding)
        self.norm1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(outer)
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.head = nn.Linear(outer, 10)

    def forward(self, x):
        x = self.stem(x)
        out = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        out += self.shortcut(x)
        return self.head(F.relu(out).mean((2, 3)))


class Perceptron(nn.Module):
    """A residual block on vectors."""

    def __init__(self, features: int):
        super().__init__()
        self.first, self.second = nn.Linear(20, 40), nn.Linear(40, features)

    def forward(self, x):
        return x + self.second(F.relu(self.first(x)))


class Pyramid(nn.Module):
    """A feature pyramid: maps of two levels are added from the top down."""

    def __init__(self, *, resize: bool = False):
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.two = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.lateral1, self.lateral2 = nn.Conv2d(8, 8, 1), nn.Conv2d(16, 8, 1)
        self.resize = resize

    def forward(self, x):
        one = self.one(x)
        top = self.lateral2(self.two(one))
        if self.resize:
            top = F.interpolate(top, size=one.shape[2:])
        else:
            top = F.interpolate(top, scale_factor=2)
        return self.lateral1(one) + top


class Gate(nn.Module):
    """Two branches of three layers each, multiplied."""

    def __init__(self, padding: int):
        super().__init__()
        self.left = nn.Sequential(
            nn.Conv1d(4, 8, 3, padding=1), nn.Tanh(), nn.Conv1d(8, 8, 1), nn.Tanh()
        )
        self.right = nn.Sequential(
            nn.Conv1d(4, 8, 5, padding=padding), nn.ReLU(), nn.Conv1d(8, 8, 1), nn.Sigmoid()
        )

    def forward(self, x):
        return self.left(x) * self.right(x)


class Unpadded(nn.Module):
    """A residual block, both of whose convolutions lose the border."""

    def __init__(self, padding: int):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.conv1, self.conv2 = (nn.Conv2d(8, 8, 3, padding=padding) for _ in range(2))

    def forward(self, x):
        x = self.stem(x)
        return x + self.conv2(F.relu(self.conv1(x)))


class Positions(nn.Module):
    """Tokens and positions of another width."""

    def __init__(self, width: int):
        super().__init__()
        self.tokens = nn.Embedding(100, width)
        self.positions = nn.Parameter(torch.zeros(1, 50, 64))

    def forward(self, ids):
        return self.tokens(ids) + self.positions[:, : ids.shape[1]]


PAIRS = [
    Pair(
        kind="residual_spatial",
        broken=lambda: Unpadded(0),
        repaired=lambda: Unpadded(1),
        inputs=("N,3,32,32",),
        layer="add",
    ),
    Pair(
        kind="residual_channels",
        broken=lambda: Positions(32),
        repaired=lambda: Positions(64),
        inputs=("N,50:int64",),
        layer="add",
    ),
    Pair(
        kind="residual_channels",
        broken=lambda: Block(16, 32),
        repaired=lambda: Block(16, 32, shortcut=nn.Conv2d(16, 32, 1)),
        inputs=("N,3,32,32",),
        layer="add",
    ),
    Pair(
        kind="residual_channels",
        broken=lambda: Block(16, 32, stride=2),
        repaired=lambda: Block(16, 32, stride=2, shortcut=nn.Conv2d(16, 32, 1, stride=2)),
        inputs=((4, 3, 33, 32),),
        layer="add",
    ),
    Pair(
        kind="residual_channels",
        broken=lambda: Block(16, 32, shortcut=nn.Conv2d(16, 64, 1)),
        repaired=lambda: Block(16, 32, shortcut=nn.Conv2d(16, 32, 1)),
        inputs=("N,3,32,32",),
        layer="add",
    ),
    Pair(
        kind="residual_channels",
        broken=lambda: Perceptron(30),
        repaired=lambda: Perceptron(20),
        inputs=("N,20",),
        layer="add",
    ),
    Pair(
        kind="residual_spatial",
        broken=lambda: Block(stride=2),
        repaired=lambda: Block(stride=2, shortcut=nn.MaxPool2d(2)),
        inputs=("N,3,32,32",),
        layer="add",
    ),
    Pair(
        kind="residual_spatial",
        broken=lambda: Block(stride=2, outer=32, shortcut=nn.Conv2d(16, 32, 1)),
        repaired=lambda: Block(stride=2, outer=32, shortcut=nn.Conv2d(16, 32, 1, stride=2)),
        inputs=((2, 3, 32, 32),),
        layer="add",
    ),
    Pair(
        kind="residual_spatial",
        broken=lambda: Block(padding=0),
        repaired=Block,
        inputs=((2, 3, 32, 32),),
        layer="add",
    ),
    Pair(
        kind="add_spatial",
        broken=Pyramid,
        repaired=lambda: Pyramid(resize=True),
        inputs=((1, 3, 30, 33),),
        layer="add",
    ),
    Pair(
        kind="add_spatial",
        broken=Pyramid,
        repaired=Pyramid,
        inputs=("N,3,30,32",),
        repaired_inputs=("N,3,32,32",),
        layer="add",
    ),
    Pair(
        kind="add_spatial",
        broken=lambda: Gate(1),
        repaired=lambda: Gate(2),
        inputs=("N,4,100",),
        layer="mul",
    ),
]
