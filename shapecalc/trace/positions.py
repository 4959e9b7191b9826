"""Positions: tensors of integers whose least and greatest value is known, such as an `arange`.

How long a table has to be depends on the values that it is asked for. Where these count up with
a size, the table's length is a requirement on that size: 1,024 positions are the longest text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapecalc import dims
from shapecalc.conditions import require
from shapecalc.dims import Dim
from shapecalc.errors import SizeError
from shapecalc.trace.size_node import SizeNode
from shapecalc.trace.symbolic_tensor import NAMES, SymbolicTensor

Range = tuple[Dim, Dim]  # the least and the greatest value, both of which occur

_LARGEST = 1 << 20  # elements of a constant that are looked through
# what moves elements about, and leaves none out
_MOVING = {
    "unsqueeze", "squeeze", "view", "view_as", "reshape", "reshape_as", "expand", "expand_as",
    "repeat", "tile", "repeat_interleave", "broadcast_to", "permute", "transpose", "t", "movedim",
    "flatten", "unflatten", "ravel", "contiguous", "clone", "detach", "to", "long", "int", "type",
    "type_as", "roll", "flip", "cpu",
}  # fmt: skip
_ADDING = {
    "add": 1,
    "add_": 1,
    "__add__": 1,
    "__radd__": 1,
    "__iadd__": 1,
    "sub": -1,
    "__sub__": -1,
}
_INTEGERS = {"int64", "int32", "int16", "uint8", "int8"}


def follow(
    name: str, args: Sequence[Any], kwargs: Mapping[str, Any], outputs: Sequence[SymbolicTensor]
) -> None:
    """Note of the output of a call which values it has, where that is known."""
    name = name.rpartition(".")[2]
    if len(outputs) != 1 or NAMES[outputs[0].dtype_] not in _INTEGERS:
        return
    first = args[0] if args else None
    if name == "arange":
        outputs[0].range_ = _counted(args, kwargs, outputs[0].shape_[0])
    elif isinstance(first, SymbolicTensor) and first.range_ is not None:
        low, high = first.range_
        if name in _MOVING or (name == "__getitem__" and _takes_all(args[1])):
            reread = name == "view" and outputs[0].dtype_ != first.dtype_  # the same bytes
            outputs[0].range_ = None if reread else first.range_
        elif name in _ADDING and not kwargs and (by := _size(args[1])) is not None:
            step = _ADDING[name] * by
            outputs[0].range_ = dims.expand(low + step), dims.expand(high + step)


def demand(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Demand of a look-up that the table has the positions that are asked for.

    Raises:
        SizeError: it is too short.
    """
    match name.rpartition(".")[2]:
        case "embedding":
            index, table = _named(args, kwargs, "input", "weight")
            _demand(index, table, 0)
        case "index_select" | "gather":
            table, axis, index = _named(args, kwargs, "input", "dim", "index")
            _demand(index, table, axis)
        case "one_hot":
            index, classes = _named(args, kwargs, "tensor", "num_classes")
            if isinstance(classes, int) and classes >= 0:
                _demand(index, torch.empty(classes, device="meta"), 0)
        case "__getitem__":
            table, index = args
            for axis, entry in enumerate(index if isinstance(index, tuple) else (index,)):
                if isinstance(entry, torch.Tensor):
                    _demand(entry, table, axis, from_the_end=True)
                elif entry is None or entry is ... or isinstance(entry, bool):
                    break  # what follows is not at the place of its axis


def _named(args: Sequence[Any], kwargs: Mapping[str, Any], *names: str) -> list[Any]:
    """Return the arguments of these names, the first ones of a call."""
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    return [given.get(name) for name in names]


def _demand(index: Any, table: Any, axis: Any, *, from_the_end: bool = False) -> None:
    values, shape = _values(index), _shape(table)
    if values is None or shape is None or not isinstance(axis, int):
        return
    if not -len(shape) <= axis < len(shape):
        return
    (low, high), rows = values, shape[axis]
    least = -rows if from_the_end else dims.ZERO
    for held, relation, bound in ((high, "<", rows), (low, ">=", least)):
        message = f"position {dims.format_dim(held)} of a table with {dims.format_dim(rows)} rows"
        require(held, relation, bound, message, error=SizeError)  # type: ignore[arg-type]


def _values(index: Any) -> Range | None:
    if isinstance(index, SymbolicTensor):
        return index.range_
    if not isinstance(index, torch.Tensor) or index.device.type == "meta":
        return None
    with torch._C.DisableTorchFunction():  # a question of ours, not of the model
        if NAMES[index.dtype] not in _INTEGERS or not 0 < index.numel() <= _LARGEST:
            return None
        return dims.as_dim(int(index.min())), dims.as_dim(int(index.max()))


def _shape(table: Any) -> Sequence[Dim] | None:
    if isinstance(table, SymbolicTensor):
        return table.shape_
    return [dims.as_dim(n) for n in table.shape] if isinstance(table, torch.Tensor) else None


def _counted(args: Sequence[Any], kwargs: Mapping[str, Any], count: Dim) -> Range | None:
    """Return the first and the last number of an `arange` with whole bounds and step."""
    named = [kwargs[name] for name in ("start", "end", "step") if name in kwargs]
    bounds = [_size(bound) for bound in (*args, *named)]
    if any(bound is None for bound in bounds) or not 1 <= len(bounds) <= 3:
        return None
    start: Dim = bounds[0] if len(bounds) > 1 else dims.ZERO
    step: Dim = bounds[2] if len(bounds) == 3 else dims.ONE
    last = dims.expand(start + step * (count - 1))
    if not step.is_Integer:
        return None
    return (start, last) if step > 0 else (last, start)


def _takes_all(index: Any) -> bool:
    entries = index if isinstance(index, tuple) else (index,)
    return all(entry is None or entry is ... or entry == slice(None) for entry in entries)


def _size(value: Any) -> Dim | None:
    if isinstance(value, torch.SymInt) and isinstance(value.node, SizeNode):
        return value.node.expr
    if isinstance(value, int) and not isinstance(value, bool):
        return dims.as_dim(value)
    return None
