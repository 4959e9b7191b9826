"""The value of a size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

from sympy import Max, Min
from sympy.functions.elementary.integers import floor

from shapecalc.dims.atoms import MANY, Dim, Scaled, split_floor


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """Return the value of `dim` at `sizes`, by symbol name.

    Raises:
        KeyError: a symbol of `dim` has no value.

    >>> from shapecalc.dims import floordiv, symbol
    >>> evaluate(floordiv(symbol("H") + 3, 4), {"H": 97})
    25
    """
    return int(dim) if dim.is_Integer else int(_compiled(dim)(sizes))


@lru_cache(MANY)
def _compiled(dim: Dim) -> Callable[[Mapping[str, int]], int]:
    """Return `dim` as a Python function; all that enters its text is made here."""
    names: dict[str, str] = {}
    source = _source(dim, names)
    arguments = {variable: name for name, variable in names.items()}
    code = compile(source, "<dim>", "eval")
    scope = {"__builtins__": {}, "max": max, "min": min, "fraction": Fraction, "floor": math.floor}

    def value(sizes: Mapping[str, int]) -> int:
        local = {variable: sizes[name] for variable, name in arguments.items()}
        result: int = eval(code, scope, local)  # numbers, operators and v0, v1, ...
        return result

    return value


def _source(dim: Dim, names: dict[str, str]) -> str:
    def source(inner: Dim) -> str:
        return _source(inner, names)

    if dim.is_Symbol:
        return names.setdefault(dim.name, f"v{len(names)}")
    if dim.is_Integer:
        return f"({int(dim)})"
    if dim.is_Rational:
        return f"fraction({dim.p},{dim.q})"
    if dim.is_Add:
        return "(" + "+".join(map(source, dim.args)) + ")"
    if dim.is_Mul:
        return "(" + "*".join(map(source, dim.args)) + ")"
    if dim.is_Pow and dim.exp.is_Integer and dim.exp < 0:
        return f"fraction(1,{source(dim.base)}**{-int(dim.exp)})"  # never a float
    if dim.is_Pow and dim.exp.is_Integer:
        return f"({source(dim.base)}**({int(dim.exp)}))"
    if dim.func is floor:
        arg, m = split_floor(dim)
        return f"({source(arg)}//{m})" if m else f"floor({source(dim.args[0])})"
    if dim.func in (Max, Min):
        return f"{dim.func.__name__.lower()}({','.join(map(source, dim.args))})"
    if dim.func is Scaled:
        return f"floor({source(dim.args[0])}*{float(dim.args[1])!r})"
    raise TypeError(f"not a size: {dim!r}")
