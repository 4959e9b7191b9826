"""Other products of vectors: https://pytorch.org/docs/stable/linalg.html#matrix-products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shapecalc import access
from shapecalc.access import Reads, everything, placed
from shapecalc.conditions import require_same
from shapecalc.dims import Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.ops.matmul import require_contraction
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Op):
    """A product over the last axes of both operands; a number multiplies the other operand.

    Shapes:
        input: (*a, m) or ()
        other: (*b, m) or ()
        output: (*a, *b)

    Raises:
        DimMismatchError: the last axes differ.

    Source:
        https://pytorch.org/docs/stable/generated/torch.inner.html
    """

    def out_shape(self, input: Shape, other: Shape) -> OutShape:
        """Drop both last axes."""
        if not input or not other:
            return input or other
        require_same(other[-1], input[-1], "last size of the right operand")
        return (*input[:-1], *other[:-1])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all of the last axes."""
        left, right = inputs
        if not left or not right:
            return access.broadcast(*inputs, out=out)
        rows = len(left) - 1
        return [
            placed(left, out, (*range(rows), None)),
            placed(right, out, (*range(rows, len(out)), None)),
        ]

    def __str__(self) -> str:
        return "inner"


@reader("inner")
def read_inner(input: Operand, other: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.inner.html"""
    return Call(Inner(), (input, other))


@dataclass(frozen=True, slots=True, kw_only=True)
class VecDot(Op):
    """A product over one axis of both operands, which are broadcast.

    Shapes:
        x, y: any shapes that broadcast
        output: the shape they broadcast to, without axis `dim`

    Raises:
        DimMismatchError: the operands do not broadcast.

    Source:
        https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html
    """

    dim: int = -1

    def out_shape(self, x: Shape, y: Shape) -> OutShape:
        """Broadcast, then drop the axis; two vectors are not broadcast."""
        if len(x) == len(y) == 1:
            require_contraction(x[0], y[0])
        out = broadcast(x, y)
        axis = axis_index(self.dim, len(out))
        return (*out[:axis], *out[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all of the axis of the product."""
        axis = axis_index(self.dim, len(out) + 1)
        places = (*range(axis), None, *range(axis, len(out)))
        return [placed(x, out, places[len(places) - len(x) :]) for x in inputs]


@reader("linalg.vecdot")
def read_vecdot(x: Operand, y: Operand, *, dim: int = -1) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html"""
    return Call(VecDot(dim=dim), (x, y))


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiDot(Op):
    """A chain of matrix products; the first factor may be a row, the last one a column.

    Shapes:
        factors: (n, a), (a, b), ..., (z, m)
        output: (n, m)

    Raises:
        RankError: a factor is not a matrix, or there are fewer than two.
        DimMismatchError: the inner sizes of two neighbours differ.

    Source:
        https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
    """

    def out_shape(self, *factors: Shape) -> OutShape:
        """Contract neighbours."""
        if len(factors) < 2:
            raise RankError(f"expected at least 2 factors, got {len(factors)}")
        for n, factor in enumerate(factors):
            ranks = (1, 2) if n in (0, len(factors) - 1) else (2,)
            require_rank(factor, *ranks, layout=f"in factor {n} of multi_dot")
        for left, right in pairwise(factors):
            require_contraction(left[-1], right[0])
        first, last = factors[0], factors[-1]
        return (*first[:-1][:1], *last[1:])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a row of the first factor, a column of the last one, and all between."""
        first, *between, last = inputs
        row = (0,) if len(first) > 1 else ()
        column = (len(out) - 1,) if len(last) > 1 else ()
        return [
            placed(first, out, (*row, None)),
            *map(everything, between),
            placed(last, out, (None, *column)),
        ]


@reader("linalg.multi_dot")
def read_multi_dot(*factors: Operand | Sequence[Operand], **named: object) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html"""
    if len(factors) == 1 and isinstance(factors[0], Sequence):
        factors = tuple(factors[0])
    operands = tuple(factor for factor in factors if isinstance(factor, Operand))
    return Call(MultiDot(), operands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer(Op):
    """The products of all pairs of elements of two vectors.

    Shapes:
        input: (n)
        vec2: (m)
        output: (n, m)

    Raises:
        RankError: an operand is not a vector.

    Source:
        https://pytorch.org/docs/stable/generated/torch.outer.html
    """

    def out_shape(self, input: Shape, vec2: Shape) -> OutShape:
        """Pair the elements."""
        require_rank(input, 1, layout="in the left operand of outer")
        require_rank(vec2, 1, layout="in the right operand of outer")
        return (*input, *vec2)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of each vector."""
        left, right = inputs
        return [placed(left, out, [0]), placed(right, out, [1])]


@reader("outer", "ger")
def read_outer(input: Operand, vec2: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.outer.html"""
    return Call(Outer(), (input, vec2))
