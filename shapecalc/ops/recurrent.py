"""Recurrent layers: https://pytorch.org/docs/stable/nn.html#recurrent-layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.conditions import require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.linear import features_fix
from shapecalc.ops.matmul import require_shape
from shapecalc.registry import Built, layer, reader

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrent(Op):
    """Layers that run along a sequence: LSTM, GRU or RNN.

    D is 2 where the layers run in both directions, else 1. The hidden state has `proj_size`
    elements where that is not 0, else `hidden_size`. A packed sequence has one axis for all
    elements of all sequences in the place of T and B.

    Shapes:
        input: (T, B, input_size), (B, T, input_size) with `batch_first`, or (T, input_size)
        h_0: (D*num_layers, B, hidden); c_0 of an LSTM: (D*num_layers, B, hidden_size)
        output: (T, B, D*hidden), laid out as the input
        h_n, c_n: as h_0 and c_0

    Raises:
        RankError: the input has another number of axes.
        DimMismatchError: the features are not `input_size`, or a state has another shape.
        SizeError: the sequence is empty.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """

    function: str
    input_size: Dim
    hidden_size: Dim
    num_layers: int = 1
    batch_first: bool = False
    bidirectional: bool = False
    proj_size: Dim = 0
    packed: bool = False

    @property
    def kind(self) -> str:
        """`LSTM`, `GRU` or `RNN`."""
        return self.function

    def out_shape(self, input: Shape, *states: Shape) -> OutShape:
        """Replace the features; the states keep their shapes."""
        require_rank(input, 2, 3, layout="(T, B, input_size) or (T, input_size)")
        require_features(input[-1], self.input_size)
        if not self.packed:
            steps = input[1] if self.batch_first and len(input) == 3 else input[0]
            require_positive(steps, "the length of the sequence")
        directions = 2 if self.bidirectional else 1
        hidden = self.hidden_size if self.proj_size == 0 else self.proj_size
        output = Shape((*input[:-1], directions * hidden))
        rows = dims.as_dim(directions * self.num_layers)
        batch = Shape(input[:-1][0 if self.batch_first else 1 :][:1])
        if self.packed:
            batch = Shape(states[0][1:2])
        expected = [Shape((rows, *batch, hidden)), Shape((rows, *batch, self.hidden_size))]
        expected = expected[: 2 if self.function == "LSTM" else 1]
        for name, state, shape in zip(("h_0", "c_0"), states, expected, strict=False):
            require_shape(state, shape, name)
        return [output, *expected]


def require_features(got: Dim, input_size: Dim) -> None:
    """Demand the number of features that the weights are for."""
    fix = features_fix(got, input_size, "input_size")
    require_same(got, input_size, "input features", fix=fix)


@reader("lstm", "gru", "rnn_tanh", "rnn_relu", named=True)
def read_recurrent(
    name: str, input: Operand, second: Any, third: Any, *rest: Any, **kwargs: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html"""
    function = name.partition("_")[0].upper()
    packed = isinstance(second, Operand) and isinstance(third, (Operand, tuple, list))
    if packed and isinstance(third, (tuple, list)) and not _is_flat_list(rest):
        packed = False
    if packed:  # (data, batch_sizes, hx, params, has_biases, num_layers, ...)
        states, weights, rest = third, rest[0], rest[1:]
    else:  # (input, hx, params, has_biases, num_layers, ...)
        states, weights = second, third
    names = ("has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first")
    options = {**dict(zip(names, rest, strict=False)), **kwargs}
    states = (states,) if isinstance(states, Operand) else tuple(states)
    require_rank(input.shape, 2 if packed else 3, layout="(T, B, input_size)")
    rows, input_size = weights[0].shape
    hidden_size, real_size = dims.floordiv(rows, _GATES[function]), weights[1].shape[1]
    op = Recurrent(
        function=function,
        input_size=input_size,
        hidden_size=hidden_size,
        num_layers=int(options["num_layers"]),
        batch_first=bool(options.get("batch_first", False)),
        bidirectional=bool(options["bidirectional"]),
        proj_size=dims.ZERO if real_size == hidden_size else real_size,
        packed=packed,
    )
    return Call(op, (input, *states))


def _is_flat_list(rest: Sequence[Any]) -> bool:
    return bool(rest) and isinstance(rest[0], (list, tuple))


