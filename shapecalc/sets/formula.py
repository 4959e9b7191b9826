"""Sizes that isl computed, as formulas."""

from __future__ import annotations

import islpy as isl

from shapecalc import dims
from shapecalc.dims import Dim


def formula(value: isl.PwAff) -> Dim | None:
    """Return a size that isl computed as a formula, where it is one for all symbols."""
    pieces = list[isl.Aff]()
    value.foreach_piece(lambda _, aff: pieces.append(aff))
    return _size(pieces[0]) if len(pieces) == 1 else None


def _size(aff: isl.Aff) -> Dim:
    denominator = aff.get_denominator_val().to_python()
    total = dims.as_dim((aff.get_constant_val() * denominator).to_python())
    for n in range(aff.dim(isl.dim_type.param)):
        weight = (aff.get_coefficient_val(isl.dim_type.param, n) * denominator).to_python()
        total += weight * dims.symbol(aff.get_dim_name(isl.dim_type.param, n))
    for n in range(aff.dim(isl.dim_type.div)):
        weight = (aff.get_coefficient_val(isl.dim_type.div, n) * denominator).to_python()
        if weight:
            total += weight * _size(aff.get_div(n))
    return dims.floordiv(total, denominator)
