"""Other operations: https://pytorch.org/docs/stable/torch.html#other-operations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from shapecalc import dims
from shapecalc.access import (
    WHOLE,
    Access,
    Interval,
    Range,
    Reads,
    Same,
    along,
    broadcast_axes,
    everything,
    index,
    only,
    same,
)
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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a slice, whose norm it is scaled by."""
        kept = axis_index(self.dim, len(out))
        return [along(len(out), [axis for axis in range(len(out)) if axis != kept])]


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
    increasing: bool = field(default=False, repr=False)  # linalg.vander always is

    def out_shape(self, x: Shape) -> OutShape:
        """Put the powers behind."""
        if not x:
            raise RankError("expected at least 1 dimension in vander, got 0")
        return (*x, x[-1] if self.N is None else self.N)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, but for the powers of 0."""
        last, powers = len(out) - 1, out[-1]
        start, stop = (dims.ONE, powers) if self.increasing else (dims.ZERO, powers - 1)
        return [replace(same(last), when=(Range(axis=last, start=start, stop=stop),))]


@reader("vander")
def read_vander(x: Operand, N: IntoDim | None = None, increasing: bool = False) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.vander.html"""
    require_rank(x.shape, 1, layout="in vander")
    return Call(Vander(N=None if N is None else dims.as_dim(N), increasing=increasing), (x,))


@reader("linalg.vander")
def read_linalg_vander(x: Operand, *, N: IntoDim | None = None) -> Call:  # noqa: N803
    """https://pytorch.org/docs/stable/generated/torch.linalg.vander.html"""
    return Call(Vander(N=None if N is None else dims.as_dim(N), increasing=True), (x,))


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
        if len(input) < 2 or decide(input[0], "==", 1, "covariance of one row is a number"):
            return ()
        return (input[0], input[0])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read two rows."""
        bound = "a row correlates with itself by 1" if self.function == "corrcoef" else ""
        if not out:
            return [everything(inputs[0], bound)]
        return [[Access((Same(axis), WHOLE), bound=bound) for axis in (0, 1)]]


@reader("cov", "corrcoef", named=True)
def read_covariance(name: str, input: Operand, **options: object) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cov.html"""
    return Call(Covariance(function=name), (input,))


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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the other two components of each operand."""
        axis = self._axis(inputs[0])
        found = list[list[Access]]()
        for x in inputs:
            entries = broadcast_axes(x, out)
            found.append(
                [
                    Access((*entries[:axis], only(component), *entries[axis + 1 :]))
                    for component in (dims.mod(index(axis) + 1, 3), dims.mod(index(axis) + 2, 3))
                ]
            )
        return found

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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the diagonal."""
        square = Interval(dims.ZERO, dims.minimum(*inputs[0]) - 1)
        return [Access((square, square), bound="only the diagonal is read")]


@reader("trace")
def read_trace(input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.trace.html"""
    whole = input.dtype == "bool" or "int" in input.dtype
    return Call(Trace(), (input,), "int64" if whole else None)
