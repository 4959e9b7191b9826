"""Reaches in other digits: after a reshape, or to be united with another reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.receptive_field.digits import Block, Digit, Layout, digit_of, number, size_of
from shapecalc.receptive_field.isl import NotAffine
from shapecalc.receptive_field.reach import Reach, tidied


def respelled(reach: Reach, axis: int, old: tuple[Dim, ...], new: tuple[Dim, ...]) -> Reach:
    """Return a reach with the digits `new` on an axis in the place of `old`.

    Raises:
        NotAffine: symbols would have to be multiplied or divided.
    """
    after = tuple(Digit(axis, place) for place in range(len(new)))
    before = tuple(Digit(axis, place) for place in range(len(old)))
    return _substituted(reach.as_one(), before, old, after, new)


def regrouped(
    reach: Reach, groups: Sequence[Block], layout: Layout, out: Shape, out_layout: Layout
) -> Reach:
    """Return a reach after a reshape.

    Raises:
        NotAffine: symbols would have to be multiplied or divided.
    """
    reach = reach.as_one()
    for digit in reach.digits:
        if size_of(digit, layout) == 1:
            reach = _fixed(reach, digit)
    # on their way from old places to new ones, digits stand on axes that no tensor has
    reach = reach.renamed({digit: _on_its_way(digit) for digit in reach.digits})
    arrived: dict[Digit, Digit] = {}
    for group in groups:
        before = tuple(map(_on_its_way, group.before))
        if len(group.after) == 1:
            (axis,) = group.after
            arrived |= {digit: Digit(axis, n) for n, digit in enumerate(before)}
            continue
        sizes = tuple(size_of(digit, layout) for digit in group.before)
        after = tuple(Digit(axis, 0) for axis in group.after)
        reach = _substituted(reach, before, sizes, after, tuple(out[axis] for axis in group.after))
    return tidied(reach.renamed(arrived), out_layout)


def _on_its_way(digit: Digit) -> Digit:
    return Digit(~digit.axis, digit.place)


def _fixed(reach: Reach, gone: Digit) -> Reach:
    """Return a reach without a digit that is always 0."""
    kept = tuple(digit for digit in reach.digits if digit != gone)
    values = ", ".join("0" if digit == gone else f"i{n}" for n, digit in enumerate(reach.digits))
    names = ", ".join(f"i{n}" for n, digit in enumerate(reach.digits) if digit != gone)
    found = reach.relation.through(f"{{ [{names}] -> [{values}] }}")
    return replace(reach, digits=kept, relation=found, moving=reach.moving - {gone})


def _substituted(
    reach: Reach,
    before: tuple[Digit, ...],
    sizes: tuple[Dim, ...],
    after: tuple[Digit, ...],
    new_sizes: tuple[Dim, ...],
) -> Reach:
    """Put the digits `after` of a number in the place of its digits `before`."""
    kept = tuple(digit for digit in reach.digits if digit not in before)
    if len(kept) == len(reach.digits):
        return reach
    names = {digit: f"a{n}" for n, digit in enumerate((*kept, *after))}
    whole_number = number([names[digit] for digit in after], new_sizes)
    if whole_number is None:
        raise NotAffine
    values = []
    for digit in reach.digits:
        if digit not in before:
            values.append(names[digit])
            continue
        value = (
            whole_number if len(before) == 1 else digit_of(whole_number, before.index(digit), sizes)
        )
        if value is None:
            raise NotAffine
        values.append(value)
    ranges = [
        f"0 <= {names[digit]} < {count}"
        for digit, size in zip(after[1:], new_sizes[1:], strict=True)
        if (count := dims.as_int(size)) is not None
    ]
    rest = f" : {' and '.join(ranges)}" if ranges else ""
    text = f"{{ [{', '.join(names.values())}] -> [{', '.join(values)}]{rest} }}"
    moves = any(digit in reach.moving for digit in before)
    moving = (reach.moving - set(before)) | (set(after) if moves else set())
    found = reach.relation.through(text)
    return replace(reach, digits=(*kept, *after), relation=found, moving=frozenset(moving))
