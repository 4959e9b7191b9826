"""Rows for shapecalc/ops/recurrent.py."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from tests.op_cases.case import Case, L, N, Rejects, T

BOTH = {"num_layers": 2, "bidirectional": True}


class Packed(nn.Module):
    """A layer on the data of a packed sequence of two sequences."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, data):
        """Return the data that comes out."""
        output, state = self.layer(PackedSequence(data, torch.tensor([2, 2, 1])))
        return output.data, state


class Started(nn.Module):
    """A layer or a cell that is given both states, or none; its warnings are not shown."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, *states):
        """Pass the states as a pair."""
        with warnings.catch_warnings(action="ignore"):
            return self.layer(x, states or None)


def gru(x, h):
    """Call the function that the module calls."""
    return torch.gru(
        x, h, [torch.ones(15, 4), torch.ones(15, 5)], False, 1, 0.0, False, False, True
    )


SHORT = [{"N": 2, "T": 3, "L": 4}, {"N": 1, "T": 4, "L": 4}]

CASES = [
    Case(nn.LSTM(3, 5),                                  (T, N, 3),                         [(T, N, 5), [(1, N, 5), (1, N, 5)]]),
    Case(nn.LSTM(3, 5, batch_first=True, **BOTH),        (N, T, 3),                         [(N, T, 10), [(4, N, 5), (4, N, 5)]]),
    Case(Started(nn.LSTM(3, 5, proj_size=2, **BOTH)),    (T, N, 3),                         [(T, N, 4), [(4, N, 2), (4, N, 5)]]),
    Case(nn.LSTM(3, 5, bias=False),                      (T, 3),                            [(T, 5), [(1, 5), (1, 5)]]),
    Case(Started(nn.LSTM(3, 5)),                         [(T, N, 3), (1, N, 5), (1, N, 5)], [(T, N, 5), [(1, N, 5), (1, N, 5)]]),
    Case(Started(nn.LSTM(3, 5)),                         [(T, 3), (1, 5), (1, 5)],          [(T, 5), [(1, 5), (1, 5)]]),
    Case(Started(nn.LSTM(3, 5, 2)),                      [(T, N, 3), (2, N, 5), (2, N, 5)], [(T, N, 5), [(2, N, 5), (2, N, 5)]]),
    Case(Started(nn.LSTM(3, 5, bidirectional=True)),     [(T, N, 3), (2, N, 5), (2, N, 5)], [(T, N, 10), [(2, N, 5), (2, N, 5)]]),
    Case(Started(nn.LSTM(3, 5, **BOTH)),                 [(T, N, 3), (4, N, 5), (4, N, 5)], [(T, N, 10), [(4, N, 5), (4, N, 5)]]),
    Case(Started(nn.LSTM(3, 5, proj_size=2)),            [(T, N, 3), (1, N, 2), (1, N, 5)], [(T, N, 2), [(1, N, 2), (1, N, 5)]]),
    Case(Started(nn.LSTM(3, 5, 2, proj_size=2, bidirectional=True)), [(T, 3), (4, 2), (4, 5)], [(T, 4), [(4, 2), (4, 5)]]),
    Case(Started(nn.LSTM(3, 5, 2, batch_first=True)),    [(N, 1, 3), (2, N, 5), (2, N, 5)], [(N, 1, 5), [(2, N, 5), (2, N, 5)]]),
    Case(Started(nn.LSTM(3, 5, 2, proj_size=2)),         [(1, N, 3), (2, N, 2), (2, N, 5)], [(1, N, 2), [(2, N, 2), (2, N, 5)]]),
    Case(nn.GRU(3, 5, bidirectional=True),               [(T, 3), (2, 5)],                  [(T, 10), (2, 5)]),
    Case(nn.GRU(3, 5, 3),                                [(T, N, 3), (3, N, 5)],            [(T, N, 5), (3, N, 5)]),
    Case(nn.RNN(3, 5, batch_first=True, bidirectional=True), [(N, T, 3), (2, N, 5)],        [(N, T, 10), (2, N, 5)]),
    Case(nn.GRU(3, 5),                                   (T, N, 3),                         [(T, N, 5), (1, N, 5)]),
    Case(nn.GRU(3, 5, batch_first=True, **BOTH),         [(N, T, 3), (4, N, 5)],            [(N, T, 10), (4, N, 5)]),
    Case(nn.GRU(3, 5),                                   (T, 3),                            [(T, 5), (1, 5)]),
    Case(nn.RNN(3, 5, 2),                                (T, N, 3),                         [(T, N, 5), (2, N, 5)], SHORT),
    Case(nn.RNN(3, 5, nonlinearity="relu", **BOTH),      [(T, N, 3), (4, N, 5)],            [(T, N, 10), (4, N, 5)]),
    Case(Packed(nn.LSTM(3, 5, proj_size=2, **BOTH)),     (5, 3),                            [(5, 4), [(4, 2, 2), (4, 2, 5)]]),
    Case(Packed(nn.GRU(3, 5, **BOTH)),                   (5, 3),                            [(5, 10), (4, 2, 5)]),
    Case(Packed(nn.RNN(3, 5)),                           (5, 3),                            [(5, 5), (1, 2, 5)]),
    Case(nn.LSTMCell(3, 5),                              (N, 3),                            [(N, 5), (N, 5)]),
    Case(nn.LSTMCell(3, 5),                              (3,),                              [(5,), (5,)]),
    Case(Started(nn.LSTMCell(3, 5)),                     [(N, 3), (N, 5), (N, 5)],          [(N, 5), (N, 5)]),
    Case(nn.GRUCell(3, 5, bias=False),                   [(N, 3), (N, 5)],                  (N, 5)),
    Case(nn.RNNCell(3, 5),                               (N, 3),                            (N, 5)),
    Case(nn.RNNCell(3, 5, nonlinearity="relu"),          [(3,), (5,)],                      (5,)),
    Case(gru,                                            [(N, T, L), (1, N, 5)],            [(N, T, 5), (1, N, 5)], SHORT),
]  # fmt: skip

REJECTS = [
    Rejects(nn.LSTM(3, 5), (7, 2, 4)),
    Rejects(nn.LSTM(3, 5), (3,)),
    Rejects(nn.LSTM(3, 5), (0, 2, 3)),
    Rejects(nn.GRU(3, 5, batch_first=True), (2, 0, 3)),
    Rejects(nn.LSTM(3, 5), (7, 2, 3, 3)),
    Rejects(Started(nn.LSTM(3, 5)), [(7, 2, 3), (1, 2, 4), (1, 2, 5)]),
    Rejects(Started(nn.LSTM(3, 5)), [(7, 2, 3), (2, 5), (2, 5)]),
    Rejects(nn.GRU(3, 5), [(7, 2, 3), (2, 2, 5)]),
    Rejects(nn.GRU(3, 5, batch_first=True), [(7, 2, 3), (1, 2, 5)]),
    Rejects(nn.RNN(3, 5), (7, 2, 4)),
    Rejects(Packed(nn.RNN(3, 5)), (5, 4)),
    Rejects(nn.LSTMCell(3, 5), (2, 4)),
    Rejects(nn.GRUCell(3, 5), [(2, 3), (1, 5)]),
    Rejects(nn.GRUCell(3, 5), [(2, 3), (2, 4)]),
    Rejects(nn.RNNCell(3, 5), (2, 3, 3)),
    Rejects(gru, [(2, 3, 5), (1, 2, 5)]),
    Rejects(gru, [(2, 3, 4), (1, 3, 5)]),
]  # fmt: skip
