"""Transposed convolution: https://pytorch.org/docs/stable/nn.html#convolution-layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Access, Reads, Same
from shapecalc.conditions import Condition, require, require_positive
from shapecalc.dims import Dim, IntoDim, Shape, format_dim, symbol
from shapecalc.errors import SizeError
from shapecalc.op import Call, Op, Operand, OutShape, per_axis, require_floating, require_rank
from shapecalc.ops.convolution import (
    channel_group,
    channels_of,
    conv,
    require_bias,
    require_content,
    require_groups,
    require_in_channels,
)
from shapecalc.ops.window import Pairs, PerAxis, as_pairs, require_window, windows
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTranspose(Op):
    """The transpose of `Conv`: every input element spreads over a window of the output.

    Shapes:
        x: (N, in_channels, *spatial) or (in_channels, *spatial)
        weight: (in_channels, out_channels/groups, *kernel_size)
        output: (N, out_channels, *spread_size(spatial))

    Units:
        kernel_size, stride, dilation, output_padding: elements, one entry per spatial axis.
        padding: elements cut off the output, a pair (low, high) per spatial axis.

    Raises:
        RankError: `x` is not (N, C, *spatial).
        DimMismatchError: the channel axis can never be `in_channels`.
        SizeError: `output_padding` is not below the stride or the dilation; nothing is left.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """

    in_channels: Dim
    out_channels: Dim
    kernel_size: tuple[Dim, ...]
    stride: tuple[Dim, ...] = (1,)
    padding: Pairs = ((0, 0),)
    output_padding: tuple[Dim, ...] = (0,)
    groups: Dim = 1
    dilation: tuple[Dim, ...] = (1,)

    @property
    def kind(self) -> str:
        """`ConvTranspose1d`, `ConvTranspose2d` or `ConvTranspose3d`."""
        return f"ConvTranspose{len(self.kernel_size)}d"

    def out_shape(self, x: Shape) -> OutShape:
        """Spread the elements of every spatial axis."""
        axes = len(self.kernel_size)
        require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
        *batch, channels = x[:-axes]
        require_in_channels(channels, self.in_channels, groups=self.groups)
        parameters = (self.kernel_size, self.stride, self.padding, self.output_padding)
        sizes = []
        for size, k, s, p, extra, d in zip(x[-axes:], *parameters, self.dilation, strict=True):
            bound = dims.maximum(s, d)
            message = f"output_padding {format_dim(extra)} is below neither stride nor dilation"
            require(extra, "<", bound, message)
            window = {"kernel_size": k, "stride": s, "padding": p, "dilation": d}
            out = spread_size(size, **window, output_padding=extra)
            of_none = spread_size(dims.ZERO, **window, output_padding=extra)
            if Condition(of_none, "<=", 0).known() is not True:
                require_content(size, x[:-axes])
            # torch refuses an empty output, but for some sizes in float32, where oneDNN computes it
            require(out, ">=", 1, f"the output has {format_dim(out)} elements on an axis")
            sizes.append(out)
        return (*batch, self.out_channels, *sizes)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read every element whose window covers this one, in the channels of its group."""
        first = len(out) - len(self.kernel_size)
        spatial = windows(
            first,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            transposed=True,
        )
        batch = map(Same, range(first - 1))
        channels = channel_group(first - 1, self.in_channels, self.out_channels, self.groups)
        return [Access((*batch, channels, *spatial))]

    def general(self) -> tuple[Dim, Mapping[str, Dim]]:
        """The formula of one spatial axis, without `d` and `output_padding` at their defaults."""
        d, extra = self.dilation[0], self.output_padding[0]
        values = {"p": self.padding[0][0], "k": self.kernel_size[0], "s": self.stride[0]}
        values |= {} if d == 1 else {"d": d}
        values |= {} if extra == 0 else {"output_padding": extra}
        formula = spread_size(
            symbol("H"),
            kernel_size=symbol("k"),
            stride=symbol("s"),
            padding=(symbol("p"), symbol("p")),
            output_padding=0 if extra == 0 else symbol("output_padding"),
            dilation=1 if d == 1 else symbol("d"),
        )
        return formula, values


def spread_size(
    size: Dim,
    *,
    kernel_size: Dim,
    stride: Dim,
    padding: tuple[Dim, Dim],
    output_padding: Dim,
    dilation: Dim,
) -> Dim:
    """Return the size after a transposed convolution.

    Units:
        all: elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """
    extent = dims.mul(dims.as_dim(dilation), kernel_size - 1) + 1
    return dims.mul(size - 1, stride) - padding[0] - padding[1] + extent + output_padding


