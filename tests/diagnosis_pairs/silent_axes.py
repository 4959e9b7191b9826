"""What torch does not raise of axes: exchanged, mixed, or another one than is meant."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.diagnosis_pairs import Pair
from tests.diagnosis_pairs.silent_batch import Between


class Heads(nn.Module):
    """Attention of 4 heads of 4 features each, which are split off with or without care."""

    def __init__(self, *, careful: bool) -> None:
        super().__init__()
        self.careful = careful
        self.project = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        n, t, _ = x.shape
        x = self.project(x)
        x = x.view(n, t, 4, 4).transpose(1, 2) if self.careful else x.view(n, 4, t, 4)
        x = F.scaled_dot_product_attention(x, x, x)
        return x.transpose(1, 2).reshape(n, t, 16)


class Last(nn.Module):
    """A recurrent layer, and a head for its last step."""

    def __init__(self, *, batch_first: bool) -> None:
        super().__init__()
        self.rnn = nn.GRU(6, 8, batch_first=batch_first)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


class SelfAttention(nn.Module):
    """Attention of a sequence to itself."""

    def __init__(self, *, batch_first: bool) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(16, 4, batch_first=batch_first)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x, x, x)[0].mean(1)


class Video(nn.Module):
    """A convolution over frames, channels first or not."""

    def __init__(self, *, moved: bool) -> None:
        super().__init__()
        self.moved = moved
        self.conv = nn.Conv3d(2, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.permute(0, 2, 1, 3, 4) if self.moved else x)


class Words(nn.Module):
    """Convolutions along the words of a text, or along their features."""

    def __init__(self, *, moved: bool) -> None:
        super().__init__()
        self.moved = moved
        self.embed = nn.Embedding(100, 16)
        self.conv = nn.Conv1d(16, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        return self.conv(x.transpose(1, 2) if self.moved else x)


def encoder(*, batch_first: bool) -> nn.Module:
    """Two layers of a transformer."""
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=batch_first)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


PAIRS = [
    Pair(
        kind="reshape_order",
        broken=lambda: Between(nn.Linear(6, 8), lambda x: x.view(x.size(0), 8, x.size(1))),
        repaired=lambda: Between(nn.Linear(6, 8), lambda x: x.transpose(1, 2)),
        inputs=("N,T,6",),
        layer="view",
        raises=False,
    ),
    Pair(
        kind="reshape_order",
        broken=lambda: Heads(careful=False),
        repaired=lambda: Heads(careful=True),
        inputs=("N,T,16",),
        layer="view",
        raises=False,
    ),
    Pair(
        kind="reshape_order",
        broken=lambda: Between(
            nn.Identity(), lambda x: x.reshape(-1, 3, 32, 48), nn.Conv2d(3, 4, 3)
        ),
        repaired=lambda: Between(
            nn.Identity(), lambda x: x.permute(0, 3, 1, 2), nn.Conv2d(3, 4, 3)
        ),
        inputs=((2, 32, 48, 3),),
        layer="reshape",
        raises=False,
    ),
    Pair(
        kind="reshape_order",
        broken=lambda: Between(
            nn.Linear(6, 8), lambda x: x.reshape(x.size(1), x.size(0), 8), nn.GRU(8, 4)
        ),
        repaired=lambda: Between(nn.Linear(6, 8), lambda x: x.transpose(0, 1), nn.GRU(8, 4)),
        inputs=("N,T,6",),
        layer="reshape",
        raises=False,
    ),
    Pair(
        kind="norm_axis",
        broken=lambda: nn.Sequential(nn.Linear(6, 10), nn.Softmax(dim=0)),
        repaired=lambda: nn.Sequential(nn.Linear(6, 10), nn.Softmax(dim=-1)),
        inputs=("N,6",),
        layer="1",
        raises=False,
    ),
    Pair(
        kind="norm_axis",
        broken=lambda: Between(nn.Linear(6, 10), lambda x: torch.softmax(x, dim=0)),
        repaired=lambda: Between(nn.Linear(6, 10), lambda x: torch.softmax(x, dim=2)),
        inputs=((4, 5, 6),),
        layer="softmax",
        raises=False,
    ),
    Pair(
        kind="norm_axis",
        broken=lambda: nn.Sequential(nn.Linear(6, 1), nn.Softmax(dim=1)),
        repaired=lambda: nn.Sequential(nn.Linear(6, 1), nn.Sigmoid()),
        inputs=("N,6",),
        layer="1",
        raises=False,
        repairs=False,
    ),
    Pair(
        kind="norm_axis",
        broken=lambda: Between(nn.Linear(6, 10), lambda x: F.normalize(x, dim=0)),
        repaired=lambda: Between(nn.Linear(6, 10), lambda x: F.normalize(x, dim=1)),
        inputs=("N,6",),
        layer="normalize",
        raises=False,
    ),
    Pair(
        kind="norm_axis",
        broken=lambda: Between(nn.Linear(6, 10), lambda x: x / x.sum(0, keepdim=True)),
        repaired=lambda: Between(nn.Linear(6, 10), lambda x: x / x.sum(1, keepdim=True)),
        inputs=("N,6",),
        layer="sum",
        raises=False,
        repairs=False,
    ),
    Pair(
        kind="time_channel_swapped",
        broken=lambda: Video(moved=False),
        repaired=lambda: Video(moved=True),
        inputs=("N,T,2,12,14",),
        layer="conv",
        raises=False,
    ),
    Pair(
        kind="time_channel_swapped",
        broken=lambda: Words(moved=False),
        repaired=lambda: Words(moved=True),
        inputs=("4,16:int64",),
        layer="conv",
        raises=False,
    ),
    Pair(
        kind="rnn_batch_first",
        broken=lambda: Last(batch_first=False),
        repaired=lambda: Last(batch_first=True),
        inputs=("N,T,6",),
        layer="rnn",
        raises=False,
    ),
    Pair(
        kind="rnn_batch_first",
        broken=lambda: Last(batch_first=False),
        repaired=lambda: Last(batch_first=True),
        inputs=((4, 5, 6),),
        layer="rnn",
        raises=False,
    ),
    Pair(
        kind="attn_batch_first",
        broken=lambda: SelfAttention(batch_first=False),
        repaired=lambda: SelfAttention(batch_first=True),
        inputs=((4, 5, 16),),
        layer="attend",
        raises=False,
    ),
    Pair(
        kind="attn_batch_first",
        broken=lambda: encoder(batch_first=False),
        repaired=lambda: encoder(batch_first=True),
        inputs=("N,T,16",),
        layer="layers.0.self_attn",
        raises=False,
    ),
    Pair(
        kind="attn_batch_first",
        broken=lambda: Between(encoder(batch_first=False), lambda x: x[:, 0], nn.Linear(16, 3)),
        repaired=lambda: Between(encoder(batch_first=True), lambda x: x[:, 0], nn.Linear(16, 3)),
        inputs=((4, 7, 16),),
        layer="stem.layers.0.self_attn",
        raises=False,
    ),
    Pair(
        kind="reshape_order",
        broken=lambda: Between(
            nn.Conv2d(3, 32, 4, 4), lambda x: x.reshape(x.size(0), -1, 32), nn.Linear(32, 8)
        ),
        repaired=lambda: Between(
            nn.Conv2d(3, 32, 4, 4), lambda x: x.flatten(2).transpose(1, 2), nn.Linear(32, 8)
        ),
        inputs=("N,3,32,48",),
        layer="reshape",
        raises=False,
    ),
    Pair(
        kind="rnn_batch_first",
        broken=lambda: Between(nn.LSTM(6, 8, 2, bidirectional=True), lambda x: x[0][:, -1]),
        repaired=lambda: Between(
            nn.LSTM(6, 8, 2, bidirectional=True, batch_first=True), lambda x: x[0][:, -1]
        ),
        inputs=((4, 7, 6),),
        layer="stem",
        raises=False,
    ),
]
