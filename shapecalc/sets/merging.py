"""Several sets of sizes as few."""

from __future__ import annotations

from collections.abc import Iterable

from shapecalc.conditions import Condition
from shapecalc.sets.size_set import SizeSet


def merged(sets: Iterable[SizeSet]) -> tuple[SizeSet, ...]:
    """Return sets that hold the same sizes together, those with fewest open conditions first.

    Sets with the same open conditions become one. Two over the same sizes that differ in one
    condition, which the one needs and the other excludes, do without it.

    >>> from shapecalc import dims
    >>> n, h, w = map(dims.symbol, "NHW")
    >>> unwritable = Condition(h**2 + w * n, ">", n**2)
    >>> every = SizeSet.every(["N", "H", "W"])
    >>> [found] = merged([every.where(unwritable), every.where(unwritable.negated())])
    >>> found.open
    ()
    """
    by_open: dict[frozenset[Condition], SizeSet] = {}
    waiting = list(sets)
    while waiting:
        new = waiting.pop()
        key = frozenset(new.open)
        if key in by_open:
            new = by_open.pop(key).union(new)
        opposite = next((other for c in key if (other := _turned(key, c)) in by_open), None)
        if opposite is not None and by_open[opposite].matches(new):
            del by_open[opposite]
            waiting.append(new.without(key - opposite))
        else:
            by_open[key] = new
    return tuple(sorted(by_open.values(), key=lambda found: len(found.open)))


def _turned(conditions: frozenset[Condition], condition: Condition) -> frozenset[Condition]:
    """Return conditions with one of them turned round."""
    return conditions - {condition} | {condition.negated()}
