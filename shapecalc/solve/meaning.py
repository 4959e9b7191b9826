"""What a question means in one graph: formulas in the place of all that it speaks of."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.errors import InputError
from shapecalc.graph import LayerGraph
from shapecalc.inputs import combined, number_of
from shapecalc.solve.question import Arithmetic, Asked, Comparison, Formula, Reference
from shapecalc.solve.references import References

Cases: TypeAlias = list[tuple[Condition, ...]]  # alternatives; the conditions of one hold together

_MOST_CASES = 256


class Meaning:
    """What a question means in one graph, and what of the graph it speaks of."""

    def __init__(self, graph: LayerGraph, symbols: Mapping[str, Dim]) -> None:
        self.graph = graph
        self.references = References(graph, symbols)

    # ---------------------------------------------------------------- conditions

    def cases(self, asked: Asked) -> Cases:
        """Return a question as alternatives; none of them where it is never met.

        Raises:
            NotReached: it speaks of a layer that this graph has not.
            InputError: it speaks of something that is no size.
        """
        if isinstance(asked, Comparison):
            conditions = self.conditions(asked)
            return [tuple(conditions)] if asked.all else [(condition,) for condition in conditions]
        parts = [self.cases(part) for part in asked.parts]
        if asked.all:
            found = [
                tuple(itertools.chain.from_iterable(chosen))
                for chosen in itertools.islice(itertools.product(*parts), _MOST_CASES + 1)
            ]
        else:
            found = [case for part in parts for case in part]
        if len(found) > _MOST_CASES:
            raise InputError(f"the question has more than {_MOST_CASES} alternatives")
        return found

    def conditions(self, comparison: Comparison) -> list[Condition]:
        """Return a comparison for each of the sizes that it is asked of."""
        left, right = self.sizes(comparison.left), self.sizes(comparison.right)
        return list(
            dict.fromkeys(
                _simplified(Condition(one, comparison.relation, other))
                for one, other in _paired(left, right)
            )
        )

    # ---------------------------------------------------------------- formulas

    def sizes(self, formula: Formula) -> tuple[Dim, ...]:
        """Return the sizes that a formula stands for: one, or one for each axis."""
        try:
            if isinstance(formula, int):
                return (number_of(formula),)
            if isinstance(formula, Reference):
                return tuple(dict.fromkeys(self.references.sizes(formula)))
            left, right = self.sizes(formula.left), self.sizes(formula.right)
            pairs = _paired(left, right)
            return tuple(dict.fromkeys(_calculated(a, formula, b) for a, b in pairs))
        except ZeroDivisionError:
            raise InputError("the question divides by zero") from None
        except ValueError as error:
            raise InputError(f"the question cannot be asked: {error}") from None


def _paired(left: Sequence[Dim], right: Sequence[Dim]) -> list[tuple[Dim, Dim]]:
    """Return two sides entry by entry; a single size stands beside every entry of the other."""
    if len(left) != len(right) and 1 not in (len(left), len(right)):
        raise InputError(f"{len(left)} sizes cannot be compared with {len(right)}: name the axes")
    count = max(len(left), len(right))
    sides = (side * count if len(side) == 1 else side for side in (tuple(left), tuple(right)))
    return list(zip(*sides, strict=True))


def _calculated(left: Dim, formula: Arithmetic, right: Dim) -> Dim:
    operator = formula.operator
    if operator is ast.Div:
        if dims.as_int(right) is None:
            raise InputError("only numbers divide exactly: write // for whole sizes")
        if right == 0:
            raise ZeroDivisionError
        return dims.expand(left / right)
    if operator in (ast.FloorDiv, ast.Mod) and not (left.is_integer and right.is_integer):
        raise InputError("// and % take whole sizes only")
    return combined(left, operator, right)


def _simplified(condition: Condition) -> Condition:
    """Return a condition on fractions as one on whole numbers, without symbols that cancel."""
    gap = dims.expand(condition.left - condition.right)
    content = gap.as_content_primitive()[0]
    denominator = int(content.q) if content.is_Rational else 1
    if denominator > 1 or len(gap.free_symbols) < len(condition.symbols):
        return Condition(dims.expand(denominator * gap), condition.relation, 0)
    return condition
