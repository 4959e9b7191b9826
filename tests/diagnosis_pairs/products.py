"""Products of tensors."""

from __future__ import annotations

import torch
from torch import nn

from tests.diagnosis_pairs import Pair


class Scores(nn.Module):
    """Queries and keys that are multiplied in a way that `product` says."""

    def __init__(self, product, keys: int = 32):
        super().__init__()
        self.query, self.key = nn.Linear(48, 32), nn.Linear(48, keys)
        self.product = product

    def forward(self, x, y):
        return self.product(self.query(x), self.key(y)).softmax(-1)


class Weighted(nn.Module):
    """A weight of the model's own."""

    def __init__(self, rows: int):
        super().__init__()
        self.first, self.weight = nn.Linear(10, 20), nn.Parameter(torch.zeros(rows, 5))

    def forward(self, x):
        return self.first(x) @ self.weight


PAIRS = [
    Pair(
        kind="einsum_size",
        broken=lambda: Scores(lambda q, k: q @ k),
        repaired=lambda: Scores(lambda q, k: q @ k.transpose(-2, -1)),
        inputs=((2, 10, 48), (2, 12, 48)),
        layer="matmul",
    ),
    Pair(
        kind="einsum_size",
        broken=lambda: Scores(lambda q, k: torch.bmm(q, k.transpose(1, 2)), 24),
        repaired=lambda: Scores(lambda q, k: torch.bmm(q, k.transpose(1, 2))),
        inputs=("N,10,48", "N,12,48"),
        layer="bmm",
    ),
    Pair(
        kind="einsum_size",
        broken=lambda: Scores(lambda q, k: torch.einsum("bqd,bdk->bqk", q, k)),
        repaired=lambda: Scores(lambda q, k: torch.einsum("bqd,bkd->bqk", q, k)),
        inputs=("N,10,48", "N,12,48"),
        layer="einsum",
    ),
    Pair(
        kind="einsum_size",
        broken=lambda: Scores(lambda q, k: torch.einsum("bqd,bkd->bqk", q, k), 24),
        repaired=lambda: Scores(lambda q, k: torch.einsum("bqd,bkd->bqk", q, k)),
        inputs=((2, 10, 48), (2, 12, 48)),
        layer="einsum",
    ),
    Pair(
        kind="einsum_size",
        broken=lambda: Weighted(16),
        repaired=lambda: Weighted(20),
        inputs=("N,10",),
        layer="matmul",
    ),
]
