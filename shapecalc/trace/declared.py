"""What a module of torch declares that it hands on, where its own Python code refused its input."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.graph import Label, OutputRef
from shapecalc.op import Call, Op, OutShape
from shapecalc.trace.recovery import UNKNOWN
from shapecalc.trace.symbolic_tensor import SymbolicTensor, tensors_in

if TYPE_CHECKING:
    from shapecalc.trace.recorder import Recorder

_KEEPS_SHAPE = (
    nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.TransformerEncoder,
    nn.TransformerEncoderLayer, nn.TransformerDecoder, nn.TransformerDecoderLayer,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared(Op):
    """A module of torch that refused its input; its outputs are what it declares."""

    function: str
    outputs: tuple[Shape, ...]

    @property
    def kind(self) -> str:
        """The name of the module."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Return what is declared."""
        return list(self.outputs)


def declared(module: nn.Module, inputs: list[SymbolicTensor]) -> list[Shape] | None:
    """Return the shapes of the outputs, sizes in doubt as `UNKNOWN`; None where that is open."""
    if not inputs:
        return None
    x = inputs[0].shape_
    lead = x[0] if x else UNKNOWN
    match module:
        case nn.Embedding():
            return [Shape((*x, dims.as_dim(module.embedding_dim)))]
        case nn.Linear():
            return [Shape((*x[:-1], dims.as_dim(module.out_features)))]
        case nn.modules.conv._ConvNd():
            spatial = [UNKNOWN for _ in module.kernel_size]
            return [Shape((lead, dims.as_dim(module.out_channels), *spatial))]
        case nn.RNNBase():
            return _of_recurrent(module, x)
        case nn.RNNCellBase():
            state = Shape((lead, dims.as_dim(module.hidden_size)))
            return [state] * (2 if isinstance(module, nn.LSTMCell) else 1)
        case nn.Transformer() if len(inputs) > 1:
            target = inputs[1].shape_
            return [Shape((*target[:-1], dims.as_dim(module.d_model)))]
        case _ if isinstance(module, _KEEPS_SHAPE):
            return [x]
    return None


def _of_recurrent(module: nn.RNNBase, x: Shape) -> list[Shape]:
    directions = 2 if module.bidirectional else 1
    hidden = dims.as_dim(module.proj_size or module.hidden_size)
    steps = Shape((*x[:2], UNKNOWN, UNKNOWN)[:2]) if len(x) >= 2 else Shape((UNKNOWN, UNKNOWN))
    batch = steps[0 if module.batch_first else 1]
    rows = dims.as_dim(directions * module.num_layers)
    states = [Shape((rows, batch, hidden)), Shape((rows, batch, dims.as_dim(module.hidden_size)))]
    return [Shape((*steps, directions * hidden)), *states[: 2 if module.mode == "LSTM" else 1]]


def packed(module: nn.Module, outputs: list[SymbolicTensor]) -> Any:
    """Return outputs as the module returns them."""
    match module:
        case nn.LSTM():
            return outputs[0], (outputs[1], outputs[2])
        case nn.RNNBase() | nn.LSTMCell():
            return tuple(outputs)
    return outputs[0]


def handed_on(
    record: Recorder,
    call: Callable[..., Any],
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: Exception,
) -> tuple[Any] | None:
    """Write a mistake down and return, in a tuple, what the module hands on; None where it is open.

    A recurrent layer whose states do not fit makes its own.
    """
    if isinstance(module, nn.RNNBase) and args[1:]:
        with contextlib.suppress(Exception):
            output = call(module, args[0])
            record.mistakes.refused(error)
            return (output,)
    inputs = [x for x in tensors_in((args, kwargs)) if isinstance(x, SymbolicTensor)]
    shapes = declared(module, inputs)
    if shapes is None:
        return None
    made = tuple(
        Shape(record.mistakes.assumed_size(1) if size == UNKNOWN else size for size in shape)
        for shape in shapes
    )
    function = type(module).__name__
    op = Declared(function=function, outputs=made)
    operands = tuple(x.operand() for x in inputs)
    index = record.layer(Call(op, operands), function, made, (), label=Label.UNKNOWN)
    record.mistakes.refused(error, index)
    first = inputs[0]
    dtype = next((weight.dtype for weight in module.parameters()), first.dtype_)
    outputs = [
        SymbolicTensor.make(shape, dtype, first.device_, OutputRef(index, number))
        for number, shape in enumerate(made)
    ]
    return (packed(module, outputs),)
