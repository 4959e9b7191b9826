"""What `x[index]` and `x[index] = value` read.

https://numpy.org/doc/stable/user/basics.indexing.html
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from shapecalc import dims
from shapecalc.access import (
    FIRST,
    WHOLE,
    Access,
    AxisAccess,
    Element,
    Interval,
    OperandAccess,
    Range,
    Same,
    Window,
    along,
    index,
    only,
    placed,
    same,
    shifted,
)
from shapecalc.dims import Dim, Shape
from shapecalc.ops.index_items import Item
from shapecalc.ops.indexing import BY_INDEX, BY_MASK
from shapecalc.ops.selection import AxisPart, Part, Picks, Selection, from_front, is_mask

FEW = 64  # elements of a list up to which each has an access of its own


def selected(x: Shape, selection: Selection) -> OperandAccess:
    """Return what an element of `x[index]` reads of `x`."""
    if selection.listed and (count := int(dims.product(selection.common))) <= FEW:
        sizes = map(int, selection.common)
        places = product(*map(range, sizes))
        return [_at_place(x, selection, place) for place in places] if count else None
    entries = tuple(map(_entry, selection.axes))
    return Access(entries, bound=BY_INDEX if selection.by_values else "")


def _at_place(x: Shape, selection: Selection, place: tuple[int, ...]) -> Access:
    """Return the access of one element of the lists in the index."""
    entries = tuple(
        Element(from_front(dims.as_dim(part.at(place)), size))
        if isinstance(part, Picks)
        else _entry(part)
        for part, size in zip(selection.axes, x, strict=True)
    )
    numbers = enumerate(place, start=selection.at)
    return Access(entries, tuple(_only_at(axis, dims.as_dim(n)) for axis, n in numbers))


def _entry(part: AxisPart) -> AxisAccess:
    match part:
        case Part(place, start, _, step) if start == 0 and step == 1:
            return Same(place)
        case Part(place, start, _, step):
            return Window(axis=place, stride=step, padding=-start)
        case Element():
            return part
    return WHOLE


def selecting(item: Item, index: Shape, selection: Selection) -> OperandAccess:
    """Return what an element of `x[index]` reads of a tensor in the index."""
    if is_mask(item):
        return Access((WHOLE,) * len(index), bound=BY_MASK)
    first = selection.at + len(selection.common) - len(index)
    return placed(index, selection.shape, range(first, first + len(index)))


# ---------------------------------------------------------------------------- writing


def _only_at(axis: int, place: Dim) -> Range:
    return Range(axis=axis, start=place, stop=place + 1)


def region(x: Shape, selection: Selection) -> tuple[Range, ...]:
    """Return the part of `x` that is set, where no values decide."""
    ranges = list[Range]()
    for axis, (part, size) in enumerate(zip(selection.axes, x, strict=True)):
        match part:
            case Part(_, start, stop, step) if (start, stop, step) != (0, size, 1):
                ranges.append(Range(axis=axis, start=start, stop=stop, step=step))
            case Element(at):
                ranges.append(_only_at(axis, at))
    return tuple(ranges)


def kept(x: Shape, selection: Selection) -> OperandAccess:
    """Return what an element of `x`, once a part of it is set, reads of `x` as it was before."""
    unchanged = same(len(x))
    if selection.by_values:
        return replace(unchanged, bound=BY_INDEX)
    outside = list[Access]()
    for part in region(x, selection):
        axis, start, stop = part.axis, part.start, part.stop
        before = Range(axis=axis, start=dims.ZERO, stop=start)
        behind = Range(axis=axis, start=stop, stop=x[axis])
        outside += [
            replace(unchanged, when=(range_,))
            for range_ in (before, behind)
            if range_.start != range_.stop
        ]
        if part.step != 1:  # an interval that is empty where the index is on a step
            beside = dims.minimum(dims.mod(index(axis) - start, part.step), dims.ONE)
            between = Interval(index(axis), index(axis) + beside - 1, bound=(index(axis),) * 2)
            inside = Range(axis=axis, start=start, stop=stop)
            outside.append(replace(along(len(x), [axis], between), when=(inside,)))
    return outside or None


def written(x: Shape, value: Shape, selection: Selection) -> Access:
    """Return what an element of `x`, once a part of it is set, reads of the value it is set to."""
    part, new = selection.shape, len(selection.shape) - len(value)
    inverse = {
        entry.place: _inverse(axis, entry)
        for axis, entry in enumerate(selection.axes)
        if isinstance(entry, Part)
    }
    by_tensors = dict.fromkeys(range(selection.at, selection.at + len(selection.common)), WHOLE)
    at = inverse | by_tensors
    return Access(
        tuple(
            FIRST if place < 0 or size == 1 != part[place] else at.get(place, FIRST)
            for place, size in enumerate(value, start=new)
        ),
        region(x, selection),
        BY_INDEX if selection.by_values else "",
    )


def _inverse(axis: int, part: Part) -> AxisAccess:
    """Return the place in a part of an element on axis `axis` of the whole."""
    if part.step != 1:
        return only(dims.floordiv(index(axis) - part.start, part.step))
    return Same(axis) if part.start == 0 else shifted(axis, -part.start)


def placing(x: Shape, index: Shape, selection: Selection) -> Access:
    """Return what an element of `x`, once a part of it is set, reads of a tensor in the index."""
    return Access((WHOLE,) * len(index), region(x, selection), BY_INDEX)
