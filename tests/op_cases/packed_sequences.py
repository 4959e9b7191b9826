"""Rows for shapecalc/ops/packed_sequences.py."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from shapecalc import dims
from tests.op_cases.case import Case, N, Rejects, T


class Packed(nn.Module):
    """A recurrent layer between packing and padding; every sequence has 1 step."""

    def __init__(self, layer: nn.Module, **options: bool) -> None:
        super().__init__()
        self.layer, self.options = layer, options

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, object]:
        """Return what is not of the length of the longest sequence."""
        batch = x.shape[0 if self.layer.batch_first else 1]
        lengths = torch.ones(batch, dtype=torch.int64)
        first = self.layer.batch_first
        packed = pack_padded_sequence(x, lengths, batch_first=first, **self.options)
        out, state = self.layer(packed)
        padded, lengths = pad_packed_sequence(out, batch_first=first)
        return padded[:, :1] if first else padded[:1], lengths, state


def apart(layer, **options):
    """Return a packed layer, its results in one list of tensors."""
    packed = Packed(layer, **options)

    def flat(x):
        padded, lengths, state = packed(x)
        return [padded, lengths, *(state if isinstance(state, tuple) else (state,))]

    return flat


def pack(x, lengths, **options):
    """Return the packed batch sizes, as many as sequences have steps."""
    return pack_padded_sequence(x, lengths, **options).batch_sizes


CASES = [
    Case(apart(nn.LSTM(3, 5)),                                    (T, N, 3), [(1, N, 5), (N,), (1, N, 5), (1, N, 5)]),
    Case(apart(nn.LSTM(3, 5, batch_first=True), enforce_sorted=False), (N, T, 3), [(N, 1, 5), (N,), (1, N, 5), (1, N, 5)]),
    Case(apart(nn.GRU(3, 5, 2, bidirectional=True)),              (T, N, 3), [(1, N, 10), (N,), (4, N, 5)]),
    Case(lambda x, y: pad_sequence([x, y]),                       [(T, 3), (T + 2, 3)], (T + 2, 2, 3)),
    Case(lambda x, y: pad_sequence([x, y, x], True),              [(T, 3), (4, 3)],     (3, dims.maximum(T, 4), 3)),
    Case(lambda x, y: pad_sequence([x, y], True, 0.0, "left"),    [(T,), (T + 2,)],     (2, T + 2)),
    Case(lambda x: pad_sequence(x.unbind(1)),                     (T, 2, 3),            (T, 2, 3)),
]  # fmt: skip

REJECTS = [
    Rejects(pack,                                             [(4, 2, 3), (3, "int64")]),
    Rejects(pack,                                             [(4, 2, 0), (2, "int64")]),
    Rejects(pack,                                             [(4,), (4, "int64")]),
    Rejects(apart(nn.GRU(4, 5)),                              (4, 2, 3)),
    Rejects(lambda x, y: pad_sequence([x, y]),                [(4, 3), (5, 2)]),
    Rejects(lambda x, y: pad_sequence([x, y]),                [(4, 3), (5, 2, 3)]),
]  # fmt: skip
