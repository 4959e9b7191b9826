"""How doubles that a model computes from sizes differ from the fractions that they stand for.

A double is rounded to 53 bits. That does no harm where the result is floored or compared, as long
as the rounding cannot carry it past a whole number: sizes are small, and a fraction p/q that is
not whole is at least 1/q away from the next whole number.

Source:
    Goldberg, "What Every Computer Scientist Should Know About Floating-Point Arithmetic", ACM
    Computing Surveys 23, 1991: each operation returns the double nearest to the exact result.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Protocol

from shapecalc.conditions import Relation
from shapecalc.dims import Dim


class Rounding(IntEnum):
    """How near the doubles of Python's arithmetic are to the fraction that stands for them."""

    NONE = 0
    """the double is the fraction: sizes, and quotients by a power of two"""
    ONCE = 1
    """the double is the nearest to the fraction, as of `h / 7`"""
    SAFE = 2
    """where the fraction is whole or short in binary, so is the double, as of `h / 7 + 1`"""
    OPEN = 3
    """the double may fall short of a whole number, as of `h / 49 * 49`: it has to be computed"""


class Float(Protocol):
    """A float that a model computed: its fraction, its value at the hint, and its rounding."""

    expr: Dim
    double: float
    rounding: Rounding


def holds(left: float, relation: Relation, right: float) -> bool:
    """Compare two numbers."""
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[relation]


def of_sum(a: Float, b: Float) -> Rounding:
    """Return how a sum or a difference is rounded."""
    if a.rounding and b.rounding:  # h/3 + h/6 may be whole where neither part is
        return Rounding.OPEN
    rounding = max(a.rounding, b.rounding)
    return Rounding.SAFE if rounding is Rounding.ONCE else rounding


def of_product(a: Float, b: Float) -> Rounding:
    """Return how a product is rounded."""
    for one, other in ((a, b), (b, a)):
        if one.expr.is_Rational and _is_power_of_two(one.double):
            return other.rounding
    return Rounding.OPEN if a.rounding or b.rounding else Rounding.NONE


def of_quotient(a: Float, b: Float) -> Rounding:
    """Return how a quotient is rounded."""
    if b.rounding or a.rounding is Rounding.OPEN:
        return Rounding.OPEN
    if b.expr.is_Rational and _is_power_of_two(b.double):
        return a.rounding
    if not a.rounding:
        return Rounding.ONCE
    return Rounding.SAFE if b.expr.is_integer else Rounding.OPEN


def _is_power_of_two(number: float) -> bool:
    return abs(math.frexp(number)[0]) == 0.5


def comparable(a: Float, b: Float) -> bool:
    """Tell whether two numbers compare as their fractions do, rounded or not."""
    if Rounding.OPEN in (a.rounding, b.rounding):
        return False
    return max(a.rounding, b.rounding) is not Rounding.SAFE or not (a.rounding and b.rounding)
