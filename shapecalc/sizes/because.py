"""Why a model accepts just these sizes: each clause of the answer with what causes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc.conditions import Condition
from shapecalc.sets.clauses import Clause
from shapecalc.sets.size_set import SizeSet
from shapecalc.sizes.exploration import Rejection


@dataclass(frozen=True, slots=True)
class Because:
    """One clause of the accepted sizes, and what rejects the sizes that only this clause excludes.

    `causes` are in the order in which the model comes to them, one for each condition.
    `decisive` is the first one after which nothing is left for the others.
    """

    clause: Clause
    causes: tuple[Rejection, ...]
    decisive: Rejection | None


def because(
    clauses: Sequence[Clause], every: SizeSet, rejections: Sequence[Rejection]
) -> tuple[Because, ...]:
    """Return the clauses of what is accepted out of `every` size, each with its causes.

    Clauses that exclude nothing, such as `N >= 1`, are left out.
    """
    sets = [every.also(clause.sizes) for clause in clauses]
    found = []
    for n, clause in enumerate(clauses):
        others = every
        for other in (*sets[:n], *sets[n + 1 :]):
            others = others.intersect(other)
        excluded = others.minus(sets[n])
        if excluded.is_empty():
            continue
        causes = _one_a_condition(
            [r for r in rejections if not r.sizes.intersect(excluded).is_empty()]
        )
        found.append(Because(clause, causes, _decisive(causes, excluded)))
    return tuple(found)


def _one_a_condition(rejections: Sequence[Rejection]) -> tuple[Rejection, ...]:
    first: dict[Condition | str, Rejection] = {}
    for rejection in rejections:
        first.setdefault(rejection.condition or rejection.message, rejection)
    return tuple(first.values())


def _decisive(causes: Sequence[Rejection], excluded: SizeSet) -> Rejection | None:
    """Return the cause whose condition alone rejects all that is excluded, if there is one."""
    for cause in causes:
        if cause.condition is not None:
            met = excluded.where(cause.condition)
            if met.is_empty():
                return cause
    return None
