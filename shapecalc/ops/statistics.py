"""Norms, quantiles and distinct elements: https://pytorch.org/docs/stable/torch.html#reduction-ops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc import access, dims
from shapecalc.access import Reads, everything, same
from shapecalc.conditions import require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError, SizeError
from shapecalc.op import DATA, Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.pointwise import broadcast
from shapecalc.ops.promotion import as_real, result_type
from shapecalc.ops.reduction import Axes, Reduction, as_axes, axes_of, reduced
from shapecalc.ops.window import require_elements
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile(Op):
    """The values below which given fractions of the elements lie.

    Shapes:
        x: any shape
        q: (n,) or (), unless it is a number
        output: (*q, *x without axis `dim`, or with size 1 there)

    Raises:
        RankError: there is no axis `dim`.
        SizeError: there are no elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.quantile.html
    """

    q: tuple[Dim, ...] = ()
    dim: int | None = None
    keepdim: bool = False

    def out_shape(self, x: Shape, *q: Shape) -> OutShape:
        """Put the fractions in front."""
        axes = axes_of(None if self.dim is None else (self.dim,), len(x))
        require_elements(x, len(x))
        return (*self.q, *reduced(x, axes, keepdim=self.keepdim))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axis, and one fraction."""
        x, *fractions = inputs
        axes = axes_of(None if self.dim is None else (self.dim,), len(x))
        values = access.reduced(x, out, axes, keepdim=self.keepdim, first=len(self.q))
        return [values, *(same(len(q)) for q in fractions)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique(Op):
    """The distinct elements, or slices along `dim`, whose number depends on the data.

    Shapes:
        x: any shape
        unique: (?,), or `x` with ? in the place of axis `dim`
        inverse: the shape of `x`, or (x[dim],)
        counts: (?,)

    Raises:
        RankError: there is no axis `dim`.
        SizeError: the slices along `dim` are empty.

    Source:
        https://pytorch.org/docs/stable/generated/torch.unique.html
    """

    dim: int | None = None
    return_inverse: bool = False
    return_counts: bool = False

    def out_shape(self, x: Shape) -> OutShape:
        """Leave the number of distinct elements open."""
        if self.dim is None:
            unique, inverse = Shape((DATA,)), x
        else:
            axis = axis_index(self.dim, len(x))
            require_elements(Shape((*x[:axis], *x[axis + 1 :])), len(x) - 1)
            unique, inverse = Shape((*x[:axis], DATA, *x[axis + 1 :])), Shape((x[axis],))
        rest = [inverse] if self.return_inverse else []
        rest += [Shape((DATA,))] if self.return_counts else []
        return [unique, *rest] if rest else unique

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read everything: which elements are distinct depends on all of them."""
        return [everything(inputs[0], bound="the values decide")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance(Op):
    """The norm of the difference of two tensors.

    Shapes:
        input, other: shapes that broadcast
        output: ()

    Source:
        https://pytorch.org/docs/stable/generated/torch.dist.html
    """

    def out_shape(self, input: Shape, other: Shape) -> OutShape:
        """Broadcast, then reduce everything."""
        broadcast(input, other)
        return ()

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read everything."""
        return [everything(x) for x in inputs]


# ---------------------------------------------------------------------------- readers


@reader("quantile", "nanquantile", named=True)
def read_quantile(
    function: str,
    input: Operand,
    q: Operand | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.quantile.html"""
    if isinstance(q, (int, float)) and not 0 <= q <= 1:
        raise SizeError(f"q is a fraction between 0 and 1, got {q}")
    fractions = q.shape if isinstance(q, Operand) else Shape()
    if len(fractions) > 1:
        raise RankError(f"q is a number or has one axis, got {fractions}")
    op = Quantile(q=fractions, dim=dim, keepdim=keepdim)
    return Call(op, (input, q) if isinstance(q, Operand) else (input,), input.dtype)


@reader("unique", "unique_consecutive", named=True)
def read_unique(
    function: str, input: Operand, *args: object, dim: int | None = None, **options: object
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.unique.html"""
    names = ["sorted"] if function == "unique" else []
    given = dict(zip([*names, "return_inverse", "return_counts", "dim"], args, strict=False))
    given = {"dim": dim, **options, **given}
    inverse, counts = bool(given.get("return_inverse")), bool(given.get("return_counts"))
    axis = given["dim"]
    if axis is not None and not isinstance(axis, int):
        raise SizeError(f"dim is a number, got {axis}")
    op = Unique(dim=axis, return_inverse=inverse, return_counts=counts)
    return Call(op, (input,), (input.dtype, "int64", "int64")[: 1 + inverse + counts])


_MATRIX_ORDERS = ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2)


@reader("norm", "linalg.vector_norm", "linalg.norm", named=True)
def read_norm(
    function: str,
    input: Operand,
    ord: float | str | None = None,
    dim: Axes = None,
    keepdim: bool = False,
    out: Operand | None = None,
    dtype: str | None = None,
    *,
    p: float | str | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.norm.html"""
    axes = as_axes(dim)
    if function == "linalg.norm" and ord is not None and axes is None and input.ndim > 2:
        raise RankError(f"a norm with ord={ord} and no dim takes 1 or 2 axes, got {input.shape}")
    order = p if ord is None else ord
    name = function.rpartition(".")[2]
    of_matrix = function == "linalg.norm" and order is not None
    of_matrix &= (input.ndim if axes is None else len(axes)) == 2
    if of_matrix and order not in _MATRIX_ORDERS:
        raise SizeError(f"a matrix has no norm with ord={order}, only with {_MATRIX_ORDERS}")
    if isinstance(order, (int, float)) and (order < 0 or (order == math.inf and not of_matrix)):
        _require_extremes(input.shape, axes_of(axes, input.ndim), order, of_matrix=of_matrix)
    op = Reduction(function=name, dim=axes, keepdim=keepdim)
    return Call(op, (input,), as_real(dtype or input.dtype))


@reader("linalg.matrix_norm")
def read_matrix_norm(
    A: Operand,  # noqa: N803  # as torch names it
    ord: float | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: str | None = None,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html"""
    if len(dim) != 2 or A.ndim < 2:
        raise RankError(f"the norm of a matrix is taken over 2 axes, got dim={tuple(dim)}")
    return read_norm("linalg.norm", A, ord, dim, keepdim, dtype=dtype)


def _require_extremes(x: Shape, axes: tuple[int, ...], order: float, *, of_matrix: bool) -> None:
    """Demand elements for a norm that is the least or the greatest of something."""
    if of_matrix and order != -2:  # the least sum of a row or of a column
        axes = axes[:1] if order == -math.inf else axes[1:]
    for axis in axes:
        require_positive(x[axis], f"the size of axis {axis}, for a norm with ord={order},")


@reader("dist")
def read_dist(input: Operand, other: Operand, p: float = 2) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.dist.html"""
    return Call(Distance(), (input, other), as_real(result_type([input, other])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram(Op):
    """How many elements lie in each of `bins` intervals.

    Shapes:
        x: any shape
        output: (bins,)

    Raises:
        SizeError: `bins` is not positive.

    Source:
        https://pytorch.org/docs/stable/generated/torch.histc.html
    """

    bins: Dim

    def out_shape(self, x: Shape) -> OutShape:
        """Return the number of intervals."""
        require_positive(self.bins, "bins")
        return (self.bins,)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read everything."""
        return [everything(x) for x in inputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinCount(Op):
    """How often each number occurs; the largest one, and so the size, depends on the data.

    Shapes:
        x: (n,)
        weights: (n,), if there are any
        output: (?,)

    Raises:
        RankError: `x` has not one axis.
        DimMismatchError: there is not one weight for each element.

    Source:
        https://pytorch.org/docs/stable/generated/torch.bincount.html
    """

    def out_shape(self, x: Shape, *weights: Shape) -> OutShape:
        """Leave the number open."""
        for shape in (x, *weights):
            if len(shape) != 1:
                raise RankError(f"expected 1 dimension, got {len(shape)}: {shape}")
            require_same(shape[0], x[0], "the number of weights to be")
        return (DATA,)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all numbers, and the weights of those that are the output's index."""
        x, *weights = inputs
        bound = "the values of the first operand decide"
        return [everything(x), *(everything(weight, bound) for weight in weights)]


@reader("histc")
def read_histc(
    input: Operand,
    bins: IntoDim = 100,
    min: float = 0,
    max: float = 0,
    *,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.histc.html"""
    return Call(Histogram(bins=dims.as_dim(bins)), (input,))


@reader("bincount")
def read_bincount(input: Operand, weights: Operand | None = None, minlength: int = 0) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.bincount.html"""
    if weights is None:
        return Call(BinCount(), (input,), "int64")
    dtype = "float32" if weights.dtype == "float32" else "float64"
    return Call(BinCount(), (input, weights), dtype)
