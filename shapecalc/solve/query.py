"""A question about sizes, read from text: `3 <= out.H < 9 and out.H % 2 == 1`.

Comparisons of formulas are joined by `and`, `or` and `not`. What a formula speaks of, such as
`out.H` or `layer1.0.conv2.stride`, stays a reference here; what that is, a graph tells. Nothing
is ever evaluated as Python.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from shapecalc.conditions import Relation
from shapecalc.errors import PatternError
from shapecalc.solve.question import (
    SIGNS,
    Arithmetic,
    Asked,
    Comparison,
    Formula,
    Joined,
    Question,
    Reference,
)

_LONGEST = 1000  # characters

_TOKEN = re.compile(
    r"""
    (?P<text>"[^"\n]*"|'[^'\n]*')           # "aux": the key of an output
    | (?P<path>[^\W\d]\w*(?:\.\w+)*)        # out, features.3.C: names with dots and digits
    | (?P<number>\d[\w.]*)
    | (?P<equal>(?<![<>=!])=(?!=))          # people write a single one, and so do we
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"and": "and", "or": "or", "not": "not", "mod": "%"}
_RELATIONS: Mapping[type[ast.cmpop], Relation] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_KNOWN = (
    "formulas of sizes such as H, out.H, out[1], fc1.in_features or field(layer4).size, with "
    "+ - * // % and brackets"
)


def parse_question(text: str) -> Question:
    """Read a question.

    Raises:
        PatternError: it is none; nothing is ever evaluated as Python.

    >>> question = parse_question("out.H == 7 and not features.3.C > 8")
    >>> [str(reference) for reference in question.references()]
    ['out.H', 'features.3.C']
    """
    text = " ".join(text.split())
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"at most {_LONGEST} characters")
        if not text:
            raise ValueError('expected a comparison, as in "out.H == 7"')
        names: list[str] = []
        source = "".join(_token(match, names) for match in _TOKEN.finditer(text))
        return Question(text, _Reader(names).asked(ast.parse(source, mode="eval").body))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        known = isinstance(error, ValueError) and not isinstance(error, UnicodeError)
        detail = error.args[0] if known and error.args else f"known are comparisons of {_KNOWN}"
        shown = text if len(text) <= _LONGEST else f"{text[:40]}..."
        raise PatternError(f"{shown!r} is not a question about sizes: {detail}") from None


def _token(match: re.Match[str], names: list[str]) -> str:
    """Return a token in Python's grammar: paths are numbered, for `features.3.C` is none there."""
    token = match.group()
    if match.lastgroup == "equal":
        return "=="
    if match.lastgroup == "path":
        if token in _WORDS:
            return _WORDS[token]
        names.append(token)
        return f"v{len(names) - 1}"
    return token


class _Reader:
    """Turns the syntax tree of a question, in which paths are numbered, into what is asked."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def asked(self, node: ast.expr) -> Asked:
        match node:
            case ast.BoolOp(op=operator, values=values):
                return Joined(isinstance(operator, ast.And), tuple(map(self.asked, values)))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.asked(operand).negated()
            case ast.Compare(left=left, ops=operators, comparators=others):
                sides = [self.formula(side) for side in (left, *others)]
                found = [
                    Comparison(sides[n], self._relation(operator), sides[n + 1])
                    for n, operator in enumerate(operators)
                ]
                return found[0] if len(found) == 1 else Joined(True, tuple(found))
        raise ValueError('expected a comparison with == != < <= > or >=, as in "out.H == 7"')

    def _relation(self, operator: ast.cmpop) -> Relation:
        if type(operator) not in _RELATIONS:
            raise ValueError("the comparisons are == != < <= > and >=")
        return _RELATIONS[type(operator)]

    def formula(self, node: ast.expr) -> Formula:
        match node:
            case ast.Constant(value=float()):
                raise ValueError("sizes are whole numbers; write a fraction as in 31/2")
            case ast.Constant(value=int(number)) if not isinstance(number, bool):
                return number
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Arithmetic(0, ast.Sub, self.formula(operand))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.formula(operand)
            case ast.BinOp(left=left, op=operator, right=right):
                if type(operator) not in SIGNS:
                    raise ValueError("the operators are + - * // and %")
                return Arithmetic(self.formula(left), type(operator), self.formula(right))
            case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]):
                match self._name(name), inner:
                    case "floor", ast.BinOp(left=left, op=ast.Div(), right=right):
                        return Arithmetic(self.formula(left), ast.FloorDiv, self.formula(right))
        return self.reference(node)

    def reference(self, node: ast.expr) -> Reference:
        match node:
            case ast.Name(id=name):
                return Reference(self._name(name))
            case ast.Constant(value=str(path)):
                return Reference(path)
            case ast.Attribute(value=value, attr=name):
                inner = self.reference(value)
                keys = (*inner.keys, *self._name(name).split("."))
                return Reference(inner.path, keys, inner.call)
            case ast.Subscript(value=value, slice=key):
                inner = self.reference(value)
                return Reference(inner.path, (*inner.keys, self._key(key)), inner.call)
            case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]):
                match self._name(name):
                    case "field" | "in" as call:
                        found = self.reference(inner)
                        if not found.call:
                            return Reference(found.path, found.keys, call)
                    case other:
                        raise ValueError(
                            f"{other}(...) is not known; field(layer) and in(layer) are"
                        )
        raise ValueError(f"known are {_KNOWN}")

    def _name(self, name: str) -> str:
        return self._names[int(name[1:])]

    def _key(self, node: ast.expr) -> str | int:
        match node:
            case ast.Constant(value=(str() | int()) as key) if not isinstance(key, bool):
                return key
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
                return -number
        raise ValueError('a key is a number or a text, as in out[1] or out["aux"]')
