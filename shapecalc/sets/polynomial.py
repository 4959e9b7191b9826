"""Comparisons with 0 as polynomials over atoms, and polynomials as products.

An atom is what no sum or product goes into: a symbol, a floor, a Min or a Max. The gap of
`16*floor(H/4)*floor(W/4) = 400` is the polynomial `x*y - 25` over two of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import sympy
from sympy import Add

from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.dims.atoms import integer_polynomial

Polynomial: TypeAlias = Any  # a sympy.Poly; sympy carries no types

# Alternatives, each of conditions that hold together: what one step of a derivation comes to.
Cases: TypeAlias = list[tuple[Condition, ...]]

ALWAYS: Cases = [()]
NEVER: Cases = []

_MOST_CASES = 2_500  # more make a set that takes seconds to compute with

_MIRRORED: dict[Relation, Relation] = {
    "==": "==",
    "!=": "!=",
    "<": ">",
    ">": "<",
    "<=": ">=",
    ">=": "<=",
}


def mirrored(relation: Relation) -> Relation:
    """Return the relation of -a and -b where `relation` is that of a and b."""
    return _MIRRORED[relation]


def affordable(cases: Iterable[tuple[Condition, ...]]) -> Cases | None:
    """Return cases in a list, or None where they are too many."""
    found = list(itertools.islice(cases, _MOST_CASES + 1))
    return found if len(found) <= _MOST_CASES else None


@lru_cache(1 << 14)
def gap(condition: Condition) -> Polynomial | None:
    """Return left - right, divided by what its numbers share, or None where it is no polynomial.

    >>> from shapecalc import dims
    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> gap(Condition(4 * H * (W + 1), "==", 20)).as_expr()
    H*W + H - 5
    """
    found = polynomial(condition.left - condition.right)
    return None if found is None else found.primitive()[1]


def polynomial(dim: Dim) -> Polynomial | None:
    """Return a size as a polynomial over its atoms with whole coefficients, or None."""
    if not all(map(integer_polynomial, Add.make_args(dim))):
        return None
    # sympy would multiply out what stands inside the atoms too
    names = {atom: sympy.Dummy() for atom in sorted(set(_atoms(dim)), key=str)}
    if not names:
        return None
    terms = sympy.Poly(dim.xreplace(names), *names.values()).exclude()
    atoms = {name: atom for atom, name in names.items()}
    if not all(number.is_Integer for number in terms.coeffs()):
        return None
    return sympy.Poly.from_dict(terms.as_dict(), *(atoms[name] for name in terms.gens))


def _atoms(dim: Dim) -> Iterator[Dim]:
    if dim.is_Add or dim.is_Mul:
        for arg in dim.args:
            yield from _atoms(arg)
    elif dim.is_Pow:
        yield from _atoms(dim.base)
    elif not dim.is_Number:
        yield dim


def coefficients(found: Polynomial, atom: Dim) -> list[Dim]:
    """Return the factors of 1, atom, atom**2, ... in a polynomial.

    >>> from shapecalc import dims
    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> coefficients(polynomial(3 * H * W + W - 2), H)
    [W - 2, 3*W]
    """
    n = found.gens.index(atom)
    sums: list[Dim] = [sympy.S.Zero] * (found.degree(atom) + 1)
    for powers, number in found.terms():
        others = (g**p for k, (g, p) in enumerate(zip(found.gens, powers, strict=True)) if k != n)
        sums[powers[n]] += number * sympy.Mul(*others)
    return sums


# ---------------------------------------------------------------------------- products


@dataclass(frozen=True, slots=True)
class Product:
    """number * the product of every factor**power, + constant."""

    number: Fraction
    factors: tuple[tuple[Dim, int], ...]
    constant: Fraction


def as_product(found: Polynomial) -> Product | None:
    """Return a polynomial as a product of several factors and a constant, or None.

    >>> from shapecalc import dims
    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> as_product(polynomial(H * W - 3 * H - 2 * W))
    Product(number=Fraction(1, 1), factors=((H - 2, 1), (W - 3, 1)), constant=Fraction(-6, 1))
    """
    return _completed(found) or _factored(found)


def _completed(found: Polynomial) -> Product | None:
    """Shift every atom so that the terms below the highest one are those of the product.

    x*y + b*x + a*y is (x + a)*(y + b) - a*b, and x**2 + 2*a*x is (x + a)**2 - a**2.
    """
    top = max(found.monoms(), key=lambda powers: (sum(powers), powers))
    leading = found.coeff_monomial(top)
    if sum(top) < 2 or 0 in top:
        return None
    number, product, factors = leading, found.one * leading, list[tuple[Dim, int]]()
    for n, (atom, power) in enumerate(zip(found.gens, top, strict=True)):
        below = (*top[:n], power - 1, *top[n + 1 :])
        shift = found.coeff_monomial(below) / (leading * power)
        factors.append((shift.q * atom + shift.p, power))
        number /= shift.q**power
        unit = tuple(int(k == n) for k in range(len(top)))
        product *= sympy.Poly.from_dict({unit: 1, (0,) * len(top): shift}, *found.gens) ** power
    constant = found - product
    if not constant.is_ground:
        return None
    return Product(_fraction(number), tuple(factors), _fraction(constant.as_expr()))


def _factored(found: Polynomial) -> Product | None:
    constant = found.coeff_monomial((0,) * len(found.gens))
    number, factors = factored(found - constant)
    if sum(power for _, power in factors) < 2:
        return None
    return Product(Fraction(number), factors, _fraction(constant))


def factored(found: Polynomial) -> tuple[int, tuple[tuple[Dim, int], ...]]:
    """Return the number and the factors, each with its power, that a polynomial consists of."""
    number, factors = found.factor_list()
    return int(number), tuple((factor.as_expr(), power) for factor, power in factors)


def _fraction(number: Dim) -> Fraction:
    return Fraction(int(number.p), int(number.q))
