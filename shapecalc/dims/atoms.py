"""What a size is made of: numbers, symbols, and floors of fractions.

A `Dim` is a sympy expression over positive integer symbols: sums and products of symbols, of
`floor`, `Min` and `Max`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

import sympy
from sympy import Add, Integer, Mul, Symbol

Dim: TypeAlias = Any  # a sympy.Expr; sympy carries no types
IntoDim: TypeAlias = Any  # int | Dim

ZERO: Dim = Integer(0)
ONE: Dim = Integer(1)

MANY = 1 << 16  # entries that a function remembers; a real network has a few hundred sizes


@lru_cache(MANY)
def symbol(name: str, *, minimum: int = 1) -> Dim:
    """Return the size named `name`: an integer of at least `minimum` (0 or 1)."""
    return Symbol(name, integer=True, positive=True) if minimum else _nonnegative(name)


def _nonnegative(name: str) -> Dim:
    return Symbol(name, integer=True, nonnegative=True)


def as_dim(value: IntoDim) -> Dim:
    """Return an integer or an expression as a `Dim`; sympy would round a float down, unasked."""
    if isinstance(value, sympy.Basic):
        return value
    if isinstance(value, float):
        raise TypeError(f"a size is an integer, got {value}")
    return Integer(value)


def as_int(dim: Dim) -> int | None:
    """Return the number that `dim` is for all sizes, or None."""
    return int(dim) if dim.is_Integer else None


def symbols_of(dims: Iterable[Dim]) -> tuple[Dim, ...]:
    """Return the symbols that occur in `dims`, by name."""
    found: set[Dim] = set()
    for dim in dims:
        found |= dim.free_symbols
    return tuple(sorted(found, key=str))


@lru_cache(MANY)
def split_floor(dim: Dim) -> tuple[Dim, int]:
    """Return (x, m) of floor(x/m) with integer coefficients in x, or m = 0 where m is a symbol."""
    terms = [term.as_coeff_Mul() for term in Add.make_args(dim.args[0])]
    if any(not integer_polynomial(rest) for _, rest in terms):
        return dim.args[0], 0
    m = math.lcm(*(int(coefficient.q) for coefficient, _ in terms))
    return Add(*(coefficient * m * rest for coefficient, rest in terms)), m


def integer_polynomial(monomial: Dim) -> bool:
    """Tell whether a product has no factor in its denominator."""
    return all(
        not (f.is_Pow and not (f.exp.is_Integer and f.exp > 0)) for f in Mul.make_args(monomial)
    )


class Scaled(sympy.Function):  # type: ignore[misc]  # sympy carries no types
    """floor(size*factor) in double arithmetic, where no fraction gives the same."""

    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, size: Dim, factor: Dim) -> Dim | None:
        """Compute the value of a number."""
        return Integer(math.floor(int(size) * float(factor))) if size.is_Integer else None
