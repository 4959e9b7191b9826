"""Linear algebra: https://pytorch.org/docs/stable/linalg.html."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from shapecalc.access import WHOLE, Access, AxisAccess, Reads, Same, same
from shapecalc.conditions import decide, require_same
from shapecalc.dims import Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape
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
    hermitian: bool = False
    n: int | None = None  # of matrix_power

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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the matrix of the same element of the batch."""
        if self.outputs[output] == "-":
            return [None]
        rank = len(inputs[0])
        batch: tuple[AxisAccess, ...] = tuple(map(Same, range(rank - 2)))
        match self.n:
            case 0:
                return [None]
            case 1:
                return [same(rank)]
            case 2:
                row, column = (*batch, Same(rank - 2), WHOLE), (*batch, WHOLE, Same(rank - 1))
                return [[Access(row), Access(column)]]
        bound = TRIANGLE if self.hermitian else _BOUNDS.get(self.function, "")
        return [Access((*batch, WHOLE, WHOLE), bound=bound)]

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


TRIANGLE = "of the matrix only one triangle is read"
_BOUNDS = {
    "cholesky": TRIANGLE, "cholesky_ex": TRIANGLE, "cholesky_inverse": TRIANGLE,
    "eigh": TRIANGLE, "eigvalsh": TRIANGLE, "qr": "a column depends on those before it only",
}  # fmt: skip


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
    op = MatrixFunction(
        function=function,
        outputs=(outputs,),
        square=square,
        hermitian=bool(kwargs.get("hermitian")),
        n=kwargs.get("n", next(iter(args), None)) if function == "matrix_power" else None,
    )
    dtype = as_complex(operand.dtype) if function == "eigvals" else operand.dtype
    return Call(op, (operand,), as_real(dtype) if function in ("eigvalsh", "svdvals") else dtype)


@reader("linalg.matrix_rank", "linalg.cond", named=True)
def read_matrix_number(name: str, A: Operand, *args: Any, **kwargs: Any) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html"""
    function = name.rpartition(".")[2]
    dtype = "int64" if function == "matrix_rank" else as_real(A.dtype)
    op = MatrixFunction(function=function, outputs=("",), hermitian=bool(kwargs.get("hermitian")))
    return Call(op, (A,), dtype)


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
