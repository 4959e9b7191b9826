"""Convolutions: the patch, the kernel, the products, the sum, the bias."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from shapecalc.explain.call import Call, explains, number
from shapecalc.explain.explanation import Made, Part, Sum, Term
from shapecalc.explain.window import AxisWindow, gathered, patch, per_axis, windows

_MOST = 4  # channels that are shown, all of them
_HEAD, _TAIL = 2, 1  # of more


@explains(nn.Conv1d, nn.Conv2d, nn.Conv3d)
def conv(call: Call) -> Made:
    """Explain a convolution: y[i] = bias + sum of x[i*stride - padding + k*dilation]*weight[k].

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    module, axes = call.module, len(call.module.kernel_size)
    batch, out_channel, place = call.spatial(axes)
    under = windows(
        call.x.shape[-axes:],
        place,
        kernel_size=module.kernel_size,
        stride=module.stride,
        padding=_low_padding(module),
        dilation=module.dilation,
        mode=module.padding_mode,
    )
    group = out_channel // (module.out_channels // module.groups)
    in_channels = _of_group(group, module)
    x = call.x[batch][in_channels.start : in_channels.stop]
    weight = module.weight.detach()[out_channel].double()
    notes = []
    if module.groups > 1:
        notes.append(
            f"groups={module.groups}: output channel {out_channel} reads the input channels "
            f"{in_channels.start} to {in_channels.stop - 1} alone"
        )
    if module.padding_mode != "zeros":
        notes += _copies(module.padding_mode, call.axes(axes)[-axes:], under)
    return _added(call, in_channels, under, gathered(x, under), weight, notes)


@explains(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
def conv_transpose(call: Call) -> Made:
    """Explain a transposed convolution: x[i] is added to y[i*stride - padding + k*dilation].

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """
    module, axes = call.module, len(call.module.kernel_size)
    batch, out_channel, place = call.spatial(axes)
    per_group = module.out_channels // module.groups
    in_channels = _of_group(out_channel // per_group, module)
    x = call.x[batch][in_channels.start : in_channels.stop]
    weight = module.weight.detach()[in_channels.start : in_channels.stop, out_channel % per_group]
    under = []
    for axis, (size, o) in enumerate(zip(call.x.shape[-axes:], place, strict=True)):
        s, p, d = module.stride[axis], module.padding[axis], module.dilation[axis]
        taps = [k for k in range(module.kernel_size[axis]) if (o + p - d * k) % s == 0]
        taps = [k for k in reversed(taps) if 0 <= (o + p - d * k) // s < size]
        under.append(AxisWindow(size, tuple((o + p - d * k) // s for k in taps)))
        weight = weight.index_select(axis + 1, torch.tensor(taps, dtype=torch.long))
    notes = ["the kernel is shown as the input meets it: the input grows, the kernel from its end"]
    if not all(axis.indices for axis in under):
        notes = ["no element of the input reaches this element: between them the stride leaves 0"]
    return _added(call, in_channels, tuple(under), gathered(x, under), weight.double(), notes)


def _low_padding(module: Any) -> tuple[int, ...]:
    match module.padding:
        case "valid":
            return (0,) * len(module.kernel_size)
        case "same":  # torch puts the odd element at the high end
            pairs = zip(module.dilation, module.kernel_size, strict=True)
            return tuple(d * (k - 1) // 2 for d, k in pairs)
    return per_axis(module.padding, len(module.kernel_size))


def _copies(mode: str, names: Sequence[str], under: Sequence[AxisWindow]) -> Iterator[str]:
    """Yield of what elements the padding under a window is made."""
    for name, axis in zip(names, under, strict=True):
        places = zip(axis.indices, axis.sources, strict=True)
        copies = [f"{index} is {source}" for index, source in places if index != source]
        if copies:
            yield f"padding_mode={mode}: on {name}, {', '.join(copies)}"


def _of_group(group: int, module: Any) -> range:
    per_group = module.in_channels // module.groups
    return range(group * per_group, (group + 1) * per_group)


def _added(
    call: Call,
    channels: range,
    under: tuple[AxisWindow, ...],
    values: torch.Tensor,
    weight: torch.Tensor,
    notes: list[str],
) -> Made:
    """Return the sum over channels of the products, with the bias."""
    batch, out_channel, _ = call.spatial(len(under))
    names = call.axes(len(under))
    totals = (values * weight).flatten(1).sum(1)
    size = float((values * weight).abs().sum())
    parts: list[Part] = []
    terms = []
    for place in _shown(len(channels)):
        if place is None:
            rest = totals[_HEAD:-_TAIL]
            terms.append(Term(value=rest.sum().item(), left_out=rest.numel()))
            notes.append(
                f"channels {channels[_HEAD]} to {channels[-_TAIL - 1]} are left out; their sum is "
                "in the value as those of the others are"
            )
            continue
        name = f"channel {channels[place]}"
        added = Sum.of(name, values[place], weight[place])
        if added.terms:
            shown = patch(name, names[-len(under) :], under, values[place], weight[place])
            parts.append(replace(shown, sum=added))
        terms.append(Term(value=added.total, name=name))
    if call.module.bias is not None:
        bias = number(call.module.bias.detach()[out_channel])
        terms.append(Term(value=bias, name="bias"))
        size += abs(bias)
    total = Sum.adding("value", terms)
    if len(terms) > 1:
        parts.append(total)
    indices = [*((index,) for index in batch), channels, *(axis.indices for axis in under)]
    return Made(
        reads=call.reads(names, indices),
        parts=tuple(parts),
        value=total.total,
        size=size,
        notes=tuple(notes),
    )


def _shown(count: int) -> Iterator[int | None]:
    """Yield the channels that are written out, and None for those that are not."""
    if count <= _MOST:
        yield from range(count)
    else:
        yield from (*range(_HEAD), None, *range(count - _TAIL, count))
