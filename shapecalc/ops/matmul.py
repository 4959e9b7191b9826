"""Matrix products: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shapecalc.conditions import decide, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader


def require_expands(x: Shape, to: Shape, what: str) -> None:
    """Demand that `x` broadcasts to `to` without making it larger.

    Raises:
        RankError: `x` has more axes.
        DimMismatchError: a size differs and is not 1.
    """
    if len(x) > len(to):
        raise RankError(f"expected {what} that broadcasts to {to}, got {x}")
    for axis in range(-len(x), 0):
        got, expected = x[axis], to[axis]
        if got != expected and not decide(got, "==", 1, f"broadcast of {what}"):
            require_same(got, expected, f"size of axis {axis} of {what}")


def require_shape(got: Shape, expected: Shape, what: str) -> None:
    """Demand one shape.

    Raises:
        RankError: `got` has another number of axes.
        DimMismatchError: it has another size.
    """
    if len(got) != len(expected):
        raise RankError(f"expected {what} of shape {expected}, got {got}")
    for axis, (size, wanted) in enumerate(zip(got, expected, strict=True)):
        require_same(size, wanted, f"size of axis {axis} of {what}")


def require_contraction(left: Dim, right: Dim) -> None:
    """Demand that the columns of one factor are as many as the rows of the next."""
    require_same(right, left, "rows of the right factor, one for each column of the left one,")


_RANKS = {"mm": (2, 2), "bmm": (3, 3), "mv": (2, 1), "dot": (1, 1), "vdot": (1, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatMul(Op):
    """A matrix product; `matmul` takes vectors and batches as well.

    A vector on the left is a row, one on the right a column, and its axis is not in the output.
    The axes before the last two are broadcast by `matmul`, and have to be equal in `bmm`.

    Shapes:
        input: (*, n, m) or (m)
        other: (*, m, p) or (m)
        output: (*, n, p)

    Raises:
        RankError: an operand has a number of axes that the function does not take.
        DimMismatchError: the inner sizes differ, or the batches do not broadcast.

    Source:
        https://pytorch.org/docs/stable/generated/torch.matmul.html
    """

    function: str = "matmul"

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, input: Shape, other: Shape) -> OutShape:
        """Contract the last axis of `input` with the last but one of `other`."""
        if self.function in _RANKS:
            for shape, rank in zip((input, other), _RANKS[self.function], strict=True):
                require_rank(shape, rank, layout=f"in each operand of {self.function}")
        if not input or not other:
            raise RankError(f"expected at least 1 dimension in both operands, got {input}, {other}")
        if self.function == "bmm":
            require_same(other[0], input[0], "batch of the right factor")
        require_contraction(input[-1], other[-2:][0])
        batch = broadcast(Shape(input[:-2]), Shape(other[:-2]))
        return (*batch, *input[-2:-1], *(other[-1:] if len(other) > 1 else ()))

    def __str__(self) -> str:
        return self.function


@reader("matmul", "linalg.matmul", "mm", "bmm", "mv", "dot", "vdot", named=True)
def read_matmul(
    name: str, input: Operand, other: Operand | None = None, **rest: Operand | None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.matmul.html"""
    second = other or next(rest[key] for key in ("mat2", "vec", "tensor") if rest.get(key))
    function = name.rpartition(".")[2]
    assert second is not None
    return Call(MatMul(function=function), (input, second))


@reader("__rmatmul__")
def read_rmatmul(input: Operand, other: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.matmul.html"""
    return Call(MatMul(), (other, input))


_ADDED = {"addmm": (2, 2), "addmv": (2, 1), "addbmm": (3, 3), "baddbmm": (3, 3), "addr": (1, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMatMul(Op):
    """A matrix product to which a tensor is added; `addbmm` adds up the batch as well.

    Shapes:
        input: any shape that broadcasts to the output
        left, right: what `mm`, `mv`, `bmm` or `outer` takes
        output: the shape of the product

    Raises:
        RankError: a factor has the wrong number of axes.
        DimMismatchError: the inner sizes differ, or `input` does not broadcast to the product.

    Source:
        https://pytorch.org/docs/stable/generated/torch.addmm.html
    """

    function: str

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, input: Shape, left: Shape, right: Shape) -> OutShape:
        """Multiply, then check what is added."""
        ranks = _ADDED[self.function]
        for shape, rank in zip((left, right), ranks, strict=True):
            require_rank(shape, rank, layout=f"in each factor of {self.function}")
        if self.function == "addr":
            out = Shape((*left, *right))
        else:
            require_contraction(left[-1], right[-2:][0])
            out = Shape((*left[:-1], *(right[-1:] if len(right) > 1 else ())))
        if len(left) == 3:
            require_same(right[0], left[0], "batch of the right factor")
            out = Shape(out[1:]) if self.function == "addbmm" else out
        require_expands(input, out, "the tensor that is added")
        return out

    def __str__(self) -> str:
        return self.function


@reader(*_ADDED, named=True)
def read_add_matmul(
    name: str,
    input: Operand,
    left: Operand | None = None,
    right: Operand | None = None,
    *,
    beta: float = 1,
    alpha: float = 1,
    **factors: Operand,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.addmm.html"""
    named = [factors[key] for key in _FACTORS if key in factors]
    one, two = [factor for factor in (left, right) if factor is not None] + named
    return Call(AddMatMul(function=name), (input, one, two))


_FACTORS = ("mat1", "mat", "batch1", "vec1", "mat2", "vec", "batch2", "vec2")


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


@reader("outer", "ger")
def read_outer(input: Operand, vec2: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.outer.html"""
    return Call(Outer(), (input, vec2))
