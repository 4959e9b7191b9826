"""How a size is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import sympy
from sympy import Add, Mul
from sympy.functions.elementary.integers import floor

from shapecalc.dims.atoms import MANY, Dim, IntoDim, Scaled, as_dim


def format_shape(shape: Iterable[Dim]) -> str:
    """Return a shape as people write it: `(N, 64, floor((H + 3)/4))`."""
    parts = [format_dim(dim) for dim in shape]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def format_dim(dim: IntoDim, numbers: Mapping[str, int] | None = None) -> str:
    """Return a size as people write it; `numbers` puts values in the places of symbols.

    >>> from shapecalc.dims import floordiv, symbol
    >>> p, k, s = symbol("p"), symbol("k"), symbol("s")
    >>> formula = floordiv(symbol("H") + 2 * p - k, s) + 1
    >>> format_dim(formula)
    'floor((H + 2*p - k)/s) + 1'
    >>> format_dim(formula, {"H": 6, "p": 1, "k": 3, "s": 2})
    'floor((6 + 2*1 - 3)/2) + 1'
    """
    return _format(as_dim(dim), tuple(sorted((numbers or {}).items())))


@lru_cache(MANY)
def _format(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    if dim.is_Symbol:
        value = dict(numbers).get(dim.name)
        return dim.name if value is None else str(value)
    if dim.is_Integer:
        return str(dim)
    if dim.is_Add:
        return _format_sum(dim, numbers)
    if dim.is_Mul or dim.is_Pow or dim.is_Rational:
        return _format_product(dim, numbers)
    if dim.func is floor:
        return f"floor({_format_product(sympy.together(dim.args[0], deep=False), numbers)})"
    if dim.func is Scaled:
        return f"floor({_factor(dim.args[0], numbers)}*{float(dim.args[1])!r})"
    inner = ", ".join(sorted(_format(arg, numbers) for arg in dim.args))
    return f"{dim.func.__name__.lower()}({inner})"


def _format_sum(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    constant, terms = dim.as_coeff_add()
    terms = sorted(_collected(Add(*terms)), key=_term_order)
    if constant:
        terms.append(constant)
    text = ""
    for term in terms:
        negative = bool(term.as_coeff_Mul()[0] < 0)
        body = _format(-term if negative else term, numbers)
        joint = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += joint + body
    return text


def _collected(dim: Dim) -> Sequence[Dim]:
    """Return the terms of a sum, with `d*k - d` as the one term `d*(k - 1)`.

    Only parameters, written small, are drawn out; sizes, written large, stay multiplied out.
    """
    for parameter in sorted((s for s in dim.free_symbols if s.name[0].islower()), key=str):
        holders = [t for t in Add.make_args(dim) if t.as_independent(parameter)[1] == parameter]
        if len(holders) > 1:
            inner = Add(*(t / parameter for t in holders))
            rest = Add(*(t for t in Add.make_args(dim) if t not in holders))
            leading = min(Add.make_args(inner), key=_degree_first)
            sign = -1 if leading.as_coeff_Mul()[0] < 0 else 1
            drawn = Mul(sign * parameter, sign * inner, evaluate=False)
            return [*(_collected(rest) if rest != 0 else ()), drawn]
    return list(Add.make_args(dim))


def _degree_first(term: Dim) -> tuple[int, str]:
    return (-len(term.free_symbols), str(term))


def _term_order(term: Dim) -> tuple[bool, int, bool, str]:
    coefficient, rest = term.as_coeff_Mul()
    name = min((s.name for s in rest.free_symbols), default="")
    return (bool(coefficient < 0), -len(Mul.make_args(rest)), name[:1].islower(), str(rest))


def _format_product(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    numerator, denominator = sympy.fraction(dim)
    if denominator != 1:
        top = _format(numerator, numbers)
        return f"{f'({top})' if numerator.is_Add else top}/{_factor(denominator, numbers)}"
    sign, factors = "", []
    for factor in sorted(Mul.make_args(numerator), key=_factor_order):
        if factor == -1:
            sign = "-"
        elif factor.is_Pow and factor.exp.is_Integer:
            factors.append(f"{_factor(factor.base, numbers)}**{factor.exp}")
        else:
            factors.append(_factor(factor, numbers))
    return sign + "*".join(factors)


def _factor(dim: Dim, numbers: tuple[tuple[str, int], ...]) -> str:
    text = _format(dim, numbers)
    return f"({text})" if dim.is_Add or (dim.is_Mul and "/" in text) else text


def _factor_order(factor: Dim) -> tuple[int, str]:
    kind = 0 if factor.is_Number else 1 if factor.is_Symbol else 2
    return (kind, str(factor))
