"""Nested values that hold tensors: what goes into a module and what comes out."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch

from shapecalc.dims import Shape
from shapecalc.graph import Source, shapes_in
from shapecalc.trace.symbolic_tensor import SymbolicTensor


class Sourced(Shape):
    """The shape of a tensor that knows where the tensor comes from."""

    source: Source


def sources_in(shapes: Any) -> tuple[Source, ...]:
    """Return the origin of every tensor whose shape is in a nested value, in order."""
    return tuple(getattr(shape, "source", None) for shape in shapes_in(shapes))


def shapes_of(value: Any) -> Any:
    """Return a nested value with a `Shape` in the place of every tensor.

    Tuples, lists, named tuples and dicts keep their form; deques and sets become lists;
    dataclasses and mapping types of other libraries become dicts of their fields that are not
    None, and so do other objects that hold tensors, such as caches.
    """
    if isinstance(value, SymbolicTensor):
        shape = Sourced(value.shape_)
        shape.source = value.source
        return shape
    if isinstance(value, torch.Tensor):
        return Shape(value.shape)
    if isinstance(value, tuple):
        entries = [shapes_of(entry) for entry in value]
        if hasattr(value, "_make"):
            return value._make(entries)  # the `__new__` of a named tuple may want tensors
        return tuple(entries)
    if isinstance(value, (list, deque, set, frozenset)):
        return [shapes_of(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: shapes_of(entry) for key, entry in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {entry.name: getattr(value, entry.name) for entry in dataclasses.fields(value)}
        return {name: shapes_of(entry) for name, entry in found.items() if entry is not None}
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return str(value)
    if _may_hold_tensors(value):
        found = {name: shapes_of(entry) for name, entry in vars(value).items()}
        found = {name: shapes for name, shapes in found.items() if next(shapes_in(shapes), None)}
        return found or value
    return value


def _may_hold_tensors(value: Any) -> bool:
    """Tell whether a value is a plain object of a library, whose attributes are its contents."""
    if isinstance(value, (type, torch.nn.Module, ModuleType)) or callable(value):
        return False
    return hasattr(value, "__dict__") and type(value).__module__.partition(".")[0] != "torch"
