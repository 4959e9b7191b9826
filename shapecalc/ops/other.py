"""Other operations: https://pytorch.org/docs/stable/torch.html#other-operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.conditions import decide, require
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Renorm(Op):
    """Slices along one axis, scaled down to a largest norm.

    Shapes:
        input: any with at least 2 axes
        output: that of the input

    Raises:
        RankError: the input has fewer axes, or no axis `dim`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.renorm.html
    """

    dim: int

    def out_shape(self, input: Shape) -> OutShape:
        """Keep the shape."""
        if len(input) < 2:
            raise RankError(f"expected at least 2 dimensions in renorm, got {input}")
        axis_index(self.dim, len(input))
        return input


@reader("renorm")
def read_renorm(input: Operand, p: float, dim: int, maxnorm: float) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.renorm.html"""
    return Call(Renorm(dim=dim), (input,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vander(Op):
    """The powers of every element, `N` of them or as many as there are elements.

    Shapes:
        x: (*, n)
        output: (*, n, N)

    Raises:
        RankError: the input has no axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.linalg.vander.html
    """

    N: Dim | None = None

    def out_shape(self, x: Shape) -> OutShape:
        """Put the powers behind."""
        if not x:
            raise RankError("expected at least 1 dimension in vander, got 0")
        return (*x, x[-1] if self.N is None else self.N)


@reader("vander")
def read_vander(x: Operand, N: IntoDim | None = None, increasing: bool = False) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.vander.html"""
    require_rank(x.shape, 1, layout="in vander")
    return read_linalg_vander(x, N=N)


@reader("linalg.vander")
def read_linalg_vander(x: Operand, *, N: IntoDim | None = None) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.linalg.vander.html"""
    return Call(Vander(N=None if N is None else dims.as_dim(N)), (x,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariance(Op):
    """The covariances, or correlations, of all pairs of rows.

    Shapes:
        input: (n, m), or (m) for one variable
        output: (n, n), or ()

    Raises:
        RankError: the input has more than 2 axes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.cov.html
    """

    function: str

    @property
    def kind(self) -> str:
        """`cov` or `corrcoef`."""
        return self.function

    def out_shape(self, input: Shape) -> OutShape:
        """Pair the rows."""
        require_rank(input, 0, 1, 2, layout="(n, m) or (m)")
        return (input[0], input[0]) if len(input) == 2 and input[0] != 1 else ()


@reader("cov", "corrcoef", named=True)
def read_covariance(name: str, input: Operand, **options: object) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cov.html"""
    return Call(Covariance(function=name), (input,))


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


@reader("kron")
def read_kron(input: Operand, other: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.kron.html"""
    return Call(Kron(), (input, other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross(Op):
    """The cross product along an axis of size 3; without `dim`, the first that has this size.

    Shapes:
        input, other: shapes of one rank that broadcast, with 3 at axis `dim`
        output: the shape they broadcast to

    Raises:
        RankError: the operands have different numbers of axes.
        SizeError: axis `dim` does not have 3 elements, or no axis has.

    Source:
        https://pytorch.org/docs/stable/generated/torch.cross.html
    """

    dim: int | None = -1

    def out_shape(self, input: Shape, other: Shape) -> OutShape:
        """Find the axis, then broadcast."""
        if len(input) != len(other):
            raise RankError(f"expected two operands of one rank, got {input} and {other}")
        axis = self._axis(input)
        for size in (input[axis], other[axis]):
            text = f"cross is along an axis of 3 elements, got {dims.format_dim(size)}"
            require(size, "==", 3, text)
        return broadcast(input, other)

    def _axis(self, input: Shape) -> int:
        if self.dim is not None:
            return axis_index(self.dim, len(input))
        for axis, size in enumerate(input):
            if decide(size, "==", 3, "the first axis of 3 elements"):
                return axis
        raise SizeError(f"cross is along an axis of 3 elements, {input} has none")


@reader("cross")
def read_cross(input: Operand, other: Operand, dim: int | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cross.html"""
    return Call(Cross(dim=dim), (input, other))


@reader("linalg.cross")
def read_linalg_cross(input: Operand, other: Operand, *, dim: int = -1) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linalg.cross.html"""
    return Call(Cross(dim=dim), (input, other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace(Op):
    """The sum of the diagonal.

    Shapes:
        input: (n, m)
        output: ()

    Raises:
        RankError: the input is not a matrix.

    Source:
        https://pytorch.org/docs/stable/generated/torch.trace.html
    """

    def out_shape(self, input: Shape) -> OutShape:
        """Add up to one number."""
        require_rank(input, 2, layout="(n, m)")
        return ()


@reader("trace")
def read_trace(input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.trace.html"""
    whole = input.dtype == "bool" or "int" in input.dtype
    return Call(Trace(), (input,), "int64" if whole else None)
