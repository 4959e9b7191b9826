"""Integer sets: which sizes meet a list of conditions. The only file that imports islpy."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import islpy as isl
import sympy
from sympy.functions.elementary.integers import floor

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim

# sizes that people build models for, tried first
_USUAL = (
    224, 256, 192, 384, 512, 288, 299, 336, 320, 128, 160, 96, 64, 80, 48, 32, 28, 24, 16, 14, 12,
    10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
)  # fmt: skip
_AFFORDABLE = 20_000  # combinations of usual sizes


def find_sizes(conditions: Iterable[Condition], near: Mapping[str, int]) -> dict[str, int] | None:
    """Return sizes that meet all conditions, as few as possible moved from `near`, or None.

    Sizes that are usual are tried first, then a point of the integer set is taken. None means
    that none was found, not that there is none.
    """
    conditions = list(conditions)
    broken = {
        str(s) for condition in conditions if not condition.holds(near) for s in condition.symbols
    }
    if not broken:
        return dict(near)
    linked = broken | {
        str(s)
        for condition in conditions
        if broken & set(map(str, condition.symbols))
        for s in condition.symbols
    }
    for names in dict.fromkeys((tuple(sorted(broken)), tuple(sorted(linked)))):
        found = _search(conditions, near, names) or _sample(conditions, near, names)
        if found:
            return found
    return None


def _search(
    conditions: Sequence[Condition], near: Mapping[str, int], names: Sequence[str]
) -> dict[str, int] | None:
    numbers = {
        int(n) + offset
        for condition in conditions
        for side in (condition.left, condition.right)
        for n in side.atoms(sympy.Integer)
        for offset in (0, 1, -1)
        if 0 < n + offset < 1 << 20
    }
    usual = dict.fromkeys((*_USUAL, *sorted(numbers)))
    while len(usual) ** len(names) > _AFFORDABLE and len(usual) > 2:
        usual.pop(next(reversed(usual)))
    about = [c for c in conditions if set(map(str, c.symbols)) & set(names)]
    for sizes in itertools.product(*([near[name], *usual] for name in names)):
        at = {**near, **dict(zip(names, sizes, strict=True))}
        if all(condition.holds(at) for condition in about):
            return at
    return None


def _sample(
    conditions: Sequence[Condition], near: Mapping[str, int], names: Sequence[str]
) -> dict[str, int] | None:
    fixed = {name: size for name, size in near.items() if name not in names}
    texts = [text for c in conditions if (text := isl_condition(c, fixed)) is not None]
    bounds = [f"{name} >= 1" for name in names]
    space = isl.Set(f"{{ [{', '.join(names)}] : {' and '.join(texts + bounds)} }}")
    if space.is_empty():
        return None
    point = space.sample_point()
    at = dict(near)
    for n, name in enumerate(names):
        at[name] = point.get_coordinate_val(isl.dim_type.set, n).to_python()
    return at if all(condition.holds(at) for condition in conditions) else None


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
        return str(dim)
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
        return None if None in parts else f"{dim.func.__name__.lower()}({', '.join(map(str, parts))})"
    return None


def _value(dim: Dim, fixed: Mapping[str, int]) -> int | None:
    if {str(s) for s in dim.free_symbols} <= fixed.keys():
        return dims.evaluate(dim, fixed)
    return None
