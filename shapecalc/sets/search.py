"""Sizes that meet conditions, usual ones first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import sympy

from shapecalc.conditions import Condition
from shapecalc.sets.size_set import SizeSet

# sizes that people build models for, tried first
_USUAL = (
    224, 256, 192, 384, 512, 288, 299, 336, 320, 128, 160, 96, 64, 80, 48, 32, 28, 24, 16, 14, 12,
    10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
)  # fmt: skip
_INEQUALITIES = ("<", "<=", ">", ">=")
_AFFORDABLE = 5_000  # combinations of usual sizes
_LARGEST_OF_TWO = 100  # elements a side, where every pair is tried
_LARGEST_SQUARE = 1_100  # elements a side


def find_sizes(conditions: Iterable[Condition], near: Mapping[str, int]) -> dict[str, int] | None:
    """Return sizes that meet all conditions, as few as possible moved from `near`, or None.

    Sizes that are usual are tried first, then the nearest ones of the integer set are taken.
    None means that none was found, not that there is none.
    """
    conditions = list(conditions)
    found = search(conditions, near)
    if found is not None:
        return found
    sizes = SizeSet.every(list(near))
    for condition in conditions:
        sizes = sizes.where(condition)
    return None if sizes.open else sizes.nearest(near)


def search(
    conditions: Sequence[Condition], near: Mapping[str, int], *, thorough: bool = True
) -> dict[str, int] | None:
    """Return sizes that meet all conditions, found by trying; None where none was found.

    A `thorough` search tries squares and pairs, too, for conditions on products of sizes.
    """
    broken = {
        str(s) for condition in conditions if not condition.holds(near) for s in condition.symbols
    }
    if not broken:
        return dict(near)
    linked = broken | {
        str(s)
        for condition in conditions
        if broken & set(map(str, condition.symbols))
        for s in condition.symbols
    }
    for names in dict.fromkeys((tuple(sorted(broken)), tuple(sorted(linked)))):
        found = _among_usual(conditions, near, names)
        if found is None and thorough:
            found = _among_all(conditions, near, names)
        if found is not None:
            return found
    return None


def _among_usual(
    conditions: Sequence[Condition], near: Mapping[str, int], names: Sequence[str]
) -> dict[str, int] | None:
    numbers = {
        int(n) + offset
        for condition in conditions
        for side in (condition.left, condition.right)
        for n in side.atoms(sympy.Integer)
        for offset in (0, 1, -1)
        if 0 < n + offset < 1 << 20
    }
    usual = list(dict.fromkeys((*sorted(numbers), *_USUAL)))
    while len(usual) ** len(names) > _AFFORDABLE and len(usual) > 2:
        usual.pop()
    about = [c for c in conditions if set(map(str, c.symbols)) & set(names)]
    too_small = all(c.relation in _INEQUALITIES for c in conditions if not c.holds(near))
    choices = []
    for name in names:
        here = near[name]
        # an input that is too small is made a good deal larger: the next layer shrinks it again
        larger = (here << n for n in range(1, 16)) if too_small and len(names) < 3 else ()
        choices.append([here, *larger, *_nearest_first(usual, here)])
    for sizes in itertools.product(*choices):
        at = {**near, **dict(zip(names, sizes, strict=True))}
        if all(condition.holds(at) for condition in about):
            return at
    return None


def _among_all(
    conditions: Sequence[Condition], near: Mapping[str, int], names: Sequence[str]
) -> dict[str, int] | None:
    about = [c for c in conditions if set(map(str, c.symbols)) & set(names)]
    # a number of tokens, such as floor(H/32)*floor(W/32) = 576, is most often that of a square
    for size in range(1, _LARGEST_SQUARE if len(names) > 1 else 1):
        at = {**near, **dict.fromkeys(names, size)}
        if all(condition.holds(at) for condition in about):
            return at
    # a number of features, such as 8*(floor(H/2) - 1)*(floor(W/2) - 1) = 400, factors somehow
    if len(names) == 2 and about:
        for sizes in itertools.product(range(1, _LARGEST_OF_TWO), repeat=2):
            at = {**near, **dict(zip(names, sizes, strict=True))}
            if all(condition.holds(at) for condition in about):
                return at
    return None


def _nearest_first(sizes: Iterable[int], here: int) -> list[int]:
    return sorted(sizes, key=lambda size: abs(size - here))
