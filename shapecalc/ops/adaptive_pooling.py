"""Pooling to a given size: https://pytorch.org/docs/stable/nn.html#pooling-layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from shapecalc import dims
from shapecalc.access import WHOLE, Access, AxisAccess, Interval, Reads, Same, index
from shapecalc.conditions import require
from shapecalc.dims import Dim, IntoDim, Shape, format_dim
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.resampling import growth, line
from shapecalc.ops.window import PerAxis, require_elements
from shapecalc.registry import Built, layer, reader

Sizes: TypeAlias = IntoDim | Sequence[IntoDim | None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptivePool(Op):
    """Windows that are fitted to a given number of outputs: `function` is max or avg.

    Output i of n reads floor(i*H/n) up to, but not including, ceil((i + 1)*H/n).

    Shapes:
        x: (N, C, *spatial) or (C, *spatial)
        output: (N, C, *output_size), None keeps a size; twice with `return_indices`

    Units:
        output_size: elements, one entry per spatial axis.

    Raises:
        RankError: `x` is not (N, C, *spatial).
        SizeError: there is nothing to pool.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    function: str = field(repr=False)  # part of `kind`
    output_size: tuple[Dim | None, ...]
    return_indices: bool = False

    @property
    def kind(self) -> str:
        """`AdaptiveAvgPool1d`, `AdaptiveMaxPool2d` and so on."""
        return f"Adaptive{self.function.capitalize()}Pool{len(self.output_size)}d"

    def out_shape(self, x: Shape) -> OutShape:
        """Put the given sizes in the places of the spatial ones."""
        axes = len(self.output_size)
        require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
        spatial = [
            size if wanted is None else wanted
            for size, wanted in zip(x[-axes:], self.output_size, strict=True)
        ]
        # the mean over everything, which torch computes by itself, is there for no element, too;
        # a kept size counts where it is a number, so that a symbol need not be told apart from 1
        if self.function == "max" or any(size != 1 for size in spatial):
            # torch's checks of the mean over 1 or 2 axes leave the channels out
            require_elements(x, axes if self.function == "avg" and axes < 3 else len(x) - 1)
        out = (*x[:-axes], *spatial)
        return [out, out] if self.return_indices else out

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a window on every spatial axis, in the same channel."""
        first = len(out) - len(self.output_size)
        sizes = enumerate(zip(inputs[0][first:], out[first:], strict=True), first)
        spatial = (adaptive_window(axis, size, count) for axis, (size, count) in sizes)
        return [Access((*map(Same, range(first)), *spatial))]


@dataclass(frozen=True, slots=True, kw_only=True)
class FractionalMaxPool(Op):
    """The maximum of windows whose steps are drawn at random for a given number of outputs.

    Shapes:
        x: (N, C, *spatial) or (C, *spatial)
        output: (N, C, *output_size), twice with `return_indices`; with `output_ratio`, the
            output sizes are floor(size*ratio)

    Units:
        kernel_size, output_size: elements, one entry per spatial axis.
        output_ratio: output elements per input element.

    Raises:
        RankError: `x` is not (N, C, *spatial).
        SizeError: so many windows of this size do not fit.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
    """

    kernel_size: tuple[Dim, ...]
    output_size: tuple[Dim, ...] | None = None
    output_ratio: tuple[float, ...] | None = None
    return_indices: bool = False

    @property
    def kind(self) -> str:
        """`FractionalMaxPool2d` or `FractionalMaxPool3d`."""
        return f"FractionalMaxPool{len(self.kernel_size)}d"

    def out_shape(self, x: Shape) -> OutShape:
        """Take the size that is given, or scale the input's."""
        axes = len(self.kernel_size)
        require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
        outputs = self.output_size
        if outputs is None:
            ratios = self.output_ratio or ()
            outputs = tuple(
                dims.scaled(size, ratio) for size, ratio in zip(x[-axes:], ratios, strict=True)
            )
        for size, k, wanted in zip(x[-axes:], self.kernel_size, outputs, strict=True):
            # torch's check of the 3d op leaves out the tightest fit
            spare = 1 if axes == 3 else 0
            message = f"{format_dim(wanted)} windows of {format_dim(k)} do not fit into "
            require(size, ">=", wanted + k - 1 + spare, message + format_dim(size))
        require_elements(x, len(x) - 1)
        out = (*x[:-axes], *outputs)
        return [out, out] if self.return_indices else out

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a window on every spatial axis, in the same channel: which one is drawn."""
        first = len(out) - len(self.kernel_size)
        sizes = zip(inputs[0][first:], out[first:], self.kernel_size, strict=True)
        spatial = (random_window(axis, *sizes) for axis, sizes in enumerate(sizes, first))
        return [Access((*map(Same, range(first)), *spatial), bound="the windows are random")]


def adaptive_window(axis: int, size: Dim, count: Dim) -> AxisAccess:
    """Return the window on an axis that is pooled from `size` elements to `count`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html, and
        `start_index` and `end_index` of ATen/native/AdaptivePooling.h.
    """
    if count == size:
        return Same(axis)
    if count in (0, 1):
        return WHOLE
    start = dims.floordiv(dims.mul(index(axis), size), count)
    last = dims.ceildiv(dims.mul(index(axis) + 1, size), count) - 1
    alike = growth(size, count)
    if alike is None:
        return Interval(start, last)
    ratio, least, most = alike
    low, high = line(axis, ratio, least), line(axis, ratio, ratio + most)
    return Interval(start, last, bound=(dims.floordiv(*low), dims.ceildiv(*high) - 1))


def random_window(axis: int, size: Dim, count: Dim, kernel_size: Dim) -> AxisAccess:
    """Return where the random windows on an axis can be.

    Window i starts at floor((i + u)*a) - floor(u*a) for a step of a = (H - k)/(n - 1) and a
    random u from 0 to 1, in float arithmetic, and the last one at H - k.

    Source:
        `generate_intervals` of ATen/native/FractionalMaxPooling.h.
    """
    if count == 1:  # the last one
        return Interval(size - kernel_size, size - 1)
    least = dims.lower_bound(count)
    if least is None or least < 2:
        return WHOLE
    far, steps = dims.mul(index(axis), size - kernel_size), count - 1
    return Interval(dims.ceildiv(far, steps) - 1, dims.floordiv(far, steps) + kernel_size)


def exactly(value: object, axes: int, what: str) -> tuple[Any, ...]:
    """Return one entry an axis of a number, or of a tuple of that length and no other."""
    entries = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    if len(entries) != axes:
        raise RankError(f"expected {axes} entries for {what}, got {len(entries)}")
    return entries


def adaptive_pool(name: str, output_size: Sizes, return_indices: bool = False) -> AdaptivePool:
    """Return the op of `adaptive_max_pool2d` and its like, after torch's checks."""
    axes = int(name.removesuffix("_with_indices")[-2])
    if output_size is None:  # torch takes it for one axis, not for all
        raise SizeError("expected an output_size, got None")
    sizes = exactly(output_size, axes, "output_size")
    if axes == 1 and None in sizes:
        raise SizeError("output_size of a 1d pooling cannot be None")
    wanted = tuple(None if size is None else dims.as_dim(size) for size in sizes)
    for size in wanted:
        if size is not None:
            text = f"output_size is {format_dim(size)}, which has to be at least 0"
            require(size, ">=", 0, text)
    function = "max" if "max" in name.lower() else "avg"
    return AdaptivePool(function=function, output_size=wanted, return_indices=return_indices)


