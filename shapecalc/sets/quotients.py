"""Quotients of sizes, floor(A/B) with B >= 1, and the smaller or larger of two sizes.

    floor(A/B) >= v    where A >= v*B
    floor(A/B) <= v    where A < (v + 1)*B
    A mod B = 0        where B divides A, for a number A one of its divisors

Where A is a number n, the quotient takes at most 2*sqrt(n) values, each on a range of B.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Max, Min
from sympy.functions.elementary.integers import floor

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.sets.factorisations import between, product_divides, steps
from shapecalc.sets.polynomial import (
    ALWAYS,
    NEVER,
    Cases,
    Polynomial,
    affordable,
    coefficients,
    factored,
    mirrored,
    polynomial,
)
from shapecalc.sets.text import isl_text


def divisors_of(*sizes: Dim) -> list[Dim]:
    """Return what sizes are divided by, where that is no number.

    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> divisors_of(dims.floordiv(448, H * W) + dims.floordiv(H, 2))
    [H, W]
    """
    powers = {power for size in sizes for power in size.atoms(sympy.Pow)}
    return sorted({power.base for power in powers if power.exp.is_negative}, key=str)


def fraction_of(atom: Dim) -> tuple[Dim, Dim]:
    """Return A and B of floor(A/B)."""
    x, m = dims.split_floor(atom)
    if m:
        return x, dims.as_dim(m)
    numerator, denominator = sympy.fraction(sympy.together(atom.args[0], deep=False))
    return numerator, denominator


def quotient_against_size(found: Polynomial, relation: Relation) -> Cases | None:
    """Compare a quotient with what it is added to: a*floor(A/B) + rest, with a number a.

    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> for case in quotient_against_size(polynomial(dims.floordiv(448, H * W) - 8), "=="):
    ...     print(*case, sep=" and ")
    448 < 9*H*W and 448 >= 8*H*W
    """
    for quotient in _quotients(found):
        if found.degree(quotient) > 1:
            continue
        rest, times = coefficients(found, quotient)
        if times.is_Integer and (abs(times) == 1 or isl_text(rest, {}) is not None):
            if times < 0:
                rest, times, relation = -rest, -times, mirrored(relation)
            return _against_size(quotient, times, rest, relation)
    return None


def _quotients(found: Polynomial) -> list[Dim]:
    """Return the quotients of a polynomial that isl cannot write."""
    return [atom for atom in found.gens if atom.func is floor and isl_text(atom, {}) is None]


def _against_size(quotient: Dim, times: Dim, rest: Dim, relation: Relation) -> Cases:
    """Compare times*quotient + rest with 0, by the integers on either side of -rest/times."""
    below, above = dims.floordiv(-rest - 1, times), dims.floordiv(-rest, times)
    match relation:
        case ">":
            return [(_more(quotient, above),)]
        case ">=":
            return [(_more(quotient, below),)]
        case "<=":
            return [(_more(quotient, above).negated(),)]
        case "<":
            return [(_more(quotient, below).negated(),)]
        case "==":
            return [(_more(quotient, above).negated(), _more(quotient, below))]
        case "!=":
            return [(_more(quotient, above),), (_more(quotient, below).negated(),)]


def _more(quotient: Dim, value: Dim) -> Condition:
    """Return floor(A/B) > value as a comparison of A and B."""
    numerator, denominator = fraction_of(quotient)
    return Condition(numerator, ">=", dims.expand((value + 1) * denominator))


def remainder_of_quotient(found: Polynomial, relation: Relation) -> Cases | None:
    """Compare t*(A mod B) + c, written t*(A - B*floor(A/B)) + c, with 0.

    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> for case in remainder_of_quotient(polynomial(dims.mod(3, H * W)), "=="):
    ...     print(*case, sep=" and ")
    W = 1 and H = 1
    W = 1 and H = 3
    W = 3 and H = 1
    """
    for quotient in _quotients(found):
        numerator, denominator = fraction_of(quotient)
        if found.degree(quotient) > 1:
            continue
        rest, times = coefficients(found, quotient)
        slope = sympy.cancel(-times / denominator)
        constant = sympy.expand(rest - slope * numerator) if slope.is_Rational else rest
        if slope.is_Rational and constant.is_Rational:
            relation = relation if slope > 0 else mirrored(relation)
            return _of_remainder(numerator, denominator, constant / slope, relation)
    return None


def _of_remainder(
    numerator: Dim, denominator: Dim, constant: Dim, relation: Relation
) -> Cases | None:
    """Compare A mod B + constant, where the remainder is at least 0, with 0."""
    if constant > 0 or (constant == 0 and relation in (">=", "<")):
        return ALWAYS if relation in (">=", ">", "!=") else NEVER
    product = polynomial(denominator)
    if constant < 0 or product is None or not numerator.is_Integer or numerator == 0:
        return None
    number, factors = factored(product)
    least = [dims.lower_bound(factor) for factor, _ in factors]
    if any(bound is None or bound < 0 for bound in least):
        return None
    holds = relation in ("==", "<=")
    if numerator % number:
        return NEVER if holds else ALWAYS
    # B >= 1, so that no factor is 0
    cases = product_divides(factors, abs(int(numerator)) // number, holds=holds)
    return affordable(cases)


def quotient_by_values(found: Polynomial, relation: Relation) -> Cases | None:
    """Give the quotient of a number each of its values, and its divisor the range for it."""
    for quotient in _quotients(found):
        numerator, denominator = fraction_of(quotient)
        if not numerator.is_Integer or dims.split_floor(quotient)[1]:
            continue
        n = int(numerator)
        return affordable(
            (
                Condition(_with(found, quotient, value), relation, 0),
                *between(denominator, low, high),
            )
            for low, high, value in _values(n)
        )
    return None


def _values(n: int) -> Iterator[tuple[int, int | None, int]]:
    """Yield (low, high, v) where floor(n/B) is v for B from low up to high.

    >>> list(_values(3)), list(_values(-2))
    ([(1, 1, 3), (2, 3, 1), (4, None, 0)], [(1, 1, -2), (2, None, -1)])
    """
    if n < 0:  # floor(n/B) = -1 - floor((-n - 1)/B)
        yield from ((low, high, -1 - value) for low, high, value in _values(-n - 1))
        return
    yield from steps(n)
    yield n + 1, None, 0


def _with(found: Polynomial, atom: Dim, value: Dim | int) -> Dim:
    """Return a polynomial with a value for one atom."""
    powers = enumerate(coefficients(found, atom))
    return dims.expand(sympy.Add(*(factor * value**power for power, factor in powers)))


def extreme_by_argument(found: Polynomial, relation: Relation) -> Cases | None:
    """Replace a Min or Max that isl cannot write by each argument, where that is the one."""
    for atom in found.gens:
        if atom.func in (Min, Max) and isl_text(atom, {}) is None:
            sign = 1 if atom.func is Max else -1
            arguments = sorted(atom.args, key=lambda arg: (not arg.is_Integer, str(arg)))
            return [
                (
                    *(Condition(sign * taken, ">", sign * other) for other in arguments[:n]),
                    *(Condition(sign * taken, ">=", sign * other) for other in arguments[n + 1 :]),
                    Condition(_with(found, atom, taken), relation, 0),
                )
                for n, taken in enumerate(arguments)
            ]
    return None
