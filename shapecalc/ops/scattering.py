"""Elements written by index: https://pytorch.org/docs/stable/torch.html#indexing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from shapecalc import dims
from shapecalc.access import (
    Access,
    Interval,
    Range,
    Reads,
    along,
    broadcast_axes,
    everything,
    same,
)
from shapecalc.conditions import require_element, require_same
from shapecalc.dims import IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.ops.index_items import Slice, at_axis
from shapecalc.ops.index_reads import kept, written
from shapecalc.ops.indexing import (
    BY_INDEX,
    BY_MASK,
    require_at_most_one_axis,
    require_index_fits,
    require_not_empty,
)
from shapecalc.ops.pointwise import broadcast
from shapecalc.ops.selection import select
from shapecalc.ops.slicing import require_stretches
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter(Op):
    """`x` with elements of `src` put, added or reduced into the places in `index`.

    Shapes:
        x: any shape
        index: as many axes, none but `dim` larger than that of `x`
        src: as many axes, none smaller than that of `index`; left out where it is a number
        output: the shape of `x`

    Raises:
        RankError: there is no axis `dim`, or the numbers of axes differ.
        SizeError: an axis of `index` is too large, or the axis `dim` empty, and the index not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
    """

    function: str = field(repr=False)
    dim: int
    include_self: bool = field(default=True, repr=False)  # else elements of `x` are replaced

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape, index: Shape, *src: Shape) -> OutShape:
        """Compare the other axes, and all axes with the source."""
        require_index_fits(index, x, axis_index(self.dim, len(x)))
        for source in src:
            require_index_fits(index, source, None)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read `x`, and what the index may bring from the same place on the other axes."""
        x, index, *src = inputs
        base = same(len(x)) if self.include_self else replace(same(len(x)), bound=BY_INDEX)
        if not x or not index:
            return [base, *(everything(operand, bound=BY_INDEX) for operand in (index, *src))]
        axis = axis_index(self.dim, len(x))
        within = tuple(
            Range(axis=place, start=dims.ZERO, stop=size)
            for place, size in enumerate(index)
            if place != axis and size != x[place]
        )
        used = along(len(x), [axis], Interval(dims.ZERO, index[axis] - 1))
        return [base, *(replace(used, when=within, bound=BY_INDEX) for _ in (index, *src))]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexWrite(Op):
    """`index_add`, `index_copy`, `index_reduce`, `index_fill`: slices of `x` are written.

    Shapes:
        x: any shape
        index: (n,) or ()
        source: the shape of `x` with n at `dim`; left out where it is a number
        output: the shape of `x`

    Raises:
        RankError: there is no axis `dim`, or the numbers of axes differ.
        DimMismatchError: a size of `source` differs.
        SizeError: the axis is empty, and what is to be written is not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
    """

    function: str = field(repr=False)
    dim: int
    include_self: bool = field(default=True, repr=False)  # else elements of `x` are replaced

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape, index: Shape, *source: Shape) -> OutShape:
        """Compare the source with the slices."""
        axis = axis_index(self.dim, len(x))
        require_at_most_one_axis(index)
        if self.function == "index_fill":
            for value in source:
                require_rank(value, 0, layout="of a number")
        elif source and source[0]:
            (written,) = source
            if len(written) != len(x):
                raise RankError(f"the source {written} and {x} differ in their dimensions")
            slices = (*x[:axis], dims.product(index), *x[axis + 1 :])
            for got, expected in zip(written, slices, strict=True):
                require_same(got, expected, "the size of the source to be")
        elif source:
            require_same(dims.product(index), 1, "the number of indices to be")
        if x:
            # index_reduce looks at every index; index_add at none, where slices are written
            beside = () if self.function == "index_reduce" else (*x[:axis], *x[axis + 1 :])
            if self.function != "index_add" or len(x) == 1:
                require_element(x[axis], (*index, *beside), f"the size of axis {axis}")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read `x`, and the slices of the source that the index may put there."""
        x, index, *source = inputs
        base = same(len(x)) if self.include_self else replace(same(len(x)), bound=BY_INDEX)
        slices = replace(along(len(x), [self.dim]), bound=BY_INDEX) if x else same(0)
        return [
            base,
            everything(index, bound=BY_INDEX),
            *(slices if len(s) == len(x) else everything(s, bound=BY_INDEX) for s in source),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartWrite(Op):
    """`select_scatter`, `slice_scatter`: `x` with one part replaced by `src`.

    Shapes:
        x: any shape
        src: the shape of the part
        output: the shape of `x`

    Raises:
        RankError, DimMismatchError: `src` has another shape than the part.

    Source:
        https://pytorch.org/docs/stable/generated/torch.slice_scatter.html
    """

    index: tuple[Any, ...]

    def out_shape(self, x: Shape, src: Shape) -> OutShape:
        """Compare `src` with the part."""
        part = select(x, self.index, ()).shape
        if len(part) != len(src):
            raise RankError(f"expected a source {part}, got {src}")
        for got, expected in zip(src, part, strict=True):
            require_same(got, expected, "the size of the source to be")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the source within the part, and `x` outside of it."""
        x, src = inputs
        selection = select(x, self.index, ())
        return [kept(x, selection), written(x, src, selection)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put(Op):
    """`x` with the elements of `source` at the places in `index`, counted through all of `x`.

    Shapes:
        x: any shape
        index, source: shapes with equally many elements
        output: the shape of `x`

    Raises:
        DimMismatchError: the numbers of elements differ.
        SizeError: `x` is empty, and the index is not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.put_.html
    """

    accumulate: bool = False

    def out_shape(self, x: Shape, index: Shape, source: Shape) -> OutShape:
        """Compare the numbers of elements."""
        require_same(dims.product(source), dims.product(index), "the elements of the source to be")
        require_not_empty(x, index)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read `x`, and what the index may put there."""
        x, index, source = inputs
        base = same(len(x)) if self.accumulate else replace(same(len(x)), bound=BY_INDEX)
        return [base, everything(index, bound=BY_INDEX), everything(source, bound=BY_INDEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Op):
    """The elements of `src`, stretched to the shape of `x`, in the place of its own.

    Shapes:
        x: any shape
        src: a shape that broadcasts to it
        output: the shape of `x`

    Raises:
        RankError: `src` has more axes.
        DimMismatchError: `src` does not broadcast to the shape of `x`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """

    def out_shape(self, x: Shape, src: Shape) -> OutShape:
        """Compare the shapes."""
        if len(src) > len(x):
            raise RankError(f"expected a source of at most {len(x)} dimensions, got {src}")
        require_stretches(src, x)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the source, and nothing of `x`."""
        _, src = inputs
        return [None, Access(broadcast_axes(src, out))]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedScatter(Op):
    """`x` with elements of `source`, one after another, where a mask is true.

    Shapes:
        x, mask: shapes that broadcast
        source: any shape; how many elements it needs depends on the values of the mask
        output: the shape they broadcast to

    Raises:
        DimMismatchError: two sizes of one axis differ and neither is 1.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html
    """

    @property
    def kind(self) -> str:
        """The function's own name."""
        return "masked_scatter"

    def out_shape(self, x: Shape, mask: Shape, source: Shape) -> OutShape:
        """Broadcast `x` and the mask."""
        return broadcast(x, mask)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of `x` or of the source, as the mask up to there says."""
        x, *others = inputs
        chosen = Access(broadcast_axes(x, out), bound=BY_MASK)
        return [chosen, *(everything(operand, bound=BY_MASK) for operand in others)]


# ---------------------------------------------------------------------------- readers


@reader("scatter", "scatter_add", "scatter_reduce", named=True)
def read_scatter(
    function: str, input: Operand, dim: int, index: Operand, *args: Any, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html"""
    options.pop("out", None)
    src = tuple(s for s in (*args, *options.values()) if isinstance(s, Operand))
    reduces = function == "scatter_add" or "reduce" in options or len(args) > 1
    include_self = reduces and options.get("include_self", True)
    op = Scatter(function=function, dim=dim, include_self=include_self)
    return Call(op, (input, index, *src))


@reader("index_add", "index_copy", "index_reduce", "index_fill", named=True)
def read_index_write(
    function: str, input: Operand, dim: int, index: Operand, *args: Any, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html"""
    options.pop("out", None)
    source = tuple(s for s in (*args, *options.values()) if isinstance(s, Operand))
    reduces = function in ("index_add", "index_reduce")
    include_self = reduces and options.get("include_self", True)
    op = IndexWrite(function=function, dim=dim, include_self=include_self)
    return Call(op, (input, index, *source))


@reader("select_scatter")
def read_select_scatter(input: Operand, src: Operand, dim: int, index: IntoDim) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.select_scatter.html"""
    return Call(PartWrite(index=at_axis(dims.as_dim(index), dim, input.ndim)), (input, src))


@reader("slice_scatter")
def read_slice_scatter(
    input: Operand,
    src: Operand,
    dim: int = 0,
    start: IntoDim | None = None,
    end: IntoDim | None = None,
    step: IntoDim = 1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.slice_scatter.html"""
    bounds = [None if bound is None else dims.as_dim(bound) for bound in (start, end, step)]
    return Call(PartWrite(index=at_axis(Slice(*bounds), dim, input.ndim)), (input, src))


@reader("put")
def read_put(input: Operand, index: Operand, source: Operand, accumulate: bool = False) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.put_.html"""
    return Call(Put(accumulate=accumulate), (input, index, source))


@reader("masked_scatter")
def read_masked_scatter(input: Operand, mask: Operand, source: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html"""
    return Call(MaskedScatter(), (input, mask, source), input.dtype)


@reader("copy")
def read_copy(input: Operand, src: Operand, non_blocking: bool = False) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html"""
    return Call(Copy(), (input, src), input.dtype)
