"""A tensor that has a shape, a type and an origin, and no elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Never

import torch

from shapecalc.dims import Shape
from shapecalc.errors import ForwardError
from shapecalc.graph import Source
from shapecalc.op import Operand
from shapecalc.trace.size_node import SizeNode

_NO_ELEMENTS = torch.empty(0, device="meta")

DTYPES: dict[str, torch.dtype] = {
    str(value).removeprefix("torch."): value
    for value in vars(torch).values()
    if isinstance(value, torch.dtype)
}
NAMES: dict[torch.dtype, str] = {
    value: str(value).removeprefix("torch.") for value in DTYPES.values()
}


class SymbolicTensor(torch.Tensor):
    """A tensor of symbolic sizes; every call on it is answered by the tracer.

    It passes `isinstance(x, torch.Tensor)`. Its own storage is an empty meta tensor that no
    computation ever sees.
    """

    shape_: Shape
    dtype_: torch.dtype
    device_: torch.device
    source: Source

    @staticmethod
    def make(
        shape: Shape, dtype: torch.dtype, device: torch.device, source: Source = None
    ) -> SymbolicTensor:
        """Return a tensor of that shape."""
        tensor: SymbolicTensor = torch.Tensor._make_subclass(SymbolicTensor, _NO_ELEMENTS)
        tensor.shape_ = shape
        tensor.dtype_ = dtype
        tensor.device_ = device
        tensor.source = source
        return tensor

    def operand(self) -> Operand:
        """Return what a reader sees of this tensor."""
        return Operand(self.shape_, NAMES[self.dtype_], self.source)

    def become(self, other: SymbolicTensor) -> SymbolicTensor:
        """Take over what `other` is: what an in-place op does, which keeps the type."""
        self.shape_, self.source = other.shape_, other.source
        return self

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Never:
        """Refuse: without the tracer there is nobody to answer."""
        raise RuntimeError(f"a symbolic tensor met {func} after its trace had ended")

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Never:
        """Refuse: a call came past the tracer, as under `torch.vmap`; here are no elements."""
        raise ForwardError(f"{func} is called where its tensors cannot be followed")


def is_symbolic(value: object) -> bool:
    """Tell whether a value, or anything nested in it, hangs on a symbolic size."""
    if isinstance(value, (SymbolicTensor, torch.SymInt, torch.SymFloat, torch.SymBool)):
        return True
    if isinstance(value, (list, tuple)):
        return any(is_symbolic(entry) for entry in value)
    if isinstance(value, dict):
        return any(is_symbolic(entry) for entry in value.values())
    if isinstance(value, slice):
        return is_symbolic((value.start, value.stop, value.step))
    return False


def for_reader(value: Any) -> Any:
    """Return an argument as a reader wants it: no torch objects are left in it."""
    if isinstance(value, SymbolicTensor):
        return value.operand()
    if isinstance(value, torch.Tensor):
        return Operand(Shape(value.shape), NAMES[value.dtype])
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        node: SizeNode = value.node
        return node.expr
    if isinstance(value, torch.dtype):
        return NAMES[value]
    if isinstance(value, (torch.device, torch.layout, torch.memory_format)):
        return str(value)
    if isinstance(value, tuple):
        return tuple(for_reader(entry) for entry in value)
    if isinstance(value, list):
        return [for_reader(entry) for entry in value]
    if isinstance(value, dict):
        return {key: for_reader(entry) for key, entry in value.items()}
    if isinstance(value, slice):
        return slice(for_reader(value.start), for_reader(value.stop), for_reader(value.step))
    return value
