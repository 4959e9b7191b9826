"""Tables of positions."""

from __future__ import annotations

import torch
from torch import nn

from tests.diagnosis_pairs import Pair


class ViT(nn.Module):
    """Patches, a class token, positions that are added."""

    def __init__(self, positions: int):
        super().__init__()
        self.patch = nn.Conv2d(3, 32, 16, stride=16)
        self.token = nn.Parameter(torch.zeros(1, 1, 32))
        self.pos_embed = nn.Parameter(torch.zeros(1, positions, 32))
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1)
        return self.head((x + self.pos_embed)[:, 0])


class Text(nn.Module):
    """Tokens and learned positions; `added` takes a table as it is, in the place of a look-up."""

    def __init__(self, positions: int, how: str = "embedding"):
        super().__init__()
        self.tokens = nn.Embedding(100, 16)
        self.positions = nn.Embedding(positions, 16)
        self.table = nn.Parameter(torch.zeros(positions, 16))
        self.head, self.how = nn.Linear(16, 4), how

    def forward(self, ids):
        x = self.tokens(ids)
        if self.how == "embedding":
            x = x + self.positions(torch.arange(ids.shape[1], device=ids.device))
        elif self.how == "whole":
            x = x + self.table
        else:
            x = x + self.table[: ids.shape[1]]
        return self.head(x)


PAIRS = [
    Pair(
        kind="pos_embed_length",
        broken=lambda: ViT(197),
        repaired=lambda: ViT(197),
        inputs=("N,3,256,256",),
        repaired_inputs=("N,3,224,224",),
        layer="add",
    ),
    Pair(
        kind="pos_embed_length",
        broken=lambda: ViT(196),
        repaired=lambda: ViT(197),
        inputs=((2, 3, 224, 224),),
        layer="add",
    ),
    Pair(
        kind="pos_embed_length",
        broken=lambda: Text(64),
        repaired=lambda: Text(100),
        inputs=("N,100:int64",),
        layer="positions",
    ),
    Pair(
        kind="pos_embed_length",
        broken=lambda: Text(64, "whole"),
        repaired=lambda: Text(64, "part"),
        inputs=("N,50:int64",),
        layer="add",
    ),
    Pair(
        kind="pos_embed_length",
        broken=lambda: Text(64, "part"),
        repaired=lambda: Text(128, "part"),
        inputs=("N,80:int64",),
        layer="add",
    ),
]
