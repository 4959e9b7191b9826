"""Sizes as trees of JSON that the page computes with, each written once.

A tree is a number, the name of a symbol as text, or a list of an operation and its parts: `+`,
`*`, `^` with an exponent that is a number, `/` of two numbers, `floor`, `max`, `min`, and
`scaled`, which is floor(size*factor) in double arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim, IntoDim
from shapecalc.render.page import mathml
from shapecalc.render.writing import Json

_LARGEST = 1 << 53  # beyond, a number of JSON is no exact integer in a browser


def tree(dim: Dim) -> Json:
    """Return what the page computes, or None where it has no operation for it.

    >>> H = dims.symbol("H")
    >>> tree(dims.floordiv(H + 3, 4))
    ['floor', ['+', ['/', 3, 4], ['*', ['/', 1, 4], 'H']]]
    """
    if dim.is_Symbol:
        return dim.name
    if dim.is_Integer:
        return _number(int(dim))
    if dim.is_Rational:
        return ["/", _number(int(dim.p)), _number(int(dim.q))]
    name = dim.func.__name__
    if dim.is_Pow:
        return ["^", tree(dim.base), int(dim.exp)] if _known(dim.base, dim.exp) else None
    if name == "Scaled":
        size, factor = tree(dim.args[0]), float(dim.args[1])
        return None if size is None else ["scaled", size, factor]
    sign = {"Add": "+", "Mul": "*", "floor": "floor", "Max": "max", "Min": "min"}.get(name)
    parts = [tree(argument) for argument in dim.args]
    return None if sign is None or None in parts else [sign, *parts]


def _known(base: Dim, exponent: Dim) -> bool:
    return bool(exponent.is_Integer) and tree(base) is not None


def _number(value: int) -> Json:
    return value if abs(value) < _LARGEST else ["n", str(value)]


@dataclass(slots=True)
class Formulas:
    """The formulas of a page, numbered in the order in which they are first written."""

    entries: list[Json] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)

    def add(self, size: IntoDim) -> int:
        """Return the number of a size, with its text, how it is set and how it is computed."""
        number = self.silent(size)
        entry = self.entries[number]
        if entry[1] is None:
            entry[1] = mathml.formula(entry[0])
        return number

    def silent(self, size: IntoDim) -> int:
        """Return the number of a size that is computed and never shown."""
        dim = dims.as_dim(size)
        if dim not in self._numbers:
            self._numbers[dim] = len(self.entries)
            self.entries.append([dims.format_dim(dim), None, tree(dim)])
        return self._numbers[dim]

    def shape(self, shape: Iterable[IntoDim]) -> list[int]:
        """Return the numbers of the sizes of a tensor."""
        return [self.add(size) for size in shape]

    def condition(self, condition: Condition) -> Json:
        """Return a comparison as the numbers of its two sides around its sign."""
        return [self.silent(condition.left), condition.relation, self.silent(condition.right)]

    def conditions(self, conditions: Sequence[Condition]) -> list[Json]:
        """Return comparisons."""
        return [self.condition(condition) for condition in conditions]
