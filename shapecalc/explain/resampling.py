"""Up-sampling: which neighbours are read, and how much each counts."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import torch
from torch import nn

from shapecalc.explain.call import Call, explains
from shapecalc.explain.explanation import Made, Part, Patch, Step, Sum

_NEIGHBOURS = {"linear", "bilinear", "trilinear"}
_CUBIC = -0.75  # the parameter of torch's cubic convolution


@explains(nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d)
def upsample(call: Call) -> Made:
    """Explain up-sampling: an output looks at a place between the elements of the input.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    axes = call.x.dim() - 2
    batch, channel, place = call.spatial(axes)
    names = call.axes(axes)
    parts: list[Part] = []
    along: list[tuple[list[int], list[float]]] = []
    for axis in range(axes):
        size, out = call.x.shape[2 + axis], call.y.shape[2 + axis]
        step = _looks_at(call.module, names[2 + axis], place[axis], size, out, axis)
        parts.append(step)
        along.append(_neighbours(call.module.mode, float(step.value), size))
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
    # an error in the place, which torch has in float32, is one in the weights
    magnitude = added.size + 8 * max(call.x.shape[2:]) * float(values.abs().max())
    return Made(reads=reads, parts=tuple(parts), value=added.total, size=magnitude)


def _looks_at(module: Any, name: str, i: int, size: int, out: int, axis: int) -> Step:
    """Return the place in the input, in elements, that output `i` looks at on an axis."""
    factor = module.scale_factor
    if isinstance(factor, tuple):
        factor = factor[axis]
    if module.recompute_scale_factor:
        factor = None
    scaled = "/factor" if factor is not None else "*size/out"
    values: dict[str, Any] = {"i": i}
    values |= {"factor": factor} if factor is not None else {"size": size, "out": out}
    match module.mode:
        case "nearest":
            return Step.of(f"nearest {name}", f"floor(i{scaled})", values)
        case "nearest-exact":
            return Step.of(f"nearest {name}", f"floor((i + 0.5){scaled})", values)
    if module.align_corners:
        if out == 1:
            return Step.of(f"place {name}", "0*i", {"i": i})
        corners = {"i": i, "size": size, "out": out}
        return Step.of(
            f"place {name}", "i*(size - 1)/(out - 1)", corners, "the corners are aligned"
        )
    formula = f"(i + 0.5){scaled} - 0.5"
    if module.mode in _NEIGHBOURS:  # not before the first element
        formula = f"max({formula}, 0)"
    return Step.of(f"place {name}", formula, values, "centres are at halves")


def _neighbours(mode: str, place: float, size: int) -> tuple[list[int], list[float]]:
    """Return the elements near a place on an axis, and the weight of each."""
    last = size - 1
    if mode.startswith("nearest"):
        return [min(int(place), last)], [1.0]
    if mode in _NEIGHBOURS:
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
