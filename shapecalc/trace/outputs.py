"""What comes out of a call that was recorded: new tensors, or an argument that took the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from shapecalc.conditions import require_same
from shapecalc.dims import Shape
from shapecalc.errors import ShapeError
from shapecalc.graph import OutputRef
from shapecalc.op import Call, Outcome
from shapecalc.trace.function_names import function_name, is_in_place, keeps_shape
from shapecalc.trace.symbolic_tensor import DTYPES, SymbolicTensor

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer


def outputs_of(
    layer: int, call: Call, outcome: Outcome, device: torch.device
) -> list[SymbolicTensor]:
    """Return the tensors that come out of the layer of this number."""
    dtypes = call.dtype
    if not isinstance(dtypes, tuple):
        found = dtypes or (call.operands[0].dtype if call.operands else "float32")
        dtypes = (found,) * len(outcome.shapes)
    outputs = [
        SymbolicTensor.make(shape, DTYPES[dtype], device, OutputRef(layer, n))
        for n, (shape, dtype) in enumerate(zip(outcome.shapes, dtypes, strict=True))
    ]
    for output, first in zip(reversed(outputs), reversed(call.firsts), strict=False):
        output.first_ = first
    return outputs


def handed_back(
    tracer: Tracer,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    result: Any,
) -> Any:
    """Return what the model gets for a call: the result, or the argument that it is written into.

    Raises:
        ShapeError: an argument of another shape cannot hold the result.
    """
    target = args[0] if args else kwargs.get("input")
    if "out" in kwargs:
        target = kwargs["out"]
    elif not is_in_place(func, kwargs):
        return result
    if not isinstance(target, SymbolicTensor):
        # a constant of the model that takes symbolic values: its shape stays what it is
        if isinstance(target, torch.Tensor):
            tracer.aliases.write_constant(target, result)
        return None if function_name(func) == "__setitem__" else result
    if keeps_shape(func) and result.shape_ != target.shape_:
        with tracer.path.choosing(function_name(func)):
            _require_in_place(result.shape_, target.shape_)
    target.become(result)
    if keeps_shape(func):
        tracer.aliases.write(target)
    return target


def _require_in_place(result: Shape, target: Shape) -> None:
    if len(result) != len(target):
        raise ShapeError(f"an in-place op cannot turn {target} into {result}")
    for got, kept in zip(result, target, strict=True):
        require_same(got, kept, "the size of an in-place result to be")
