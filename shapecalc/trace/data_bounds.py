"""What is certain about sizes that depend on data, since some cannot be greater than others."""

from __future__ import annotations

from collections.abc import Mapping

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim


def whatever_the_data(condition: Condition, most: Mapping[Dim, Dim]) -> bool | None:
    """Return what a condition is for all values of a size of data, None where it depends.

    `most` has the greatest that a size can be; the least is 1. A sum of sizes is greatest and
    least at the ends, so that what holds at both of them holds between them.

    >>> T, longest = dims.symbol("T"), dims.symbol("u0")
    >>> whatever_the_data(Condition(T, "<", longest), {longest: T})
    False
    """
    if condition.relation in ("==", "!="):
        return None
    gap = dims.expand(condition.left - condition.right)
    for size in most.keys() & set(condition.symbols):
        if dims.as_int(dims.expand(gap.subs(size, size + 1) - gap)) is None:
            continue  # no multiple of it is added
        ends = {
            Condition(dims.expand(gap.subs(size, end)), condition.relation, dims.ZERO).known()
            for end in (dims.ONE, most[size])
        }
        if len(ends) == 1:
            return ends.pop()
    return None
