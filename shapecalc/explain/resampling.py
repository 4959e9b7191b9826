"""Up-sampling: which neighbours are read, and how much each counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import torch
from torch import nn

from shapecalc.explain.call import Call, explains
from shapecalc.explain.explanation import Made, Part, Patch, Step, Sum

_LINEAR = {"linear", "bilinear", "trilinear"}
_CUBIC = -0.75  # the parameter of torch's cubic convolution


@explains(nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d)
def upsample(call: Call) -> Made:
    """Explain up-sampling: an output looks at a place between the elements of the input.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    axes = call.x.dim() - 2
    batch, channel, _ = call.spatial(axes)
    names = call.axes(axes)
    parts: list[Part] = []
    along: list[tuple[list[int], list[float]]] = []
    for axis in range(axes):
        *before, place = _looks_at(call, names[2 + axis], axis)
        parts += [*before, place]
        along.append(_neighbours(call.module.mode, float(place.value), call.x.shape[2 + axis]))
    x = call.x[(*batch, channel)]
    indices = tuple(tuple(places) for places, _ in along)
    values = torch.stack([x[place].double() for place in product(*indices)])
    shares = [math.prod(each) for each in product(*(weights for _, weights in along))]
    weights = torch.tensor(shares, dtype=torch.float64)
    name = f"channel {channel}"
    added = Sum.of(name, values, weights)
    parts.append(
        Patch(
            name=name,
            axes=names[2:],
            sizes=tuple(x.shape),
            indices=indices,
            values=tuple(values.tolist()),
            weights=tuple(weights.tolist()),
            sum=added,
        )
    )
    reads = call.reads(names, [*((i,) for i in (*batch, channel)), *indices])
    # an error in the place is one in the weights
    magnitude = added.size + max(call.x.shape[2:]) / 16 * float(values.abs().max())
    return Made(reads=reads, parts=tuple(parts), value=added.total, size=magnitude)


def _looks_at(call: Call, name: str, axis: int) -> Iterator[Step]:
    """Yield the steps to the place in the input that the element looks at on a spatial axis.

    They are computed as torch does, rounded to the type of the input: a place that is a whole
    number in theory may be just below it, where another element is the nearest.
    """
    module, i = call.module, call.spatial(call.x.dim() - 2)[2][axis]
    size, out = call.x.shape[2 + axis], call.y.shape[2 + axis]
    exact, linear = module.mode == "nearest-exact", module.mode in _LINEAR
    picture = module.mode == "nearest" and call.x.dim() == 4  # torch has shortcuts for these alone
    if size == out and (linear or picture):
        yield Step.of(f"place {name}", "i", {"i": i}, "the size stays")
        return
    if out == 2 * size and picture:
        yield Step.of(f"place {name}", "i//2", {"i": i}, "the size doubles")
        return
    ratio = _ratio(module, axis, size, out)
    dtype = torch.promote_types(call.x.dtype, torch.float32)
    rounded = torch.tensor(ratio.value, dtype=dtype)
    yield replace(ratio, name=f"ratio {name}", value=rounded.item())
    values = {"i": i, "ratio": rounded.item()}
    if module.mode.startswith("nearest"):
        place = torch.floor((i + 0.5) * rounded if exact else i * rounded)
        yield Step(
            name=f"place {name}",
            formula="floor((i + 0.5)*ratio)" if exact else "floor(i*ratio)",
            values=values,
            value=place.item(),
        )
    elif module.align_corners:
        yield Step.of(f"place {name}", "i*ratio", values, "the corners are aligned")
    elif linear:
        meaning = "the centres of elements are at halves; none is before the first one"
        yield Step.of(f"place {name}", "max((i + 0.5)*ratio - 0.5, 0)", values, meaning)
    else:
        meaning = "the centres of elements are at halves"
        yield Step.of(f"place {name}", "(i + 0.5)*ratio - 0.5", values, meaning)


def _ratio(module: Any, axis: int, size: int, out: int) -> Step:
    """Return the elements of the input per element of the output."""
    if module.align_corners:
        if out == 1:
            return Step.of("", "0", {})
        return Step.of("", "(size - 1)/(out - 1)", {"size": size, "out": out})
    factor = None if module.recompute_scale_factor else module.scale_factor
    if isinstance(factor, tuple):
        factor = factor[axis]
    if factor is None:
        return Step.of("", "size/out", {"size": size, "out": out})
    return Step.of("", "1/factor", {"factor": factor})


def _neighbours(mode: str, place: float, size: int) -> tuple[list[int], list[float]]:
    """Return the elements near a place on an axis, and the weight of each."""
    last = size - 1
    if mode.startswith("nearest"):
        return [min(int(place), last)], [1.0]
    if mode in _LINEAR:
        low = min(int(place), last)
        high = min(low + 1, last)
        between = place - low
        return ([low], [1.0]) if high == low else ([low, high], [1 - between, between])
    low = math.floor(place)
    found: dict[int, float] = {}
    for index in range(low - 1, low + 3):
        inside = min(max(index, 0), last)  # the border stands for what is beyond it
        found[inside] = found.get(inside, 0.0) + _cubic(abs(place - index))
    return list(found), list(found.values())


def _cubic(distance: float) -> float:
    d, a = distance, _CUBIC
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
