"""Elements repeated or moved: https://pytorch.org/docs/stable/torch.html#mutating-ops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.access import (
    BY_MEMORY,
    Access,
    AxisAccess,
    Interval,
    Reads,
    Same,
    along,
    element_number,
    everything,
    index,
    number_of,
    only,
    same,
)
from shapecalc.conditions import decide, require, require_positive
from shapecalc.dims import Dim, IntoDim, Shape, window_count
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.reduction import axes_of
from shapecalc.ops.view import as_dims, as_sizes
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip(Op):
    """The elements along the axes `dims` in reverse order.

    Shapes:
        x: any shape
        output: that shape

    Raises:
        RankError: there is no such axis, or it is named twice.

    Source:
        https://pytorch.org/docs/stable/generated/torch.flip.html
    """

    dims: tuple[int, ...]

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        axes_of(self.dims, len(x))
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, counted from the end along these axes."""
        axes = axes_of(self.dims, len(out))
        entries = (
            _from_end(axis, size) if axis in axes else Same(axis) for axis, size in enumerate(out)
        )
        return [Access(tuple(entries))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll(Op):
    """The elements shifted along the axes `dims`; what leaves at one end enters at the other.

    Shapes:
        x: any shape
        output: that shape

    Raises:
        RankError: there is no such axis.
        SizeError: `shifts` and `dims` differ in their number.

    Source:
        https://pytorch.org/docs/stable/generated/torch.roll.html
    """

    shifts: tuple[Dim, ...]
    dims: tuple[int, ...] = ()  # none: the elements are counted through all of `x`

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if len(self.shifts) != (len(self.dims) or 1):
            raise SizeError(f"{len(self.shifts)} shifts for {len(self.dims)} dims")
        for dim in self.dims:
            axis_index(dim, len(x))
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element `shifts` before; from the end, where that is before the first."""
        if 0 in out:  # there is nothing to go around in
            return [same(len(out))]
        if not self.dims:
            number = dims.mod(number_of(out) - self.shifts[0], dims.product(out))
            return [element_number(number, out)]
        shifts = dict[int, Dim]()
        for dim, shift in zip(self.dims, self.shifts, strict=True):
            axis = axis_index(dim, len(out))
            shifts[axis] = shifts.get(axis, dims.ZERO) + shift
        entries = (
            _rolled(axis, size, shifts[axis]) if axis in shifts else Same(axis)
            for axis, size in enumerate(out)
        )
        return [Access(tuple(entries))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rot90(Op):
    """A rotation by `k` quarter turns in the plane of two axes.

    Shapes:
        x: any shape of at least 2 axes
        output: that shape, the two sizes swapped for an odd `k`

    Raises:
        RankError: `dims` are not two axes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.rot90.html
    """

    k: int = 1
    dims: tuple[int, ...] = (0, 1)

    def out_shape(self, x: Shape) -> OutShape:
        """Swap the sizes for a quarter turn."""
        if len(self.dims) != 2 or len(x) < 2:
            raise RankError(f"rot90 turns in 2 of at least 2 axes, got dims={self.dims} of {x}")
        first, second = axes_of(self.dims, len(x))
        sizes = list(x)
        if self.k % 2:
            sizes[first], sizes[second] = sizes[second], sizes[first]
        return tuple(sizes)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, counted from the end along one of the two axes, or both."""
        (x,) = inputs
        first, second = axes_of(self.dims, len(x))
        at = list[AxisAccess](map(Same, range(len(x))))
        match self.k % 4:
            case 1:
                at[first], at[second] = Same(second), _from_end(first, x[second])
            case 2:
                at[first], at[second] = _from_end(first, x[first]), _from_end(second, x[second])
            case 3:
                at[first], at[second] = _from_end(second, x[first]), Same(first)
        return [Access(tuple(at))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfold(Op):
    """All windows of `size` elements along axis `dimension`, `step` apart, on a new last axis.

    Shapes:
        x: any shape
        output: (*x with the number of windows at `dimension`, size)

    Raises:
        RankError: there is no such axis.
        SizeError: the window is larger than the axis, or `step` is not positive.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
    """

    dimension: int
    size: Dim
    step: Dim

    def out_shape(self, x: Shape) -> OutShape:
        """Count the windows."""
        axis = axis_index(self.dimension, len(x))
        length = x[axis] if x else dims.ONE
        windows = dims.format_dim(self.size)
        message = f"a window of {windows} elements on an axis of {dims.format_dim(length)}"
        require(self.size, ">=", 0, message)
        require(length, ">=", self.size, message)
        require_positive(self.step, "step")
        if not x:
            return (self.size,)
        count = window_count(length, kernel_size=self.size, stride=self.step)
        return (*x[:axis], count, *x[axis + 1 :], self.size)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the window, whose place in it is the last index."""
        (x,) = inputs
        if not x:
            return [same(0)]
        axis = axis_index(self.dimension, len(x))
        place = dims.mul(index(axis), self.step) + index(len(x))
        return [along(len(x), [axis], only(place))]


@dataclass(frozen=True, slots=True, kw_only=True)
class AsStrided(Op):
    """A view of the memory of `x` with any sizes and strides.

    Shapes:
        x: any shape
        output: `size`

    Units:
        stride, storage_offset: elements of the memory.

    Raises:
        RankError: `size` and `stride` differ in their number.
        SizeError: the last element is behind the end of the memory.

    Source:
        https://pytorch.org/docs/stable/generated/torch.as_strided.html
    """

    size: tuple[Dim, ...]
    stride: tuple[Dim, ...]
    storage_offset: Dim

    def out_shape(self, x: Shape) -> OutShape:
        """Demand that the last element exists, if `x` owns all of its memory."""
        if len(self.size) != len(self.stride):
            raise RankError(f"{len(self.size)} sizes and {len(self.stride)} strides")
        pairs = zip(self.size, self.stride, strict=True)
        last = self.storage_offset + dims.total(dims.mul(n - 1, step) for n, step in pairs)
        elements = dims.product(x)
        message = f"element {dims.format_dim(last)} of a memory of {dims.format_dim(elements)}"
        for n in self.size:
            require(n, ">=", 0, f"a view of {dims.format_dim(n)} elements")
        if not any(decide(n, "==", 0, "as_strided") for n in self.size):
            require(elements, ">", dims.expand(last), message)
        return self.size

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the memory."""
        (x,) = inputs
        return [everything(x, bound=BY_MEMORY)]


def _from_end(axis: int, size: Dim) -> AxisAccess:
    """Return the entry of an axis in reverse order."""
    return only(size - 1 - index(axis))


def _rolled(axis: int, size: Dim, shift: Dim) -> AxisAccess:
    before = index(axis) - shift
    place = dims.mod(before, size)
    return Interval(place, place, away=(before, before), bound=(dims.ZERO, size - 1))


# ---------------------------------------------------------------------------- readers


@reader("flip")
def read_flip(input: Operand, *axes: Any, dims: Sequence[int] | int | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.flip.html"""
    return Call(Flip(dims=as_sizes(axes if dims is None else (dims,))), (input,))


@reader("fliplr", "flipud", named=True)
def read_fliplr(function: str, input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.fliplr.html"""
    axis = 1 if function == "fliplr" else 0
    if input.ndim <= axis:
        raise RankError(f"{function} takes at least {axis + 1} dimensions, got {input.shape}")
    return Call(Flip(dims=(axis,)), (input,))


@reader("roll")
def read_roll(
    input: Operand, shifts: IntoDim | Sequence[IntoDim], dims: int | Sequence[int] = ()
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.roll.html"""
    return Call(Roll(shifts=as_dims(as_sizes((shifts,))), dims=as_sizes((dims,))), (input,))


@reader("rot90")
def read_rot90(input: Operand, k: int = 1, dims: Sequence[int] = (0, 1)) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.rot90.html"""
    return Call(Rot90(k=k, dims=tuple(dims)), (input,))


@reader("Tensor.unfold")
def read_unfold(input: Operand, dimension: int, size: IntoDim, step: IntoDim) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html"""
    op = Unfold(dimension=dimension, size=dims.as_dim(size), step=dims.as_dim(step))
    return Call(op, (input,))


@reader("as_strided")
def read_as_strided(
    input: Operand,
    size: Sequence[IntoDim],
    stride: Sequence[IntoDim],
    storage_offset: IntoDim | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.as_strided.html"""
    offset = dims.as_dim(storage_offset or 0)
    op = AsStrided(size=as_dims(size), stride=as_dims(stride), storage_offset=offset)
    return Call(op, (input,))
