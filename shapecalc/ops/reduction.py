"""Reduction ops: https://pytorch.org/docs/stable/torch.html#reduction-ops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from shapecalc import access, dims
from shapecalc.access import Reads
from shapecalc.conditions import require
from shapecalc.dims import Shape
from shapecalc.dtypes import is_floating
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.comparison import ValuesAndIndices
from shapecalc.ops.pointwise import pointwise
from shapecalc.ops.promotion import as_floating, as_real, result_type
from shapecalc.registry import reader

Axes: TypeAlias = int | Sequence[int] | None

# what these choose or divide by does not exist among no elements
_NEED_ELEMENTS = {"max", "min", "amax", "amin", "aminmax", "argmax", "argmin", "mode"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction(Op):
    """One number, or several, for all elements along the axes `dim`; along all axes for None.

    Shapes:
        x: any shape
        output: that shape without the axes `dim`, or with size 1 there; `outputs` times

    Raises:
        RankError: there is no axis `dim`, or it is named twice.
        SizeError: the function needs an element and there is none.

    Source:
        https://pytorch.org/docs/stable/torch.html#reduction-ops
    """

    function: str = field(repr=False)
    dim: tuple[int, ...] | None = None
    keepdim: bool = False
    outputs: int = 1

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Take the axes away."""
        axes = axes_of(self.dim, len(x))
        if self._needs_elements() and x:
            count = dims.product(x[axis] for axis in axes)
            message = f"{self.function} of no elements: the shape is {x}"
            require(count, ">=", 1, message)
        out = reduced(x, axes, keepdim=self.keepdim)
        return [out] * self.outputs if self.outputs > 1 else out

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axes."""
        (x,) = inputs
        return [access.reduced(x, out, axes_of(self.dim, len(x)), keepdim=self.keepdim)]

    def _needs_elements(self) -> bool:
        if self.function in ("median", "nanmedian"):
            return self.dim is not None  # the median of no elements is NaN
        return self.function in _NEED_ELEMENTS

    def __str__(self) -> str:
        if self.dim is None:
            return self.function
        axes = ", ".join(map(str, self.dim))
        dim = axes if len(self.dim) == 1 else f"({axes})"
        return f"{self.function}(dim={dim}{', keepdim=True' if self.keepdim else ''})"


def axes_of(dim: Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front, all of them for None.

    Raises:
        RankError: there is no such axis, or it is named twice.
    """
    if dim is None:
        return tuple(range(ndim))
    axes = tuple(axis_index(entry, ndim) for entry in dim)
    for axis in axes:
        if axes.count(axis) > 1:
            raise RankError(f"dim {axis} appears twice in {tuple(dim)}")
    return axes


def reduced(x: Shape, axes: Sequence[int], *, keepdim: bool) -> Shape:
    """Return `x` without `axes`, or with size 1 there."""
    if keepdim:
        return Shape(dims.ONE if axis in axes else size for axis, size in enumerate(x))
    return Shape(size for axis, size in enumerate(x) if axis not in axes)


def as_axes(dim: Axes, *, none_for_empty: bool = True) -> tuple[int, ...] | None:
    """Return torch's `dim` as a tuple; most functions take an empty one for all axes."""
    if dim is None:
        return None
    axes = tuple(dim) if isinstance(dim, Sequence) else (dim,)
    return None if none_for_empty and not axes else axes


# ---------------------------------------------------------------------------- readers


@reader("sum", "nansum", "prod", named=True)
def read_sum(
    function: str,
    input: Operand,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    dtype: str | None = None,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.sum.html"""
    op = Reduction(function=function, dim=as_axes(dim), keepdim=keepdim)
    return Call(op, (input,), dtype or summed(input.dtype))


def summed(dtype: str) -> str:
    """Return the type of a sum: int64 for integers and truths."""
    return dtype if is_floating(dtype) else "int64"


@reader("mean", "nanmean", named=True)
def read_mean(
    function: str,
    input: Operand,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    dtype: str | None = None,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.mean.html"""
    op = Reduction(function=function, dim=as_axes(dim), keepdim=keepdim)
    return Call(op, (input,), dtype or input.dtype)


@reader("amax", "amin", "logsumexp", "special.logsumexp", "count_nonzero", named=True)
def read_over_axes(
    function: str,
    input: Operand,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.amax.html"""
    name = function.rpartition(".")[2]
    dtypes = {"count_nonzero": "int64", "logsumexp": as_floating(input.dtype)}
    op = Reduction(function=name, dim=as_axes(dim), keepdim=keepdim)
    return Call(op, (input,), dtypes.get(name, input.dtype))


@reader("all", "any", named=True)
def read_all(
    function: str,
    input: Operand,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.all.html"""
    axes = as_axes(dim, none_for_empty=False)  # here an empty tuple is no axis
    op = Reduction(function=function, dim=axes, keepdim=keepdim)
    return Call(op, (input,), "uint8" if input.dtype == "uint8" else "bool")


@reader("argmax", "argmin", named=True)
def read_argmax(
    function: str,
    input: Operand,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.argmax.html"""
    return Call(Reduction(function=function, dim=as_axes(dim), keepdim=keepdim), (input,), "int64")


@reader("max", "min", named=True)
def read_max(
    function: str,
    input: Operand,
    dim: int | Operand | None = None,
    keepdim: bool = False,
    *,
    other: Operand | None = None,
    out: object = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.max.html"""
    if isinstance(dim, Operand):
        dim, other = None, dim
    if other is None:
        return _with_indices(function, input, dim, keepdim)
    operands = [input, other]
    return pointwise(f"{function}imum", operands, result_type(operands))


@reader("median", "nanmedian", named=True)
def read_median(
    function: str,
    input: Operand,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: object = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.median.html"""
    return _with_indices(function, input, dim, keepdim)


@reader("mode")
def read_mode(input: Operand, dim: int = -1, keepdim: bool = False, *, out: object = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.mode.html"""
    return _with_indices("mode", input, dim, keepdim)


def _with_indices(function: str, input: Operand, dim: int | None, keepdim: bool) -> Call:
    if dim is None:
        return Call(Reduction(function=function), (input,))
    op = Reduction(function=function, dim=(dim,), keepdim=keepdim, outputs=2)
    return Call(op, (input,), (input.dtype, "int64"), lambda both: ValuesAndIndices(*both))


class Extremes(NamedTuple):
    """What `torch.aminmax` returns."""

    min: object
    max: object


@reader("aminmax")
def read_aminmax(
    input: Operand, *, dim: int | None = None, keepdim: bool = False, out: object = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.aminmax.html"""
    op = Reduction(function="aminmax", dim=as_axes(dim), keepdim=keepdim, outputs=2)
    return Call(op, (input,), pack=lambda both: Extremes(*both))


@reader("std", "var", "std_mean", "var_mean", named=True)
def read_std(
    function: str,
    input: Operand,
    dim: Axes | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.std.html"""
    axes = None if isinstance(dim, bool) else as_axes(dim)  # std(x, unbiased)
    outputs = 2 if function.endswith("_mean") else 1
    op = Reduction(function=function, dim=axes, keepdim=keepdim, outputs=outputs)
    spread = as_real(input.dtype)
    return Call(op, (input,), (spread, input.dtype)[:outputs])
