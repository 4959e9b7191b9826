"""A small network with three mistakes, of which PyTorch would report one at a time.

shapecalc check examples/broken.py:Net --input 8,3,32,32
"""

from __future__ import annotations

import torch
from torch import nn


class Net(nn.Module):
    """Two convolutions, a residual branch and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.wide = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.branch = nn.Conv2d(64, 64, kernel_size=3)
        self.head = nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem(x))
        x = torch.relu(self.wide(x))
        x = x + torch.relu(self.branch(x))
        return self.head(x.mean(dim=(2, 3)))
