"""Remainders of products by numbers: which sizes a product divides into, and what is left.

A prime power p**k divides F*G where p**v divides F and p**(k - v) divides G, for some v. Other
remainders of a polynomial follow from the remainders of its atoms.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy
from sympy.functions.elementary.integers import floor

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.sets.polynomial import (
    ALWAYS,
    NEVER,
    Cases,
    Polynomial,
    affordable,
    as_product,
    coefficients,
    polynomial,
)

_LARGEST_MODULUS = 64  # whose residues are gone through one by one


def remainder_against_number(found: Polynomial, relation: Relation) -> Cases | None:
    """Compare x mod m, for a product or a polynomial x, with a number.

    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> for case in remainder_against_number(polynomial(dims.mod(H * W, 6)), "=="):
    ...     print(*case, sep=" and ")
    W mod 6 = 0
    H mod 3 = 0 and W mod 2 = 0
    H mod 2 = 0 and W mod 3 = 0
    H mod 6 = 0
    """
    remainder = _split(found)
    if remainder is None:
        return None
    x, m, slope, constant = remainder
    met = [r for r in range(m) if _meets(slope * r + constant, relation)]
    if len(met) in (0, m):
        return ALWAYS if met else NEVER
    if met in ([0], list(range(1, m))):
        factors = _factors(x, m)
        if factors is not None:
            return affordable((_divisible if met == [0] else _indivisible)(*factors))
    return _by_residues(x, m, met) if m <= _LARGEST_MODULUS else None


def _split(found: Polynomial) -> tuple[Polynomial, int, Fraction, Fraction] | None:
    """Return (x, m, t, c) where a polynomial is t*(x mod m) + c with x of degree 2 or more."""
    for atom in found.gens:
        if atom.func is not floor or found.degree(atom) > 1:
            continue
        x, m = dims.split_floor(atom)
        terms = polynomial(x) if m else None
        rest, times = coefficients(found, atom)
        if terms is None or terms.total_degree() < 2 or not times.is_Integer:
            continue
        slope = Fraction(-int(times), m)
        constant = sympy.expand(rest - sympy.Rational(-int(times), m) * x)
        if constant.is_Rational:
            return terms, m, slope, Fraction(int(constant.p), int(constant.q))
    return None


def _meets(value: Fraction, relation: Relation) -> bool:
    return bool(Condition(value.numerator, relation, 0).known())


# ---------------------------------------------------------------------------- divisibility


def _factors(x: Polynomial, m: int) -> tuple[list[Dim], int] | None:
    """Return factors and a number that divides their product exactly where m divides x."""
    product = as_product(x)
    if product is None or product.number.denominator > 1 or product.constant % m:
        return None
    repeated = [factor for factor, power in product.factors for _ in range(power)]
    return repeated, m // math.gcd(m, int(product.number))


def _divisible(factors: Sequence[Dim], m: int) -> Iterator[tuple[Condition, ...]]:
    """Yield m = d1*d2*..., each d dividing its factor."""
    primes = sympy.factorint(m)
    for powers in itertools.product(*(_shared(k, len(factors)) for k in primes.values())):
        divisors = [1] * len(factors)
        for prime, shares in zip(primes, powers, strict=True):
            divisors = [d * prime**v for d, v in zip(divisors, shares, strict=True)]
        yield tuple(
            Condition(dims.mod(factor, divisor), "==", 0)
            for factor, divisor in zip(factors, divisors, strict=True)
            if divisor > 1
        )


def _indivisible(factors: Sequence[Dim], m: int) -> Iterator[tuple[Condition, ...]]:
    """Yield, for a prime power p**k of m, powers of p that add up to less than k."""
    for prime, k in sympy.factorint(m).items():
        for shares in _shared(k - 1, len(factors)):
            yield tuple(
                Condition(dims.mod(factor, prime ** (v + 1)), "!=", 0)
                for factor, v in zip(factors, shares, strict=True)
            )


def _shared(count: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to write `count` as a sum of `parts` numbers of at least 0."""
    if parts == 1:
        yield (count,)
        return
    for first in range(count + 1):
        for others in _shared(count - first, parts - 1):
            yield (first, *others)


# ---------------------------------------------------------------------------- residues


def _by_residues(x: Polynomial, m: int, met: Sequence[int]) -> Cases:
    """Give one atom each of its remainders by m; x has one atom less in every case."""
    atom = max(x.gens, key=lambda generator: (x.degree(generator), str(generator)))
    cases: Cases = []
    for residue in range(m):
        here = Condition(dims.mod(atom, m), "==", residue)
        rest = dims.mod(x.eval(atom, residue).as_expr() if len(x.gens) > 1 else x.eval(residue), m)
        cases += [
            (here, Condition(rest, ">=", low), Condition(rest, "<=", high))
            for low, high in _runs(met)
        ]
    return cases


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last of every run of neighbours.

    >>> _runs([0, 1, 2, 5])
    [(0, 2), (5, 5)]
    """
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return list(zip(starts, ends, strict=True))
