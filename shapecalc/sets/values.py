"""Which values a size takes in an integer set, where they are few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import islpy as isl
from sympy import Add, Max, Min
from sympy.functions.elementary.integers import floor

from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.sets.quotients import fraction_of
from shapecalc.sets.text import isl_text

_SET = isl.dim_type.set
_WIDEST = 1 << 14  # between the least and the greatest value, where the values are counted


def few_values(
    condition: Condition, within: isl.Set, most: int
) -> tuple[Dim, Sequence[int]] | None:
    """Return the atom of what is not affine that takes the fewest values, if at most `most`.

    >>> from shapecalc import dims
    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> within = isl.Set("{ [H, W] : 30 <= H <= 60 and W >= 1 }")
    >>> few_values(Condition(dims.floordiv(H, 16) * W * W, "==", H), within, 512)
    (floor(H/16), [1, 2, 3])
    """
    found: tuple[Dim, Sequence[int]] | None = None
    terms = (term for side in (condition.left, condition.right) for term in Add.make_args(side))
    atoms = {atom for term in terms if isl_text(term, {}) is None for atom in _atoms(term)}
    for atom in sorted(atoms, key=str):
        affine = isl_text(atom, {}) is not None
        values = (_values if affine else _values_of_quotient)(atom, within, most)
        if values is not None:
            found, most = (atom, values), len(values) - 1
    return found


def _atoms(dim: Dim) -> Iterator[Dim]:
    """Yield the symbols, floors, minima and maxima that isl can write, and their quotients."""
    if dim.is_Symbol or dim.func in (floor, Min, Max):
        parts = fraction_of(dim) if dim.func is floor else (dim,)
        if all(isl_text(part, {}) is not None for part in parts):
            yield dim
    for arg in dim.args:
        yield from _atoms(arg)


def _names(within: isl.Set) -> str:
    return ", ".join(str(within.get_dim_name(_SET, n)) for n in range(within.dim(_SET)))


def _values(atom: Dim, within: isl.Set, most: int) -> list[int] | None:
    taken = within.apply(isl.Map(f"{{ [{_names(within)}] -> [{isl_text(atom, {})}] }}"))
    low, high = taken.dim_min_val(0), taken.dim_max_val(0)
    if not (low.is_int() and high.is_int()) or high.to_python() - low.to_python() >= _WIDEST:
        return None
    if taken.count_val().to_python() > most:
        return None
    values: list[int] = []
    taken.foreach_point(lambda point: values.append(point.get_coordinate_val(_SET, 0).to_python()))
    return sorted(values)


def _values_of_quotient(quotient: Dim, within: isl.Set, most: int) -> Sequence[int] | None:
    """Return a range that floor(A/B) stays in; B is at least 1 in `within`."""
    numerator, denominator = (isl_text(part, {}) for part in fraction_of(quotient))

    def never(text: str) -> bool:
        return bool(within.intersect(isl.Set(f"{{ [{_names(within)}] : {text} }}")).is_empty())

    powers = [0, *(1 << n for n in range(most.bit_length()))]
    low = next((-n for n in powers if never(f"{numerator} < {-n} * {denominator}")), None)
    high = next((n for n in powers if never(f"{numerator} >= {n} * {denominator}")), None)
    return None if low is None or high is None or high - low > most else range(low, high)
