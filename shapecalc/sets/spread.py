"""All values that a size takes in a set of sizes."""

from __future__ import annotations

import islpy as isl

from shapecalc.dims import Dim
from shapecalc.sets.size_set import SizeSet
from shapecalc.sets.text import isl_text


def spread(dim: Dim, sizes: SizeSet, name: str) -> SizeSet | None:
    """Return the values of a formula as a set over one symbol, `name`; None where isl cannot.

    >>> from shapecalc import dims
    >>> spread(2 * dims.symbol("H") + 1, SizeSet.every(["H"]), "out").contains({"out": 2})
    False
    """
    text = isl_text(dim, {})
    if text is None or sizes.open or not {str(s) for s in dim.free_symbols} <= set(sizes.names):
        return None
    taken = sizes.points.apply(isl.Map(f"{{ [{', '.join(sizes.names)}] -> [{text}] }}"))
    named = taken.coalesce().set_dim_name(isl.dim_type.set, 0, name)
    return SizeSet([name], named, ())


def limits(values: SizeSet) -> tuple[int | None, int | None]:
    """Return the least and the greatest number of a set over one symbol, None for no limit.

    >>> limits(SizeSet.every(["H"], {"H": 7}))
    (7, None)
    """
    low, high = values.points.dim_min_val(0), values.points.dim_max_val(0)
    return (
        low.to_python() if low.is_int() else None,
        high.to_python() if high.is_int() else None,
    )
