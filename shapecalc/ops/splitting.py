"""One tensor becomes several: https://pytorch.org/docs/stable/generated/torch.split.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.access import Element, Reads, along, inserted, shifted
from shapecalc.conditions import (
    choose,
    choose_pieces,
    decide,
    require,
    require_positive,
    require_same,
)
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import DataDependentError, RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.index_items import Slice
from shapecalc.ops.selection import slice_bounds, slice_size
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Op):
    """Pieces of `split_size` elements along axis `dim`; the last one holds what is left.

    Shapes:
        x: any shape
        outputs: that shape with `split_size`, or one of several sizes, at `dim`

    Raises:
        RankError: there is no axis `dim`.
        SizeError: `split_size` is not positive.
        DimMismatchError: several sizes do not add up to that of the axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.split.html
    """

    split_size: Dim | tuple[Dim, ...]
    dim: int = 0

    def out_shape(self, x: Shape) -> OutShape:
        """Cut the axis."""
        axis = _axis_to_cut(x, self.dim)
        if isinstance(self.split_size, tuple):
            for size in self.split_size:
                require(size, ">=", 0, f"a piece of {dims.format_dim(size)} elements")
            require_same(dims.total(self.split_size), x[axis], "the pieces to add up to")
            return _cut(x, axis, self.split_size)
        if decide(self.split_size, "==", 0, "split"):  # torch allows it for no elements
            require(x[axis], "==", 0, "split_size is 0")
            return _cut(x, axis, [dims.ZERO])
        require_positive(self.split_size, "split_size")
        return _cut(x, axis, even_pieces(x[axis], self.split_size))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, from where the piece starts on."""
        if isinstance(self.split_size, tuple):
            start = dims.total(self.split_size[:output])
        else:
            start = dims.mul(dims.as_dim(output), self.split_size)
        return _piece(out, self.dim, start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Op):
    """At most `chunks` pieces of ceil(size/chunks) elements along axis `dim`, the last smaller.

    Shapes:
        x: any shape
        outputs: that shape with the size of a piece at `dim`

    Raises:
        RankError: there is no axis `dim`.
        SizeError: `chunks` is not positive.

    Source:
        https://pytorch.org/docs/stable/generated/torch.chunk.html
    """

    chunks: Dim
    dim: int = 0

    def out_shape(self, x: Shape) -> OutShape:
        """Cut the axis; there can be fewer pieces than `chunks`."""
        axis = _axis_to_cut(x, self.dim)
        require_positive(self.chunks, "chunks")
        if decide(x[axis], "==", 0, "chunk"):
            return _cut(x, axis, [dims.ZERO] * choose(self.chunks, "chunk"))
        return _cut(x, axis, even_pieces(x[axis], dims.ceildiv(x[axis], self.chunks)))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, from where the piece starts on."""
        (x,) = inputs
        length = dims.ceildiv(x[axis_index(self.dim, len(x))], self.chunks)
        return _piece(out, self.dim, dims.mul(dims.as_dim(output), length))


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSplit(Op):
    """Pieces along axis `dim`: a number of nearly equal ones, or those between given indices.

    Shapes:
        x: any shape
        outputs: that shape with the size of a piece at `dim`

    Raises:
        RankError: there is no axis `dim`.
        SizeError: the number of pieces is not positive, or is to divide the size and does not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.tensor_split.html
    """

    indices_or_sections: Dim | tuple[Dim, ...]
    dim: int = 0
    equal: bool = False  # as hsplit, vsplit and dsplit want it
    function: str = field(default="tensor_split", repr=False)

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Cut the axis."""
        axis = _axis_to_cut(x, self.dim)
        size, cuts = x[axis], self.indices_or_sections
        if isinstance(cuts, tuple):
            bounds = zip((dims.ZERO, *cuts), (*cuts, None), strict=True)
            return _cut(x, axis, [slice_size(size, Slice(start, end)) for start, end in bounds])
        sections = choose(cuts, self.function)
        require_positive(dims.as_dim(sections), "the number of sections")
        if self.equal:
            text = f"{dims.format_dim(size)} elements do not split into {sections} equal pieces"
            require(dims.mod(size, sections), "==", 0, text)
        return _cut(x, axis, _pieces(size, sections))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, from where the piece starts on."""
        (x,) = inputs
        size, cuts = x[axis_index(self.dim, len(x))], self.indices_or_sections
        if isinstance(cuts, tuple):
            start = slice_bounds(size, Slice((dims.ZERO, *cuts)[output]))[0]
        else:
            start = dims.total(_pieces(size, choose(cuts, self.function))[:output])
        return _piece(out, self.dim, start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbind(Op):
    """The slices along axis `dim`, each without that axis.

    Shapes:
        x: any shape
        outputs: that shape without axis `dim`, as often as its size

    Raises:
        RankError: there is no axis `dim`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.unbind.html
    """

    dim: int = 0

    def out_shape(self, x: Shape) -> OutShape:
        """Take the axis away; its size has to be a number."""
        axis = _axis_to_cut(x, self.dim)
        piece = (*x[:axis], *x[axis + 1 :])
        return [piece] * choose(x[axis], "unbind")

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the slice."""
        (x,) = inputs
        return [inserted(len(x), [self.dim], Element(dims.as_dim(output)))]


