"""The two sides of a diagonal: https://pytorch.org/docs/stable/generated/torch.tril.html."""

from __future__ import annotations

from dataclasses import dataclass, field

from shapecalc import dims
from shapecalc.access import Access, Interval, Reads, along, index
from shapecalc.conditions import require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangle(Op):
    """`tril`, `triu`: the elements on one side of a diagonal, and 0 on the other.

    Shapes:
        x: (*, rows, columns)
        output: that shape

    Raises:
        RankError: `x` has less than 2 axes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.tril.html
    """

    function: str = field(repr=False)
    diagonal: Dim = dims.ZERO

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if len(x) < 2:
            raise RankError(f"{self.function} takes at least 2 dimensions, got {x}")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element on this side of the diagonal, and none on the other."""
        side = up_to if self.function == "tril" else from_on
        last = len(out) - 1
        return [side(len(out), last, index(last - 1) + self.diagonal)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FillDiagonal(Op):
    """`x` with a number on its diagonal; `wrap` starts again below the end of a tall matrix.

    Shapes:
        x: (rows, columns), or more axes that are all of one size
        output: that shape

    Raises:
        RankError: `x` has less than 2 axes.
        DimMismatchError: more axes than 2 differ in their size.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html
    """

    wrap: bool = False

    @property
    def kind(self) -> str:
        """The function's own name."""
        return "fill_diagonal"

    def out_shape(self, x: Shape) -> OutShape:
        """Compare the sizes."""
        if len(x) < 2:
            raise RankError(f"a diagonal takes at least 2 dimensions, got {x}")
        if len(x) > 2:
            for size in x[1:]:
                require_same(size, x[0], "the size of every axis to be")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element beside the diagonal: where two neighboring indices differ."""
        rank = len(out)
        accesses = list[Access]()
        for axis in range(1, rank):
            on = index(axis - 1)
            if self.wrap and rank == 2:  # one row is left out between two diagonals
                on = dims.mod(on, out[1] + 1)
            accesses += [up_to(rank, axis, on - 1), from_on(rank, axis, on + 1)]
        return [accesses]


def up_to(rank: int, axis: int, last: Dim) -> Access:
    """Return the access to elements whose index on an axis is at most `last`."""
    return along(rank, [axis], Interval(index(axis), dims.minimum(index(axis), last)))


def from_on(rank: int, axis: int, first: Dim) -> Access:
    """Return the access to elements whose index on an axis is at least `first`."""
    return along(rank, [axis], Interval(dims.maximum(index(axis), first), index(axis)))


# ---------------------------------------------------------------------------- readers


@reader("tril", "triu", named=True)
def read_tril(
    function: str, input: Operand, diagonal: IntoDim = 0, *, out: Operand | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.tril.html"""
    return Call(Triangle(function=function, diagonal=dims.as_dim(diagonal)), (input,))


@reader("fill_diagonal")
def read_fill_diagonal(input: Operand, fill_value: float, wrap: bool = False) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html"""
    return Call(FillDiagonal(wrap=wrap), (input,))
