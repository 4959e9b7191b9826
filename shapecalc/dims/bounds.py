"""How small a size can be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from sympy import Add, Max, Min, Mul
from sympy.functions.elementary.integers import floor

from shapecalc.dims.atoms import MANY, ONE, Dim, Scaled, split_floor


@lru_cache(MANY)
def lower_bound(dim: Dim) -> Fraction | None:
    """Return a number that `dim` is never below, or None where none is found.

    Two bounds are taken, and the greater one counts. Either every term is at its least by
    itself, or floors are relaxed to x/m - (m - 1)/m <= floor(x/m) <= x/m, after which terms
    that belong together meet. A bound, not always the greatest one.
    """
    constant, slopes = _relax(dim)
    relaxed = _sum_of_least(constant, slopes)
    if relaxed is not None and dim.is_integer:
        relaxed = Fraction(math.ceil(relaxed))
    alone = _sum_of_least(*_terms(dim))
    return max((bound for bound in (relaxed, alone) if bound is not None), default=None)


def _sum_of_least(constant: Fraction, slopes: Mapping[Dim, Fraction]) -> Fraction | None:
    """Return the sum with every atom at its least, or None where that is no bound."""
    bound = constant
    for atom, slope in slopes.items():
        least = _least(atom)
        if slope < 0 or least is None:
            return None
        bound += slope * least
    return bound


def _terms(dim: Dim) -> tuple[Fraction, dict[Dim, Fraction]]:
    """Return the constant and the factor of every other term."""
    slopes: dict[Dim, Fraction] = {}
    for term in Add.make_args(dim):
        number, rest = term.as_coeff_Mul()
        if not number.is_Rational:
            return Fraction(0), {term: Fraction(-1)}  # nothing is known of a float
        slopes[rest] = Fraction(int(number.p), int(number.q))
    return slopes.pop(ONE, Fraction(0)), slopes


def _relax(dim: Dim) -> tuple[Fraction, dict[Dim, Fraction]]:
    """Return a constant and slopes whose sum is never above `dim`."""
    constant, slopes = Fraction(0), dict[Dim, Fraction]()
    stack = [(Fraction(1), term) for term in Add.make_args(dim)]
    while stack:
        factor, term = stack.pop()
        number, rest = term.as_coeff_Mul()
        if not number.is_Rational:
            return Fraction(0), {term: Fraction(-1)}
        factor *= Fraction(int(number.p), int(number.q))
        if rest == 1:
            constant += factor
        elif rest.func is floor and split_floor(rest)[1] > 0:
            arg, m = split_floor(rest)
            if factor > 0:
                constant -= factor * Fraction(m - 1, m)
            stack += [(factor / m, t) for t in Add.make_args(arg)]
        else:
            slopes[rest] = slopes.get(rest, Fraction(0)) + factor
    return constant, {atom: slope for atom, slope in slopes.items() if slope}


def _least(atom: Dim) -> Fraction | None:
    """Return the least value of a product of symbols and functions, each at least 0, or None."""
    least = Fraction(1)
    for factor in Mul.make_args(atom):
        base, exponent = factor.as_base_exp()
        if exponent.is_negative:  # 1/x is above 0 for every x that is
            below = lower_bound(base)
            if below is None or below <= 0:
                return None
            least = Fraction(0)
            continue
        if base.is_Symbol:
            value = Fraction(1) if base.is_positive else Fraction(0)
        elif base.func is floor:
            inner = lower_bound(base.args[0])
            value = Fraction(math.floor(inner)) if inner is not None else Fraction(-1)
        elif base.func is Max:
            inners = [b for b in map(lower_bound, base.args) if b is not None]
            value = max(inners, default=Fraction(-1))
        elif base.func is Min:
            bounds = [lower_bound(arg) for arg in base.args]
            value = min((Fraction(-1) if b is None else b) for b in bounds)
        elif base.func is Scaled:
            value = Fraction(0)
        else:
            return None
        if value < 0 or not (exponent.is_Integer and exponent > 0):
            return None
        least *= value ** int(exponent)
    return least
