"""Other products of vectors: https://pytorch.org/docs/stable/linalg.html#matrix-products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shapecalc import access, dims
from shapecalc.access import (
    FIRST,
    Access,
    AxisAccess,
    Reads,
    everything,
    index,
    only,
    placed,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDot(Op):
    """A product over chosen axes of both operands.

    Shapes:
        a, b: any
        output: the axes of `a` that are left, then those of `b`

    Raises:
        RankError: an axis does not exist, or the lists differ in length.
        DimMismatchError: two contracted sizes differ and neither is 1.

    Source:
        https://pytorch.org/docs/stable/generated/torch.tensordot.html
    """

    dims_a: tuple[int, ...]
    dims_b: tuple[int, ...]

    def out_shape(self, a: Shape, b: Shape) -> OutShape:
        """Drop the contracted axes."""
        if len(self.dims_a) != len(self.dims_b):
            raise RankError(f"tensordot contracts {self.dims_a} with {self.dims_b}: unequal counts")
        axes_a = [axis_index(dim, len(a)) for dim in self.dims_a]
        axes_b = [axis_index(dim, len(b)) for dim in self.dims_b]
        if len(set(axes_a)) < len(axes_a) or len(set(axes_b)) < len(axes_b):
            raise RankError("tensordot contracts an axis twice")
        # torch adds up an axis whose partner has one element
        broadcast(Shape(a[axis] for axis in axes_a), Shape(b[axis] for axis in axes_b))
        left = [size for axis, size in enumerate(a) if axis not in axes_a]
        return (*left, *(size for axis, size in enumerate(b) if axis not in axes_b))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all of the contracted axes."""
        places = iter(range(len(out)))
        found = list[Access]()
        for x, contracted in zip(inputs, (self.dims_a, self.dims_b), strict=True):
            gone = [axis_index(dim, len(x)) for dim in contracted]
            to = [None if axis in gone else next(places) for axis in range(len(x))]
            found.append(placed(x, out, to))
        return found


@reader("tensordot")
def read_tensordot(
    a: Operand, b: Operand, dims: int | Sequence[Sequence[int]] = 2, out: Operand | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.tensordot.html"""
    if isinstance(dims, Sequence):
        first, second = (
            tuple(axes) if isinstance(axes, Sequence) else (axes,) for axes in (dims[0], dims[1])
        )
    else:
        count = int(dims)
        if not 0 <= count <= min(a.ndim, b.ndim):
            raise RankError(f"tensordot over {count} axes of {a.shape} and {b.shape}")
        first, second = tuple(range(a.ndim - count, a.ndim)), tuple(range(count))
    return Call(TensorDot(dims_a=first, dims_b=second), (a, b))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kron(Op):
    """The Kronecker product, axis by axis; the shorter shape is filled up with ones in front.

    Shapes:
        input: (a1, ..., an)
        other: (b1, ..., bn)
        output: (a1*b1, ..., an*bn)

    Source:
        https://pytorch.org/docs/stable/generated/torch.kron.html
    """

    def out_shape(self, input: Shape, other: Shape) -> OutShape:
        """Multiply the sizes."""
        rank = max(len(input), len(other))
        left = (dims.ONE,) * (rank - len(input)) + input
        right = (dims.ONE,) * (rank - len(other)) + other
        return tuple(dims.mul(a, b) for a, b in zip(left, right, strict=True))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read element i // b of the first operand, and i % b of the second, on every axis."""
        left, right = inputs
        outer, inner = list[AxisAccess](), list[AxisAccess]()
        for axis in range(-len(out), 0):
            a, b = (x[axis] if len(x) >= -axis else dims.ONE for x in inputs)
            place = index(len(out) + axis)
            outer.append(FIRST if a == 1 else only(dims.floordiv(place, b)))
            inner.append(FIRST if b == 1 else only(place if a == 1 else dims.mod(place, b)))
        return [
            Access(tuple(entries[len(out) - len(x) :]))
            for x, entries in ((left, outer), (right, inner))
        ]


@reader("kron")
def read_kron(input: Operand, other: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.kron.html"""
    return Call(Kron(), (input, other))
