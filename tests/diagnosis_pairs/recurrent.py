"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.diagnosis_pairs import Pair


class Tagger(nn.Module):
    """Tokens, embedded, read by a recurrent layer, and a score for each of 5 tags."""

    def __init__(self, rnn: nn.Module, features: int = 16) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, 8)
        self.rnn = rnn
        self.head = nn.Linear(features, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        output, _ = self.rnn(self.embed(tokens))
        return self.head(output)


class Reader(nn.Module):
    """A sequence of vectors, read by a recurrent layer in a way that is passed."""

    def __init__(self, rnn: nn.Module, read: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.rnn, self.read = rnn, read
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.read(self.rnn, x))


class LastStates(nn.Module):
    """Both directions' last states, or only one of them."""

    def __init__(self, *, both: bool) -> None:
        super().__init__()
        self.rnn = nn.GRU(8, 16, bidirectional=True, batch_first=True)
        self.head = nn.Linear(32, 5)
        self.both = both

    def forward(self, x: Tensor) -> Tensor:
        _, h = self.rnn(x)
        return self.head(torch.cat((h[-2], h[-1]), dim=-1) if self.both else h[-1])


class Translator(nn.Module):
    """A decoder that starts where an encoder ends."""

    def __init__(self, *, bidirectional: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.encoder = nn.LSTM(8, 16, batch_first=True, bidirectional=bidirectional)
        self.decoder = nn.LSTM(8, 16, batch_first=True)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        _, states = self.encoder(self.embed(source))
        return self.decoder(self.embed(target), states)[0]


class Stacked(nn.Module):
    """Two recurrent layers, the first in both directions."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.first = nn.GRU(8, 16, batch_first=True, bidirectional=True)
        self.second = nn.GRU(input_size, 16, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x)[0])[0]


class Packed(nn.Module):
    """Sequences of several lengths in one batch."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(input_size, 16, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        lengths = torch.full((x.size(0),), 3)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
        return self.rnn(packed)[1]


class Stepping(nn.Module):
    """A cell that is called at every one of 4 steps."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(input_size, 16)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(x.size(0), 16)
        for step in range(4):
            state = self.cell(x[:, step], state)
        return state


def rnn(**options: Any) -> nn.GRU:
    return nn.GRU(8, 16, batch_first=True, **options)


def lstm() -> nn.LSTM:
    return nn.LSTM(8, 16, batch_first=True)


def started(*shape: int | None) -> Callable[[Any, Tensor], Tensor]:
    """Return a reading that starts with zeros of a shape; None stands for the batch."""

    def read(rnn: Any, x: Tensor) -> Tensor:
        state = torch.zeros([x.size(0) if size is None else size for size in shape])
        return rnn(x, state)[0]

    return read


def started_with_pair(rnn: Any, x: Tensor) -> Tensor:
    state = torch.zeros(1, x.size(0), 16)
    return rnn(x, (state, state))[0]


TOKENS = ("N,12:int64",)
VECTORS = ("N,12,8",)

PAIRS = [
    Pair(
        kind="rnn_input_size",
        broken=lambda: Tagger(nn.LSTM(10, 16, batch_first=True)),
        repaired=lambda: Tagger(nn.LSTM(8, 16, batch_first=True)),
        inputs=TOKENS,
        layer="rnn",
    ),
    Pair(  # time and features are swapped
        kind="rnn_input_size",
        broken=lambda: Reader(rnn(), lambda rnn, x: rnn(x)[0]),
        repaired=lambda: Reader(rnn(), lambda rnn, x: rnn(x.transpose(1, 2))[0]),
        inputs=("2,8,12",),
        layer="rnn",
    ),
    Pair(
        kind="rnn_input_size",
        broken=lambda: Stepping(10),
        repaired=lambda: Stepping(8),
        inputs=VECTORS,
        layer="cell",
        repairs=False,  # it takes four calls of one layer
    ),
    Pair(
        kind="rnn_input_rank",
        broken=lambda: Reader(rnn(), lambda rnn, x: rnn(x)[0]),
        repaired=lambda: Reader(rnn(), lambda rnn, x: rnn(x.flatten(1, 2))[0]),
        inputs=("N,3,4,8",),
        layer="rnn",
        repairs=False,
    ),
    Pair(
        kind="rnn_hidden_shape",
        broken=lambda: Reader(rnn(num_layers=2), started(None, 2, 16)),
        repaired=lambda: Reader(rnn(num_layers=2), started(2, None, 16)),
        inputs=("5,12,8",),
        layer="rnn",
    ),
    Pair(
        kind="rnn_hidden_shape",
        broken=lambda: Reader(rnn(), started(1, None, 20)),
        repaired=lambda: Reader(rnn(), started(1, None, 16)),
        inputs=VECTORS,
        layer="rnn",
    ),
    Pair(  # the rows of one direction
        kind="rnn_hidden_shape",
        broken=lambda: Reader(
            nn.GRU(8, 8, batch_first=True, bidirectional=True), started(1, None, 8)
        ),
        repaired=lambda: Reader(
            nn.GRU(8, 8, batch_first=True, bidirectional=True), started(2, None, 8)
        ),
        inputs=VECTORS,
        layer="rnn",
    ),
    Pair(  # a batch of 8 that was written down
        kind="rnn_hidden_shape",
        broken=lambda: Reader(rnn(), started(1, 8, 16)),
        repaired=lambda: Reader(rnn(), started(1, None, 16)),
        inputs=("2,12,8",),
        layer="rnn",
    ),
    Pair(
        kind="rnn_hidden_shape",
        broken=lambda: Reader(lstm(), started(1, None, 16)),
        repaired=lambda: Reader(lstm(), started_with_pair),
        inputs=VECTORS,
        layer="rnn",
    ),
    Pair(
        kind="rnn_hidden_shape",
        broken=lambda: Reader(rnn(), started_with_pair),
        repaired=lambda: Reader(rnn(), started(1, None, 16)),
        inputs=VECTORS,
        layer="rnn",
    ),
    Pair(
        kind="rnn_directions",
        broken=lambda: Tagger(nn.LSTM(8, 16, batch_first=True, bidirectional=True)),
        repaired=lambda: Tagger(nn.LSTM(8, 16, batch_first=True, bidirectional=True), 32),
        inputs=TOKENS,
        layer="head",
    ),
    Pair(
        kind="rnn_directions",
        broken=lambda: Tagger(nn.LSTM(8, 16, batch_first=True), 32),
        repaired=lambda: Tagger(nn.LSTM(8, 16, batch_first=True)),
        inputs=TOKENS,
        layer="head",
    ),
    Pair(
        kind="rnn_input_size",
        broken=lambda: Packed(10),
        repaired=lambda: Packed(8),
        inputs=("2,4,8",),
        layer="rnn",
    ),
    Pair(
        kind="rnn_hidden_shape",
        broken=lambda: Translator(bidirectional=True),
        repaired=lambda: Translator(bidirectional=False),
        inputs=("N,12:int64", "N,10:int64"),
        layer="decoder",
    ),
    Pair(
        kind="rnn_directions",
        broken=lambda: Stacked(16),
        repaired=lambda: Stacked(32),
        inputs=VECTORS,
        layer="second",
    ),
    Pair(
        kind="rnn_directions",
        broken=lambda: LastStates(both=False),
        repaired=lambda: LastStates(both=True),
        inputs=VECTORS,
        layer="head",
    ),
    Pair(
        kind="rnn_tuple_output",
        broken=lambda: nn.Sequential(lstm(), nn.Linear(16, 5)),
        repaired=lambda: Reader(lstm(), lambda rnn, x: rnn(x)[0]),
        inputs=VECTORS,
        layer="1",
    ),
    Pair(
        kind="rnn_tuple_output",
        broken=lambda: Reader(rnn(), lambda rnn, x: rnn(x)[:, -1]),
        repaired=lambda: Reader(rnn(), lambda rnn, x: rnn(x)[0][:, -1]),
        inputs=VECTORS,
        layer="rnn",
    ),
    Pair(
        kind="rnn_tuple_output",
        broken=lambda: Reader(rnn(), lambda rnn, x: rnn(x).mean(1)),
        repaired=lambda: Reader(rnn(), lambda rnn, x: rnn(x)[0].mean(1)),
        inputs=VECTORS,
        layer="rnn",
    ),
    Pair(  # h of (output, h) is itself a pair
        kind="rnn_tuple_output",
        broken=lambda: Reader(lstm(), lambda rnn, x: rnn(x)[1]),
        repaired=lambda: Reader(lstm(), lambda rnn, x: rnn(x)[1][0]),
        inputs=VECTORS,
        layer="head",
    ),
]
