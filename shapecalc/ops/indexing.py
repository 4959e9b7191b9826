"""Indexing ops by name: https://pytorch.org/docs/stable/torch.html#indexing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from shapecalc import dims
from shapecalc.access import (
    Access,
    Reads,
    Regroup,
    Same,
    along,
    broadcast_axes,
    everything,
    placed,
    same,
)
from shapecalc.conditions import require, require_element, require_same
from shapecalc.dims import Shape
from shapecalc.errors import RankError
from shapecalc.op import DATA, Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.pointwise import broadcast, pointwise
from shapecalc.ops.promotion import result_type
from shapecalc.registry import reader

BY_INDEX = "the values of the index decide"
BY_MASK = "the values of the mask decide"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSelect(Op):
    """The slices of `x` along axis `dim` at the places in `index`.

    Shapes:
        x: any shape
        index: (n,) or ()
        output: the shape of `x` with n at `dim`

    Raises:
        RankError: there is no axis `dim`, or `index` has more than one axis.
        SizeError: the axis is empty, and the index is not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.index_select.html
    """

    dim: int

    def out_shape(self, x: Shape, index: Shape) -> OutShape:
        """Put the number of indices in."""
        axis = axis_index(self.dim, len(x))
        require_at_most_one_axis(index)
        if not x:
            require_same(dims.product(index), 1, "the number of indices of a number to be")
            return ()
        require_element(x[axis], index, f"the size of axis {axis}")
        return (*x[:axis], dims.product(index), *x[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a slice that the index names, and the index itself."""
        x, indices = inputs
        if not x:
            return [same(0), everything(indices, bound=BY_INDEX)]
        axis = axis_index(self.dim, len(x))
        chosen = replace(along(len(x), [axis]), bound=BY_INDEX)
        return [chosen, Access((Same(axis),) * len(indices))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Op):
    """The elements of `x` at the places in `index` along axis `dim`.

    Shapes:
        x: any shape
        index: as many axes, none but `dim` larger than that of `x`
        output: the shape of `index`

    Raises:
        RankError: there is no axis `dim`, or the numbers of axes differ.
        SizeError: an axis of `index` is too large, or the axis `dim` empty, and the index not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.gather.html
    """

    dim: int

    def out_shape(self, x: Shape, index: Shape) -> OutShape:
        """Compare the other axes."""
        require_index_fits(index, x, axis_index(self.dim, len(x)))
        return index

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read an element that the index names, and the index itself."""
        x, indices = inputs
        return [replace(along(len(x), [self.dim]), bound=BY_INDEX), same(len(indices))]


def require_index_fits(index: Shape, x: Shape, free: int | None) -> None:
    """Demand that no axis of `index`, but the axis `free`, is larger than that of `x`.

    The axis `free` has to have an element, unless `index` is empty.
    """
    if max(len(index), 1) != max(len(x), 1):
        raise RankError(f"index {index} and tensor {x} have different numbers of dimensions")
    for axis, (size, limit) in enumerate(zip(index, x, strict=False)):
        if axis != free:
            message = f"index {index} is larger than {x} on axis {axis}"
            require(size, "<=", limit, message)
        else:
            require_element(limit, index, f"the size of axis {axis}")


def require_at_most_one_axis(index: Shape) -> None:
    """Demand an index that is a number or has one axis."""
    if len(index) > 1:
        raise RankError(f"the index has at most 1 dimension, got {len(index)}: {index}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Take(Op):
    """The elements at the places in `index`, counted through all of `x`.

    Shapes:
        x: any shape
        index: any shape
        output: the shape of `index`

    Raises:
        SizeError: `x` is empty, and the index is not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.take.html
    """

    def out_shape(self, x: Shape, index: Shape) -> OutShape:
        """Return the shape of the index."""
        require_not_empty(x, index)
        return index

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read an element that the index names, and the index itself."""
        x, indices = inputs
        return [everything(x, bound=BY_INDEX), same(len(indices))]


