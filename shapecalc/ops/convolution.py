"""Convolution layers: https://pytorch.org/docs/stable/nn.html#convolution-layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shapecalc import dims
from shapecalc.conditions import require, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape, symbol, window_count
from shapecalc.errors import SizeError
from shapecalc.op import Built, Call, Op, Operand, OutShape, layer, per_axis, reads, require_rank

PerAxis: TypeAlias = IntoDim | Sequence[IntoDim]
Pairs: TypeAlias = tuple[tuple[Dim, Dim], ...]


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
        SizeError: a kernel is larger than its padded input.

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

    @property
    def kind(self) -> str:
        """`Conv1d`, `Conv2d` or `Conv3d`."""
        return f"Conv{len(self.kernel_size)}d"

    def out_shape(self, x: Shape) -> OutShape:
        """Count the windows on every spatial axis."""
        axes = len(self.kernel_size)
        require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
        *batch, channels = x[:-axes]
        fix = f"build the layer with in_channels={dims.format_dim(channels)}"
        require_same(channels, self.in_channels, "input channels", fix=fix)
        sizes = zip(
            x[-axes:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        counts = []
        for size, k, s, p, d in sizes:
            require_fits(size, kernel_size=k, padding=p, dilation=d)
            counts.append(window_count(size, kernel_size=k, stride=s, padding=p, dilation=d))
        return (*batch, self.out_channels, *counts)

    def general(self) -> tuple[Dim, Mapping[str, Dim]]:
        """The formula of one spatial axis; `d` is left out where the dilation is 1."""
        k, s, d = self.kernel_size[0], self.stride[0], self.dilation[0]
        (low, high) = self.padding[0]
        values = {"p": low, "k": k, "s": s, "d": d}
        p = symbol("p")
        count = window_count(
            symbol("H"),
            kernel_size=symbol("k"),
            stride=symbol("s"),
            padding=(p, p) if low == high else (p, symbol("q")),
            dilation=1 if d == 1 else symbol("d"),
        )
        return count, values if low == high else {**values, "q": high}


def require_fits(
    size: Dim, *, kernel_size: Dim, padding: tuple[Dim, Dim], dilation: Dim = 1
) -> None:
    """Demand that the window, dilation included, is not larger than the padded input."""
    extent, padded = dilation * (kernel_size - 1) + 1, size + padding[0] + padding[1]
    got = dims.format_dim(padded)
    message = f"the kernel spans {dims.format_dim(extent)} elements, the padded input has {got}"
    require(padded, ">=", extent, message)


def as_pairs(padding: PerAxis, axes: int) -> Pairs:
    """Return a padding of torch as (low, high) per axis."""
    return tuple((p, p) for p in per_axis(padding, axes))


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
    for k, s, d, (p, _) in zip(kernel_size, stride, dilation, pairs, strict=True):
        require_positive(k, "kernel_size")
        require_positive(s, "stride")
        require_positive(d, "dilation")
        require(p, ">=", 0, f"padding is {dims.format_dim(p)}, which has to be at least 0")
    for channels, what in ((in_channels, "in_channels"), (out_channels, "out_channels")):
        remainder = dims.mod(channels, groups)
        text = f"{what} {dims.format_dim(channels)} is not divisible by groups {groups}"
        require(remainder, "==", 0, text)
    return Conv(
        in_channels=dims.as_dim(in_channels),
        out_channels=dims.as_dim(out_channels),
        kernel_size=kernel_size,
        stride=stride,
        padding=pairs,
        dilation=dilation,
        groups=dims.as_dim(groups),
    )


@reads("conv1d", "conv2d", "conv3d")
def read_conv(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html"""
    out_channels, per_group, *kernel_size = weight.shape
    op = conv(
        per_group * groups, out_channels, tuple(kernel_size), stride, padding, dilation, groups
    )
    return Call(op, (input,))


@layer("Conv1d", "Conv2d", "Conv3d")
def build_conv(
    name: str,
    inputs: tuple[Shape, ...],
    in_channels: IntoDim | None = None,
    out_channels: IntoDim = 1,
    kernel_size: PerAxis = 1,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: IntoDim = 1,
    bias: bool = True,
    padding_mode: str = "zeros",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html"""
    axes = int(name[-2])
    channels = inputs[0][-axes - 1] if in_channels is None else in_channels
    kernel = per_axis(kernel_size, axes)
    op = conv(channels, out_channels, kernel, stride, padding, dilation, groups)
    weight = Shape((op.out_channels, dims.floordiv(op.in_channels, op.groups), *kernel))
    parameters = {"weight": weight, "bias": Shape((op.out_channels,))}
    return Built(op, parameters if bias else {"weight": weight})