@layer("LSTM")
def build_lstm(
    name: str,
    inputs: tuple[Shape, ...],
    input_size: IntoDim | None,
    hidden_size: IntoDim,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    proj_size: IntoDim = 0,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html"""
    op = Recurrent(
        function=name,
        input_size=inputs[0][-1] if input_size is None else dims.as_dim(input_size),
        hidden_size=dims.as_dim(hidden_size),
        num_layers=num_layers,
        batch_first=batch_first,
        bidirectional=bidirectional,
        proj_size=dims.as_dim(proj_size),
    )
    return Built(op, _parameters(op, bias=bias))


@layer("GRU")
def build_gru(
    name: str,
    inputs: tuple[Shape, ...],
    input_size: IntoDim | None,
    hidden_size: IntoDim,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.GRU.html"""
    return build_lstm(
        name,
        inputs,
        input_size,
        hidden_size,
        num_layers,
        bias,
        batch_first,
        bidirectional=bidirectional,
    )


@layer("RNN")
def build_rnn(
    name: str,
    inputs: tuple[Shape, ...],
    input_size: IntoDim | None,
    hidden_size: IntoDim,
    num_layers: int = 1,
    nonlinearity: str = "tanh",
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.RNN.html"""
    return build_lstm(
        name,
        inputs,
        input_size,
        hidden_size,
        num_layers,
        bias,
        batch_first,
        bidirectional=bidirectional,
    )


def _parameters(op: Recurrent, *, bias: bool) -> dict[str, Shape]:
    directions = 2 if op.bidirectional else 1
    hidden = op.hidden_size if op.proj_size == 0 else op.proj_size
    gates = _GATES[op.function] * op.hidden_size
    found = dict[str, Shape]()
    for number in range(op.num_layers):
        for suffix in ("", "_reverse")[:directions]:
            end = f"l{number}{suffix}"
            fed = op.input_size if number == 0 else directions * hidden
            found[f"weight_ih_{end}"] = Shape((gates, fed))
            found[f"weight_hh_{end}"] = Shape((gates, hidden))
            if bias:
                found[f"bias_ih_{end}"] = found[f"bias_hh_{end}"] = Shape((gates,))
            if op.proj_size != 0:
                found[f"weight_hr_{end}"] = Shape((op.proj_size, op.hidden_size))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentCell(Op):
    """One step of a recurrent layer.

    Shapes:
        input: (B, input_size) or (input_size)
        hx, and cx of an LSTM: (B, hidden_size) or (hidden_size)
        outputs: the next states

    Raises:
        RankError: an operand has another number of axes.
        DimMismatchError: the features are not `input_size`, or a state has another shape.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """

    function: str
    input_size: Dim
    hidden_size: Dim

    @property
    def kind(self) -> str:
        """`LSTMCell`, `GRUCell` or `RNNCell`."""
        return self.function

    def out_shape(self, input: Shape, *states: Shape) -> OutShape:
        """Give the states' shape."""
        require_rank(input, 1, 2, layout="(B, input_size)")
        require_features(input[-1], self.input_size)
        state = Shape((*input[:-1], self.hidden_size))
        for name, got in zip(("the hidden state", "the cell state"), states, strict=False):
            require_shape(got, state, name)
        return [state, state] if self.function == "LSTMCell" else state


@reader("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell", named=True)
def read_cell(
    name: str,
    input: Operand,
    hx: Operand | Sequence[Operand],
    w_ih: Operand,
    w_hh: Operand,
    b_ih: Operand | None = None,
    b_hh: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html"""
    require_rank(input.shape, 2, layout="(B, input_size)")
    _, input_size = w_ih.shape
    _, hidden_size = w_hh.shape
    function = f"{name.partition('_')[0].upper()}Cell"
    op = RecurrentCell(function=function, input_size=input_size, hidden_size=hidden_size)
    states = (hx,) if isinstance(hx, Operand) else tuple(hx)
    return Call(op, (input, *states))


@layer("LSTMCell", "GRUCell")
def build_cell(
    name: str,
    inputs: tuple[Shape, ...],
    input_size: IntoDim | None,
    hidden_size: IntoDim,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html"""
    features = inputs[0][-1] if input_size is None else dims.as_dim(input_size)
    hidden = dims.as_dim(hidden_size)
    op = RecurrentCell(function=name, input_size=features, hidden_size=hidden)
    gates = _GATES[name.removesuffix("Cell")] * hidden
    parameters = {"weight_ih": Shape((gates, features)), "weight_hh": Shape((gates, hidden))}
    if bias:
        parameters |= {"bias_ih": Shape((gates,)), "bias_hh": Shape((gates,))}
    return Built(op, parameters)


@layer("RNNCell")
def build_rnn_cell(
    name: str,
    inputs: tuple[Shape, ...],
    input_size: IntoDim | None,
    hidden_size: IntoDim,
    bias: bool = True,
    nonlinearity: str = "tanh",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html"""
    return build_cell(name, inputs, input_size, hidden_size, bias)
