"""The sliding window that convolution, pooling and folding share: an interval on every axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from shapecalc import dims
from shapecalc.access import AxisAccess, Same, Window
from shapecalc.conditions import Condition, require, require_positive
from shapecalc.dims import Dim, IntoDim, Shape, format_dim, symbol
from shapecalc.op import per_axis

PerAxis: TypeAlias = IntoDim | Sequence[IntoDim]
Pairs: TypeAlias = tuple[tuple[Dim, Dim], ...]


def as_pairs(padding: PerAxis, axes: int) -> Pairs:
    """Return a padding of torch as (low, high) per axis."""
    return tuple((p, p) for p in per_axis(padding, axes))


def require_window(
    *,
    kernel_size: tuple[Dim, ...],
    stride: tuple[Dim, ...],
    padding: Pairs,
    dilation: tuple[Dim, ...] = (1,),
) -> None:
    """Demand what torch demands of the parameters of every sliding window."""
    for sizes, what in (
        (kernel_size, "kernel_size"),
        (stride, "stride"),
        (dilation, "dilation"),
    ):
        for size in sizes:
            require_positive(size, what)
    for low, _ in padding:
        require(low, ">=", 0, f"padding is {format_dim(low)}, which has to be at least 0")


def windows(
    first: int,
    *,
    kernel_size: tuple[Dim, ...],
    stride: tuple[Dim, ...],
    padding: Pairs,
    dilation: tuple[Dim, ...] | None = None,
    mode: str = "zeros",
    transposed: bool = False,
) -> tuple[AxisAccess, ...]:
    """Return the entries of the spatial axes, of which `first` is the first in the output.

    A window of one element that goes over all of them is the element itself.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    dilation = dilation or (dims.ONE,) * len(kernel_size)
    parameters = zip(kernel_size, stride, padding, dilation, strict=True)
    return tuple(
        Same(first + n)
        if not transposed and (k, s, *pair) == (1, 1, 0, 0)
        else Window(
            axis=first + n,
            kernel_size=k,
            stride=s,
            padding=pair[0],
            dilation=d,
            mode=mode,
            transposed=transposed,
        )
        for n, (k, s, pair, d) in enumerate(parameters)
    )


def require_elements(x: Shape, axes: int) -> None:
    """Demand that none of the last `axes` axes is empty; most ops let the batch alone be."""
    for size in x[-axes:]:
        require(size, ">=", 1, f"expected elements on each of the last {axes} axes, got {x}")


def require_fits(
    size: Dim,
    *,
    kernel_size: Dim,
    padding: tuple[Dim, Dim],
    dilation: Dim = dims.ONE,
    overhang: Dim = dims.ZERO,
) -> None:
    """Demand that the window, dilation included, is not larger than the padded input.

    Units:
        overhang: elements by which a window may stick out, as `ceil_mode` lets it.
    """
    extent, padded = dilation * (kernel_size - 1) + 1, size + padding[0] + padding[1]
    message = f"the kernel spans {format_dim(extent)} elements, the padded input has "
    require(padded + overhang, ">=", extent, message + format_dim(padded))


def fits_nothing(
    *,
    kernel_size: Dim,
    padding: tuple[Dim, Dim],
    dilation: Dim = dims.ONE,
    overhang: Dim = dims.ZERO,
) -> bool:
    """Tell whether `require_fits` may let an empty input pass, because padding has the room."""
    left = dilation * (kernel_size - 1) + 1 - padding[0] - padding[1] - overhang
    return Condition(left, ">=", 1).known() is not True


def ceil_count(
    size: Dim, *, kernel_size: Dim, stride: Dim, padding: tuple[Dim, Dim], dilation: Dim
) -> Dim:
    """Return how many windows start in the input or in its low padding: torch's `ceil_mode`.

    The last window may stick out at the high end. One that would start in the high padding is
    dropped, so the count is the smaller of ceil((H + 2p - d(k - 1) - 1)/s) + 1 and
    floor((H + p - 1)/s) + 1, which are one floor over the smaller of two sums.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html, and
        `pooling_output_shape_pad_lr` of ATen/native/Pool.h for the window that is dropped.
    """
    low, high = padding
    sticking_out = low + high - dilation * (kernel_size - 1) + stride - 2
    return dims.floordiv(size + dims.minimum(sticking_out, low - 1), stride) + 1


def general_window(
    *, kernel_size: Dim, stride: Dim, padding: tuple[Dim, Dim], dilation: Dim
) -> tuple[dict[str, Any], Mapping[str, Dim]]:
    """Return the letters of one axis as arguments of a count, and what they stand for here.

    `d` is left out where the dilation is 1, and `q` where the padding is even.
    """
    low, high = padding
    p = symbol("p")
    letters = {
        "kernel_size": symbol("k"),
        "stride": symbol("s"),
        "padding": (p, p) if low == high else (p, symbol("q")),
        "dilation": dims.ONE if dilation == 1 else symbol("d"),
    }
    values = {"p": low, "k": kernel_size, "s": stride}
    if low != high:
        values["q"] = high
    if dilation != 1:
        values["d"] = dilation
    return letters, values
