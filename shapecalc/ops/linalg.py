"""Linear algebra: https://pytorch.org/docs/stable/linalg.html."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from shapecalc.conditions import decide, require_same
from shapecalc.dims import Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.pointwise import broadcast
from shapecalc.ops.promotion import as_complex, as_real
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixFunction(Op):
    """A function of every matrix of a batch: inverses, determinants, decompositions.

    Shapes:
        input: (*, n, m)
        outputs: the batch, then the sizes that the letters of `outputs` stand for: n rows,
            m columns, k the smaller of both

    Raises:
        RankError: the input has fewer than 2 axes.
        DimMismatchError: the function is for square matrices, and n and m differ.

    Source:
        https://pytorch.org/docs/stable/linalg.html
    """

    function: str
    outputs: tuple[str, ...]
    square: bool = False

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, input: Shape) -> OutShape:
        """Put the sizes of every output together."""
        *batch, n, m = require_matrix(input, self.function)
        if self.square:
            require_same(m, n, f"columns of the square matrix of {self.function}")
        sizes = {"n": n, "m": n if self.square else m}
        if any("k" in letters for letters in self.outputs):
            sizes["k"] = n if decide(n, "<=", m, "the smaller of rows and columns") else m
        shapes: list[Sequence[Any]] = [
            (0,) if letters == "-" else (*batch, *(sizes[letter] for letter in letters))
            for letters in self.outputs
        ]
        return shapes if len(shapes) > 1 else shapes[0]

    def __str__(self) -> str:
        return self.function


def require_matrix(x: Shape, function: str) -> Shape:
    """Demand at least two axes, and return the shape.

    Raises:
        RankError: there are fewer.
    """
    if len(x) < 2:
        raise RankError(f"expected at least 2 dimensions in {function}, got {len(x)}: {x}")
    return x


class Slogdet(NamedTuple):
    """What `slogdet` returns."""

    sign: Any
    logabsdet: Any


class Eigen(NamedTuple):
    """What `eig` and `eigh` return."""

    eigenvalues: Any
    eigenvectors: Any


class QR(NamedTuple):
    """What `qr` returns."""

    Q: Any
    R: Any


class SVD(NamedTuple):
    """What `linalg.svd` returns."""

    U: Any
    S: Any
    Vh: Any


class OldSVD(NamedTuple):
    """What `svd` returns."""

    U: Any
    S: Any
    V: Any


class Inverse(NamedTuple):
    """What `inv_ex` returns."""

    inverse: Any
    info: Any


class Cholesky(NamedTuple):
    """What `cholesky_ex` returns."""

    L: Any
    info: Any


_SQUARE = {
    "inv": "nn", "inverse": "nn", "cholesky": "nn", "cholesky_inverse": "nn",
    "matrix_exp": "nn", "matrix_power": "nn", "det": "", "logdet": "",
    "eigvalsh": "n", "eigvals": "n",
}  # fmt: skip
_ANY = {"pinv": "mn", "pinverse": "mn", "svdvals": "k"}


@reader(
    "inverse", "cholesky", "cholesky_inverse", "matrix_exp", "matrix_power", "det", "logdet",
    "pinverse", "linalg.inv", "linalg.cholesky", "linalg.matrix_exp", "linalg.matrix_power",
    "linalg.det", "linalg.eigvalsh", "linalg.eigvals", "linalg.pinv", "linalg.svdvals", named=True,
)  # fmt: skip
def read_matrix_function(name: str, A: Operand | None = None, *args: Any, **kwargs: Any) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/linalg.html"""
    function = name.rpartition(".")[2]
    square = function in _SQUARE
    outputs = _SQUARE[function] if square else _ANY[function]
    operand = A or kwargs.get("input") or kwargs["L"]
    op = MatrixFunction(function=function, outputs=(outputs,), square=square)
    dtype = as_complex(operand.dtype) if function == "eigvals" else operand.dtype
    return Call(op, (operand,), as_real(dtype) if function in ("eigvalsh", "svdvals") else dtype)


@reader("linalg.matrix_rank", "linalg.cond", named=True)
def read_matrix_number(name: str, A: Operand, *args: Any, **kwargs: Any) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html"""
    function = name.rpartition(".")[2]
    dtype = "int64" if function == "matrix_rank" else as_real(A.dtype)
    return Call(MatrixFunction(function=function, outputs=("",)), (A,), dtype)


@reader(
    "slogdet", "linalg.slogdet", "linalg.eigh", "linalg.eig",
    "linalg.inv_ex", "linalg.cholesky_ex", named=True,
)  # fmt: skip
def read_square(name: str, A: Operand | None = None, *args: Any, **kwargs: Any) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/linalg.html"""
    function = name.rpartition(".")[2]
    operand = A or kwargs["input"]
    own, real, wide = operand.dtype, as_real(operand.dtype), as_complex(operand.dtype)
    table: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[..., Any]]] = {
        "slogdet": (("", ""), (own, real), Slogdet),
        "eigh": (("n", "nn"), (real, own), Eigen),
        "eig": (("n", "nn"), (wide, wide), Eigen),
        "inv_ex": (("nn", ""), (own, "int32"), Inverse),
        "cholesky_ex": (("nn", ""), (own, "int32"), Cholesky),
    }
    outputs, dtypes, structure = table[function]
    op = MatrixFunction(function=function, outputs=outputs, square=True)
    return Call(op, (operand,), dtypes, lambda found: structure(*found))


@reader("qr", "linalg.qr", named=True)
def read_qr(
    name: str,
    A: Operand,  # noqa: N803
    mode: str | bool = "reduced",
    *,
    some: bool = True,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.qr.html"""
    if mode is False or not some:  # torch.qr has `some` in the place of `mode`
        mode = "complete"
    outputs = {"complete": ("nn", "nm"), "r": ("-", "km")}.get(str(mode), ("nk", "km"))
    op = MatrixFunction(function="qr", outputs=outputs)
    return Call(op, (A,), None, lambda found: QR(*found))


@reader("linalg.svd")
def read_svd(A: Operand, full_matrices: bool = True, *, driver: str | None = None) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.linalg.svd.html"""
    outputs = ("nn", "k", "mm") if full_matrices else ("nk", "k", "km")
    dtypes = (A.dtype, as_real(A.dtype), A.dtype)
    op = MatrixFunction(function="svd", outputs=outputs)
    return Call(op, (A,), dtypes, lambda found: SVD(*found))


@reader("svd")
def read_old_svd(input: Operand, some: bool = True, compute_uv: bool = True) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.svd.html"""
    outputs = ("nk", "k", "mk") if some and compute_uv else ("nn", "k", "mm")
    dtypes = (input.dtype, as_real(input.dtype), input.dtype)
    op = MatrixFunction(function="svd", outputs=outputs)
    return Call(op, (input,), dtypes, lambda found: OldSVD(*found))


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
    return Call(Solve(function=name.rpartition(".")[2], left=left), (A, B))


@reader("cholesky_solve")
def read_cholesky_solve(B: Operand, L: Operand, upper: bool = False) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html"""
    return Call(Solve(function="cholesky_solve"), (L, B))
