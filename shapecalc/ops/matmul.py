"""Matrix products: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.access import Access, Reads, broadcast_axes, placed
from shapecalc.conditions import decide, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
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


def factors(left: Shape, right: Shape, out: Shape) -> tuple[Access, Access]:
    """Return the accesses to the factors of a product: a row and a column, for every batch.

    >>> left, right = factors(Shape((2, 3, 4)), Shape((4, 5)), Shape((2, 3, 5)))
    >>> right.axes
    (Whole(), Same(axis=2))
    """
    batch = max(len(left), len(right), 2) - 2
    row = (batch,) if len(left) > 1 else ()
    column = (len(out) - 1,) if len(right) > 1 else ()
    first_left, first_right = (batch - max(len(x) - 2, 0) for x in (left, right))
    return (
        placed(left, out, (*range(first_left, batch), *row, None)),
        placed(right, out, (*range(first_right, batch), None, *column)),
    )


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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a row of the left factor and a column of the right one."""
        left, right = inputs
        return factors(left, right, out)

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
    beta: float = 1
    alpha: float = 1

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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a row, a column and the element that is added, but for what is weighted with 0."""
        base, left, right = inputs
        added = None if self.beta == 0 else Access(broadcast_axes(base, out))
        if self.alpha == 0:
            return [added, None, None]
        if self.function == "addr":
            return [added, placed(left, out, [0]), placed(right, out, [1])]
        if self.function == "addbmm":
            return [added, placed(left, out, [None, 0, None]), placed(right, out, [None, None, 1])]
        return [added, *factors(left, right, out)]

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
    return Call(AddMatMul(function=name, beta=beta, alpha=alpha), (input, one, two))


_FACTORS = ("mat1", "mat", "batch1", "vec1", "mat2", "vec", "batch2", "vec2")
