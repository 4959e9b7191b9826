"""Rows for shapecalc/ops/recurrent.py."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from tests.op_cases.case import Case, L, N, Rejects, T
from tests.op_cases.linalg import quiet

BOTH = {"num_layers": 2, "bidirectional": True}


def packed(layer):
    """Return a function of the data of a packed sequence of two sequences."""

    def call(data):
        output, state = layer(PackedSequence(data, torch.tensor([2, 2, 1])))
        return output.data, state

    return call


LSTM, LSTM_CELL = nn.LSTM(3, 5), nn.LSTMCell(3, 5)
WEIGHTS = [torch.ones(15, 4), torch.ones(15, 5)]

CASES = [
    Case(nn.LSTM(3, 5),                                  (T, N, 3),                        [(T, N, 5), [(1, N, 5), (1, N, 5)]]),
    Case(nn.LSTM(3, 5, batch_first=True, **BOTH),        (N, T, 3),                        [(N, T, 10), [(4, N, 5), (4, N, 5)]]),
    Case(quiet(nn.LSTM(3, 5, proj_size=2, **BOTH)),      (T, N, 3),                        [(T, N, 4), [(4, N, 2), (4, N, 5)]]),
    Case(nn.LSTM(3, 5, bias=False),                      (T, 3),                           [(T, 5), [(1, 5), (1, 5)]]),
    Case(lambda x, h, c: LSTM(x, (h, c)),                [(T, N, 3), (1, N, 5), (1, N, 5)], [(T, N, 5), [(1, N, 5), (1, N, 5)]]),
    Case(lambda x, h, c: LSTM(x, (h, c)),                [(T, 3), (1, 5), (1, 5)],         [(T, 5), [(1, 5), (1, 5)]]),
    Case(nn.GRU(3, 5),                                   (T, N, 3),                        [(T, N, 5), (1, N, 5)]),
    Case(nn.GRU(3, 5, batch_first=True, **BOTH),         [(N, T, 3), (4, N, 5)],           [(N, T, 10), (4, N, 5)]),
    Case(nn.GRU(3, 5),                                   (T, 3),                           [(T, 5), (1, 5)]),
    Case(nn.RNN(3, 5, 2),                                (T, N, 3),                        [(T, N, 5), (2, N, 5)]),
    Case(nn.RNN(3, 5, nonlinearity="relu", **BOTH),      [(T, N, 3), (4, N, 5)],           [(T, N, 10), (4, N, 5)]),
    Case(packed(nn.LSTM(3, 5, proj_size=2, **BOTH)),     (5, 3),                           [(5, 4), [(4, 2, 2), (4, 2, 5)]]),
    Case(packed(nn.GRU(3, 5, **BOTH)),                   (5, 3),                           [(5, 10), (4, 2, 5)]),
    Case(packed(nn.RNN(3, 5)),                           (5, 3),                           [(5, 5), (1, 2, 5)]),
    Case(nn.LSTMCell(3, 5),                              (N, 3),                           [(N, 5), (N, 5)]),
    Case(nn.LSTMCell(3, 5),                              (3,),                             [(5,), (5,)]),
    Case(lambda x, h, c: LSTM_CELL(x, (h, c)),           [(N, 3), (N, 5), (N, 5)],         [(N, 5), (N, 5)]),
    Case(nn.GRUCell(3, 5, bias=False),                   [(N, 3), (N, 5)],                 (N, 5)),
    Case(nn.RNNCell(3, 5),                               (N, 3),                           (N, 5)),
    Case(nn.RNNCell(3, 5, nonlinearity="relu"),          [(3,), (5,)],                     (5,)),
    Case(lambda x, h: torch.gru(x, h, WEIGHTS, False, 1, 0.0, False, False, True), [(N, T, L), (1, N, 5)], [(N, T, 5), (1, N, 5)], [{"N": 2, "T": 3, "L": 4}]),
]  # fmt: skip

REJECTS = [
    Rejects(nn.LSTM(3, 5), (7, 2, 4)),
    Rejects(nn.LSTM(3, 5), (3,)),
    Rejects(nn.LSTM(3, 5), (0, 2, 3)),
    Rejects(nn.GRU(3, 5, batch_first=True), (2, 0, 3)),
    Rejects(nn.LSTM(3, 5), (7, 2, 3, 3)),
    Rejects(lambda x, h, c: LSTM(x, (h, c)), [(7, 2, 3), (1, 2, 4), (1, 2, 5)]),
    Rejects(lambda x, h, c: LSTM(x, (h, c)), [(7, 2, 3), (2, 5), (2, 5)]),
    Rejects(nn.GRU(3, 5), [(7, 2, 3), (2, 2, 5)]),
    Rejects(nn.GRU(3, 5, batch_first=True), [(7, 2, 3), (1, 2, 5)]),
    Rejects(nn.RNN(3, 5), (7, 2, 4)),
    Rejects(packed(nn.RNN(3, 5)), (5, 4)),
    Rejects(nn.LSTMCell(3, 5), (2, 4)),
    Rejects(nn.GRUCell(3, 5), [(2, 3), (1, 5)]),
    Rejects(nn.GRUCell(3, 5), [(2, 3), (2, 4)]),
    Rejects(nn.RNNCell(3, 5), (2, 3, 3)),
    Rejects(lambda x, h: torch.gru(x, h, WEIGHTS, False, 1, 0.0, False, False, True), [(2, 3, 5), (1, 2, 5)]),
    Rejects(lambda x, h: torch.gru(x, h, WEIGHTS, False, 1, 0.0, False, False, True), [(2, 3, 4), (1, 3, 5)]),
]  # fmt: skip
