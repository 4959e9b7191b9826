"""Elements written by index: https://pytorch.org/docs/stable/torch.html#indexing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.conditions import require_element, require_same
from shapecalc.dims import IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.index_items import Slice, at_axis
from shapecalc.ops.indexing import require_at_most_one_axis, require_index_fits, require_not_empty
from shapecalc.ops.pointwise import pointwise
from shapecalc.ops.slicing import indexed, require_stretches
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

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape, index: Shape, *source: Shape) -> OutShape:
        """Compare the source with the slices."""
        axis = axis_index(self.dim, len(x))
        require_at_most_one_axis(index)
        if source and source[0]:
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
        part = indexed(x, self.index, ())
        if len(part) != len(src):
            raise RankError(f"expected a source {part}, got {src}")
        for got, expected in zip(src, part, strict=True):
            require_same(got, expected, "the size of the source to be")
        return x


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

    def out_shape(self, x: Shape, index: Shape, source: Shape) -> OutShape:
        """Compare the numbers of elements."""
        require_same(dims.product(source), dims.product(index), "the elements of the source to be")
        require_not_empty(x, index)
        return x


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Op):
    """The elements of `src`, stretched to the shape of `x`, in the place of its own.

    Shapes:
        x: any shape
        src: a shape that broadcasts to it
        output: the shape of `x`

    Raises:
        DimMismatchError: `src` does not broadcast to the shape of `x`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """

    def out_shape(self, x: Shape, src: Shape) -> OutShape:
        """Compare the shapes."""
        require_stretches(src, x)
        return x


# ---------------------------------------------------------------------------- readers


@reader("scatter", "scatter_add", "scatter_reduce", named=True)
def read_scatter(
    function: str, input: Operand, dim: int, index: Operand, *args: Any, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html"""
    options.pop("out", None)
    src = tuple(s for s in (*args, *options.values()) if isinstance(s, Operand))
    return Call(Scatter(function=function, dim=dim), (input, index, *src))


@reader("index_add", "index_copy", "index_reduce", "index_fill", named=True)
def read_index_write(
    function: str, input: Operand, dim: int, index: Operand, *args: Any, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html"""
    options.pop("out", None)
    given = tuple(s for s in (*args, *options.values()) if isinstance(s, Operand))
    source = () if function == "index_fill" else given
    return Call(IndexWrite(function=function, dim=dim), (input, index, *source))


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
    return Call(Put(), (input, index, source))


@reader("masked_scatter")
def read_masked_scatter(input: Operand, mask: Operand, source: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html"""
    # how many elements the source needs depends on the mask's values
    return pointwise("masked_scatter", [input, mask], input.dtype)


@reader("copy")
def read_copy(input: Operand, src: Operand, non_blocking: bool = False) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html"""
    return Call(Copy(), (input, src), input.dtype)
