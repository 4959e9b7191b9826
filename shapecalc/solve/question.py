"""What a question about sizes consists of: comparisons of formulas, joined by and, or, not.

What a formula speaks of, such as `out.H` or `layer1.0.conv2.stride`, stays a reference here; what
that is, a graph tells.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shapecalc.conditions import Relation

SIGNS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: " % ",
    ast.Div: "/",
}
_OPPOSITE: Mapping[Relation, Relation] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """What a formula speaks of: a path of names, then keys; `call` is `field` or `in`.

    `out["aux"].H` is the path `out` with the keys `aux` and `H`; `field(layer4).size` is the call
    `field` of the path `layer4` with the key `size`.
    """

    path: str
    keys: tuple[str | int, ...] = ()
    call: Literal["", "field", "in"] = ""

    def __str__(self) -> str:
        path = f"{self.call}({self.path})" if self.call else self.path
        return path + "".join(map(_written_key, self.keys))


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two formulas with an operator between them."""

    left: Formula
    operator: type[ast.operator]
    right: Formula

    @classmethod
    def difference(cls, left: Formula, right: Formula) -> Arithmetic:
        """Return left - right."""
        return cls(left, ast.Sub, right)


Formula: TypeAlias = int | Reference | Arithmetic


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two formulas.

    Where a side has several sizes, as a window on H and W, it has to hold for `all` of them, or
    for any.
    """

    left: Formula
    relation: Relation
    right: Formula
    all: bool = True

    def negated(self) -> Comparison:
        """Return the comparison that is true exactly where this one is not."""
        return Comparison(self.left, _OPPOSITE[self.relation], self.right, not self.all)


@dataclass(frozen=True, slots=True)
class Joined:
    """Questions of which all have to be met, or any."""

    all: bool
    parts: tuple[Asked, ...]

    def negated(self) -> Joined:
        """Return the question that is true exactly where this one is not."""
        return Joined(not self.all, tuple(part.negated() for part in self.parts))


Asked: TypeAlias = Comparison | Joined


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was written, and what it asks."""

    text: str
    asked: Asked

    def comparisons(self) -> tuple[Comparison, ...]:
        """Return all comparisons, from left to right."""
        return tuple(_comparisons_in(self.asked))

    def references(self) -> tuple[Reference, ...]:
        """Return all that the question speaks of, each once, from left to right."""
        sides = (side for c in self.comparisons() for side in (c.left, c.right))
        return tuple(dict.fromkeys(r for side in sides for r in references_in(side)))


def _comparisons_in(asked: Asked) -> Iterator[Comparison]:
    if isinstance(asked, Comparison):
        yield asked
    else:
        for part in asked.parts:
            yield from _comparisons_in(part)


def references_in(formula: Formula) -> Iterator[Reference]:
    """Yield what a formula speaks of, from left to right."""
    if isinstance(formula, Reference):
        yield formula
    elif isinstance(formula, Arithmetic):
        yield from references_in(formula.left)
        yield from references_in(formula.right)


def single_comparison(question: Question) -> tuple[str, str] | None:
    """Return the two sides of a question that compares one reference with a number, else None.

    The reference comes first, then the comparison: `out.H` and `= 7`.
    """
    asked = question.asked
    if not isinstance(asked, Comparison) or not isinstance(asked.left, Reference):
        return None
    if not isinstance(asked.right, int):
        return None
    sign = "=" if asked.relation == "==" else asked.relation
    return str(asked.left), f"{sign} {asked.right}"


def written(formula: Formula) -> str:
    """Return a formula as text."""
    if not isinstance(formula, Arithmetic):
        return str(formula)
    if formula.left == 0 and formula.operator is ast.Sub:
        return f"-{_operand(formula.right)}"
    sign = SIGNS[formula.operator]
    if sign in "+-":
        right = _operand(formula.right) if sign == "-" else written(formula.right)
        return f"{written(formula.left)} {sign} {right}"
    return f"{_operand(formula.left)}{sign}{_operand(formula.right)}"


def _operand(formula: Formula) -> str:
    return f"({written(formula)})" if isinstance(formula, Arithmetic) else str(formula)


def _written_key(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if re.fullmatch(r"\w+", key) else f'["{key}"]'
