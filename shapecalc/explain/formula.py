"""Formulas that say what is computed, and are computed as they are written.

`(x - mean)/sqrt(var + eps)` is shown to a reader and evaluated with the numbers of one element:
what is shown is what was done.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

Number: TypeAlias = int | float


def value_of(formula: str, values: Mapping[str, Number]) -> Number:
    """Return what a formula of ours comes to; NaN where the reals have no such number.

    >>> value_of("max(0, x) + slope*min(0, x)", {"x": -2, "slope": 0.5})
    -1.0
    """
    try:
        found = _value(_parsed(formula), values)
    except OverflowError:
        return math.inf
    except (ZeroDivisionError, ValueError):
        return math.nan
    return math.nan if isinstance(found, complex) else found


@lru_cache
def _parsed(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def _value(node: ast.expr, values: Mapping[str, Number]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return _CONSTANTS[name] if name in _CONSTANTS else values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, values)
        case ast.BinOp(left=left, op=operation, right=right):
            return _OPERATORS[type(operation)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_value(argument, values) for argument in arguments))
    raise ValueError(f"{ast.unparse(node)} is no part of a formula")


def _without_nan(choose: Callable[..., Number]) -> Callable[..., Number]:
    """Return max or min as torch has it, which a NaN goes through."""
    return lambda *values: math.nan if any(map(math.isnan, values)) else choose(*values)


_CONSTANTS: Mapping[str, Number] = {"pi": math.pi}

_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "erf": math.erf,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "max": _without_nan(max),
    "min": _without_nan(min),
    "sqrt": math.sqrt,
    "tanh": math.tanh,
}
