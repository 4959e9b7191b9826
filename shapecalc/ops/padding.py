"""Padding: https://pytorch.org/docs/stable/nn.html#padding-layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Access, AxisAccess, Interval, Reads, Same, Window, index
from shapecalc.conditions import require
from shapecalc.dims import ZERO, Dim, IntoDim, Shape, format_dim, symbol
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, per_axis, require_rank
from shapecalc.ops.window import Pairs, require_elements
from shapecalc.registry import Built, layer, reader

PADDING_MODES = ("reflect", "replicate", "circular")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad(Op):
    """More elements, or with a negative padding fewer, at the ends of the last axes.

    Shapes:
        x: any shape with an axis for every pair of `padding`
        output: (*, low + size + high), for each of the last axes

    Units:
        padding: elements, a pair (low, high) per axis, the last axis last.

    Raises:
        RankError: `x` has too few axes; with a mode other than `constant`, too many as well.
        SizeError: the mode needs more elements than there are, or fewer than none are left.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """

    padding: Pairs
    mode: str = "constant"

    @property
    def kind(self) -> str:
        """`pad`, as the function is called."""
        return "pad"

    def out_shape(self, x: Shape) -> OutShape:
        """Pad the last axes."""
        axes = len(self.padding)
        if self.mode == "constant":
            if len(x) < axes:
                raise RankError(f"expected {axes} or more dimensions to pad, got {len(x)}: {x}")
        else:
            require_rank(x, axes + 2, axes + 1, layout=f"for padding_mode={self.mode!r}")
        kept = len(x) - axes
        sizes = zip(x[kept:], self.padding, strict=True)
        outs = [padded(size, pair, self.mode) for size, pair in sizes]
        if self.mode in ("reflect", "replicate"):
            require_elements(x, axes + 1)
            # torch asks for one element in all, so that some axes may end up empty, not each
            require(dims.total(outs), ">=", 1, f"padding leaves nothing of {x}")
        return (*x[:kept], *outs)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element at the same place, or the one that stands there in the padding."""
        kept = len(out) - len(self.padding)
        ends = zip(inputs[0][kept:], self.padding, strict=True)
        entries = [unpadded(kept + n, *axis, self.mode) for n, axis in enumerate(ends)]
        return [Access((*map(Same, range(kept)), *entries))]

    def general(self) -> tuple[Dim, Mapping[str, Dim]] | None:
        """The formula of the first padded axis; `q` is left out where the padding is even."""
        if not self.padding:
            return None
        low, high = self.padding[0]
        p, q = symbol("p"), symbol("q")
        if low == high:
            return symbol("H") + 2 * p, {"p": low}
        return symbol("H") + p + q, {"p": low, "q": high}


def padded(size: Dim, padding: tuple[Dim, Dim], mode: str) -> Dim:
    """Return the size of a padded axis, after the checks that torch makes in that mode.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    low, high = padding
    out = low + size + high
    kept = size + dims.minimum(low, ZERO) + dims.minimum(high, ZERO)
    message = f"padding cuts off more than there is of {format_dim(size)} elements"
    match mode:
        case "constant":
            # elements are cut off first, so that no padding makes up for too deep a cut
            require(kept, ">=", 0, message)
        case "reflect":
            for end in (low, high):
                text = f"reflection of {format_dim(end)} elements needs a larger size than "
                require(size, ">", end, text + format_dim(size))
            require(out, ">=", 0, message)
        case "replicate":
            require(out, ">=", 0, message)
        case "circular":
            for end in (low, high):
                text = f"padding of {format_dim(end)} elements wraps around more than once: "
                require(size, ">=", end, f"{text}the size is {format_dim(size)}")
            require(kept, ">=", 0, message)
        case _:
            raise SizeError(f"mode is constant, {', '.join(PADDING_MODES)}, got {mode!r}")
    return out


def unpadded(axis: int, size: Dim, padding: tuple[Dim, Dim], mode: str) -> AxisAccess:
    """Return which element of an axis stands at the output's index on its padded axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
    """
    low, high = padding
    if mode != "circular":
        return Window(axis=axis, padding=low, mode="zeros" if mode == "constant" else mode)
    # elements are cut off first: what is left goes round
    cut, shift = dims.minimum(low, ZERO), dims.maximum(low, ZERO)
    left = size + cut + dims.minimum(high, ZERO)
    if left == size:
        return Window(axis=axis, padding=low, mode=mode)
    at, straight = dims.mod(index(axis) - shift, left) - cut, index(axis) - low
    return Interval(at, at, away=(straight, straight))


def last_first(padding: Sequence[IntoDim]) -> Pairs:
    """Return the padding of `F.pad`, which starts with the last axis, as pairs in axis order."""
    if len(padding) % 2:
        raise SizeError(f"padding has a low and a high end for every axis, got {len(padding)}")
    ends = [dims.as_dim(end) for end in padding]
    return tuple(zip(ends[::2], ends[1::2], strict=True))[::-1]


@reader("pad", "constant_pad_nd")
def read_pad(
    input: Operand,
    pad: Sequence[IntoDim],
    mode: str | float = "constant",
    value: float | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html"""
    if not isinstance(mode, str):
        mode = "constant"  # the third argument of constant_pad_nd is the value
    elif mode != "constant" and value:
        raise SizeError(f"padding_mode={mode!r} takes no value")
    return Call(Pad(padding=last_first(pad), mode=mode), (input,))


_MODES = {
    "ReflectionPad": "reflect",
    "ReplicationPad": "replicate",
    "CircularPad": "circular",
    "ZeroPad": "constant",
    "ConstantPad": "constant",
}


@layer(*(f"{name}{axes}d" for name in _MODES if name != "ConstantPad" for axes in (1, 2, 3)))
def build_pad(name: str, inputs: tuple[Shape, ...], padding: IntoDim | Sequence[IntoDim]) -> Built:
    """https://pytorch.org/docs/stable/nn.html#padding-layers"""
    axes = int(name[-2])
    if isinstance(padding, Sequence) and len(padding) != 2 * axes:
        raise SizeError(f"expected a number or {2 * axes} of them for padding")
    return Built(Pad(padding=last_first(per_axis(padding, 2 * axes)), mode=_MODES[name[:-2]]))


@layer("ConstantPad1d", "ConstantPad2d", "ConstantPad3d")
def build_constant_pad(
    name: str,
    inputs: tuple[Shape, ...],
    padding: IntoDim | Sequence[IntoDim],
    value: float,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html"""
    return build_pad(name, inputs, padding)
