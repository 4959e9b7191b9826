"""A tensor that has a shape, a type and an origin, and no elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Never

import torch

from shapecalc.dims import Dim, Shape
from shapecalc.errors import ForwardError
from shapecalc.graph import Source
from shapecalc.op import Operand, SizeFloat
from shapecalc.trace.size_node import SizeNode

_NO_ELEMENTS = torch.empty(0, device="meta")


@cache
def _placeholder(rank: int, dtype: torch.dtype) -> torch.Tensor:
    """Return what torch's checks of arguments see: a number where a number may be passed."""
    return torch.empty((), dtype=dtype, device="meta") if rank == 0 else _NO_ELEMENTS


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

    It passes `isinstance(x, torch.Tensor)`. Its own storage is a meta tensor that no computation
    ever sees.
    """

    shape_: Shape
    dtype_: torch.dtype
    device_: torch.device
    source: Source
    first_: Dim | None
    constant: bool  # whether it depends on no input
    cuts_off: bool  # whether it is a constant that holds minus infinity, see `masks`
    is_number: bool  # whether it stands for a Python number, see `numbers`
    made: Any  # how it was made, where that hangs on sizes alone: see `held`
    masked: bool  # whether some of its elements are cut off, or zeros for that
    range_: tuple[Dim, Dim] | None  # the least and the greatest, where known: see `positions`
    family: Any  # the tensors that share elements with this one, see `aliases`
    origin: Any  # of what it is a view, see `aliases`
    seen: int  # how many of the writes into the family this tensor knows of
    part: Mapping[int, int]  # which outputs of which splits it is, or is in

    @staticmethod
    def make(
        shape: Shape, dtype: torch.dtype, device: torch.device, source: Source = None
    ) -> SymbolicTensor:
        """Return a tensor of that shape."""
        held = _placeholder(len(shape), dtype)
        tensor: SymbolicTensor = torch.Tensor._make_subclass(SymbolicTensor, held)
        tensor.shape_ = shape
        tensor.dtype_ = dtype
        tensor.device_ = device
        tensor.source = source
        tensor.first_ = tensor.range_ = tensor.made = None
        tensor.constant = tensor.cuts_off = tensor.masked = tensor.is_number = False
        tensor.family, tensor.origin, tensor.seen, tensor.part = None, None, 0, {}
        return tensor

    def operand(self) -> Operand:
        """Return what a reader sees of this tensor."""
        return Operand(self.shape_, NAMES[self.dtype_], self.source, self.first_)

    def become(self, other: SymbolicTensor) -> SymbolicTensor:
        """Take over what `other` is: what an in-place op does, which keeps the type."""
        self.shape_, self.source, self.first_ = other.shape_, other.source, other.first_
        self.constant, self.cuts_off = other.constant, other.cuts_off
        self.masked, self.range_, self.made = other.masked, other.range_, other.made
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


def storage_of(tensor: torch.Tensor) -> int:
    """Return what tells the memory of one tensor from that of another."""
    with torch._C.DisableTorchFunction():  # a question of ours, not of the model
        return int(tensor.untyped_storage()._cdata)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors among nested arguments, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from tensors_in(entry)
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from tensors_in(entry)


def for_reader(value: Any) -> Any:
    """Return an argument as a reader wants it: no torch objects are left in it."""
    if isinstance(value, SymbolicTensor):
        return value.operand()
    if isinstance(value, torch.Tensor):
        return Operand(Shape(value.shape), NAMES[value.dtype])
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        node: SizeNode = value.node
        return SizeFloat(node.expr) if node.is_float() else node.expr
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
