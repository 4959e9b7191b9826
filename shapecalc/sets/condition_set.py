"""The points of an integer set that meet a condition.

isl writes what is affine, floors and remainders by numbers among it. Any other condition is
derived from simpler ones, step by step, until those are affine: a product from its factors, a
quotient from its two sides, a remainder from remainders. Every step is an equivalence, so that
the set is exact. Where no step leads on, an atom that takes few values gets each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import islpy as isl

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.sets.growth import with_fewer_atoms
from shapecalc.sets.polynomial import Cases, Polynomial, gap
from shapecalc.sets.products import (
    product_against_number,
    product_against_product,
    product_against_zero,
)
from shapecalc.sets.quotients import (
    divisors_of,
    extreme_by_argument,
    quotient_against_size,
    quotient_by_values,
    remainder_of_quotient,
)
from shapecalc.sets.remainders import remainder_against_number
from shapecalc.sets.text import isl_condition
from shapecalc.sets.values import few_values

_SET = isl.dim_type.set
_MOST_VALUES = 512  # of an atom that is gone through
_COST = 10  # of a case that isl cannot write, in those that it can

# The steps, in the order in which they are tried: each compares a polynomial with 0 and returns
# the cases that this comes to, or None where it says nothing.
_Step: TypeAlias = Callable[[Polynomial, Relation], Cases | None]
_STEPS: tuple[_Step, ...] = (
    extreme_by_argument,
    remainder_of_quotient,
    remainder_against_number,
    product_against_zero,
    quotient_against_size,
    quotient_by_values,
    product_against_number,
    product_against_product,
)


@dataclass(slots=True)
class _Budget:
    """How many cases a derivation may still look at, so that it ends within a few seconds."""

    cases: int = 6_000


def condition_set(condition: Condition, within: isl.Set) -> isl.Set | None:
    """Return the points of `within` that meet a condition, or None where isl cannot tell.

    `within` is a set of sizes `{ [N, H, W] : ... }`, each dimension named after its symbol.
    Where the condition divides by 0, it is not met.

    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> product = Condition(16 * dims.floordiv(H, 4) * dims.floordiv(W, 4), "==", 400)
    >>> print(condition_set(product, isl.Set("{ [H, W] : 0 < H = W }")))
    { [H, W = H] : 20 <= H <= 23 }
    """
    names = _names(within)
    if not {str(symbol) for symbol in condition.symbols} <= set(names):
        return None
    anywhere = _anywhere(names, condition)
    return _met(condition, within, _Budget()) if anywhere is None else within.intersect(anywhere)


def _names(within: isl.Set) -> tuple[str, ...]:
    return tuple(str(within.get_dim_name(_SET, n)) for n in range(within.dim(_SET)))


@lru_cache(1 << 12)
def _anywhere(names: tuple[str, ...], condition: Condition) -> isl.Set | None:
    """Return all sizes that meet a condition, where that can be told without a set around them."""
    text = _affine(condition)
    if text is not None:
        return _parsed(names, text)
    least = [f"{s} >= {1 if s.is_positive else 0}" for s in condition.symbols]
    return _met(condition, _parsed(names, " and ".join(least)), _Budget())


def _met(condition: Condition, within: isl.Set, budget: _Budget) -> isl.Set | None:
    if within.is_empty():
        return within
    text = _affine(condition)
    if text is not None:
        return within.intersect(_parsed(_names(within), text))
    defined = _defined(condition, within, budget)
    if defined is None or condition.known() is True:
        return defined
    found = gap(condition)
    if found is not None and _affine(_against_zero(found, condition.relation)) is not None:
        return _met(_against_zero(found, condition.relation), defined, budget)
    for step in _STEPS:
        cases = _derived(step, condition)
        met = None if cases is None else _any(cases, defined, budget)
        if met is not None:
            return met
    simpler = with_fewer_atoms(condition, defined)
    if simpler != condition:
        return _met(simpler, defined, budget)
    return _by_values(condition, defined, budget)


def _against_zero(found: Polynomial, relation: Relation) -> Condition:
    return Condition(found.as_expr(), relation, 0)


@lru_cache(1 << 12)
def _derived(step: _Step, condition: Condition) -> Cases | None:
    found = gap(condition)
    return None if found is None else step(found, condition.relation)


def _defined(condition: Condition, within: isl.Set, budget: _Budget) -> isl.Set | None:
    """Return the points where nothing is divided by 0, or None where a divisor may be negative."""
    for divisor in divisors_of(condition.left, condition.right):
        negative = Condition(divisor, "<", 0)
        if negative.known() is not False:
            refused = _met(negative, within, budget)
            if refused is None or not refused.is_empty():
                return None
        positive = _met(Condition(divisor, ">", 0), within, budget)
        if positive is None:
            return None
        within = positive
    return within


def _any(cases: Cases, within: isl.Set, budget: _Budget) -> isl.Set | None:
    """Return the points that meet all conditions of a case, for any case."""
    texts: list[str] = []
    others: Cases = []
    for case in cases:
        parts = [_affine(condition) for condition in case]
        if None in parts:
            others.append(case)
        else:
            texts.append(f"({' and '.join(map(str, parts)) or 'true'})")
    budget.cases -= len(texts) + _COST * len(others)
    if budget.cases < 0:
        return None
    found = within.intersect(_parsed(_names(within), " or ".join(texts) or "false"))
    for case in others:
        met = _all(case, within, budget)
        if met is None:
            return None
        found = found.union(met)
    return found.coalesce()


def _all(case: Sequence[Condition], within: isl.Set, budget: _Budget) -> isl.Set | None:
    """Return the points that meet all conditions of a case, those that isl writes first."""
    found: isl.Set | None = within
    for condition in sorted(case, key=lambda condition: _affine(condition) is None):
        found = None if found is None else _met(condition, found, budget)
    return found


def _by_values(condition: Condition, within: isl.Set, budget: _Budget) -> isl.Set | None:
    """Give an atom each value that it takes, where those are few."""
    few = few_values(condition, within, min(_MOST_VALUES, budget.cases // _COST))
    if few is None:
        return None
    atom, numbers = few
    cases: Cases = [
        (
            Condition(atom, "==", number),
            Condition(
                condition.left.xreplace({atom: dims.as_dim(number)}),
                condition.relation,
                condition.right.xreplace({atom: dims.as_dim(number)}),
            ),
        )
        for number in numbers
    ]
    return _any(cases, within, budget)


@lru_cache(1 << 14)
def _affine(condition: Condition) -> str | None:
    return isl_condition(condition, {})


@lru_cache(1 << 14)
def _parsed(names: tuple[str, ...], text: str) -> isl.Set:
    return isl.Set(f"{{ [{', '.join(names)}] : {text} }}")
