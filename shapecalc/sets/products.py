"""Products of sizes, compared with 0, with a number, and with another product.

Compared with 0, only the signs of the factors count. For a number, every factor that may be 0 or
negative gets each of its signs, and positive integers remain. A product of larger factors is
larger.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.sets.factorisations import positive_product
from shapecalc.sets.growth import growth
from shapecalc.sets.polynomial import (
    ALWAYS,
    NEVER,
    Cases,
    Polynomial,
    Product,
    affordable,
    as_product,
    factored,
    mirrored,
)

# ---------------------------------------------------------------------------- against zero


def product_against_zero(found: Polynomial, relation: Relation) -> Cases | None:
    """Compare a product with 0: by the signs of its factors, those that are positive left out.

    >>> from shapecalc.sets.polynomial import polynomial
    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> for case in product_against_zero(polynomial(H * (W - 3) * (H - W)), ">="):
    ...     print(*case, sep=" and ")
    W - 3 >= 0 and H - W >= 0
    W - 3 <= 0 and H - W <= 0
    """
    number, factors = factored(found)
    signed = [factor for factor, _ in factors if not _is_positive(factor)]
    if len(factors) == len(signed) == 1 and factors[0][1] == 1:
        return None  # no product
    relation = relation if number > 0 else mirrored(relation)
    even = [factor for factor, power in factors if factor in signed and power % 2 == 0]
    odd = [factor for factor, power in factors if factor in signed and power % 2]
    match relation:
        case "==":
            return [(Condition(factor, "==", 0),) for factor in signed]
        case "!=":
            return [tuple(Condition(factor, "!=", 0) for factor in signed)]
        case "<=" | ">=":
            zero: Cases = [(Condition(factor, "==", 0),) for factor in even]
            return zero + _of_sign(odd, relation)
        case "<" | ">":
            nonzero = tuple(Condition(factor, "!=", 0) for factor in even)
            return [nonzero + case for case in _of_sign(odd, relation)]


def _is_positive(factor: Dim) -> bool:
    least = dims.lower_bound(factor)
    return least is not None and least > 0


def _of_sign(factors: Sequence[Dim], relation: Relation) -> Cases:
    """Return the choices of a relation to 0 for every factor that give it to the product."""
    wanted = relation[0] == "<"
    return [
        tuple(
            Condition(factor, mirrored(above) if below else above, 0)
            for factor, below in zip(factors, choice, strict=True)
        )
        for above in (_upward(relation),)
        for choice in itertools.product((False, True), repeat=len(factors))
        if sum(choice) % 2 == wanted
    ]


def _upward(relation: Relation) -> Relation:
    return mirrored(relation) if relation[0] == "<" else relation


# ---------------------------------------------------------------------------- against a number


def product_against_number(found: Polynomial, relation: Relation) -> Cases | None:
    """Compare a product with a number: by its divisors, or along a hyperbola.

    >>> from shapecalc.sets.polynomial import polynomial
    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> for case in product_against_number(polynomial(2 * H * W - 18), "=="):
    ...     print(*case, sep=" and ")
    H = 1 and W = 9
    H = 3 and W = 3
    H = 9 and W = 1
    """
    product = as_product(found)
    if product is None:
        return None
    return affordable(_against_number(product, relation))


def _against_number(product: Product, relation: Relation) -> Iterator[tuple[Condition, ...]]:
    """Yield the cases of number*factors `relation` -constant, for every choice of signs."""
    right = -product.constant / product.number
    relation = relation if product.number > 0 else mirrored(relation)
    least = [dims.lower_bound(factor) for factor, _ in product.factors]
    if Condition(0, relation, right.numerator).known():
        for (factor, _), low in zip(product.factors, least, strict=True):
            if low is None or low <= 0:
                yield (Condition(factor, "==", 0),)
    choices = [(1,) if low is not None and low >= 0 else (1, -1) for low in least]
    for signs in itertools.product(*choices):
        known: list[Condition] = []
        factors: list[tuple[Dim, int]] = []
        positive = True
        for (factor, power), sign, low in zip(product.factors, signs, least, strict=True):
            factors.append((sign * factor, power))
            positive ^= sign < 0 and power % 2 == 1
            if low is None or low <= 0:
                known.append(Condition(sign * factor, ">=", 1))
        bound = right if positive else -right
        for case in positive_product(factors, relation if positive else mirrored(relation), bound):
            yield (*known, *case)


# ---------------------------------------------------------------------------- two products


def product_against_product(found: Polynomial, relation: Relation) -> Cases | None:
    """Compare two products of as many factors, each of one at least its partner in the other.

    With A >= C >= 0 and B >= D >= 0, A*B is at least C*D, and A*B = C*D where A = C and B = D,
    or where A or B is 0. The partner of a factor is of the same symbol: in
    `64*floor((H + 7)/8)*floor((W + 7)/8) = H*W`, of 8*floor((H + 7)/8) it is H.
    """
    pairs = _partners(found)
    if pairs is None:
        return None
    more = [_at_least(large, small) for large, small in pairs]
    less = [_at_least(small, large) for large, small in pairs]
    if not all(more):
        if not all(less):
            return None
        pairs, relation = [(small, large) for large, small in pairs], mirrored(relation)
    match relation:
        case ">=":
            return ALWAYS
        case "<":
            return NEVER
        case "==" | "<=":
            zero: Cases = [(Condition(large, "==", 0),) for large, _ in pairs]
            return [tuple(Condition(large, "==", small) for large, small in pairs), *zero]
        case "!=" | ">":
            nonzero = tuple(Condition(large, ">=", 1) for large, _ in pairs)
            return [(*nonzero, Condition(large, ">", small)) for large, small in pairs]


def _at_least(large: Dim, small: Dim) -> bool:
    """Tell whether large >= small >= 0 for all sizes."""
    bounds = dims.lower_bound(dims.expand(large - small)), dims.lower_bound(small)
    return all(bound is not None and bound >= 0 for bound in bounds)


def _partners(found: Polynomial) -> list[tuple[Dim, Dim]] | None:
    """Return factors (a, c), (b, d), ... with a*b*... - c*d*... for the polynomial, or None."""
    terms = found.terms()
    if len(terms) != 2 or any(power > 1 for powers, _ in terms for power in powers):
        return None
    (first, number), (second, other) = terms
    if number * other > 0:
        return None
    left, right = (
        {
            pace[0]: (atom, pace[1])
            for atom, power in zip(found.gens, powers, strict=True)
            if power and (pace := growth(atom)) is not None
        }
        for powers in (first, second)
    )
    if left.keys() != right.keys() or len(left) != sum(first) or len(right) != sum(second):
        return None
    if number < 0:
        left, right = right, left
        number, other = other, number
    scale, pairs = Fraction(1), []
    for symbol, (atom, slow) in left.items():
        partner, fast = right[symbol]
        ratio = fast / slow
        scale *= ratio
        pairs.append((ratio.numerator * atom, ratio.denominator * partner))
    return pairs if scale == Fraction(int(number), -int(other)) else None
