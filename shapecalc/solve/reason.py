"""Why a question has no solutions: what the sizes that it asks about can be."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.sets import SizeSet
from shapecalc.sets.clauses import formal
from shapecalc.sets.spread import limits, spread
from shapecalc.solve.question import Arithmetic, Comparison, Formula, Question, written
from shapecalc.solve.view import View, narrowed


def reason(question: Question, views: Sequence[View], for_: Sequence[str] = ()) -> str:
    """Return why there is no solution: the values that something takes at the `views`' sizes."""
    if for_:
        return f"for no {', '.join(for_)} is it true of all accepted input sizes"
    comparisons = question.comparisons()
    for comparison in comparisons:
        if _impossible(comparison, views):
            return _values(comparison, views) or f"no accepted sizes meet {_text(comparison)}"
    return "some sizes meet each of the comparisons, but none meet them together"


def _impossible(comparison: Comparison, views: Sequence[View]) -> bool:
    return all(
        narrowed(view.sizes, case).is_empty() is True
        for view in views
        for case in view.meaning.cases(comparison)
    )


def _values(comparison: Comparison, views: Sequence[View]) -> str | None:
    """Return which values a comparison speaks of, as text, where isl can tell."""
    compared = _compared(comparison)
    name = written(compared)
    found: SizeSet | None = None
    for view in views:
        for dim in view.meaning.sizes(compared):
            values = _taken(dim, view.sizes, name)
            if values is None:
                return None
            found = values if found is None else found.union(values)
    if found is None or found.is_empty():
        return None
    where = "that come so far" if any(view.arriving for view in views) else "that are accepted"
    low, high = limits(found)
    if low is None and high is None:
        return None
    text = f"{name} <= {high}" if low is None else formal(found)
    return f"{text} for all sizes {where}"


def _taken(dim: Dim, sizes: SizeSet, name: str) -> SizeSet | None:
    if dims.as_int(dim) is not None:  # whatever the sizes are
        sizes = SizeSet(sizes.names, sizes.points, ())
    return spread(dim, sizes, name)


def _compared(comparison: Comparison) -> Formula:
    """Return what is compared with a number, or else the difference of the two sides."""
    for side, other in (
        (comparison.left, comparison.right),
        (comparison.right, comparison.left),
    ):
        if isinstance(other, int):
            return side
    return Arithmetic.difference(comparison.left, comparison.right)


def _text(comparison: Comparison) -> str:
    return f"{written(comparison.left)} {comparison.relation} {written(comparison.right)}"
