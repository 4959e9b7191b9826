"""Remarks on where outputs look: off the centre, or elsewhere than the branch they meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from shapecalc.access import Access, Element, Interval, Same
from shapecalc.access import Window as Read
from shapecalc.graph import Layer, OutputRef, Source
from shapecalc.receptive_field.remarks import words
from shapecalc.receptive_field.remarks.chain import chain
from shapecalc.receptive_field.remarks.remark import Kind, Remark
from shapecalc.receptive_field.remarks.survey import Survey, Window
from shapecalc.receptive_field.setting import InputAxis

# ---------------------------------------------------------------------------- centres


@dataclass(frozen=True, slots=True)
class _Shift:
    """Where outputs look first that do not look straight, and where they look at the end."""

    first: OutputRef
    window: Window
    last: OutputRef
    end: Window
    straight: OutputRef | None
    others: int = field(compare=False)


def off_centre(survey: Survey) -> Iterator[Remark]:
    """Yield where outputs look neither at pixel stride*i nor at the middle of its cell.

    Windows that begin within the input are left out: without padding, output 0 has to look
    further in, and outputs are as far from one border as from the other.
    """
    for tensor, axes, shift in survey.each(lambda key: _shift(survey, key)):
        stride, offset = shift.window.stride, shift.window.offset
        end = ""
        if shift.straight is not None:
            end = f"; from {survey.label(shift.straight)} on they are centred again"
        elif shift.last != shift.first:
            place = words.place(shift.end.stride, shift.end.offset)
            end = f"; at the end, output i of {survey.label(shift.last)} looks around {place}"
        yield Remark(
            kind=Kind.OFF_CENTRE,
            layers=survey.names_of(shift.first, shift.straight or shift.last),
            input=tensor,
            axes=axes,
            text=(
                f"{survey.along(tensor, axes)}output i of {survey.label(shift.first)} "
                f"looks around pixel {words.place(stride, offset)}{_straight(stride)}{end}"
                f"{words.others(shift.others)}"
            ),
            numbers={
                "stride": stride,
                "centre": offset,
                "stride at the end": shift.end.stride,
                "centre at the end": shift.end.offset,
                "others": shift.others,
            },
        )


def _straight(stride: Fraction) -> str:
    if stride == 1:
        return ", not pixel i"
    corner, middle = (words.place(stride, centre) for centre in (Fraction(0), (stride - 1) / 2))
    return f"; straight is {corner}, the first of its {stride} pixels, or {middle}, their middle"


def _shifted(window: Window) -> bool:
    straight = (0, (window.stride - 1) / 2)
    return window.padding > 0 and window.offset not in straight


def _shift(survey: Survey, key: InputAxis) -> _Shift | None:
    def has(source: Source) -> bool | None:
        window = survey.window(source, key)
        if window is None:
            return False if survey.widened(source, key) else None
        if not _shifted(window):
            return False
        # padding before a convolution, or a roll, moves what the next op moves back
        moved = _picked_from(survey, source)
        return None if moved is not None and not has(moved) else True

    found = chain(survey, has)
    if found is None:
        return None
    window = survey.window(found.first, key)
    places = [place for _, place in survey.tensors() if survey.window(place, key) is not None]
    end = survey.window(places[-1], key)
    assert window is not None
    assert end is not None
    straight = None if _shifted(end) else found.end
    return _Shift(found.first, window, places[-1], end, straight, found.others)


# ---------------------------------------------------------------------------- branches


@dataclass(frozen=True, slots=True)
class _Meeting:
    """Two branches that meet, and where output i of each looks."""

    at: OutputRef
    branches: tuple[Source, Source]
    windows: tuple[Window, Window]
    others: int = field(compare=False)


def misaligned(survey: Survey) -> Iterator[Remark]:
    """Yield where branches meet whose windows have other strides or centres."""

    def find(key: InputAxis) -> _Meeting | None:
        found = [
            (place, pair)
            for layer, place in survey.tensors()
            if (pair := _unlike(survey, layer, place, key)) is not None
        ]
        if not found:
            return None
        place, ((one, first), (other, second)) = found[0]
        return _Meeting(place, (one, other), (first, second), len(found) - 1)

    for tensor, axes, fact in survey.each(find):
        one, other = fact.windows
        apart = abs(other.offset - one.offset)
        first, second = (words.place(each.stride, each.offset) for each in fact.windows)
        how = f"look {words.pixels(apart)} apart"
        if one.stride != other.stride:
            how = f"have strides {one.stride} and {other.stride}"
        labels = [survey.label(source) for source in fact.branches]
        yield Remark(
            kind=Kind.MISALIGNED,
            layers=survey.names_of(fact.at, *fact.branches),
            input=tensor,
            axes=axes,
            text=(
                f"{survey.along(tensor, axes)}the branches that meet at {survey.label(fact.at)} "
                f"{how}: output i of {labels[0]} looks around pixel {first}, that of "
                f"{labels[1]} around {second}"
                f"{words.others(fact.others)}"
            ),
            numbers={
                "offset": other.offset - one.offset,
                "strides": (one.stride, other.stride),
                "centres": (one.offset, other.offset),
                "others": fact.others,
            },
        )


_Branch = tuple[Source, Window]


def _unlike(
    survey: Survey, layer: Layer, place: OutputRef, key: InputAxis
) -> tuple[_Branch, _Branch] | None:
    """Return two operands that are read at the same index and look at other places.

    Pieces of one tensor, as slices that are joined again, are no branches.
    """
    known: dict[int, _Branch] = {}
    for source, access in survey.operands(layer, place.output):
        window = survey.window(source, key)
        entry = None if window is None else access.axes[window.output]
        if window is None or not isinstance(entry, Same):
            continue
        before = known.setdefault(entry.axis, (source, window))
        unlike = (before[1].stride, before[1].offset) != (window.stride, window.offset)
        if unlike and _piece_of(survey, before[0]) != _piece_of(survey, source):
            return before, (source, window)
    return None


def _piece_of(survey: Survey, source: Source) -> Source:
    """Return the tensor that a tensor is a piece of: cut out, or its elements in other places."""
    while (before := _picked_from(survey, source)) is not None:
        source = before
    return source


def _picked_from(survey: Survey, source: Source) -> Source:
    """Return the one tensor that an op took elements from to lay them elsewhere, if that is all."""
    if not isinstance(source, OutputRef):
        return None
    layer = survey.graph.layers[source.layer]
    reads = survey.reads(layer, source.output)
    if reads is None or len(layer.sources) != 1 or len(reads) != 1:
        return None
    (access,), (operand,) = reads, layer.sources
    if not isinstance(access, Access) or not all(map(_picks, access.axes)):
        return None
    return operand


def _picks(entry: object) -> bool:
    """Tell whether an entry reads one element."""
    match entry:
        case Same() | Element():
            return True
        case Read(kernel_size=size):
            return bool(size == 1)
        case Interval(low, high):
            return bool(low == high)
    return False
