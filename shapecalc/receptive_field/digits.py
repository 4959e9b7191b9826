"""Axes as numbers of several digits, so that reshapes need no products of symbols.

After `view(N, H/7, 7, W/7, 7, C)`, a permutation and `reshape(-1, 49, C)` the first axis runs
over all N*(H/7)*(W/7) windows. Its index is a number of three digits, with these sizes; which
window row it belongs to is one digit of it, and no division by a symbol is needed to tell. A
layout lists the sizes of the digits of every axis, the most significant first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from shapecalc import dims
from shapecalc.conditions import Hint
from shapecalc.dims import Dim, Shape


class Digit(NamedTuple):
    """A digit of the index on one axis of a tensor."""

    axis: int
    place: int


Layout: TypeAlias = tuple[tuple[Dim, ...], ...]


def plain(shape: Shape) -> Layout:
    """Return the layout with one digit an axis."""
    return tuple((size,) for size in shape)


def size_of(digit: Digit, layout: Layout) -> Dim:
    """Return how many values a digit takes."""
    return layout[digit.axis][digit.place]


def places(sizes: Sequence[Dim]) -> list[int | None]:
    """Return what each digit counts for: the product of the sizes after it, None for a symbol.

    >>> places(dims.Shape((5, 7, 4)))
    [28, 4, 1]
    """
    found: list[int | None] = []
    weight: int | None = 1
    for size in reversed(sizes):
        found.append(weight)
        number = dims.as_int(size)
        weight = None if weight is None or number is None else weight * number
    return found[::-1]


def number(names: Sequence[str], sizes: Sequence[Dim]) -> str | None:
    """Return the number that digits make, in isl's language; None where symbols would multiply.

    >>> number(["a", "b"], dims.Shape((dims.symbol("H"), 7)))
    '(7*a + 1*b)'
    """
    terms = []
    for name, weight in zip(names, places(sizes), strict=True):
        if weight is None:
            return None
        terms.append(f"{weight}*{name}")
    return f"({' + '.join(terms)})" if terms else "0"


def digit_of(text: str, place: int, sizes: Sequence[Dim]) -> str | None:
    """Return one digit of a number, in isl's language; None where symbols would divide.

    >>> digit_of("t", 1, dims.Shape((3, 7, 4)))
    '(floor(t/4) mod 7)'
    """
    weight, size = places(sizes)[place], dims.as_int(sizes[place])
    if weight is None:
        return None
    shifted = f"floor({text}/{weight})" if weight != 1 else f"({text})"
    if place == 0:
        return shifted
    return None if size is None else f"({shifted} mod {size})"


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring digits before a reshape, and the axes that the same elements lie on after it."""

    before: tuple[Digit, ...]
    after: tuple[int, ...]


def blocks(
    layout: Layout, out: Shape, hint: Hint, equal: Callable[[Dim, Dim], bool]
) -> list[Block] | None:
    """Return the smallest groups of digits and of axes of `out` with the same product.

    Digits and axes of size 1 are left out. None where the groups that fit at the hint are not
    `equal` for all sizes.
    """
    digits = [
        Digit(axis, place)
        for axis, sizes in enumerate(layout)
        for place, size in enumerate(sizes)
        if size != 1
    ]
    axes = [axis for axis, size in enumerate(out) if size != 1]
    found = list[Block]()
    while digits and axes:
        before, after = [digits.pop(0)], [axes.pop(0)]
        left, right = size_of(before[0], layout), out[after[0]]
        while (here := dims.evaluate(left, hint)) != (there := dims.evaluate(right, hint)):
            if not (digits if here < there else axes):
                return None
            if here < there:
                before.append(digits.pop(0))
                left = dims.mul(left, size_of(before[-1], layout))
            else:
                after.append(axes.pop(0))
                right = dims.mul(right, out[after[-1]])
        # what is 1 at the hint alone belongs to the group where that makes its products the same
        more = _missing(left, right, [size_of(digit, layout) for digit in digits], hint)
        before += [digits.pop(0) for _ in range(more)]
        left = dims.product(size_of(digit, layout) for digit in before)
        more = _missing(right, left, [out[axis] for axis in axes], hint)
        after += [axes.pop(0) for _ in range(more)]
        if not equal(left, dims.product(out[axis] for axis in after)):
            return None
        found.append(Block(tuple(before), tuple(after)))
    return None if digits or axes else found


def _missing(product: Dim, wanted: Dim, sizes: Sequence[Dim], hint: Hint) -> int:
    """Return how many of the next sizes, all 1 at the hint, make a product what it is to be."""
    for count, size in enumerate(sizes, start=1):
        if product == wanted or dims.evaluate(size, hint) != 1:
            return 0
        product = dims.mul(product, size)
        if product == wanted:
            return count
    return 0
