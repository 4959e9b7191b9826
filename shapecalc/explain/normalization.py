"""Normalisation: the mean, the variance, and over which elements they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from shapecalc.explain.call import Call, explains, number
from shapecalc.explain.explanation import AxisReads, Made, Part, Step, Sum
from shapecalc.explain.formula import Number


@explains(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
def batch_norm(call: Call) -> Made:
    """Explain batch normalisation: by the running statistics, or in training by the batch's own.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """
    module, channel = call.module, call.element[1]
    names = _names(call)
    if module.running_mean is not None and not call.training:
        return _by_running(call, names, channel)
    over = call.x[:, channel]
    spans = [(channel,) if axis == 1 else range(size) for axis, size in enumerate(call.x.shape)]
    return _standardized(
        call, over, call.reads(names, spans), "the channel in the whole batch", channel
    )


@explains(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
def instance_norm(call: Call) -> Made:
    """Explain instance normalisation: each channel of each image by its own statistics.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """
    module, axes = call.module, _spatial_axes(call.module)
    batch, channel, _ = call.spatial(axes)
    names = call.axes(axes)
    if module.track_running_stats and not call.training:
        return _by_running(call, names, channel)
    over = call.x[(*batch, channel)]
    spans = [*((index,) for index in (*batch, channel)), *map(range, over.shape)]
    return _standardized(call, over, call.reads(names, spans), "the channel in this image", channel)


@explains(nn.GroupNorm)
def group_norm(call: Call) -> Made:
    """Explain group normalisation: some channels of one image by their common statistics.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """
    module = call.module
    batch, channel, *_ = call.element
    per_group = module.num_channels // module.num_groups
    first = channel // per_group * per_group
    over = call.x[batch, first : first + per_group]
    spans = [(batch,), range(first, first + per_group), *map(range, over.shape[1:])]
    meaning = f"channels {first} to {first + per_group - 1} of this image"
    return _standardized(call, over, call.reads(_names(call), spans), meaning, channel)


@explains(nn.LayerNorm)
def layer_norm(call: Call) -> Made:
    """Explain layer normalisation: the last axes at one place by their own statistics.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """
    lead = call.x.dim() - len(call.module.normalized_shape)
    over = call.x[call.element[:lead]]
    spans = [*((index,) for index in call.element[:lead]), *map(range, over.shape)]
    return _standardized(call, over, _named(call, spans), _last_axes(over), call.element[lead:])


@explains(nn.RMSNorm)
def rms_norm(call: Call) -> Made:
    """Explain RMS normalisation: by the root of the mean of the squares, without a mean.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
    """
    module = call.module
    lead = call.x.dim() - len(module.normalized_shape)
    over = call.x[call.element[:lead]]
    spans = [*((index,) for index in call.element[:lead]), *map(range, over.shape)]
    x = number(call.x[call.element])
    eps = torch.finfo(call.x.dtype).eps if module.eps is None else module.eps
    squares = Sum.of("sum of x**2", over.double() ** 2)
    count = {"sum": squares.total, "count": over.numel()}
    mean = Step.of("mean", "sum/count", count, f"of the squares of {_last_axes(over)}")
    formula = "x/sqrt(mean + eps)"
    values: dict[str, Number] = {"x": x, "mean": mean.value, "eps": eps}
    if module.weight is not None:
        formula += "*weight"
        values["weight"] = number(module.weight.detach()[call.element[lead:]])
    value = Step.of("value", formula, values)
    return Made(
        reads=_named(call, spans),
        parts=(squares, mean, value),
        value=value.value,
        size=abs(value.value),
    )


def _names(call: Call) -> Sequence[str]:
    rank = call.x.dim()
    return call.axes(rank - 2) if 2 < rank < 6 else [f"axis {axis}" for axis in range(rank)]


def _named(call: Call, spans: Sequence[Sequence[int]]) -> tuple[AxisReads, ...]:
    return call.reads((f"axis {axis}" for axis in range(call.x.dim())), spans)


def _last_axes(over: torch.Tensor) -> str:
    return "the last axis" if over.dim() == 1 else f"the last {over.dim()} axes"


def _spatial_axes(module: nn.Module) -> int:
    return next(
        axes
        for axes, kind in enumerate((nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), 1)
        if isinstance(module, kind)
    )


def _by_running(call: Call, names: Sequence[str], channel: int) -> Made:
    """Return the element by the statistics that training left in the module."""
    mean = number(call.module.running_mean[channel])
    var = number(call.module.running_var[channel])
    step, size = _scaled(call, mean, var, channel)
    return Made(
        reads=call.own(names),
        parts=(step,),
        value=step.value,
        size=size,
        notes=(f"mean and var: the running ones of channel {channel}, no other element is read",),
    )


def _standardized(
    call: Call, over: torch.Tensor, reads: tuple[AxisReads, ...], meaning: str, at: Any
) -> Made:
    """Return the element by the statistics of the elements `over` which they are taken."""
    added = Sum.of("sum", over)
    count = over.numel()
    mean = Step.of("mean", "sum/count", {"sum": added.total, "count": count}, f"over {meaning}")
    squares = Sum.of("sum of (x - mean)**2", (over.double() - mean.value) ** 2)
    spread = {"sum": squares.total, "count": count}
    var = Step.of("var", "sum/count", spread, "by the count, not by one less")
    value, size = _scaled(call, mean.value, var.value, at)
    parts: tuple[Part, ...] = (added, mean, squares, var, value)
    return Made(reads=reads, parts=parts, value=value.value, size=size)


def _scaled(call: Call, mean: Number, var: Number, at: Any) -> tuple[Step, float]:
    """Return the last step, and the magnitude of what is added up in it."""
    module = call.module
    values = {"x": number(call.x[call.element]), "mean": mean, "var": var, "eps": module.eps}
    formula = "(x - mean)/sqrt(var + eps)"
    scale = (var + module.eps) ** -0.5 if var + module.eps > 0 else 0.0
    if module.weight is not None:
        formula += "*weight"
        values["weight"] = number(module.weight.detach()[at])
        scale *= abs(values["weight"])
    size = (abs(values["x"]) + abs(mean)) * scale
    if module.bias is not None:
        formula += " + bias"
        values["bias"] = number(module.bias.detach()[at])
        size += abs(values["bias"])
    return Step.of("value", formula, values), size
