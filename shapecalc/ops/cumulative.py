"""Running sums and differences: https://pytorch.org/docs/stable/torch.html#other-operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shapecalc import dims
from shapecalc.access import (
    WHOLE,
    Access,
    Interval,
    Range,
    Reads,
    Window,
    along,
    index,
    reduced,
)
from shapecalc.conditions import larger, require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.dtypes import is_floating
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.comparison import with_indices
from shapecalc.ops.joining import Cat
from shapecalc.ops.pointwise import broadcast
from shapecalc.ops.promotion import as_floating, result_type
from shapecalc.ops.reduction import axes_of, summed
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Op):
    """Every element with all before it along axis `dim`, summed, multiplied or compared.

    Shapes:
        x: any shape
        output: that shape; twice for `cummax` and `cummin`

    Raises:
        RankError: there is no axis `dim`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.cumsum.html
    """

    function: str = field(repr=False)
    dim: int

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        axis_index(self.dim, len(x))
        return [x, x] if self.function in ("cummax", "cummin") else x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element and all before it."""
        axis = axis_index(self.dim, len(out))
        read = along(len(out), [axis], Interval(dims.ZERO, index(axis)))
        if output == 0:
            return [read]
        # where it stood: the first element is always the first
        later = Range(axis=axis, start=dims.ONE, stop=out[axis]) if out else None
        return [replace(read, when=(later,)) if later else None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff(Op):
    """The differences of neighbours along axis `dim`, taken `n` times.

    Shapes:
        x, prepend, append: shapes that `cat` joins
        output: their shape with `n` elements fewer at `dim`, at least 0

    Raises:
        RankError: there is no axis `dim`, or no axis at all.

    Source:
        https://pytorch.org/docs/stable/generated/torch.diff.html
    """

    n: int = 1
    dim: int = -1

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Join, then shorten."""
        x = Shape(Cat(dim=self.dim).out_shape(*inputs))
        axis = axis_index(self.dim, len(x))
        return (*x[:axis], larger(x[axis] - self.n, dims.ZERO), *x[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read `n` + 1 neighbours of what is joined."""
        axis, start = axis_index(self.dim, len(out)), dims.ZERO
        reads = []
        for x in inputs:
            window = Window(axis=axis, kernel_size=dims.as_dim(self.n + 1), padding=start)
            reads.append(along(len(out), [axis], window))
            start = start + x[axis]
        return reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient(Op):
    """The estimated slope along each of the axes `dim`, all for None.

    Shapes:
        x: any shape
        outputs: that shape, once for each axis

    Raises:
        RankError: there is no such axis, or it is named twice.
        SizeError: an axis has not `edge_order` + 1 elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.gradient.html
    """

    dim: tuple[int, ...] | None = None
    edge_order: int = 1
    coordinates: bool = field(default=False, repr=False)  # `spacing` holds places, not distances

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        axes = axes_of(self.dim, len(x))
        for axis in axes:
            text = f"{dims.format_dim(x[axis])} elements are too few for a gradient"
            require(x[axis], ">=", self.edge_order + 1, text)
        return [x for _ in axes]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read both neighbours; at a border, the `edge_order` + 1 elements next to it."""
        axis = axes_of(self.dim, len(out))[output]
        last, order = out[axis] - 1, dims.as_dim(self.edge_order)
        # between coordinates at unequal distances the element itself counts, too
        inner = Window(
            axis=axis,
            kernel_size=dims.as_dim(3 if self.coordinates else 2),
            padding=dims.ONE,
            dilation=dims.as_dim(1 if self.coordinates else 2),
        )
        parts = (
            (Interval(dims.ZERO, order), Range(axis=axis, start=dims.ZERO, stop=dims.ONE)),
            (inner, Range(axis=axis, start=dims.ONE, stop=last)),
            (Interval(last - order, last), Range(axis=axis, start=last, stop=last + 1)),
        )
        return [[replace(along(len(out), [axis], entry), when=(when,)) for entry, when in parts]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trapezoid(Op):
    """The area under values by the trapezoidal rule along axis `dim`, or its running sum.

    Shapes:
        y: any shape
        x: (n,) with the size of axis `dim`, or a shape that broadcasts to that of `y`
        output: the shape of `y` without axis `dim`, or with one element less there

    Raises:
        RankError: there is no axis `dim`.
        DimMismatchError: `x` fits neither way.

    Source:
        https://pytorch.org/docs/stable/generated/torch.trapezoid.html
    """

    function: str = field(repr=False)
    dim: int = -1

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, y: Shape, *x: Shape) -> OutShape:
        """Take the axis away, or shorten it."""
        axis = axis_index(self.dim, len(y))
        for points in x:
            if len(points) == 1:
                require_same(points[0], y[axis], "the number of points to be")
            else:
                y = broadcast(y, points)
                axis = axis_index(self.dim, len(y))
        left: tuple[Dim, ...] = ()
        if self.function == "cumulative_trapezoid":
            left = (larger(y[axis] - 1, dims.ZERO),)
        return (*y[:axis], *left, *y[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axis, or all up to the next element."""
        cumulative = self.function == "cumulative_trapezoid"
        rank = len(out) if cumulative else len(out) + 1
        axis = axis_index(self.dim, rank)
        entry = Interval(dims.ZERO, index(axis) + 1) if cumulative else WHOLE
        reads = []
        for number, x in enumerate(inputs):
            if number and len(x) == 1:  # the points of that axis
                reads.append(Access((entry,)))
                continue
            read = reduced(x, out, [axis], keepdim=cumulative, rank=rank)
            reads.append(Access(tuple(entry if e == WHOLE else e for e in read.axes)))
        return reads


# ---------------------------------------------------------------------------- readers


@reader("cumsum", "cumprod", named=True)
def read_cumsum(
    function: str,
    input: Operand,
    dim: int,
    *,
    dtype: str | None = None,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cumsum.html"""
    return Call(Scan(function=function, dim=dim), (input,), dtype or summed(input.dtype))


@reader("logcumsumexp")
def read_logcumsumexp(input: Operand, dim: int, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.logcumsumexp.html"""
    return Call(Scan(function="logcumsumexp", dim=dim), (input,))


@reader("cummax", "cummin", named=True)
def read_cummax(function: str, input: Operand, dim: int, *, out: object = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cummax.html"""
    return with_indices(Scan(function=function, dim=dim), input)


@reader("diff")
def read_diff(
    input: Operand,
    n: int = 1,
    dim: int = -1,
    prepend: Operand | None = None,
    append: Operand | None = None,
    *,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.diff.html"""
    tensors = tuple(tensor for tensor in (prepend, input, append) if tensor is not None)
    return Call(Diff(n=n, dim=dim), tensors, input.dtype)


@reader("gradient")
def read_gradient(
    input: Operand,
    *,
    spacing: Any = 1,
    dim: int | Sequence[int] | None = None,
    edge_order: int = 1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.gradient.html"""
    axes = (dim,) if isinstance(dim, int) else dim
    spacings = spacing if isinstance(spacing, Sequence) else (spacing,)
    op = Gradient(
        dim=None if axes is None else tuple(axes),
        edge_order=edge_order,
        coordinates=any(isinstance(entry, Operand) and entry.ndim for entry in spacings),
    )
    return Call(op, (input,), as_floating(input.dtype))


@reader("trapezoid", "trapz", "cumulative_trapezoid", named=True)
def read_trapezoid(
    function: str,
    y: Operand,
    x: Operand | None = None,
    *,
    dx: IntoDim | None = None,
    dim: int = -1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.trapezoid.html"""
    operands = (y,) if x is None else (y, x)
    name = "trapezoid" if function == "trapz" else function
    if not y.shape:
        raise RankError("the trapezoidal rule takes at least 1 dimension")
    dtype = as_floating(result_type(operands)) if is_floating(y.dtype) or x else "float32"
    return Call(Trapezoid(function=name, dim=dim), operands, dtype)
