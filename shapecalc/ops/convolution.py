"""Convolution layers: https://pytorch.org/docs/stable/nn.html#convolution-layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import WHOLE, Access, AxisAccess, Interval, Reads, Same, index
from shapecalc.conditions import decide, require, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape, symbol, window_count
from shapecalc.errors import SizeError
from shapecalc.op import Call, Op, Operand, OutShape, per_axis, require_floating, require_rank
from shapecalc.ops.linear import features_fix
from shapecalc.ops.padding import PADDING_MODES, padded
from shapecalc.ops.window import (
    Pairs,
    PerAxis,
    as_pairs,
    fits_nothing,
    general_window,
    require_elements,
    require_fits,
    require_window,
    windows,
)
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv(Op):
    """Cross-correlation over the last `len(kernel_size)` axes.

    Shapes:
        x: (N, in_channels, *spatial) or (in_channels, *spatial)
        weight: (out_channels, in_channels/groups, *kernel_size)
        output: (N, out_channels, *window_count(spatial))

    Units:
        kernel_size, stride, dilation: elements, one entry per spatial axis.
        padding: elements, a pair (low, high) per spatial axis.

    Raises:
        RankError: `x` is not (N, C, *spatial).
        DimMismatchError: the channel axis can never be `in_channels`.
        SizeError: a kernel is larger than its padded input; that is padding only.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    in_channels: Dim
    out_channels: Dim
    kernel_size: tuple[Dim, ...]
    stride: tuple[Dim, ...] = (1,)
    padding: Pairs = ((0, 0),)
    dilation: tuple[Dim, ...] = (1,)
    groups: Dim = 1
    padding_mode: str = "zeros"

    @property
    def kind(self) -> str:
        """`Conv1d`, `Conv2d` or `Conv3d`."""
        return f"Conv{len(self.kernel_size)}d"

    def out_shape(self, x: Shape) -> OutShape:
        """Count the windows on every spatial axis."""
        axes = len(self.kernel_size)
        require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
        *batch, channels = x[:-axes]
        require_in_channels(channels, self.in_channels, groups=self.groups)
        if self.padding_mode in ("reflect", "replicate"):
            require_elements(x, axes + 1)
        sizes = zip(
            x[-axes:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        counts = []
        for size, k, s, p, d in sizes:
            if self.padding_mode != "zeros":
                padded(size, p, self.padding_mode)
            require_fits(size, kernel_size=k, padding=p, dilation=d)
            if fits_nothing(kernel_size=k, padding=p, dilation=d):
                require_content(size, x[:-axes])
            counts.append(window_count(size, kernel_size=k, stride=s, padding=p, dilation=d))
        # of no channels torch makes none, whatever the weight is for
        out_channels = dims.ZERO if decide(channels, "==", 0) else self.out_channels
        return (*batch, out_channels, *counts)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a window on every spatial axis, in all channels of the output channel's group."""
        first = len(out) - len(self.kernel_size)
        spatial = windows(
            first,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            mode=self.padding_mode,
        )
        batch = map(Same, range(first - 1))
        channels = channel_group(first - 1, self.in_channels, self.out_channels, self.groups)
        return [Access((*batch, channels, *spatial))]

    def general(self) -> tuple[Dim, Mapping[str, Dim]]:
        """The formula of one spatial axis; `d` is left out where the dilation is 1."""
        letters, values = general_window(
            kernel_size=self.kernel_size[0],
            stride=self.stride[0],
            padding=self.padding[0],
            dilation=self.dilation[0],
        )
        return window_count(symbol("H"), **letters), values


def channel_group(axis: int, in_channels: Dim, out_channels: Dim, groups: Dim) -> AxisAccess:
    """Return which input channels an output channel on axis `axis` reads: those of its group.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    if groups == 1:
        return WHOLE
    if groups == in_channels == out_channels:
        return Same(axis)
    inside = dims.floordiv(in_channels, groups)
    first = dims.floordiv(index(axis), dims.floordiv(out_channels, groups)) * inside
    return Interval(first, first + inside - 1)


def same_padding(kernel_size: tuple[Dim, ...], dilation: tuple[Dim, ...]) -> Pairs:
    """Return the padding that keeps the size; torch puts the odd element at the high end."""
    totals = [d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True)]
    return tuple((dims.floordiv(t, 2), t - dims.floordiv(t, 2)) for t in totals)


def conv(
    in_channels: IntoDim,
    out_channels: IntoDim,
    kernel_size: tuple[Dim, ...],
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: IntoDim = 1,
    padding_mode: str = "zeros",
) -> Conv:
    """Return the op for torch's arguments, after the checks that torch makes of them."""
    axes = len(kernel_size)
    stride, dilation = per_axis(stride, axes), per_axis(dilation, axes)
    match padding:
        case "valid":
            pairs = as_pairs(0, axes)
        case "same":
            if any(s != 1 for s in stride):
                raise SizeError("padding='same' is not supported for strided convolutions")
            pairs = same_padding(kernel_size, dilation)
        case str():
            raise SizeError(f"padding is 'valid', 'same' or a number, got {padding!r}")
        case _:
            pairs = as_pairs(padding, axes)
    require_window(kernel_size=kernel_size, stride=stride, padding=pairs, dilation=dilation)
    require_positive(out_channels, "out_channels")
    require_groups(groups, in_channels=in_channels, out_channels=out_channels)
    return Conv(
        in_channels=dims.as_dim(in_channels),
        out_channels=dims.as_dim(out_channels),
        kernel_size=kernel_size,
        stride=stride,
        padding=pairs,
        dilation=dilation,
        groups=dims.as_dim(groups),
        padding_mode=padding_mode,
    )


def require_in_channels(channels: Dim, in_channels: Dim, *, groups: Dim) -> None:
    """Demand the channels that the weight is for; others have to divide into the groups, too."""
    certain = dims.divides(channels, groups)
    fix = features_fix(channels, in_channels, "in_channels") if certain else None
    require_same(channels, in_channels, "input channels", fix=fix)


def require_content(size: Dim, leading: Sequence[Dim]) -> None:
    """Demand an element on a spatial axis, unless the batch or the channels are empty anyway."""
    if not any(decide(other, "==", 0) for other in leading):
        require_positive(size, "a size of the input")


def require_groups(groups: IntoDim, **channels: IntoDim) -> None:
    """Demand that every one of `channels` falls into `groups` equal parts."""
    require_positive(groups, "groups")
    for what, count in channels.items():
        remainder = dims.mod(count, groups)
        text = f"{what} {dims.format_dim(count)} is not divisible by groups "
        text += dims.format_dim(groups)
        require(remainder, "==", 0, text)


def require_bias(bias: Operand | None, out_channels: Dim) -> None:
    """Demand a bias of one number a channel."""
    if bias is not None:
        require_rank(bias.shape, 1, layout="of a bias")
        require_same(bias.shape[0], out_channels, "bias size")


@reader("conv1d", "conv2d", "conv3d", named=True)
def read_conv(
    name: str,
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html"""
    axes = int(name[-2])
    require_floating(input, weight)
    require_rank(weight.shape, axes + 2, layout="(out_channels, in_channels/groups, *kernel_size)")
    out_channels, per_group, *kernel_size = weight.shape
    in_channels = per_group * groups
    op = conv(in_channels, out_channels, tuple(kernel_size), stride, padding, dilation, groups)
    require_bias(bias, out_channels)
    return Call(op, (input,))


@layer("Conv1d", "Conv2d", "Conv3d")
def build_conv(
    name: str,
    inputs: tuple[Shape, ...],
    in_channels: IntoDim | None,
    out_channels: IntoDim,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: IntoDim = 1,
    bias: bool = True,
    padding_mode: str = "zeros",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html"""
    axes = int(name[-2])
    if padding_mode not in ("zeros", *PADDING_MODES):
        raise SizeError(f"padding_mode is one of zeros, {', '.join(PADDING_MODES)}")
    channels = channels_of(inputs[0], axes) if in_channels is None else in_channels
    kernel = per_axis(kernel_size, axes)
    op = conv(channels, out_channels, kernel, stride, padding, dilation, groups, padding_mode)
    weight = Shape((op.out_channels, dims.floordiv(op.in_channels, op.groups), *kernel))
    parameters = {"weight": weight, "bias": Shape((op.out_channels,))}
    return Built(op, parameters if bias else {"weight": weight})


@layer("LazyConv1d", "LazyConv2d", "LazyConv3d")
def build_lazy_conv(
    name: str,
    inputs: tuple[Shape, ...],
    out_channels: IntoDim,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: IntoDim = 1,
    bias: bool = True,
    padding_mode: str = "zeros",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html"""
    rest = (stride, padding, dilation, groups, bias, padding_mode)
    return build_conv(name, inputs, None, out_channels, kernel_size, *rest)


def channels_of(x: Shape, axes: int) -> Dim:
    """Return the channel axis of an input with that many spatial axes."""
    require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
    return x[-axes - 1]
