"""Pooling over windows: https://pytorch.org/docs/stable/nn.html#pooling-layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shapecalc import dims
from shapecalc.access import Access, Reads, Same
from shapecalc.conditions import require, require_positive
from shapecalc.dims import Dim, Shape, format_dim, symbol, window_count
from shapecalc.errors import SizeError
from shapecalc.op import Call, Op, Operand, OutShape, per_axis, require_rank
from shapecalc.ops.window import (
    Pairs,
    PerAxis,
    as_pairs,
    ceil_count,
    fits_nothing,
    general_window,
    require_fits,
    require_window,
    windows,
)
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Op):
    """One number for every window, channel by channel: `function` is max, avg or lp.

    Shapes:
        x: (N, C, *spatial) or (C, *spatial)
        output: (N, C, *window_count(spatial)), twice with `return_indices`

    Units:
        kernel_size, stride, dilation: elements, one entry per spatial axis.
        padding: elements, a pair (low, high) per spatial axis.

    Raises:
        RankError: `x` is not (N, C, *spatial).
        SizeError: a window is larger than its padded input, or there are no channels.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    function: str = field(repr=False)  # part of `kind`
    kernel_size: tuple[Dim, ...]
    stride: tuple[Dim, ...]
    padding: Pairs = ((0, 0),)
    dilation: tuple[Dim, ...] = (1,)
    ceil_mode: bool = False
    return_indices: bool = False

    @property
    def kind(self) -> str:
        """`MaxPool1d`, `AvgPool2d`, `LPPool3d` and so on."""
        return f"{_KINDS[self.function]}{len(self.kernel_size)}d"

    def out_shape(self, x: Shape) -> OutShape:
        """Count the windows on every spatial axis."""
        axes = len(self.kernel_size)
        require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
        require_positive(x[-axes - 1], "number of channels")
        sizes = zip(
            x[-axes:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        counts = []
        for size, k, s, p, d in sizes:
            if self.function != "max" and axes == 3:  # torch asks this of avg_pool3d alone
                message = f"the kernel of {format_dim(k)} is larger than the unpadded input of "
                require(size, ">=", k, message + format_dim(size))
            overhang = s - 1 if self.ceil_mode else dims.ZERO
            require_fits(size, kernel_size=k, padding=p, dilation=d, overhang=overhang)
            if fits_nothing(kernel_size=k, padding=p, dilation=d, overhang=overhang):
                require_positive(size, "a size to be pooled")
            count = ceil_count if self.ceil_mode else window_count
            counts.append(count(size, kernel_size=k, stride=s, padding=p, dilation=d))
        out = (*x[:-axes], *counts)
        return [out, out] if self.return_indices else out

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a window on every spatial axis, in the same channel."""
        first = len(out) - len(self.kernel_size)
        spatial = windows(
            first,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        return [Access((*map(Same, range(first)), *spatial))]

    def general(self) -> tuple[Dim, Mapping[str, Dim]]:
        """The formula of one spatial axis; `d` is left out where the dilation is 1."""
        letters, values = general_window(
            kernel_size=self.kernel_size[0],
            stride=self.stride[0],
            padding=self.padding[0],
            dilation=self.dilation[0],
        )
        return (ceil_count if self.ceil_mode else window_count)(symbol("H"), **letters), values


_KINDS = {"max": "MaxPool", "avg": "AvgPool", "lp": "LPPool"}


def pool(
    function: str,
    axes: int,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pool:
    """Return the op for torch's arguments, after the checks that torch makes of them."""
    kernel = per_axis(kernel_size, axes)
    empty = stride is None or (isinstance(stride, Sequence) and not stride)
    op = Pool(
        function=function,
        kernel_size=kernel,
        stride=kernel if empty else per_axis(stride, axes),
        padding=as_pairs(padding, axes),
        dilation=per_axis(dilation, axes),
        ceil_mode=ceil_mode,
        return_indices=return_indices,
    )
    require_window(kernel_size=kernel, stride=op.stride, padding=op.padding, dilation=op.dilation)
    for k, (p, _) in zip(kernel, op.padding, strict=True):
        message = f"padding {format_dim(p)} is more than half of the kernel size {format_dim(k)}"
        require(2 * p, "<=", k, message)
    return op


@reader(
    *(f"max_pool{axes}d{suffix}" for axes in (1, 2, 3) for suffix in ("", "_with_indices")),
    named=True,
)
def read_max_pool(
    name: str,
    input: Operand,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html"""
    axes = int(name.removeprefix("max_pool")[0])
    both = name.endswith("_with_indices")  # whatever return_indices says
    op = pool("max", axes, kernel_size, stride, padding, dilation, ceil_mode, both)
    return Call(op, (input,), (input.dtype, "int64") if both else None)


@reader("avg_pool1d", "avg_pool2d", "avg_pool3d", named=True)
def read_avg_pool(
    name: str,
    input: Operand,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html"""
    _require_divisor(divisor_override)
    op = pool("avg", int(name[-2]), kernel_size, stride, padding, ceil_mode=ceil_mode)
    return Call(op, (input,))


def _require_divisor(divisor_override: int | None) -> None:
    if divisor_override == 0:
        raise SizeError("divisor_override is 0")


@reader("lp_pool1d", "lp_pool2d", "lp_pool3d", named=True)
def read_lp_pool(
    name: str,
    input: Operand,
    norm_type: float,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    ceil_mode: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html"""
    return Call(pool("lp", int(name[-2]), kernel_size, stride, ceil_mode=ceil_mode), (input,))


@layer("MaxPool1d", "MaxPool2d", "MaxPool3d")
def build_max_pool(
    name: str,
    inputs: tuple[Shape, ...],
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    return_indices: bool = False,
    ceil_mode: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html"""
    axes = int(name[-2])
    rest = (kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return Built(pool("max", axes, *rest))


@layer("AvgPool2d", "AvgPool3d")
def build_avg_pool(
    name: str,
    inputs: tuple[Shape, ...],
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html"""
    _require_divisor(divisor_override)
    axes = int(name[-2])
    return Built(pool("avg", axes, kernel_size, stride, padding, ceil_mode=ceil_mode))


@layer("AvgPool1d")
def build_avg_pool1d(
    name: str,
    inputs: tuple[Shape, ...],
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html"""
    return build_avg_pool(name, inputs, kernel_size, stride, padding, ceil_mode)


@layer("LPPool1d", "LPPool2d", "LPPool3d")
def build_lp_pool(
    name: str,
    inputs: tuple[Shape, ...],
    norm_type: float,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    ceil_mode: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html"""
    return Built(pool("lp", int(name[-2]), kernel_size, stride, ceil_mode=ceil_mode))
