"""Pooling: which element wins, or what the window comes to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from shapecalc.explain.call import EXPLAINERS, Call, explains
from shapecalc.explain.explanation import AxisReads, Made, Part, Patch, Step, Sum
from shapecalc.explain.window import AxisWindow, gathered, patch, per_axis, windows


@explains(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
def max_pool(call: Call) -> Made:
    """Explain max pooling: the largest element of the window, where the padding never wins.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """
    axes = _axes_of(call.module)
    under = _windows(call, axes, dilation=per_axis(call.module.dilation, axes))
    return _largest(call, under)


@explains(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
def avg_pool(call: Call) -> Made:
    """Explain average pooling: the sum of the window by the number of its elements.

    With `count_include_pad` the padding counts, and with `ceil_mode` what is beyond it does not.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """
    module, axes = call.module, _axes_of(call.module)
    under = _within(_windows(call, axes), per_axis(module.padding, axes))
    shown, reads = _patch(call, under, gathered(_channel(call, axes), under))
    added = Sum.of("sum", torch.tensor(shown.values, dtype=torch.float64))
    override = getattr(module, "divisor_override", None)  # AvgPool1d has none
    if override is not None:
        divisor, meaning = override, "divisor: divisor_override"
    elif module.count_include_pad:
        divisor = math.prod(shown.shape)
        padded = ", padding counted" if any(per_axis(module.padding, axes)) else ""
        meaning = f"divisor: the elements of the window{padded}"
    else:
        divisor = math.prod(sum(axis.inside) for axis in under)
        meaning = "divisor: the elements of the window that are not padding"
    step = Step.of("average", "sum/divisor", {"sum": added.total, "divisor": divisor}, meaning)
    size = added.size / abs(divisor)
    return Made(reads=reads, parts=(replace(shown, sum=added), step), value=step.value, size=size)


@explains(nn.LPPool1d, nn.LPPool2d, nn.LPPool3d)
def lp_pool(call: Call) -> Made:
    """Explain power-average pooling: the p-th root of the sum of the p-th powers.

    A window that `ceil_mode` lets hang over counts as if it were whole.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
    """
    module, axes = call.module, _axes_of(call.module)
    under = _within(_windows(call, axes, padding=(0,) * axes), (0,) * axes)
    values = gathered(_channel(call, axes), under)
    p = module.norm_type
    shown, reads = _patch(call, under, values)
    powers = Sum.of("sum of x**p", values**p)
    whole, there = math.prod(per_axis(module.kernel_size, axes)), values.numel()
    if whole == there:
        step = Step.of("root", "sum**(1/p)", {"sum": powers.total, "p": p})
    else:
        values_of = {"sum": powers.total, "whole": whole, "there": there, "p": p}
        step = Step.of("root", "(sum*whole/there)**(1/p)", values_of, "as if the window were whole")
    return Made(reads=reads, parts=(shown, powers, step), value=step.value, size=abs(step.value))


@explains(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
def adaptive_max_pool(call: Call) -> Made:
    """Explain adaptive max pooling: the largest element of a window that depends on the place.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """
    under, bounds = _adaptive(call)
    made = _largest(call, under)
    return replace(made, parts=(*bounds, *made.parts))


@explains(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
def adaptive_avg_pool(call: Call) -> Made:
    """Explain adaptive average pooling: the mean of a window that depends on the place.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """
    under, bounds = _adaptive(call)
    values = gathered(_channel(call, len(under)), under)
    shown, reads = _patch(call, under, values)
    added = Sum.of("sum", values)
    count = values.numel()
    step = Step.of("average", "sum/count", {"sum": added.total, "count": count})
    parts = (*bounds, replace(shown, sum=added), step)
    return Made(reads=reads, parts=parts, value=step.value, size=added.size / count)


def _axes_of(module: nn.Module) -> int:
    """Return the number of axes of a pooling, by the class of torch that it is of."""
    kinds = (kind.__name__ for kind in type(module).__mro__ if kind in EXPLAINERS)
    return int(next(kinds)[-2])


def _windows(
    call: Call,
    axes: int,
    *,
    padding: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None,
) -> tuple[AxisWindow, ...]:
    module: Any = call.module
    kernel_size = per_axis(module.kernel_size, axes)
    _, _, place = call.spatial(axes)
    return windows(
        call.x.shape[-axes:],
        place,
        kernel_size=kernel_size,
        stride=per_axis(kernel_size if module.stride is None else module.stride, axes),
        padding=per_axis(module.padding, axes) if padding is None else padding,
        dilation=(1,) * axes if dilation is None else dilation,
    )


def _within(under: Sequence[AxisWindow], padding: Sequence[int]) -> tuple[AxisWindow, ...]:
    """Return windows without what hangs over beyond the padding, as `ceil_mode` lets it."""
    pairs = zip(under, padding, strict=True)
    return tuple(
        replace(axis, indices=tuple(i for i in axis.indices if i < axis.size + p))
        for axis, p in pairs
    )


def _adaptive(call: Call) -> tuple[tuple[AxisWindow, ...], tuple[Part, ...]]:
    axes = _axes_of(call.module)
    _, _, place = call.spatial(axes)
    names = call.axes(axes)[-axes:]
    found, steps = [], []
    sizes = zip(names, place, call.x.shape[-axes:], call.y.shape[-axes:], strict=True)
    for name, i, size, out in sizes:
        given = {"i": i, "size": size, "out": out}
        start = Step.of(f"start {name}", "floor(i*size/out)", given)
        end = Step.of(f"end {name}", "ceil((i + 1)*size/out)", given, "the first one not read")
        found.append(AxisWindow(size, tuple(range(int(start.value), int(end.value)))))
        steps += [start, end]
    return tuple(found), tuple(steps)


def _channel(call: Call, axes: int) -> torch.Tensor:
    batch, channel, _ = call.spatial(axes)
    return call.x[(*batch, channel)]


def _patch(
    call: Call, under: Sequence[AxisWindow], values: torch.Tensor
) -> tuple[Patch, tuple[AxisReads, ...]]:
    batch, channel, _ = call.spatial(len(under))
    names = call.axes(len(under))
    indices = [*((index,) for index in (*batch, channel)), *(axis.indices for axis in under)]
    shown = patch(f"channel {channel}", names[-len(under) :], under, values)
    return shown, call.reads(names, indices)


def _largest(call: Call, under: Sequence[AxisWindow]) -> Made:
    values = gathered(_channel(call, len(under)), under, constant=-math.inf).flatten()
    shown, reads = _patch(call, under, values)
    largest = values.max()  # NaN, where there is one
    same = values.isnan() if bool(largest.isnan()) else values == largest
    inside = torch.tensor([not shown.is_padding(n) for n in range(len(shown.values))])
    won = int((same & inside).nonzero()[0])
    value = largest.item()
    return Made(reads=reads, parts=(replace(shown, chosen=won),), value=value, size=abs(value))
