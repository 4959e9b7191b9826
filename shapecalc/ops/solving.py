"""Systems of equations: https://pytorch.org/docs/stable/linalg.html#solvers."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import WHOLE, Access, AxisAccess, Interval, Reads, Same, broadcast_axes, index
from shapecalc.conditions import decide, require_same
from shapecalc.dims import Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.linalg import TRIANGLE, require_matrix
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Solve(Op):
    """The solution X of A X = B, or of X A = B with `left=False`, for every matrix of a batch.

    `solve` takes B for a batch of vectors where its shape is that of A without the last axis.

    Shapes:
        A: (*, n, n)
        B: (*, n, k), or (*, k, n) with `left=False`; a vector (*, n) in `solve`
        output: that of B, the batch broadcast

    Raises:
        RankError: an operand has too few axes.
        DimMismatchError: A is not square, or B has another number of rows.

    Source:
        https://pytorch.org/docs/stable/generated/torch.linalg.solve.html
    """

    function: str = "solve"
    left: bool = True
    upper: bool = False

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, a: Shape, b: Shape) -> OutShape:
        """Broadcast the batch."""
        *batch_a, n, m = require_matrix(a, self.function)
        require_same(m, n, f"columns of the square matrix of {self.function}")
        if self.function == "solve" and (len(b) == 1 or self._is_vector(a, b)):
            if not self.left:
                raise RankError("linalg.solve with left=False takes no vector")
            require_same(b[-1], n, "size of the vector to solve for")
            return (*broadcast(Shape(batch_a), Shape(b[:-1])), n)
        *batch_b, rows, columns = require_matrix(b, self.function)
        require_same(rows if self.left else columns, n, f"size of B in {self.function}")
        return (*broadcast(Shape(batch_a), Shape(batch_b)), rows, columns)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the matrix, and a column of B, or a row with `left=False`."""
        a, b = inputs
        vector = self.function == "solve" and len(out) == len(a) - 1
        axes = 1 if vector else 2
        solved = len(out) - 2 if self.left and not vector else len(out) - 1
        reach: AxisAccess = WHOLE
        if self.function == "solve_triangular":
            after = self.upper == self.left
            reach = (
                Interval(index(solved), a[-1] - 1) if after else Interval(dims.ZERO, index(solved))
            )
        entries = [reach if axis == solved else Same(axis) for axis in range(len(out))]
        batch = Shape(out[:-axes])
        return [
            Access(
                (*broadcast_axes(Shape(a[:-2]), batch), reach, reach),
                bound="" if self.function == "solve" else TRIANGLE,
            ),
            Access((*broadcast_axes(Shape(b[:-axes]), batch), *entries[-axes:])),
        ]

    @staticmethod
    def _is_vector(a: Shape, b: Shape) -> bool:
        return len(b) == len(a) - 1 and all(
            decide(got, "==", size, "a batch of vectors to solve for")
            for got, size in zip(b, a[:-1], strict=True)
        )


@reader("linalg.solve", "linalg.solve_triangular", named=True)
def read_solve(
    name: str,
    A: Operand,  # noqa: N803
    B: Operand,  # noqa: N803
    *,
    left: bool = True,
    upper: bool = False,
    unitriangular: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.solve.html"""
    return Call(Solve(function=name.rpartition(".")[2], left=left, upper=upper), (A, B))


@reader("cholesky_solve")
def read_cholesky_solve(B: Operand, L: Operand, upper: bool = False) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html"""
    return Call(Solve(function="cholesky_solve"), (L, B))