def even_pieces(size: Dim, length: Dim) -> list[Dim]:
    """Return the sizes of pieces of `length` elements, the last with what is left."""
    pieces = choose_pieces(size, length, "the number of pieces")
    return [length] * (pieces - 1) + [size - dims.mul(dims.as_dim(pieces - 1), length)]


def _pieces(size: Dim, sections: int) -> list[Dim]:
    """Return the sizes of nearly equal pieces: the first (size mod sections) have one more."""
    return [dims.floordiv(size + sections - 1 - n, sections) for n in range(sections)]


def _axis_to_cut(x: Shape, dim: int) -> int:
    if not x:
        raise RankError("a tensor with 0 dimensions cannot be split")
    return axis_index(dim, len(x))


def _cut(x: Shape, axis: int, sizes: Sequence[Dim]) -> list[Sequence[IntoDim]]:
    return [(*x[:axis], size, *x[axis + 1 :]) for size in sizes]


def _piece(out: Shape, dim: int, start: Dim) -> Reads:
    axis = axis_index(dim, len(out))
    return [along(len(out), [axis], shifted(axis, start))]


# ---------------------------------------------------------------------------- readers


def _split(input: Operand, size: IntoDim | Sequence[IntoDim], dim: int) -> Call:
    is_list = isinstance(size, Sequence)
    pieces = tuple(dims.as_dim(s) for s in size) if is_list else dims.as_dim(size)
    return Call(Split(split_size=pieces, dim=dim), (input,))


@reader("split", "unsafe_split", named=True)
def read_split(function: str, tensor: Operand, *args: Any, dim: int = 0, **sizes: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.split.html"""
    # the size goes by split_size, split_size_or_sections or split_sizes
    size, *rest = (*sizes.values(), *args)
    return _split(tensor, size, rest[0] if rest else dim)


@reader("split_with_sizes", "unsafe_split_with_sizes")
def read_split_with_sizes(input: Operand, split_sizes: Sequence[IntoDim], dim: int = 0) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.split.html"""
    return _split(input, split_sizes, dim)


@reader("chunk", "unsafe_chunk")
def read_chunk(input: Operand, chunks: IntoDim, dim: int = 0) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.chunk.html"""
    return Call(Chunk(chunks=dims.as_dim(chunks), dim=dim), (input,))


@reader("tensor_split")
def read_tensor_split(
    input: Operand,
    indices_or_sections: IntoDim | Sequence[IntoDim] | None = None,
    dim: int = 0,
    *,
    indices: Sequence[IntoDim] | None = None,
    sections: IntoDim | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.tensor_split.html"""
    given = (indices_or_sections, indices, sections)
    cuts = next(value for value in given if value is not None)
    return Call(TensorSplit(indices_or_sections=as_cuts(cuts), dim=dim), (input,))


@reader("hsplit", "vsplit", "dsplit", named=True)
def read_hsplit(
    function: str,
    input: Operand,
    indices_or_sections: IntoDim | Sequence[IntoDim] | None = None,
    *,
    indices: Sequence[IntoDim] | None = None,
    sections: IntoDim | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.hsplit.html"""
    given = (indices_or_sections, indices, sections)
    cuts = as_cuts(next(value for value in given if value is not None))
    least, dim = {"hsplit": (1, 1), "vsplit": (2, 0), "dsplit": (3, 2)}[function]
    if input.ndim < least:
        raise RankError(f"{function} takes at least {least} dimensions, got {input.shape}")
    dim = 0 if input.ndim == 1 else dim
    op = TensorSplit(indices_or_sections=cuts, dim=dim, equal=True, function=function)
    return Call(op, (input,))


def as_cuts(cuts: Any) -> Dim | tuple[Dim, ...]:
    """Return where to cut as a `Dim` or a tuple of them."""
    if isinstance(cuts, Operand):
        raise DataDependentError("the places to cut at are the values of a tensor")
    is_list = isinstance(cuts, Sequence)
    return tuple(dims.as_dim(cut) for cut in cuts) if is_list else dims.as_dim(cuts)


@reader("unbind")
def read_unbind(input: Operand, dim: int = 0) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.unbind.html"""
    return Call(Unbind(dim=dim), (input,))
