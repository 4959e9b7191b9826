"""Flatten and view."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.diagnosis_pairs import Pair


class Net(nn.Module):
    """Two convolutions and two Linears, as in the first tutorial; `rows` flattens."""

    def __init__(self, rows, features: int = 16 * 5 * 5):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2 = nn.Linear(features, 120), nn.Linear(120, 10)
        self.rows = rows

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(self.rows(x))))


class Decoder(nn.Module):
    """A vector becomes a map again."""

    def __init__(self, features: int):
        super().__init__()
        self.up, self.conv = nn.Linear(20, features), nn.Conv2d(8, 3, 3)

    def forward(self, x):
        return self.conv(self.up(x).view(-1, 8, 7, 7))


def early(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers)


class Early(nn.Module):
    """A flatten in `forward` before or after the second convolution."""

    def __init__(self, *, before: bool):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3), nn.Conv2d(8, 16, 3)
        self.head, self.before = nn.Linear(16 * 24 * 24, 10), before

    def forward(self, x):
        x = F.relu(self.conv1(x))
        if self.before:
            x = x.view(x.size(0), -1)
        x = F.relu(self.conv2(x))
        if not self.before:
            x = x.view(x.size(0), -1)
        return self.head(x)


class Beside(nn.Module):
    """Maps and a vector, joined."""

    def __init__(self, *, flat: bool):
        super().__init__()
        self.image, self.text = nn.Conv2d(3, 8, 3), nn.Linear(5, 8)
        self.head, self.flat = nn.Linear(8 * 26 * 26 + 8, 10), flat

    def forward(self, image, text):
        maps = self.image(image)
        return self.head(torch.cat([maps.flatten(1) if self.flat else maps, self.text(text)], 1))


class Tokens(nn.Module):
    """A token before a sequence, made for so many samples."""

    def __init__(self, batch: int):
        super().__init__()
        self.token, self.proj = nn.Parameter(torch.zeros(batch, 1, 16)), nn.Linear(8, 16)

    def forward(self, x):
        token = self.token if len(self.token) > 1 else self.token.expand(x.size(0), -1, -1)
        return torch.cat([token, self.proj(x)], dim=1)


class Heads(nn.Module):
    """Heads that are put side by side again."""

    def __init__(self, together):
        super().__init__()
        self.proj, self.together = nn.Linear(64, 64), together

    def forward(self, x):
        heads = self.proj(x).unflatten(2, (4, 16)).transpose(1, 2)
        return self.together(heads.transpose(1, 2))


PAIRS = [
    Pair(
        kind="missing_flatten",
        broken=lambda: Beside(flat=False),
        repaired=lambda: Beside(flat=True),
        inputs=("N,3,28,28", "N,5"),
        layer="cat",
    ),
    Pair(
        kind="view_folds_batch",
        broken=lambda: Net(lambda x: x.flatten()),
        repaired=lambda: Net(lambda x: x.flatten(1)),
        inputs=((4, 3, 32, 32),),
        layer="flatten",
    ),
    Pair(
        kind="view_folds_batch",
        broken=lambda: Net(lambda x: x.view(-1)),
        repaired=lambda: Net(lambda x: x.view(x.size(0), -1), 256),
        inputs=((4, 3, 28, 28),),
        layer="view",
    ),
    Pair(
        kind="view_hardcoded_batch",
        broken=lambda: Tokens(32),
        repaired=lambda: Tokens(1),
        inputs=((4, 10, 8),),
        layer="cat",
    ),
    Pair(
        kind="view_order",
        broken=lambda: Heads(lambda x: x.transpose(1, 2).transpose(2, 3).view(x.size(0), -1, 40)),
        repaired=lambda: Heads(lambda x: x.reshape(x.size(0), -1, 64)),
        inputs=((2, 10, 64),),
        layer="view",
    ),
    Pair(
        kind="missing_flatten",
        broken=lambda: Net(nn.Identity()),
        repaired=lambda: Net(nn.Flatten()),
        inputs=("N,3,32,32",),
        layer="fc1",
    ),
    Pair(
        kind="missing_flatten",
        broken=lambda: Net(nn.Identity(), 400),
        repaired=lambda: Net(nn.Flatten(), 16 * 13 * 13),
        inputs=((4, 3, 64, 64),),
        layer="fc1",
    ),
    Pair(
        kind="missing_flatten",
        broken=lambda: nn.Sequential(
            nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.Linear(64, 10)
        ),
        repaired=lambda: nn.Sequential(
            nn.Conv2d(3, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)
        ),
        inputs=("N,3,32,32",),
        layer="3",
    ),
    Pair(
        kind="missing_flatten",
        broken=lambda: nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)),
        repaired=lambda: nn.Sequential(
            nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)
        ),
        inputs=("N,1,28,28",),
        layer="0",
    ),
    Pair(
        kind="missing_flatten",
        broken=lambda: nn.Sequential(nn.Conv1d(4, 8, 5), nn.MaxPool1d(2), nn.Linear(8 * 48, 10)),
        repaired=lambda: nn.Sequential(
            nn.Conv1d(4, 8, 5), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(8 * 48, 10)
        ),
        inputs=((2, 4, 100),),
        layer="2",
    ),
    Pair(
        kind="flatten_too_early",
        broken=lambda: early(
            nn.Flatten(), nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Linear(8 * 26 * 26, 10)
        ),
        repaired=lambda: early(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10)
        ),
        inputs=("N,1,28,28",),
        layer="1",
    ),
    Pair(
        kind="flatten_too_early",
        broken=lambda: early(
            nn.Conv2d(1, 8, 3), nn.Flatten(), nn.MaxPool2d(2), nn.Linear(8 * 26 * 26, 10)
        ),
        repaired=lambda: early(
            nn.Conv2d(1, 8, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 13 * 13, 10)
        ),
        inputs=((4, 1, 28, 28),),
        layer="2",
    ),
    Pair(
        kind="flatten_too_early",
        broken=lambda: Early(before=True),
        repaired=lambda: Early(before=False),
        inputs=("N,1,28,28",),
        layer="conv2",
    ),
    Pair(
        kind="view_size",
        broken=lambda: Net(lambda x: x.view(-1, 400)),
        repaired=lambda: Net(lambda x: x.view(-1, 256), 256),
        inputs=((4, 3, 28, 28),),
        layer="view",
    ),
    Pair(
        kind="view_size",
        broken=lambda: Net(lambda x: x.view(-1, 400)),
        repaired=lambda: Net(lambda x: x.view(-1, 400)),
        inputs=("N,3,28,28",),
        repaired_inputs=("N,3,32,32",),
        layer="view",
    ),
    Pair(
        kind="view_size",
        broken=lambda: Net(lambda x: x.reshape(x.shape[0], 400)),
        repaired=lambda: Net(lambda x: x.reshape(x.shape[0], 256), 256),
        inputs=("N,3,28,28",),
        layer="reshape",
    ),
    Pair(
        kind="view_size",
        broken=lambda: Decoder(400),
        repaired=lambda: Decoder(392),
        inputs=((4, 20),),
        layer="view",
    ),
    Pair(
        kind="view_hardcoded_batch",
        broken=lambda: Net(lambda x: x.view(32, -1)),
        repaired=lambda: Net(lambda x: x.view(x.size(0), -1)),
        inputs=((4, 3, 32, 32),),
        layer="view",
    ),
    Pair(
        kind="view_hardcoded_batch",
        broken=lambda: Net(lambda x: torch.reshape(x, (32, 400))),
        repaired=lambda: Net(lambda x: torch.reshape(x, (-1, 400))),
        inputs=((8, 3, 32, 32),),
        layer="reshape",
    ),
    Pair(
        kind="view_hardcoded_batch",
        broken=lambda: Net(lambda x: x.view(3, -1)),
        repaired=lambda: Net(lambda x: x.flatten(1)),
        inputs=((5, 3, 32, 32),),
        layer="view",
    ),
]
