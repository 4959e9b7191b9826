"""The arithmetic of sizes, and the one form that it brings them to.

Three laws that sympy does not apply by itself make equal sizes equal objects that print alike:

    floor((floor(x/m) + c)/n)       = floor((x + c*m)/(m*n))    for integers x, c and m, n > 0
    floor((x + c)/n)                = floor((x + c mod n)/n) + floor(c/n)
    floor(x/2m) + floor((x + m)/2m) = floor(x/m)                Hermite's identity for two

Sizes are put together with the functions of this file, never with `//` or `%` of sympy, which
know none of the laws.

Source:
    Graham, Knuth & Patashnik, "Concrete Mathematics", 1994, chapter 3: equations 3.11 and 3.26.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache, reduce

import sympy
from sympy import Add, Integer, Max, Min, Mul
from sympy.functions.elementary.integers import floor

from shapecalc.dims.atoms import (
    MANY,
    ONE,
    ZERO,
    Dim,
    IntoDim,
    as_dim,
    integer_polynomial,
    split_floor,
)
from shapecalc.dims.bounds import lower_bound


@lru_cache(MANY)
def expand(dim: Dim) -> Dim:
    """Multiply products of sums out and join halves, so that equal sizes are equal objects."""
    if dim.is_Mul or dim.is_Pow or dim.is_Add:
        dim = sympy.expand(dim, deep=False)
    return _joined_halves(dim) if dim.is_Add else dim


def _joined_halves(dim: Dim) -> Dim:
    """Apply floor(x/2m) + floor((x + m)/2m) = floor(x/m), Hermite's identity for two.

    `h - floor(h/2)` becomes `floor((h + 1)/2)`, and the two parts of a split in the middle
    become the whole again.
    """
    for term in Add.make_args(dim):
        coefficient, half = term.as_coeff_Mul()
        if half.func is not floor:
            continue
        x, twice = split_floor(half)
        if twice == 0 or twice % 2:
            continue
        m = twice // 2
        other, whole = _floor_of(x + m, twice), _floor_of(x, m)
        if other.is_Add:  # the other half is written with its constant outside
            other = _floor_of(x - m, twice)
            whole = _floor_of(x - m, m)
        if other.is_Add:
            continue
        beside, above = dim.coeff(other), dim.coeff(whole)
        if beside.is_Integer and beside * coefficient > 0:
            count = min(coefficient, beside, key=abs)
            return expand(dim + count * (whole - half - other))
        if above.is_Integer and above * coefficient < 0:
            count = min(coefficient, -above, key=abs)
            return expand(dim - count * (half - whole + other))
    return dim


@lru_cache(MANY)
def add(left: Dim, right: Dim) -> Dim:
    """Return left + right."""
    return expand(left + right)


@lru_cache(MANY)
def sub(left: Dim, right: Dim) -> Dim:
    """Return left - right."""
    return expand(left - right)


@lru_cache(MANY)
def mul(left: Dim, right: Dim) -> Dim:
    """Return left * right, multiplied out."""
    return expand(left * right)


def total(dims: Iterable[IntoDim]) -> Dim:
    """Return the sum of `dims`."""
    return reduce(add, (as_dim(dim) for dim in dims), ZERO)


def product(dims: Iterable[IntoDim]) -> Dim:
    """Return the product of `dims`, 1 for none."""
    return reduce(mul, (as_dim(dim) for dim in dims), ONE)


def floordiv(numerator: IntoDim, denominator: IntoDim) -> Dim:
    """Return floor(numerator/denominator) in normal form.

    >>> from shapecalc.dims import format_dim, symbol
    >>> H = symbol("H")
    >>> print(format_dim(floordiv(floordiv(H + 1, 2) + 1, 2)))
    floor((H + 3)/4)
    """
    return _floordiv(expand(as_dim(numerator)), expand(as_dim(denominator)))


def ceildiv(numerator: IntoDim, denominator: IntoDim) -> Dim:
    """Return ceil(numerator/denominator), written with floor."""
    return -floordiv(-as_dim(numerator), denominator)


def mod(left: IntoDim, right: IntoDim) -> Dim:
    """Return left - right*floor(left/right), the remainder with the sign of `right`."""
    left, right = as_dim(left), as_dim(right)
    return expand(left - right * floordiv(left, right))


@lru_cache(MANY)
def maximum(left: Dim, right: Dim) -> Dim:
    """Return the larger of two sizes."""
    gap = lower_bound(left - right)
    if gap is not None and gap >= 0:
        return left
    gap = lower_bound(right - left)
    return right if gap is not None and gap >= 0 else Max(left, right)


@lru_cache(MANY)
def minimum(left: Dim, right: Dim) -> Dim:
    """Return the smaller of two sizes."""
    return right if maximum(left, right) == left else _plain_minimum(left, right)


def _plain_minimum(left: Dim, right: Dim) -> Dim:
    return left if maximum(left, right) == right else Min(left, right)


@lru_cache(MANY)
def _floordiv(numerator: Dim, denominator: Dim) -> Dim:
    if denominator == 1:
        return numerator
    if denominator.is_Integer:
        divisor = int(denominator)
        if divisor == 0:
            raise ZeroDivisionError("floor(x/0) has no value")
        return expand(_floor_of(numerator if divisor > 0 else -numerator, abs(divisor)))
    return _floor_by_symbol(numerator, denominator)


def _floor_of(numerator: Dim, divisor: int) -> Dim:
    """Return floor(numerator/divisor) for a positive number `divisor`."""
    if divisor == 1:
        return numerator
    outside: list[Dim] = []
    inside: list[tuple[int, Dim]] = []
    constant = 0
    for term in Add.make_args(numerator):
        coefficient, rest = term.as_coeff_Mul()
        if not coefficient.is_Integer:  # not an integer polynomial: leave it to sympy
            return sympy.floor(numerator / divisor)
        if rest == 1:
            constant += int(coefficient)
            continue
        quotient, remainder = divmod(int(coefficient), divisor)
        if 2 * remainder > divisor:  # the remainder of least magnitude keeps formulas short
            quotient, remainder = quotient + 1, remainder - divisor
        outside.append(quotient * rest)
        if remainder:
            inside.append((remainder, rest))
    quotient, constant = divmod(constant, divisor)
    outside.append(Integer(quotient))
    common = math.gcd(divisor, *(c for c, _ in inside)) if inside else divisor
    if common > 1:
        inside = [(c // common, rest) for c, rest in inside]
        constant, divisor = constant // common, divisor // common
    if divisor > 1 and inside:
        outside.append(_floor_atom(inside, constant, divisor))
    else:
        outside.extend(c * rest for c, rest in inside)
    return Add(*outside)


def _floor_atom(inside: list[tuple[int, Dim]], constant: int, divisor: int) -> Dim:
    """Return the floor of (inside + constant)/divisor, whose coefficients are already reduced."""
    written = Add(*(c * rest for c, rest in inside), Integer(constant))
    joined = expand(written)
    if joined != written:  # halves that only met when the coefficients were reduced
        return _floor_of(joined, divisor)
    nested = [(c, rest) for c, rest in inside if _over_number(rest)]
    if len(nested) == 1 and abs(nested[0][0]) == 1:
        sign, atom = nested[0]
        arg, m = split_floor(atom)
        # floor(-floor(x/m)) is the ceiling of -x/m, hence the m - 1
        unnested = arg if sign == 1 else -arg + m - 1
        others = Add(*(c * rest for c, rest in inside if rest != atom))
        return _floor_of(expand(unnested + m * (others + constant)), m * divisor)
    inside.sort(key=lambda pair: sympy.default_sort_key(pair[1]))
    if inside[0][0] < 0:
        flipped = Add(*(-c * rest for c, rest in inside))
        return -_floor_of(flipped - constant + divisor - 1, divisor)
    numerator = Add(*(c * rest for c, rest in inside), Integer(constant))
    return floor(expand(numerator / divisor), evaluate=False)


def _over_number(dim: Dim) -> bool:
    return dim.func is floor and split_floor(dim)[1] > 0


def _floor_by_symbol(numerator: Dim, denominator: Dim) -> Dim:
    quotient = sympy.cancel(numerator / denominator) if denominator.is_Add else None
    if quotient is not None and sympy.fraction(quotient)[1] == 1:
        return expand(quotient)
    outside: list[tuple[Dim, Dim]] = []
    inside: list[tuple[Dim, Dim]] = []
    for term in Add.make_args(numerator):
        quotient = term / denominator
        (outside if _is_whole(quotient) else inside).append((term, quotient))
    whole = Add(*(quotient for _, quotient in outside))
    if not inside:
        return expand(whole)
    if len(inside) == 1:
        rest = inside[0][1]
    else:
        rest = Mul(Add(*(term for term, _ in inside)), 1 / denominator)
    return expand(whole + floor(rest, evaluate=False))


def _is_whole(quotient: Dim) -> bool:
    coefficient, rest = quotient.as_coeff_Mul()
    return bool(coefficient.is_Integer) and integer_polynomial(rest) and not rest.has(sympy.nan)


def divides(numerator: Dim, denominator: Dim) -> bool:
    """Tell whether numerator/denominator is a whole number for all sizes, by the normal form."""
    return bool(mod(numerator, denominator) == 0)


def quotient(value: Dim) -> tuple[Dim, Dim] | None:
    """Return the two sizes that `value` is the quotient of, as in `800/H`, or None."""
    numerator, denominator = sympy.fraction(sympy.together(value))
    whole = all(map(integer_polynomial, Add.make_args(numerator) + Add.make_args(denominator)))
    sizes = whole and numerator.is_integer and denominator.is_integer
    return (numerator, denominator) if sizes else None


def cofactor(product: Dim, factor: Dim) -> Dim | None:
    """Return product/factor where that is a formula of sizes again, else None.

    >>> from shapecalc.dims import symbol
    >>> H, W = symbol("H"), symbol("W")
    >>> cofactor(expand((H + 1) * (W + 2)), H + 1)
    W + 2
    """
    numerator, denominator = sympy.fraction(sympy.cancel(product / factor))
    if denominator != 1 or not all(map(integer_polynomial, Add.make_args(numerator))):
        return None
    return expand(numerator)


def never_zero(dim: Dim) -> bool:
    """Tell whether `dim` is a multiple of a number plus a constant that is none, as 4*N + 1.

    >>> from shapecalc.dims import symbol
    >>> never_zero(4 * symbol("N") + 1)
    True
    """
    constant, terms = dim.as_coeff_add()
    factors = [term.as_coeff_Mul()[0] for term in terms]
    if not terms or not all(number.is_Integer for number in (constant, *factors)):
        return False
    return bool(constant % math.gcd(*map(int, factors)))


def as_remainder(dim: Dim) -> tuple[Dim, int] | None:
    """Return (x, m) where `dim` is x mod m, written x - m*floor(x/m), or None."""
    found = split_remainder(dim)
    return None if found is None or found[2] else found[:2]


@lru_cache(MANY)
def split_remainder(dim: Dim) -> tuple[Dim, int, int] | None:
    """Return (x, m, c) where `dim` is x mod m + c with a number c, or None.

    >>> from shapecalc.dims import symbol
    >>> H = symbol("H")
    >>> split_remainder(H - 4 * floordiv(H - 2, 4))
    (H + 2, 4, 2)
    """
    for term in Add.make_args(dim):
        coefficient, atom = term.as_coeff_Mul()
        if atom.func is floor and coefficient < 0:
            x, m = split_floor(atom)
            rest = expand(dim - x + m * atom) if m else dim
            if rest.is_Integer:
                return x, m, int(rest)
    return None


def window_count(
    size: Dim,
    *,
    kernel_size: IntoDim,
    stride: IntoDim = 1,
    dilation: IntoDim = 1,
    padding: tuple[IntoDim, IntoDim] = (0, 0),
) -> Dim:
    """Return how many windows fit on one axis: floor((H + p - d*(k - 1) - 1)/s) + 1.

    Units:
        size, kernel_size, stride, dilation, padding (low, high): elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html

    >>> from shapecalc.dims import format_dim, symbol
    >>> print(format_dim(window_count(symbol("H"), kernel_size=3, stride=2, padding=(1, 1))))
    floor((H + 1)/2)
    """
    return _window_count(
        as_dim(size),
        as_dim(kernel_size),
        as_dim(stride),
        as_dim(dilation),
        as_dim(padding[0]) + as_dim(padding[1]),
    )


@lru_cache(MANY)
def _window_count(size: Dim, kernel_size: Dim, stride: Dim, dilation: Dim, padding: Dim) -> Dim:
    return floordiv(size + padding - dilation * (kernel_size - 1) - 1, stride) + 1