def fractional_max_pool(
    name: str,
    kernel_size: PerAxis,
    output_size: PerAxis | None,
    output_ratio: float | Sequence[float] | None,
    return_indices: bool,
) -> FractionalMaxPool:
    """Return the op of `fractional_max_pool2d` and its like, after torch's checks."""
    axes = int(name.removesuffix("_with_indices")[-2])
    kernel = Shape(exactly(kernel_size, axes, "kernel_size"))
    sizes = ratios = None
    if output_size is not None:
        sizes = tuple(Shape(exactly(output_size, axes, "output_size")))
    elif output_ratio is not None:
        ratios = tuple(float(ratio) for ratio in exactly(output_ratio, axes, "output_ratio"))
    else:
        raise SizeError("expected an output_size or an output_ratio")
    return FractionalMaxPool(
        kernel_size=tuple(kernel),
        output_size=sizes,
        output_ratio=ratios,
        return_indices=return_indices,
    )


@reader("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", named=True)
def read_adaptive_avg_pool(name: str, input: Operand, output_size: Sizes) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html"""
    return Call(adaptive_pool(name, output_size), (input,))


# torch.adaptive_max_pool1d itself returns the indices, unlike the function of torch.nn
@reader(
    "nn.functional.adaptive_max_pool1d",
    "adaptive_max_pool1d",
    "nn.functional.adaptive_max_pool2d",
    "nn.functional.adaptive_max_pool3d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d_with_indices",
    named=True,
)
def read_adaptive_max_pool(
    name: str, input: Operand, output_size: Sizes, return_indices: bool = False
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html"""
    both = not name.startswith("nn.")
    op = adaptive_pool(name, output_size, both)
    return Call(op, (input,), (input.dtype, "int64") if both else None)


@reader(
    "nn.functional.fractional_max_pool2d",
    "nn.functional.fractional_max_pool3d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d_with_indices",
    named=True,
)
def read_fractional_max_pool(
    name: str,
    input: Operand,
    kernel_size: PerAxis,
    output_size: PerAxis | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html"""
    both = name.endswith("_with_indices")
    op = fractional_max_pool(name, kernel_size, output_size, output_ratio, both)
    return Call(op, (input,), (input.dtype, "int64") if both else None)


@layer("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d")
def build_adaptive_avg_pool(name: str, inputs: tuple[Shape, ...], output_size: Sizes) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html"""
    return Built(adaptive_pool(name, output_size))


@layer("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d")
def build_adaptive_max_pool(
    name: str, inputs: tuple[Shape, ...], output_size: Sizes, return_indices: bool = False
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html"""
    return Built(adaptive_pool(name, output_size, return_indices))


@layer("FractionalMaxPool2d", "FractionalMaxPool3d")
def build_fractional_max_pool(
    name: str,
    inputs: tuple[Shape, ...],
    kernel_size: PerAxis,
    output_size: PerAxis | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: object = None,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html"""
    if output_size is not None and output_ratio is not None:
        raise SizeError("only one of output_size and output_ratio can be given")
    rest = (kernel_size, output_size, output_ratio, return_indices)
    return Built(fractional_max_pool(name, *rest))
