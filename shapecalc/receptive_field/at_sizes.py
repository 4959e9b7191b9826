"""Single elements at given sizes: what an output sees of an input, and who sees a pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TypeAlias

from shapecalc.errors import InputError
from shapecalc.receptive_field.axis_field import AxisField
from shapecalc.receptive_field.field import ReceptiveField

Places: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisWindow:
    """What one element of an output sees on one axis of an input.

    `seen` is exact and within the input. `window` are the first and the last index of the
    formula's window, which may begin before the input and end after it; None where the field
    does not move or no formula is known, as is `centre`.

    Units:
        size, seen, window, centre: elements of the input; indices count from zero.
    """

    axis: str
    index: tuple[int, ...]
    size: int
    seen: tuple[int, ...]
    window: tuple[int, int] | None = None
    centre: int | Fraction | None = None

    @property
    def before(self) -> int:
        """How many elements of the window lie before the input."""
        return 0 if self.window is None else max(0, min(self.window[1] + 1, 0) - self.window[0])

    @property
    def after(self) -> int:
        """How many elements of the window lie after the input."""
        if self.window is None:
            return 0
        return max(0, self.window[1] + 1 - max(self.window[0], self.size))


def output_axes(field: ReceptiveField) -> tuple[int, ...]:
    """Return the axes of the output along which a field moves, counted from the front."""
    return tuple(sorted({axis for entry in field.per_axis for axis in entry.outputs}))


def output_sizes(field: ReceptiveField, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return how many elements the output has on each of `output_axes`."""
    found = field.at(**sizes)
    shape = found._fields.shape(found._source)
    return tuple(int(shape[axis]) for axis in output_axes(found))


def window_at(
    field: ReceptiveField, indices: Sequence[int], sizes: Mapping[str, int]
) -> tuple[AxisWindow, ...]:
    """Return what the output element at `indices` sees, axis by axis of the input.

    There is one index for each of `output_axes`: row and column of an image.

    Raises:
        InputError: the field is unknown, there are more or fewer indices, or there is no such
            element.
    """
    found = field.at(**sizes)
    if found.unknown:
        raise InputError(f"the receptive field is unknown: {found.unknown} has no rule")
    moving, counts = output_axes(found), output_sizes(field, sizes)
    shape = " x ".join(map(str, counts))
    if len(indices) != len(moving):
        if not moving:
            raise InputError("every element of the output sees the same: no index is needed")
        wanted = "1 index" if len(moving) == 1 else f"{len(moving)} indices"
        raise InputError(f"expected {wanted}, for an output of {shape}, got {len(indices)}")
    for index, count in zip(indices, counts, strict=True):
        if not 0 <= index < count:
            raise InputError(f"there is no output {index}: the output is {shape}, counted from 0")
    at = dict(zip(moving, indices, strict=True))
    windows = []
    for n, axis in enumerate(found.per_axis):
        own = tuple(at[place] for place in axis.outputs)
        window, centre = _window(field, n, own, sizes)
        windows.append(
            AxisWindow(
                axis=axis.name,
                index=own,
                size=int(axis.size),
                seen=tuple(axis.relation.image(own)),
                window=window,
                centre=centre,
            )
        )
    return tuple(windows)


def _window(
    field: ReceptiveField, axis: int, index: tuple[int, ...], sizes: Mapping[str, int]
) -> tuple[tuple[int, int] | None, int | Fraction | None]:
    """Return the window by the formula, and its centre."""
    if not field.exact or not index or len(field.per_axis[axis].outputs) != len(index):
        return None, None
    window = field.per_axis[axis].relation.at(**sizes).interval(index)
    if window is None:
        return None, None
    centre = Fraction(sum(window), 2)
    return window, int(centre) if centre.denominator == 1 else centre


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The elements of an output that see one pixel of an input.

    `places` has an entry for each axis of the input: the indices along the output's axes on
    which the field moves there, each a tuple; None where every element sees all the same.

    Units:
        count, total: elements of the output, those of one channel and one image.
    """

    axes: tuple[str, ...]
    places: tuple[Places | None, ...]
    count: int
    total: int


def seen_by(field: ReceptiveField, pixel: Sequence[int], sizes: Mapping[str, int]) -> Seen:
    """Return the output elements that see the input element at `pixel`.

    Raises:
        InputError: the field is unknown, or there is no such pixel.
    """
    found = field.at(**sizes)
    if found.unknown:
        raise InputError(f"the receptive field is unknown: {found.unknown} has no rule")
    shape = tuple(int(axis.size) for axis in found.per_axis)
    check_pixel(pixel, shape, found.axes)
    places, seen = list[Places | None](), True
    for n, (axis, index) in enumerate(zip(found.per_axis, pixel, strict=True)):
        outputs = found._outputs(index, n)
        if not axis.outputs:
            places.append(None if outputs else ())
            seen = seen and bool(outputs)
        else:
            places.append(tuple((i,) if isinstance(i, int) else i for i in outputs))
    total = prod(output_sizes(field, sizes))
    count = _count(found.per_axis, places) if seen else 0
    return Seen(axes=found.axes, places=tuple(places), count=count, total=total)


def check_pixel(pixel: Sequence[int], shape: Sequence[int], axes: Sequence[str]) -> None:
    """Check that there is a pixel in an input of that shape.

    Raises:
        InputError: there is none.
    """
    size = " x ".join(map(str, shape))
    if len(pixel) != len(shape):
        wanted = "1 index" if len(shape) == 1 else f"{len(shape)} indices"
        raise InputError(f"a pixel has {wanted} ({', '.join(axes)}), got {len(pixel)}")
    if any(not 0 <= index < count for index, count in zip(pixel, shape, strict=True)):
        place = ",".join(map(str, pixel))
        raise InputError(f"there is no pixel {place}: the input is {size}, counted from 0")


def _count(axes: Sequence[AxisField], places: Sequence[Places | None]) -> int:
    """Count the elements that see the pixel on every axis.

    Axes of the input that the same axes of the output move along are taken together: an element
    has to be in the places of each. All others are free of one another.
    """
    groups = list[tuple[tuple[int, ...], set[tuple[int, ...]]]]()
    for axis, own in zip(axes, places, strict=True):
        if own is None:
            continue
        keys, found = axis.outputs, set(own)
        for group in [g for g in groups if set(g[0]) & set(keys)]:
            groups.remove(group)
            keys, found = _joined(*group, keys, found)
        groups.append((keys, found))
    return prod(len(found) for _, found in groups)


def _joined(
    one: tuple[int, ...],
    first: set[tuple[int, ...]],
    other: tuple[int, ...],
    second: set[tuple[int, ...]],
) -> tuple[tuple[int, ...], set[tuple[int, ...]]]:
    """Return the elements that are in both sets, by all the axes that either speaks of."""
    shared = [axis for axis in other if axis in one]
    added = [n for n, axis in enumerate(other) if axis not in one]
    known: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for place in second:
        key = tuple(place[other.index(axis)] for axis in shared)
        known.setdefault(key, []).append(tuple(place[n] for n in added))
    found = {
        (*place, *rest)
        for place in first
        for rest in known.get(tuple(place[one.index(axis)] for axis in shared), ())
    }
    return (*one, *(other[n] for n in added)), found
