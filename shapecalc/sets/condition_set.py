"""The points of an integer set that meet a condition."""

from __future__ import annotations

from functools import lru_cache

import islpy as isl

from shapecalc.conditions import Condition
from shapecalc.sets.text import isl_condition


def condition_set(condition: Condition, within: isl.Set) -> isl.Set | None:
    """Return the points of `within` that meet a condition, or None where isl cannot tell.

    `within` is a set of sizes `{ [N, H, W] : ... }`, each dimension named after its symbol.
    """
    names = tuple(
        str(within.get_dim_name(isl.dim_type.set, n)) for n in range(within.dim(isl.dim_type.set))
    )
    text = isl_condition(condition, {})
    return None if text is None else within.intersect(_parsed(names, text))


@lru_cache(1 << 14)
def _parsed(names: tuple[str, ...], text: str) -> isl.Set:
    return isl.Set(f"{{ [{', '.join(names)}] : {text} }}")
