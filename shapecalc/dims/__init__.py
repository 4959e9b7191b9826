"""Sizes as formulas. The only place with sympy tricks: rules and tracer know just these names."""

from __future__ import annotations

from shapecalc.dims.atoms import (
    ONE,
    ZERO,
    Dim,
    IntoDim,
    as_dim,
    as_int,
    split_floor,
    symbol,
    symbols_of,
)
from shapecalc.dims.bounds import lower_bound
from shapecalc.dims.linear import coefficients, linear
from shapecalc.dims.normal_form import (
    add,
    as_remainder,
    ceildiv,
    cofactor,
    divides,
    expand,
    floordiv,
    maximum,
    minimum,
    mod,
    mul,
    never_zero,
    product,
    quotient,
    split_remainder,
    sub,
    total,
    window_count,
)
from shapecalc.dims.numbers import evaluate
from shapecalc.dims.scaling import scaled, scaled_by_sizes
from shapecalc.dims.shape import Shape
from shapecalc.dims.text import format_dim, format_shape

__all__ = [
    "ONE",
    "ZERO",
    "Dim",
    "IntoDim",
    "Shape",
    "add",
    "as_dim",
    "as_int",
    "as_remainder",
    "ceildiv",
    "coefficients",
    "cofactor",
    "divides",
    "evaluate",
    "expand",
    "floordiv",
    "format_dim",
    "format_shape",
    "linear",
    "lower_bound",
    "maximum",
    "minimum",
    "mod",
    "mul",
    "never_zero",
    "product",
    "quotient",
    "scaled",
    "scaled_by_sizes",
    "split_floor",
    "split_remainder",
    "sub",
    "symbol",
    "symbols_of",
    "total",
    "window_count",
]
