"""Diagonals and triangles: https://pytorch.org/docs/stable/torch.html#other-operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shapecalc import dims
from shapecalc.access import (
    Access,
    Interval,
    Range,
    Reads,
    Same,
    element_number,
    index,
    inserted,
    shifted,
)
from shapecalc.conditions import larger, require_same, smaller
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.joining import Tensors, as_tensors, at_least, joined
from shapecalc.ops.reduction import axes_of
from shapecalc.ops.triangle import from_on, up_to
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagonal(Op):
    """The elements of a plane whose second index is the first plus `offset`, on the last axis.

    Shapes:
        x: any shape
        output: (*other axes, min(rows, columns - offset)), for an offset of at least 0

    Raises:
        RankError: the two axes do not exist, or are one.

    Source:
        https://pytorch.org/docs/stable/generated/torch.diagonal.html
    """

    offset: Dim = dims.ZERO
    dim1: int = 0
    dim2: int = 1

    def out_shape(self, x: Shape) -> OutShape:
        """Take the plane away and add the diagonal."""
        rows, columns = axes_of((self.dim1, self.dim2), len(x))
        others = [size for axis, size in enumerate(x) if axis not in (rows, columns)]
        return (*others, diagonal_size(x[rows], x[columns], self.offset))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the plane."""
        (x,) = inputs
        rows, columns = axes_of((self.dim1, self.dim2), len(x))
        below, above = before_diagonal(self.offset)
        entries = list(inserted(len(x), [rows, columns]).axes)
        entries[rows], entries[columns] = shifted(len(out) - 1, below), shifted(len(out) - 1, above)
        return [Access(tuple(entries))]


def diagonal_size(rows: Dim, columns: Dim, offset: Dim) -> Dim:
    """Return how many elements a diagonal has; `offset` is above the main one, or below it."""
    below, above = before_diagonal(offset)
    return larger(smaller(rows - below, columns - above), dims.ZERO)


