"""Sizes and conditions in isl's language."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy.functions.elementary.integers import floor

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim

_ISL: dict[Relation, str] = {"==": "=", "!=": "!="}


def isl_condition(condition: Condition, fixed: Mapping[str, int]) -> str | None:
    """Return a condition in isl's language, or None where it is not affine."""
    left, right = isl_text(condition.left, fixed), isl_text(condition.right, fixed)
    if left is None or right is None:
        return None
    return f"{left} {_ISL.get(condition.relation, condition.relation)} {right}"


def isl_text(dim: Dim, fixed: Mapping[str, int]) -> str | None:
    """Return a size in isl's language, `fixed` symbols replaced, or None where not affine."""
    if dim.is_Integer:
        return str(int(dim))  # sympy's own printer is slow
    if dim.is_Symbol:
        return str(fixed.get(dim.name, dim.name))
    if dim.is_Add:
        parts = [isl_text(arg, fixed) for arg in dim.args]
        return None if None in parts else "(" + " + ".join(map(str, parts)) + ")"
    if dim.is_Mul:
        coefficient, rest = dim.as_coeff_Mul()
        constants = [f for f in sympy.Mul.make_args(rest) if _value(f, fixed) is not None]
        free = [f for f in sympy.Mul.make_args(rest) if _value(f, fixed) is None]
        number = int(coefficient) if coefficient.is_Integer else None
        if number is None or len(free) > 1:
            return None
        for constant in constants:
            number *= _value(constant, fixed) or 0
        inner = isl_text(free[0], fixed) if free else "1"
        return None if inner is None else f"{number} * {inner}"
    if dim.func is floor:
        x, m = dims.split_floor(dim)
        inner = isl_text(x, fixed)
        return f"floor(({inner})/{m})" if m and inner is not None else None
    if dim.func in (sympy.Max, sympy.Min):
        parts = [isl_text(arg, fixed) for arg in dim.args]
        return (
            None if None in parts else f"{dim.func.__name__.lower()}({', '.join(map(str, parts))})"
        )
    return None


def _value(dim: Dim, fixed: Mapping[str, int]) -> int | None:
    if {str(s) for s in dim.free_symbols} <= fixed.keys():
        return dims.evaluate(dim, fixed)
    return None
