"""The nearest sizes of a set that has to be tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from shapecalc.sets import SizeSet

_MOST = 20_000  # sizes that are tried


def nearest_tried(part: SizeSet, near: Mapping[str, int]) -> dict[str, int] | None:
    """Return the sizes of a set nearest to others, by trying; None where none was found.

    All symbols that the open conditions of the set speak of have to be named.

    >>> from shapecalc import dims
    >>> from shapecalc.conditions import Condition
    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> part = SizeSet.every(["H", "W"]).where(Condition(H**3 + W * H, "==", 18))
    >>> nearest_tried(part, {"H": 3, "W": 6})
    {'H': 2, 'W': 5}
    """
    spoken = {str(symbol) for condition in part.open for symbol in condition.symbols}
    if not spoken <= near.keys():
        return None
    for at in itertools.islice(_outwards(near), _MOST):
        if part.contains(at):
            return at
    return None


def _outwards(near: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Yield sizes by the sum of their differences from `near`, the larger ones first."""
    for distance in itertools.count():
        for steps in _sums(len(near), distance):
            for signs in itertools.product((1, -1), repeat=len(near)):
                if all(step or sign > 0 for step, sign in zip(steps, signs, strict=True)):
                    moved = zip(near.items(), steps, signs, strict=True)
                    yield {name: size + sign * step for (name, size), step, sign in moved}


def _sums(count: int, total: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to write a total as so many numbers of at least 0."""
    if count == 1:
        yield (total,)
        return
    for first in range(total, -1, -1):
        for rest in _sums(count - 1, total - first):
            yield (first, *rest)
