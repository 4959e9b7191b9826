"""Sizes that depend on one symbol in a straight line."""

from __future__ import annotations

from functools import lru_cache

from shapecalc.dims.atoms import MANY, Dim
from shapecalc.dims.normal_form import expand


@lru_cache(MANY)
def linear(dim: Dim, symbol: Dim) -> tuple[Dim, Dim] | None:
    """Return (a, b) where `dim` is a*symbol + b and neither depends on the symbol, or None.

    >>> from shapecalc.dims import symbol
    >>> p, k = symbol("p"), symbol("k")
    >>> linear(2 * p - k + 1, p)
    (2, 1 - k)
    """
    dim = expand(dim)
    slope, rest = dim.coeff(symbol, 1), dim.coeff(symbol, 0)
    if slope.has(symbol) or rest.has(symbol) or expand(slope * symbol + rest - dim) != 0:
        return None
    return (slope, rest) if slope != 0 else None


def coefficients(dim: Dim, symbols: tuple[Dim, ...]) -> list[Dim] | None:
    """Return the factors of all products of `symbols` in a polynomial of them, or None.

    >>> from shapecalc.dims import symbol
    >>> H, p, k = symbol("H"), symbol("p"), symbol("k")
    >>> coefficients(H * (p - 1) + 2 * p - k, (H,))
    [p - 1, -k + 2*p]
    """
    if not symbols:
        return [dim]
    if dim == 0:
        return []
    polynomial = expand(dim).as_poly(*symbols)
    return None if polynomial is None else list(polynomial.coeffs())
