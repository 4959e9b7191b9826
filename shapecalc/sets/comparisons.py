"""What isl says of several sizes at once, as conditions that people can read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import islpy as isl
import sympy
from sympy.functions.elementary.integers import floor

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.sets.formula import formula

_SET, _PARAM = isl.dim_type.set, isl.dim_type.param
_TURNED: dict[Relation, Relation] = {"==": "==", ">=": "<=", ">": "<"}


def conditions_of(piece: isl.BasicSet) -> list[Condition]:
    """Return the conditions on several symbols that a set without `or` consists of.

    What holds for all sizes is left out; what holds of one symbol alone is, too.
    """
    as_parameters = piece.move_dims(_PARAM, 0, _SET, 0, piece.dim(_SET))
    found: list[Condition] = []
    for constraint in as_parameters.get_constraints():
        value = formula(isl.PwAff.from_aff(constraint.get_aff()))
        if value is None or len(value.free_symbols) < 2:
            continue
        condition = Condition(value, "==" if constraint.is_equality() else ">=", 0)
        if condition.known() is None:
            found.append(condition)
    return sorted(found, key=lambda condition: (condition.relation != "==", str(condition)))


def written(condition: Condition, names: Sequence[str]) -> str:
    """Return a comparison with 0, as `conditions_of` gives it, as people write it.

    A remainder is written as one, a symbol alone or the first one is on the left, and nothing is
    subtracted.

    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> written(Condition(W - 2 * H + 3, ">=", 0), ["H", "W"])
    '2*H <= W + 3'
    >>> written(Condition(dims.mod(H + W, 2), "==", 0), ["H", "W"])
    '(H + W) mod 2 = 0'
    """
    gap, relation = condition.left, condition.relation
    for value, turned in ((gap, relation), (-gap, _TURNED[relation])):
        remainder = dims.split_remainder(dims.expand(value))
        if remainder is not None:
            x, modulus, constant = remainder
            if turned == "==":  # (H - W + 2) mod 4 = 3 is (H - W) mod 4 = 1
                number = x.as_coeff_add()[0]
                x, constant = x - number, -((-constant - number) % modulus)
            left = dims.format_dim(x)
            return f"{f'({left})' if x.is_Add else left} mod {modulus} {_sign(turned)} {-constant}"
    if relation == ">=" and gap.as_coeff_add()[0] == -1:
        gap, relation = gap + 1, ">"
    left, right = _sides(gap)
    if _place(right, names) < _place(left, names):
        left, right, relation = right, left, _TURNED[relation]
    return f"{dims.format_dim(left)} {_sign(relation)} {dims.format_dim(right)}"


def equal_floors(piece: isl.BasicSet) -> list[Condition]:
    """Return the equations that bounds with floors may stand for, the shortest first.

    W >= 32*floor(H/32) is floor(W/32) >= floor(H/32), and together with
    W <= 32*floor(H/32) + 31 it says that the two are equal.
    """
    found: list[Condition] = []
    for condition in conditions_of(piece):
        terms = sympy.Add.make_args(condition.left)
        floors = [term for term in terms if term.as_coeff_Mul()[1].func is floor]
        common = math.gcd(*(int(term.as_coeff_Mul()[0]) for term in floors))
        if condition.relation == ">=" and common > 1:
            found.append(Condition(dims.floordiv(condition.left, common), "==", 0))
    return sorted(found, key=lambda condition: len(str(condition)))


def in_words(text: str) -> str:
    """Return a relation in words where those are shorter: `H + W even`."""
    for ending, word in ((" mod 2 = 0", "even"), (" mod 2 = 1", "odd")):
        if text.endswith(ending):
            return f"{text.removesuffix(ending).strip('()')} {word}"
    return text


def _sign(relation: Relation) -> str:
    return "=" if relation == "==" else relation


def _sides(gap: Dim) -> tuple[Dim, Dim]:
    """Return two sums without negative terms whose difference is `gap`."""
    terms = gap.as_ordered_terms()
    above = [term for term in terms if term.as_coeff_Mul()[0] > 0]
    below = [-term for term in terms if term.as_coeff_Mul()[0] < 0]
    return dims.total(above), dims.total(below)


def _place(side: Dim, names: Sequence[str]) -> tuple[bool, int]:
    """Return what a side is sorted by: a symbol alone is on the left, and the first symbol is."""
    places = [names.index(str(symbol)) for symbol in side.free_symbols]
    return not side.is_Symbol, min(places, default=len(names))
