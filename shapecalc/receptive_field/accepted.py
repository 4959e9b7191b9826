"""What the sizes that a model accepts have in common, as far as fields need it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.graph import LayerGraph
from shapecalc.sets import context, follows

EVERY_SIZE = "{ : true }"


class Accepted:
    """The premises of a graph, with the questions that fields ask of them."""

    def __init__(self, graph: LayerGraph) -> None:
        self._conditions = [premise.condition for premise in graph.premises]
        self._equal: dict[tuple[Dim, Dim], bool] = {}

    @cached_property
    def context(self) -> str:
        """The accepted sizes in isl's language, products of symbols left out."""
        return context(self._conditions)

    @cached_property
    def pinned(self) -> dict[Dim, Dim]:
        """The symbols that have one size alone."""
        return {
            condition.left: condition.right
            for condition in self._conditions
            if condition.relation == "=="
            and condition.left.is_Symbol
            and condition.right.is_Integer
        }

    def includes(self, condition: Condition) -> bool:
        """Tell whether a condition holds for all accepted sizes, as far as that is known."""
        return condition in self._conditions or follows(condition, self._conditions)

    def equal(self, one: Dim, other: Dim) -> bool:
        """Tell whether two sizes are equal for all accepted sizes; False where that is open."""
        if one == other:
            return True
        known = self._equal.get((one, other))
        if known is None:
            claim = Condition(one, "==", other)
            known = (
                claim in self._conditions
                or follows(claim, self._conditions)
                or any(self._factors(one, other, c) for c in self._conditions)
            )
            self._equal[one, other] = known
        return known

    def _factors(self, one: Dim, other: Dim, condition: Condition) -> bool:
        """Tell whether one = other because products are equal that have them as factors.

        From a*b = c*d with a >= c >= 0, b >= d and b > 0 follows a = c: a < c*d/b <= c otherwise.
        """
        if condition.relation != "==":
            return False
        sides: Sequence[tuple[Dim, Dim]] = (
            (condition.left, condition.right),
            (condition.right, condition.left),
        )
        for left, right in sides:
            for a, c in ((one, other), (other, one)):
                b, d = dims.cofactor(left, a), dims.cofactor(right, c)
                if b is None or d is None:
                    continue
                claims = ((a, c), (c, dims.ZERO), (b, d), (b, dims.ONE))
                if all(follows(Condition(x, ">=", y), self._conditions) for x, y in claims):
                    return True
        return False
