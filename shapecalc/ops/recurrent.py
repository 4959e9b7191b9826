"""Recurrent layers: https://pytorch.org/docs/stable/nn.html#recurrent-layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.access import (
    WHOLE,
    Access,
    AxisAccess,
    Element,
    Interval,
    Range,
    Reads,
    Same,
    everything,
    index,
    shifted,
)
from shapecalc.conditions import require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.linear import features_fix
from shapecalc.ops.matmul import require_shape
from shapecalc.registry import Built, layer, reader

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
LENGTHS = "the lengths of the sequences decide"


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

    @property
    def directions(self) -> int:
        """The number of directions in which each layer runs."""
        return 2 if self.bidirectional else 1

    @property
    def features(self) -> Dim:
        """The size of the hidden state."""
        return self.hidden_size if self.proj_size == 0 else self.proj_size

    def out_shape(self, input: Shape, *states: Shape) -> OutShape:
        """Replace the features; the states keep their shapes."""
        require_rank(input, 2, 3, layout="(T, B, input_size) or (T, input_size)")
        require_features(input[-1], self.input_size)
        if not self.packed:
            steps = input[1] if self.batch_first and len(input) == 3 else input[0]
            require_positive(steps, "the length of the sequence")
        output = Shape((*input[:-1], self.directions * self.features))
        rows = dims.as_dim(self.directions * self.num_layers)
        batch = Shape(input[:-1][0 if self.batch_first else 1 :][:1])
        if self.packed:
            batch = Shape(states[0][1:2])
        expected = [Shape((rows, *batch, self.features)), Shape((rows, *batch, self.hidden_size))]
        expected = expected[: 2 if self.function == "LSTM" else 1]
        for name, state, shape in zip(("h_0", "c_0"), states, expected, strict=False):
            require_shape(state, shape, name)
        return [output, *expected]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the steps up to the output's own, from it on backward, and all for a last state."""
        if self.packed:
            return [everything(x, LENGTHS) for x in inputs]
        time = 1 if self.batch_first and len(inputs[0]) == 3 else 0
        steps = inputs[0][time]
        found = self._of_step(out, time) if output == 0 else self._of_state(out, output, steps)
        return found[: len(inputs)]

    def _of_step(self, out: Shape, time: int) -> list[list[Access]]:
        """Return what the last layer reads at a step; each direction makes a part of the output."""
        batch = (Same(1 - time),) if len(out) == 3 else ()
        last, top = len(out) - 1, self.directions * (self.num_layers - 1)
        below = [Access((Interval(dims.ZERO, dims.as_dim(top - 1)), *batch, WHOLE))][:top]
        steps, hidden, cells = list[Access](), [*below], [*below]
        for direction in range(self.directions):
            first = dims.as_dim(direction * self.features)
            part = [Range(axis=last, start=first, stop=first + self.features)]
            when = tuple(part if self.bidirectional else ())
            seen, later = _seen(direction, time, out[time])
            if self.bidirectional and self.num_layers > 1:
                seen = WHOLE  # as the layer below runs the other way, too
            row = (Element(dims.as_dim(top + direction)), *batch)
            steps.append(Access(self._laid_out(seen, batch), when))
            hidden.append(Access((*row, WHOLE), when))
            if self.proj_size == 0:  # the first step mixes the hidden state, but not the cells
                cells.append(Access((*row, shifted(last, -first)), when))
                when = (*when, later)
            cells.append(Access((*row, WHOLE), when))
        return [steps, hidden, cells]

    def _of_state(self, out: Shape, output: int, steps: Dim) -> list[list[Access]]:
        """Return what the last state of a layer reads: all steps, and the layers below."""
        batch = (Same(1),) if len(out) == 3 else ()
        own = self.directions * dims.floordiv(index(0), self.directions)
        below = [Access((Interval(dims.ZERO, own - 1), *batch, WHOLE))][: self.num_layers - 1]
        mixed = Access((Same(0), *batch, WHOLE))
        alone = steps == 1 and (output == 2 or self.proj_size == 0)
        cell = Access((Same(0), *batch, Same(len(out) - 1))) if alone else mixed
        return [[Access(self._laid_out(WHOLE, batch))], [*below, mixed], [*below, cell]]

    def _laid_out(self, steps: AxisAccess, batch: tuple[AxisAccess, ...]) -> tuple[AxisAccess, ...]:
        """Return the entries of (T, B, input_size), (B, T, input_size) or (T, input_size)."""
        return (*batch, steps, WHOLE) if self.batch_first else (steps, *batch, WHOLE)


def _seen(direction: int, time: int, steps: Dim) -> tuple[AxisAccess, Range]:
    """Return the steps that a layer has seen at a step, and the steps that are not its first."""
    if direction == 0:
        return Interval(dims.ZERO, index(time)), Range(axis=time, start=dims.ONE, stop=steps)
    return Interval(index(time), steps - 1), Range(axis=time, start=dims.ZERO, stop=steps - 1)


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
    hidden_size, real_size = dims.floordiv(rows, GATES[function]), weights[1].shape[1]
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
    gates = GATES[op.function] * op.hidden_size
    found = dict[str, Shape]()
    for number in range(op.num_layers):
        for suffix in ("", "_reverse")[: op.directions]:
            end = f"l{number}{suffix}"
            fed = op.input_size if number == 0 else op.directions * op.features
            found[f"weight_ih_{end}"] = Shape((gates, fed))
            found[f"weight_hh_{end}"] = Shape((gates, op.features))
            if bias:
                found[f"bias_ih_{end}"] = found[f"bias_hh_{end}"] = Shape((gates,))
            if op.proj_size != 0:
                found[f"weight_hr_{end}"] = Shape((op.proj_size, op.hidden_size))
    return found
