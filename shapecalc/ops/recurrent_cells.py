"""Single steps of recurrent layers: https://pytorch.org/docs/stable/nn.html#recurrent-layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Reads, along, same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.matmul import require_shape
from shapecalc.ops.recurrent import GATES, require_features
from shapecalc.registry import Built, layer, reader


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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all features of the input and of the hidden state, one of the cell state."""
        rank = len(out)
        return [along(rank, [-1]), along(rank, [-1]), same(rank)][: len(inputs)]


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
    gates = GATES[name.removesuffix("Cell")] * hidden
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
