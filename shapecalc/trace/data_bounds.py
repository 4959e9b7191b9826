"""What is certain about sizes that depend on data, since some cannot be greater than others."""

from __future__ import annotations

from collections.abc import Mapping

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim


def whatever_the_data(condition: Condition, most: Mapping[Dim, Dim]) -> bool | None:
    """Return what a condition is for all values of a size of data, None where it depends.

    `most` has the greatest that a size can be; the least is 1. A sum of sizes is greatest and
    least at the ends: what is below at its greatest is below everywhere.

    >>> T, longest = dims.symbol("T"), dims.symbol("u0")
    >>> whatever_the_data(Condition(T, "<", longest), {longest: T})
    False
    """
    if condition.relation in ("==", "!="):
        return None
    gap = dims.expand(condition.left - condition.right)
    for size in most.keys() & set(condition.symbols):
        step = dims.as_int(dims.expand(gap.subs(size, size + 1) - gap))
        if step is None:
            continue  # no multiple of it is added
        ends = (dims.ONE, most[size]) if step > 0 else (most[size], dims.ONE)
        least, greatest = (
            Condition(dims.expand(gap.subs(size, end)), condition.relation, dims.ZERO).known()
            for end in ends
        )
        if least is (condition.relation in (">", ">=")):
            return least
        if greatest is (condition.relation in ("<", "<=")):
            return greatest
    return None
