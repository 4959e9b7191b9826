"""Layers that only move elements: which element of the input lands here."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from shapecalc.explain.call import Call, explains, number
from shapecalc.explain.explanation import Index, Made, Step
from shapecalc.explain.window import AxisWindow, gathered


@explains(nn.Flatten, nn.Unflatten)
def reshaped(call: Call) -> Made:
    """Explain a view: both tensors have the element at the same place, counted row by row.

    Source:
        https://pytorch.org/docs/stable/generated/torch.flatten.html
    """
    place = _place(call.element, call.y.shape)
    parts, left = [place], int(place.value)
    found = []
    for axis, size in enumerate(call.x.shape):
        below = math.prod(call.x.shape[axis + 1 :])
        meaning = f"index on axis {axis} of the input, of {size}"
        values = {"place": left, "below": below, "size": size}
        step = Step.of(f"axis {axis}", "place//below % size", values, meaning)
        parts.append(step)
        found.append(int(step.value))
    return _moved(call, tuple(found), tuple(parts))


@explains(nn.PixelShuffle)
def pixel_shuffle(call: Call) -> Made:
    """Explain a pixel shuffle: r*r channels become the pixels of a square.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
    """
    *batch, c, h, w = call.element
    r = call.module.upscale_factor
    channel = Step.of("channel", "c*r*r + h % r*r + w % r", {"c": c, "h": h, "w": w, "r": r})
    rows = Step.of("row", "h//r", {"h": h, "r": r})
    columns = Step.of("column", "w//r", {"w": w, "r": r})
    parts = (channel, rows, columns)
    return _moved(call, (*batch, *(int(part.value) for part in parts)), parts)


@explains(
    nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d,
    nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d,
    nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d,
    nn.ReplicationPad1d, nn.ReplicationPad2d, nn.ReplicationPad3d,
    nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d,
)  # fmt: skip
def padded(call: Call) -> Made:
    """Explain a padding: an element of the input, or what stands beyond its border.

    Source:
        https://pytorch.org/docs/stable/nn.html#padding-layers
    """
    module = call.module
    mode = _mode(module)
    axes = len(module.padding) // 2
    low = module.padding[-2::-2]  # the last axis comes first
    lead = call.x.dim() - axes
    sizes = zip(call.element[lead:], low, call.x.shape[lead:], strict=True)
    under = [AxisWindow(size, (i - p,), mode) for i, p, size in sizes]
    outside = not all(axis.inside[0] for axis in under)
    value = getattr(module, "value", 0.0)
    found = gathered(call.x[call.element[:lead]], under, constant=value).item()
    steps = [
        Step.of(f"axis {lead + n}", "i - padding", {"i": i, "padding": p}, "index in the input")
        for n, (i, p) in enumerate(zip(call.element[lead:], low, strict=True))
    ]
    if not outside:
        meaning = "the element there"
    elif mode == "constant":
        meaning = "outside of the input: the constant"
    else:
        there = ", ".join(str(axis.sources[0]) for axis in under)
        meaning = f"outside of the input: by {mode} the element at {there}"
    steps.append(Step.of("value", "x", {"x": found}, meaning))
    names = [f"axis {axis}" for axis in range(call.x.dim())]
    spans = [*((i,) for i in call.element[:lead]), *(axis.indices for axis in under)]
    reads = call.reads(names, spans)
    return Made(reads=reads, parts=tuple(steps), value=found, size=abs(found))


def _mode(module: nn.Module) -> str:
    for mode, kinds in (
        ("reflect", (nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d)),
        ("replicate", (nn.ReplicationPad1d, nn.ReplicationPad2d, nn.ReplicationPad3d)),
        ("circular", (nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d)),
    ):
        if isinstance(module, kinds):
            return mode
    return "constant"


def _place(index: Index, shape: Sequence[int]) -> Step:
    """Return the place of an element, counted row by row."""
    values: dict[str, int] = {}
    formula = ""
    for axis, (i, size) in enumerate(zip(index, shape, strict=True)):
        values[f"i{axis}"] = i
        if not formula:
            formula = "i0"
            continue
        values[f"n{axis}"] = size
        formula = f"({formula})*n{axis}" if axis > 1 else f"{formula}*n{axis}"
        formula += f" + i{axis}"
    return Step.of("place", formula or "0", values, "of the element, counted row by row")


def _moved(call: Call, source: Index, parts: tuple[Step, ...]) -> Made:
    value = number(call.x[source])
    there = ", ".join(map(str, source))
    step = Step.of("value", "x", {"x": value}, f"element {there} of the input")
    names = (f"axis {axis}" for axis in range(call.x.dim()))
    reads = call.reads(names, ((index,) for index in source))
    return Made(reads=reads, parts=(*parts, step), value=value, size=abs(value))
