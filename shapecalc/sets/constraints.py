"""Integer sets written out as linear constraints, for a reader who has no isl."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import islpy as isl

from shapecalc.sets.size_set import SizeSet

_SET, _DIV, _CONSTANT = isl.dim_type.set, isl.dim_type.div, isl.dim_type.cst


@dataclass(frozen=True, slots=True)
class Quotient:
    """floor(row/divisor): an integer that the constraints after it speak of."""

    row: tuple[int, ...]
    divisor: int


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Points that meet all of some constraints.

    A row has a coefficient for every symbol, then one for every quotient before or, in a
    constraint, for all of them, and the constant last. `zeros` are rows that are 0, `positives`
    are at least 0.
    """

    quotients: tuple[Quotient, ...]
    zeros: tuple[tuple[int, ...], ...]
    positives: tuple[tuple[int, ...], ...]


def conjunctions(sizes: SizeSet, most: int) -> tuple[Conjunction, ...] | None:
    """Return a set, its open conditions aside, as conjunctions; None for more than `most`.

    >>> from shapecalc import dims
    >>> from shapecalc.conditions import Condition
    >>> even = SizeSet.every(["H"]).where(Condition(dims.mod(dims.symbol("H"), 2), "==", 0))
    >>> [found] = conjunctions(even, 1)
    >>> found.quotients, found.zeros, found.positives
    ((Quotient(row=(1, 0), divisor=2),), ((-1, 2, 0),), ((1, 0, -1),))
    """
    points = sizes.points.compute_divs()
    if points.n_basic_set() > most:
        return None
    found = [_conjunction(part) for part in points.get_basic_sets()]
    return None if None in found else tuple(part for part in found if part is not None)


def _conjunction(part: isl.BasicSet) -> Conjunction | None:
    symbols, count = part.dim(_SET), part.dim(_DIV)
    quotients = []
    for n in range(count):
        division = part.get_div(n)
        divisor = division.get_denominator_val().to_python()
        row = [division.get_coefficient_val(isl.dim_type.in_, m) for m in range(symbols)]
        row += [division.get_coefficient_val(_DIV, m) for m in range(n)]
        row.append(division.get_constant_val())
        quotients.append(Quotient(_whole(row, divisor), divisor))
    zeros, positives = list[tuple[int, ...]](), list[tuple[int, ...]]()
    for constraint in part.get_constraints():
        row = [constraint.get_coefficient_val(_SET, m) for m in range(symbols)]
        row += [constraint.get_coefficient_val(_DIV, m) for m in range(count)]
        row.append(constraint.get_constant_val())
        (zeros if constraint.is_equality() else positives).append(_whole(row, 1))
    return Conjunction(tuple(quotients), tuple(zeros), tuple(positives))


def _whole(row: Sequence[isl.Val], divisor: int) -> tuple[int, ...]:
    """Return coefficients as integers; those of a quotient are written over its divisor."""
    return tuple((value * divisor).to_python() for value in row)