def conv_transpose(
    in_channels: IntoDim,
    out_channels: IntoDim,
    kernel_size: tuple[Dim, ...],
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: IntoDim = 1,
    dilation: PerAxis = 1,
) -> ConvTranspose:
    """Return the op for torch's arguments, after the checks that torch makes of them."""
    axes = len(kernel_size)
    if isinstance(padding, str):
        raise SizeError(f"padding of a transposed convolution is a number, got {padding!r}")
    stride, dilation = per_axis(stride, axes), per_axis(dilation, axes)
    pairs, extra = as_pairs(padding, axes), per_axis(output_padding, axes)
    require_window(kernel_size=kernel_size, stride=stride, padding=pairs, dilation=dilation)
    for size in extra:
        text = f"output_padding is {format_dim(size)}, which has to be at least 0"
        require(size, ">=", 0, text)
    require_positive(in_channels, "in_channels")
    require_positive(out_channels, "out_channels")
    require_groups(groups, in_channels=in_channels, out_channels=out_channels)
    return ConvTranspose(
        in_channels=dims.as_dim(in_channels),
        out_channels=dims.as_dim(out_channels),
        kernel_size=kernel_size,
        stride=stride,
        padding=pairs,
        output_padding=extra,
        groups=dims.as_dim(groups),
        dilation=dilation,
    )


@reader("conv_transpose1d", "conv_transpose2d", "conv_transpose3d", named=True)
def read_conv_transpose(
    name: str,
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: int = 1,
    dilation: PerAxis = 1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html"""
    axes = int(name[-2])
    require_floating(input, weight)
    require_rank(weight.shape, axes + 2, layout="(in_channels, out_channels/groups, *kernel_size)")
    in_channels, per_group, *kernel_size = weight.shape
    out_channels = per_group * groups
    op = conv_transpose(
        in_channels,
        out_channels,
        tuple(kernel_size),
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )
    require_bias(bias, out_channels)
    return Call(op, (input,))


@reader("convolution")
def read_convolution(
    input: Operand,
    weight: Operand,
    bias: Operand | None,
    stride: PerAxis,
    padding: PerAxis,
    dilation: PerAxis,
    transposed: bool,
    output_padding: PerAxis,
    groups: int,
) -> Call:
    """What every convolution of torch comes down to: batched, transposed or not."""
    require_rank(input.shape, weight.ndim, layout="(N, C, *spatial)")
    if transposed:
        name = f"conv_transpose{weight.ndim - 2}d"
        rest = (stride, padding, output_padding, groups, dilation)
        return read_conv_transpose(name, input, weight, bias, *rest)
    out_channels, per_group, *kernel = weight.shape
    op = conv(per_group * groups, out_channels, tuple(kernel), stride, padding, dilation, groups)
    require_bias(bias, out_channels)
    return Call(op, (input,))


@layer("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
def build_conv_transpose(
    name: str,
    inputs: tuple[Shape, ...],
    in_channels: IntoDim | None,
    out_channels: IntoDim,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: IntoDim = 1,
    bias: bool = True,
    dilation: PerAxis = 1,
    padding_mode: str = "zeros",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html"""
    axes = int(name[-2])
    if padding_mode != "zeros":
        raise SizeError("a transposed convolution has padding_mode='zeros' only")
    channels = channels_of(inputs[0], axes) if in_channels is None else in_channels
    kernel = per_axis(kernel_size, axes)
    op = conv_transpose(
        channels, out_channels, kernel, stride, padding, output_padding, groups, dilation
    )
    weight = Shape((op.in_channels, dims.floordiv(op.out_channels, op.groups), *kernel))
    parameters = {"weight": weight, "bias": Shape((op.out_channels,))}
    return Built(op, parameters if bias else {"weight": weight})


@layer("LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d")
def build_lazy_conv_transpose(
    name: str,
    inputs: tuple[Shape, ...],
    out_channels: IntoDim,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: IntoDim = 1,
    bias: bool = True,
    dilation: PerAxis = 1,
    padding_mode: str = "zeros",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html"""
    rest = (stride, padding, output_padding, groups, bias, dilation, padding_mode)
    return build_conv_transpose(name, inputs, None, out_channels, kernel_size, *rest)
