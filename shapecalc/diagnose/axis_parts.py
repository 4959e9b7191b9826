"""The parts that the axes of tensors are made of: the batch, features, positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["batch", "features", "positions", ""]


@dataclass(frozen=True, slots=True)
class Part:
    """An axis, or one of the factors that a view cuts it into.

    `origin` names the tensor and the axis that it was first, of size `whole`; one step along the
    part is `stride` steps along that axis. Parts of size 1 are left out.
    """

    origin: str
    role: Role
    size: int
    whole: int
    stride: int = 1

    @property
    def cut(self) -> bool:
        """Whether it is not all of the axis."""
        return self.size != self.whole


Axis: TypeAlias = tuple[Part, ...]  # outermost first; empty for an axis of size 1
Axes: TypeAlias = tuple[Axis, ...]


def is_batch(axis: Axis) -> bool:
    """Tell whether an axis is the batch, all of it and nothing else."""
    return len(axis) == 1 and axis[0].role == "batch" and not axis[0].cut


def has_batch(axis: Axis) -> bool:
    """Tell whether the batch, or a part of it, is in an axis."""
    return any(part.role == "batch" for part in axis)


def is_features(axis: Axis) -> bool:
    """Tell whether an axis is nothing but features, or a part of these."""
    return bool(axis) and all(part.role == "features" for part in axis)


def whole_axis(origin: str, role: Role, size: int) -> Axis:
    """Return an axis that is no part of another."""
    return () if size == 1 else (Part(origin, role, size, size),)


def axis_size(axis: Axis) -> int:
    """Return how many elements lie along an axis."""
    return prod(part.size for part in axis)


def resized(axis: Axis, size: int) -> Axis:
    """Return an axis that is handed on: the same, or another number of the same positions."""
    if axis_size(axis) == size:
        return axis
    if len(axis) == 1 and axis[0].role != "batch" and not axis[0].cut:
        return () if size == 1 else (replace(axis[0], size=size, whole=size),)
    return ()


def regrouped(axes: Axes, sizes: Sequence[int]) -> Axes | None:
    """Return the axes under other sizes, None where these cut across them.

    >>> batch, channels = Part("batch", "batch", 7, 7), Part("x[1]", "features", 6, 6)
    >>> [[part.size for part in axis] for axis in regrouped(((batch,), (channels,)), [14, 3])]
    [[7, 2], [3]]
    >>> regrouped(((batch,), (channels,)), [6, 7])
    """
    rest = [part for axis in axes for part in axis][::-1]  # the next one is the last
    found: list[Axis] = []
    for size in sizes:
        axis: list[Part] = []
        while size > 1 and rest:
            part = rest.pop()
            if size % part.size == 0:
                axis.append(part)
                size //= part.size
            elif part.size % size == 0:
                inner = part.size // size
                axis.append(replace(part, size=size, stride=part.stride * inner))
                rest.append(replace(part, size=inner))
                size = 1
            else:
                return None
        if size != 1:
            return None
        found.append(_rejoined(axis))
    return tuple(found)


def _rejoined(axis: Sequence[Part]) -> Axis:
    """Return an axis with neighbouring parts of one origin as one part again."""
    joined: list[Part] = []
    for part in axis:
        last = joined[-1] if joined else None
        if last and last.origin == part.origin and last.stride == part.stride * part.size:
            joined[-1] = replace(part, size=last.size * part.size)
        else:
            joined.append(part)
    return tuple(joined)