def require_not_empty(x: Shape, index: Shape) -> None:
    """Demand a tensor that is not empty, unless `index` is."""
    for axis, size in enumerate(x):
        require_element(size, index, f"the size of axis {axis}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAlongDim(Op):
    """The elements along axis `dim` at the places in `indices`; both flattened for None.

    Shapes:
        x: any shape
        indices: as many axes, which broadcast against those of `x` but for `dim`
        output: the shape they broadcast to, with the size of `indices` at `dim`

    Raises:
        RankError: the numbers of axes differ.
        DimMismatchError: two sizes of one axis differ and neither is 1.
        SizeError: the axis is empty, and the indices are not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """

    dim: int | None = None

    def out_shape(self, x: Shape, indices: Shape) -> OutShape:
        """Broadcast all axes but one."""
        if self.dim is None:
            require_not_empty(x, indices)
            return (dims.product(indices),)
        if len(x) != len(indices):
            raise RankError(f"{x} and the indices {indices} differ in their dimensions")
        axis = axis_index(self.dim, len(x))
        one = dims.ONE
        out = broadcast(*(Shape((*s[:axis], one, *s[axis + 1 :])) for s in (x, indices)))
        taken = Shape((*out[:axis], indices[axis], *out[axis + 1 :]))
        require_element(x[axis], taken, f"the size of axis {axis}")
        return taken

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read an element that the indices name, and the index itself."""
        x, indices = inputs
        if self.dim is None:
            return [everything(x, bound=BY_INDEX), Regroup()]
        axis = axis_index(self.dim, len(x))
        places = [None if place == axis else place for place in range(len(x))]
        return [placed(x, out, places, bound=BY_INDEX), Access(broadcast_axes(indices, out))]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedSelect(Op):
    """The elements for which a mask is true, in a row.

    Shapes:
        x, mask: shapes that broadcast
        output: (?,)

    Raises:
        DimMismatchError: two sizes of one axis differ and neither is 1.

    Source:
        https://pytorch.org/docs/stable/generated/torch.masked_select.html
    """

    def out_shape(self, x: Shape, mask: Shape) -> OutShape:
        """Leave the number of elements open."""
        broadcast(x, mask)
        return (DATA,)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read an element that the mask leaves, and the mask up to there."""
        return [everything(x, bound=BY_MASK) for x in inputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class NonZero(Op):
    """The places of the elements that are not zero.

    Shapes:
        x: any shape
        output: (?, number of axes); with `as_tuple` one (?,) for each axis

    Source:
        https://pytorch.org/docs/stable/generated/torch.nonzero.html
    """

    as_tuple: bool = False

    def out_shape(self, x: Shape) -> OutShape:
        """Leave the number of places open."""
        return [(DATA,)] * max(len(x), 1) if self.as_tuple else (DATA, len(x))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the elements up to one that is not zero."""
        (x,) = inputs
        return [everything(x, bound="the values decide which element is next")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSorted(Op):
    """For every value, the place at which it would be inserted into a sorted sequence.

    Shapes:
        sorted_sequence: (n,), or (*, n) with the leading axes of `values`
        values: any shape
        output: the shape of `values`

    Raises:
        RankError: neither holds.
        DimMismatchError: a leading axis differs.

    Source:
        https://pytorch.org/docs/stable/generated/torch.searchsorted.html
    """

    def out_shape(self, sorted_sequence: Shape, values: Shape) -> OutShape:
        """Compare the leading axes."""
        if len(sorted_sequence) != 1:
            if len(sorted_sequence) != len(values) or not values:
                raise RankError(f"the sequence {sorted_sequence} does not fit values {values}")
            for got, expected in zip(values[:-1], sorted_sequence[:-1], strict=True):
                require_same(got, expected, "the size of a leading axis to be")
        return values

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one value, and the whole sequence."""
        sorted_sequence, values = inputs
        return [along(len(sorted_sequence), [-1]), same(len(values))]


# ---------------------------------------------------------------------------- readers


@reader("index_select")
def read_index_select(
    input: Operand, dim: int, index: Operand, *, out: Operand | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.index_select.html"""
    return Call(IndexSelect(dim=dim), (input, index))


@reader("gather")
def read_gather(
    input: Operand,
    dim: int,
    index: Operand,
    *,
    sparse_grad: bool = False,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.gather.html"""
    return Call(Gather(dim=dim), (input, index))


@reader("take")
def read_take(input: Operand, index: Operand, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.take.html"""
    return Call(Take(), (input, index))


@reader("take_along_dim")
def read_take_along_dim(
    input: Operand, indices: Operand, dim: int | None = None, *, out: Operand | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.take_along_dim.html"""
    return Call(TakeAlongDim(dim=dim), (input, indices))


@reader("masked_select")
def read_masked_select(input: Operand, mask: Operand, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.masked_select.html"""
    return Call(MaskedSelect(), (input, mask))


@reader("nonzero")
def read_nonzero(input: Operand, *, as_tuple: bool = False, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nonzero.html"""
    return Call(NonZero(as_tuple=as_tuple), (input,), "int64")


@reader("argwhere")
def read_argwhere(input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.argwhere.html"""
    return Call(NonZero(), (input,), "int64")


@reader("where")
def read_where(condition: Operand, *values: Any, **named: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.where.html"""
    named.pop("out", None)
    chosen = [*values, *named.values()]
    if not chosen:
        return Call(NonZero(as_tuple=True), (condition,), "int64")
    return pointwise("where", [condition, *chosen], result_type(chosen))


@reader("searchsorted")
def read_searchsorted(
    sorted_sequence: Operand,
    input: Operand | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    out: Operand | None = None,
    sorter: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.searchsorted.html"""
    values = input if isinstance(input, Operand) else Operand(Shape())
    return Call(SearchSorted(), (sorted_sequence, values), "int32" if out_int32 else "int64")


@reader("bucketize")
def read_bucketize(
    input: Operand | float,
    boundaries: Operand,
    *,
    out_int32: bool = False,
    right: bool = False,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.bucketize.html"""
    if len(boundaries.shape) != 1:
        raise RankError(f"the boundaries have 1 dimension, got {boundaries.shape}")
    return read_searchsorted(boundaries, input, out_int32=out_int32)