def before_diagonal(offset: Dim) -> tuple[Dim, Dim]:
    """Return how many rows are above the first element of a diagonal, and columns before it."""
    return larger(-offset, dims.ZERO), larger(offset, dims.ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diag(Op):
    """A diagonal as a square, or the diagonal of a matrix.

    Shapes:
        x: (n,) or (rows, columns)
        output: (n + abs(diagonal), n + abs(diagonal)), or as `Diagonal`

    Raises:
        RankError: `x` has neither 1 nor 2 axes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.diag.html
    """

    diagonal: Dim = dims.ZERO

    def out_shape(self, x: Shape) -> OutShape:
        """Go by the number of axes."""
        if len(x) == 1:
            return DiagEmbed(offset=self.diagonal).out_shape(x)
        if len(x) != 2:
            raise RankError(f"expected 1 or 2 dimensions, got {len(x)}: {x}")
        return Diagonal(offset=self.diagonal).out_shape(x)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Go by the number of axes."""
        if len(inputs[0]) == 1:
            return DiagEmbed(offset=self.diagonal).reads(inputs, out)
        return Diagonal(offset=self.diagonal).reads(inputs, out)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagEmbed(Op):
    """Squares whose diagonals are the last axis; everything else in them is 0.

    Shapes:
        x: (*, n)
        output: (*), with n + abs(offset) at the two axes `dim1` and `dim2`

    Raises:
        RankError: the two axes do not exist, or are one.

    Source:
        https://pytorch.org/docs/stable/generated/torch.diag_embed.html
    """

    offset: Dim = dims.ZERO
    dim1: int = -2
    dim2: int = -1

    def out_shape(self, x: Shape) -> OutShape:
        """Put the square in."""
        if not x:
            raise RankError("diag_embed takes at least 1 dimension")
        plane = axes_of((self.dim1, self.dim2), len(x) + 1)
        side = x[-1] + larger(self.offset, -self.offset)
        others = iter(x[:-1])
        return tuple(side if axis in plane else next(others) for axis in range(len(x) + 1))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element on the diagonal, and none beside it."""
        plane = axes_of((self.dim1, self.dim2), len(out))
        return [_diagonal_of(len(out), plane, self.offset)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagFlat(Op):
    """A square whose diagonal holds all elements.

    Shapes:
        x: any shape of n elements
        output: (n + abs(offset), n + abs(offset))

    Source:
        https://pytorch.org/docs/stable/generated/torch.diagflat.html
    """

    offset: Dim = dims.ZERO

    def out_shape(self, x: Shape) -> OutShape:
        """Flatten, then embed."""
        return DiagEmbed(offset=self.offset).out_shape(Shape((dims.product(x),)))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element on the diagonal, and none beside it."""
        (x,) = inputs
        below, above = before_diagonal(self.offset)
        if not x:
            return [Access((), (_block(0, below), _block(1, above)))]
        row, column = index(0) - below, index(1) - above
        entries = list(element_number(row, x).axes)
        if isinstance(last := entries[-1], Interval):
            beside = dims.minimum(row - column, column - row)  # below 0, but on the diagonal
            entries[-1] = replace(last, high=last.high + beside)
        return [Access(tuple(entries))]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDiag(Op):
    """A matrix with the given ones along its diagonal.

    Shapes:
        inputs: (rows, columns), (columns,) or () each
        output: (sum of rows, sum of columns)

    Raises:
        RankError: an input has more than 2 axes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.block_diag.html
    """

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Add rows and columns."""
        for shape in inputs:
            if len(shape) > 2:
                raise RankError(f"expected at most 2 dimensions, got {len(shape)}: {shape}")
        blocks = [at_least(2, shape) for shape in inputs]
        return (
            dims.total(rows for rows, _ in blocks),
            dims.total(columns for _, columns in blocks),
        )

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the matrix that the indices fall into."""
        row, column = dims.ZERO, dims.ZERO
        accesses = list[Access]()
        for x in inputs:
            rows, columns = at_least(2, x)
            entries = (shifted(0, -row), shifted(1, -column))[2 - len(x) :]
            within = (_block(0, row, rows), _block(1, column, columns))
            accesses.append(Access(entries, within))
            row, column = row + rows, column + columns
        return accesses


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagonalScatter(Op):
    """`x` with a diagonal replaced by `src`.

    Shapes:
        x: any shape
        src: the shape of `Diagonal`
        output: the shape of `x`

    Raises:
        RankError: the two axes do not exist, or are one.
        DimMismatchError: `src` has another shape.

    Source:
        https://pytorch.org/docs/stable/generated/torch.diagonal_scatter.html
    """

    offset: Dim = dims.ZERO
    dim1: int = 0
    dim2: int = 1

    def out_shape(self, x: Shape, src: Shape) -> OutShape:
        """Compare `src` with the diagonal."""
        diagonal = Diagonal(offset=self.offset, dim1=self.dim1, dim2=self.dim2)
        part = Shape(diagonal.out_shape(x))
        if len(part) != len(src):
            raise RankError(f"expected a source {part}, got {src}")
        for got, expected in zip(src, part, strict=True):
            require_same(got, expected, "the size of the source to be")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the source on the diagonal, and `x` beside it."""
        rank = len(out)
        rows, columns = plane = axes_of((self.dim1, self.dim2), rank)
        on = index(rows) + self.offset
        beside = [up_to(rank, columns, on - 1), from_on(rank, columns, on + 1)]
        return [beside, _diagonal_of(rank, plane, self.offset)]


# ---------------------------------------------------------------------------- parts of a plane


def _block(axis: int, start: Dim, count: Dim = dims.ONE) -> Range:
    return Range(axis=axis, start=start, stop=start + count)


def _diagonal_of(rank: int, plane: Sequence[int], offset: Dim) -> Access:
    """Return the access to a diagonal from a plane of the output: none for elements beside it."""
    below, above = before_diagonal(offset)
    row, column = index(plane[0]) - below, index(plane[1]) - above
    place = Interval(dims.maximum(row, column), dims.minimum(row, column))
    others = (Same(axis) for axis in range(rank) if axis not in plane)
    return Access((*others, place))


# ---------------------------------------------------------------------------- readers


@reader("diagonal")
def read_diagonal(input: Operand, offset: IntoDim = 0, dim1: int = 0, dim2: int = 1) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.diagonal.html"""
    return Call(Diagonal(offset=dims.as_dim(offset), dim1=dim1, dim2=dim2), (input,))


@reader("linalg.diagonal")
def read_linalg_diagonal(
    A: Operand,  # noqa: N803  # torch's own name
    *,
    offset: IntoDim = 0,
    dim1: int = -2,
    dim2: int = -1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.diagonal.html"""
    return read_diagonal(A, offset, dim1, dim2)


@reader("diagonal_scatter")
def read_diagonal_scatter(
    input: Operand, src: Operand, offset: IntoDim = 0, dim1: int = 0, dim2: int = 1
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.diagonal_scatter.html"""
    op = DiagonalScatter(offset=dims.as_dim(offset), dim1=dim1, dim2=dim2)
    return Call(op, (input, src))


@reader("diag")
def read_diag(input: Operand, diagonal: IntoDim = 0, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.diag.html"""
    return Call(Diag(diagonal=dims.as_dim(diagonal)), (input,))


@reader("diag_embed")
def read_diag_embed(input: Operand, offset: IntoDim = 0, dim1: int = -2, dim2: int = -1) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.diag_embed.html"""
    return Call(DiagEmbed(offset=dims.as_dim(offset), dim1=dim1, dim2=dim2), (input,))


@reader("diagflat")
def read_diagflat(input: Operand, offset: IntoDim = 0) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.diagflat.html"""
    return Call(DiagFlat(offset=dims.as_dim(offset)), (input,))


@reader("block_diag")
def read_block_diag(*tensors: Operand | Tensors) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.block_diag.html"""
    return joined(BlockDiag(), as_tensors(tensors))
