"""Positions: tensors whose least and greatest value is known, such as an `arange` or `ones`.

How long a table has to be depends on the values that it is asked for. Where these count up with
a size, the table's length is a requirement on that size: 1,024 positions are the longest text.
Where all values are one and the same, `if mask.all():` is answered, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapecalc import dims
from shapecalc.conditions import Condition, Relation, require
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
    "type_as", "roll", "flip", "cpu", "bool", "float", "double", "half", "bfloat16",
}  # fmt: skip
# what fills a tensor with one value, and at which place the value is given
_FILLING: dict[str, int | Dim] = {
    "zeros": dims.ZERO, "zeros_like": dims.ZERO, "new_zeros": dims.ZERO, "ones": dims.ONE,
    "ones_like": dims.ONE, "new_ones": dims.ONE, "full": 1, "full_like": 1, "new_full": 2,
}  # fmt: skip
_COMPARING: dict[str, Relation] = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
_EXTREME = {"all", "any", "min", "max", "amin", "amax"}
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
    if len(outputs) != 1:
        return
    (output,), first = outputs, args[0] if args else None
    if name in _FILLING:
        output.range_ = _filled(name, args, kwargs)
    elif name == "arange" and NAMES[output.dtype_] in _INTEGERS:
        output.range_ = _counted(args, kwargs, output.shape_[0])
    elif isinstance(first, SymbolicTensor) and first.range_ is not None:
        output.range_ = _computed(name, first, first.range_, args, kwargs, output)


def _computed(
    name: str,
    first: SymbolicTensor,
    known: Range,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    output: SymbolicTensor,
) -> Range | None:
    """Return the range of what a call makes of a tensor whose range is known."""
    low, high = known
    if name in _MOVING or (name == "__getitem__" and _takes_all(args[1])):
        if name == "view" and output.dtype_ != first.dtype_:
            return None  # the same bytes
        if output.dtype_ is torch.bool and first.dtype_ is not torch.bool:
            return (
                _truths(Condition(low, "!=", 0), Condition(high, "!=", 0)) if low == high else None
            )
        return known
    by = _size(args[1]) if len(args) > 1 and not kwargs else None
    if name in _ADDING and by is not None and NAMES[output.dtype_] in _INTEGERS:
        step = _ADDING[name] * by
        return dims.expand(low + step), dims.expand(high + step)
    plain = name.strip("_")
    if plain in _COMPARING and by is not None:
        relation = _COMPARING[plain]
        return _truths(Condition(low, relation, by), Condition(high, relation, by))
    if name in _EXTREME and len(args) == 1 and not kwargs and low == high:
        some = Condition(dims.product(first.shape_), ">=", 1).known()
        return known if some else None
    return None


def _truths(*conditions: Condition) -> Range | None:
    """Return the range of truths that are all the same; of an order, both ends tell."""
    answers = {condition.known() for condition in conditions}
    equal = any(condition.relation in ("==", "!=") for condition in conditions)
    if len(answers) != 1 or None in answers or (equal and conditions[0] != conditions[-1]):
        return None
    truth = dims.as_dim(int(bool(answers.pop())))
    return truth, truth


def _filled(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Range | None:
    value = _FILLING[name]
    if isinstance(value, int):
        given = args[value] if len(args) > value else kwargs.get("fill_value")
        if isinstance(given, (bool, float)) and math.isfinite(given) and given == int(given):
            given = int(given)
        found = _size(given)
        return None if found is None else (found, found)
    return value, value


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
