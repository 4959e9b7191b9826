"""The positive integers whose product is a number, lies on one side of it, or divides it.

With positive integers F and Q,

    F*Q = n        where F divides n, and Q = n/F
    F*Q <= n       where F <= n, and Q <= floor(n/F), which takes at most 2*sqrt(n) values
    F*Q divides n  where F divides n, and Q divides n/F

Factors come with their powers, as in F**2*Q. The cases of a relation do not overlap.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias

import sympy

from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.sets.polynomial import ALWAYS, NEVER

Factors: TypeAlias = Sequence[tuple[Dim, int]]  # every factor with its power
_Cases: TypeAlias = Iterator[tuple[Condition, ...]]


def positive_product(factors: Factors, relation: Relation, right: Fraction) -> _Cases:
    """Yield the cases of a product of positive integers `relation` right.

    >>> from shapecalc import dims
    >>> factors = [(dims.symbol("H"), 1), (dims.symbol("W"), 1)]
    >>> for case in positive_product(factors, "<=", Fraction(4)):
    ...     print(*case, sep=" and ")
    H = 1 and W <= 4
    H = 2 and W <= 2
    H >= 3 and H <= 4 and W = 1
    """
    whole = right.denominator == 1 and right > 0
    match relation:
        case "==":
            yield from _equal(factors, int(right)) if whole else NEVER
        case "!=":
            yield from _unequal(factors, int(right)) if whole else ALWAYS
        case "<=":
            yield from _at_most(factors, math.floor(right))
        case "<":
            yield from _at_most(factors, math.ceil(right) - 1)
        case ">":
            yield from _above(factors, math.floor(right))
        case ">=":
            yield from _above(factors, math.ceil(right) - 1)


def product_divides(factors: Factors, n: int, *, holds: bool) -> _Cases:
    """Yield the cases in which a product of positive integers divides n >= 1, or does not."""
    yield from _equal(factors, n, divides=True) if holds else _unequal(factors, n, divides=True)


def _equal(factors: Factors, n: int, *, divides: bool = False) -> _Cases:
    (factor, power), *others = factors
    for value in _values(n, power, last=not others and not divides):
        here = Condition(factor, "==", value)
        if not others:
            yield (here,)
        for case in _equal(others, n // value**power, divides=divides) if others else NEVER:
            yield (here, *case)


def _unequal(factors: Factors, n: int, *, divides: bool = False) -> _Cases:
    (factor, power), *others = factors
    values = _values(n, power, last=not others and not divides)
    for below, above in zip([0, *values], [*values, None], strict=True):
        if above is None or above - below > 1:
            yield between(factor, below + 1, None if above is None else above - 1)
    for value in values if others else ():
        for case in _unequal(others, n // value**power, divides=divides):
            yield (Condition(factor, "==", value), *case)


def _values(n: int, power: int, *, last: bool) -> list[int]:
    """Return the numbers whose power divides n; of the last factor, whose power is n."""
    roots = (sympy.integer_nthroot(d, power) for d in ([n] if last else sympy.divisors(n)))
    return [int(root) for root, exact in roots if exact]


def _at_most(factors: Factors, n: int) -> _Cases:
    (factor, power), *others = factors
    if not others and n > 0:
        yield between(factor, 1, _root(n, power))
    for low, high, quotient in steps(n, power) if others else ():
        for case in _at_most(others, quotient):
            yield (*between(factor, low, high), *case)


def _above(factors: Factors, n: int) -> _Cases:
    (factor, power), *others = factors
    yield between(factor, _root(n, power) + 1 if n > 0 else 1, None)
    for low, high, quotient in steps(n, power) if others else ():
        for case in _above(others, quotient):
            yield (*between(factor, low, high), *case)


def between(factor: Dim, low: int, high: int | None) -> tuple[Condition, ...]:
    """Return low <= factor <= high, for a factor that is at least 1."""
    if low == high:
        return (Condition(factor, "==", low),)
    above = (Condition(factor, ">=", low),) if low > 1 else ()
    return above if high is None else (*above, Condition(factor, "<=", high))


def steps(n: int, power: int = 1) -> Iterator[tuple[int, int, int]]:
    """Yield (low, high, q) where floor(n/F**power) is q for F from low up to high, for q >= 1.

    >>> list(steps(7))
    [(1, 1, 7), (2, 2, 3), (3, 3, 2), (4, 7, 1)]
    """
    low = 1
    while low**power <= n:
        quotient = n // low**power
        high = _root(n // quotient, power)
        yield low, high, quotient
        low = high + 1


def _root(n: int, power: int) -> int:
    """Return the largest integer whose power is at most n."""
    return int(sympy.integer_nthroot(n, power)[0])
