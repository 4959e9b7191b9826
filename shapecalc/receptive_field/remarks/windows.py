"""Remarks on windows: their holes, the gaps between them, and where they get too large."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from shapecalc.graph import OutputRef, Source
from shapecalc.receptive_field.remarks import words
from shapecalc.receptive_field.remarks.chain import Chain, chain
from shapecalc.receptive_field.remarks.remark import Kind, Remark
from shapecalc.receptive_field.remarks.survey import Survey, Window
from shapecalc.receptive_field.setting import InputAxis

_LISTED = 7  # offsets, which are read at a glance


class _Sparse(NamedTuple):
    """From where to where pixels are left out, and the window to show it on."""

    span: Chain
    shown: OutputRef
    window: Window


def chain_of(
    survey: Survey,
    key: InputAxis,
    is_so: Callable[[Window], bool],
    begins: Callable[[Window], bool] = lambda _: True,
) -> Chain | None:
    """Return the chain of the windows of which something is so."""

    def has(source: Source) -> bool | None:
        window = survey.window(source, key)
        if window is not None:
            return is_so(window)
        return False if survey.widened(source, key) else None

    def starts(place: OutputRef) -> bool:
        window = survey.window(place, key)
        return window is not None and begins(window)

    return chain(survey, has, starts)


def _apart(window: Window) -> bool:
    return window.size == window.smallest and window.size < window.stride


def _is_sparse(window: Window) -> bool:
    """Tell whether pixels are left out within windows or between them."""
    return bool(window.holes) or _apart(window)


def _sparse(
    survey: Survey,
    key: InputAxis,
    begins: Callable[[Window], bool],
    how_much: Callable[[Window], Fraction],
) -> _Sparse | None:
    span = chain_of(survey, key, _is_sparse, begins)
    if span is None:
        return None
    windows = [(place, survey.window(place, key)) for place in span.inside]
    known = [(place, window) for place, window in windows if window is not None]
    shown, window = max(known, key=lambda pair: how_much(pair[1]))
    return _Sparse(span, shown, window)


def _end(survey: Survey, span: Chain, how: str) -> str:
    if span.lasting:
        return f"never {how}"
    return "" if span.end is None else f"{how} at {survey.label(span.end)}"


# ---------------------------------------------------------------------------- holes


def holes(survey: Survey) -> Iterator[Remark]:
    """Yield where windows have holes, how dense they are, and where the holes are filled.

    Source:
        Wang et al., "Understanding Convolution for Semantic Segmentation", WACV 2018: gridding.
    """

    def find(key: InputAxis) -> _Sparse | None:
        return _sparse(
            survey, key, lambda w: bool(w.holes), lambda w: Fraction(len(w.holes), w.size)
        )

    for tensor, axes, (span, shown, window) in survey.each(find):
        size, seen = window.size, len(window.seen)
        offsets, origin = _offsets(window)
        steps = {b - a for a, b in pairwise(offsets)}
        step = steps.pop() if len(steps) == 1 else None
        part = f"{seen} of {size} {words.all_lines(axes)} of its window"
        if step:
            line = f"every {words.ordinal(step)} {words.all_lines(axes, 1)}"
            part = f"{line} of its window of {words.by_axes(size, axes)}, {seen} of {size}"
        pixels = f", {seen ** len(axes)} of {size ** len(axes)} pixels" if len(axes) > 1 else ""
        first, end = survey.label(span.first), _end(survey, span, "filled")
        have = f"have holes (gridding){', ' if end else ''}{end}"
        begin = f"the windows of {first} {have}"
        if shown != span.first:
            begin = f"from {first} on, windows {have}; they are sparsest at {survey.label(shown)}"
        yield Remark(
            kind=Kind.HOLES,
            layers=survey.names_of(span.first, shown, *([span.end] if span.end else ())),
            input=tensor,
            axes=axes,
            text=(
                f"{begin}: an output sees {part}{pixels}, at offsets {_listed(offsets)} from its "
                f"{origin}{words.others(span.others)}"
            ),
            numbers={
                "size": size,
                "offsets": offsets,
                "density": Fraction(seen, size),
                "every": step,
                "never filled": span.lasting,
                "others": span.others,
            },
        )


def _offsets(window: Window) -> tuple[tuple[int, ...], str]:
    """Return the elements that are seen, from the centre where that is an element's place."""
    if window.size % 2:
        return tuple(n - window.size // 2 for n in window.seen), "centre"
    return window.seen, "first pixel"


def _listed(offsets: tuple[int, ...]) -> str:
    if len(offsets) <= _LISTED:
        return ", ".join(map(str, offsets))
    return f"{', '.join(map(str, offsets[:3]))}, ..., {offsets[-1]}"


# ---------------------------------------------------------------------------- gaps


def gaps(survey: Survey) -> Iterator[Remark]:
    """Yield where the windows of neighbouring outputs do not touch."""

    def find(key: InputAxis) -> _Sparse | None:
        return _sparse(survey, key, _apart, lambda w: Fraction(_apart(w)))

    for tensor, axes, (span, _, window) in survey.each(find):
        size, stride = window.size, window.stride
        between = int(stride - size)
        end = _end(survey, span, "closed")
        lie = "are left out" if between > 1 or len(axes) > 1 else "is left out"
        yield Remark(
            kind=Kind.GAPS,
            layers=survey.names_of(span.first, *([span.end] if span.end else ())),
            input=tensor,
            axes=axes,
            text=(
                f"the windows of {survey.label(span.first)}, {words.by_axes(size, axes)}, "
                f"lie {stride} apart: between neighbours, {between} "
                f"{words.all_lines(axes, between)} {lie}{', ' if end else ''}{end}"
                f"{words.others(span.others)}"
            ),
            numbers={
                "size": size,
                "stride": stride,
                "between": between,
                "never closed": span.lasting,
                "others": span.others,
            },
        )


# ---------------------------------------------------------------------------- size


class _Larger(NamedTuple):
    first: OutputRef
    size: int
    image: int
    ops: int


def larger(survey: Survey, sizes: Mapping[str, int]) -> Iterator[Remark]:
    """Yield from which layer on windows are larger than the image, at given sizes."""

    def find(key: InputAxis) -> _Larger | None:
        shape = next(t.shape for t in survey.graph.inputs if t.name == key.input)
        image = survey.number(shape[key.axis], sizes)
        found = [
            (place, window.smallest)
            for _, place in survey.tensors()
            if (window := survey.window(place, key)) is not None and window.smallest > image
        ]
        return _Larger(*found[0], image, len(found)) if found else None

    for tensor, axes, (first, size, image, ops) in survey.each(find):
        yield Remark(
            kind=Kind.LARGER,
            layers=survey.names_of(first),
            input=tensor,
            axes=axes,
            text=(
                f"from {survey.label(first)} on, in {words.ops(ops)}, windows of "
                f"{words.by_axes(size, axes)} are larger than the image of "
                f"{words.by_axes(image, axes)}: each of them reaches over its border"
            ),
            numbers={"size": size, "image": image, "ops": ops},
        )
