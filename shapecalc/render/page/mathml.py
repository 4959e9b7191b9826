"""Formulas as they are typeset: trees that the page turns into MathML, element by element.

A tree is a name or a number as text, or a list of a kind and its parts: `row`, `op`, `frac`,
`floor`, `sup`, `sub`, `call`, `paren` and `text`.

Source:
    https://www.w3.org/TR/mathml-core/
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Any, TypeAlias

from shapecalc.render.plain import plain

Tree: TypeAlias = Any  # str, or a list of a kind and trees

_SIGNS = {ast.Add: "+", ast.Sub: "\u2212"}
_RELATIONS = {">=": "\u2265", "<=": "\u2264", "!=": "\u2260", "in": "\u2208"}


def conditions(text: str) -> list[Tree]:
    """Return the trees of conditions that are joined by `and`; alternatives stay together.

    >>> len(conditions("H >= (W and 3) and W >= 1")), len(conditions("H = 1 and W = 1, or H = 2"))
    (2, 1)
    """
    if " or " in text:
        return [condition(text)]
    found, depth, start = list[str](), 0, 0
    for n, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and text.startswith(" and ", n):
            found.append(text[start:n])
            start = n + len(" and ")
    return [condition(part) for part in (*found, text[start:])]


@lru_cache(1 << 14)
def formula(text: str) -> Tree:
    """Return the tree of a formula, as `dims.format_dim` writes it.

    >>> formula("floor((H + 1)/2)")
    ['floor', ['frac', ['row', 'H', ['op', '+'], '1'], '2']]
    """
    try:
        return _tree(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return ["text", plain(text)]


def condition(text: str) -> Tree:
    """Return the tree of a condition as people say it.

    >>> condition("H mod 32 = 0")
    ['row', 'H', ['op', 'mod'], '32', ['op', '='], '0']
    """
    parts = re.split(r" (mod|>=|<=|!=|=|<|>|in) ", text)
    if len(parts) == 1:
        return ["text", plain(text)]
    trees = [["op", _RELATIONS.get(p, p)] if n % 2 else formula(p) for n, p in enumerate(parts)]
    return ["text", plain(text)] if any(tree[0] == "text" for tree in trees) else ["row", *trees]


def _tree(node: ast.expr, around: type[ast.operator] | None = None) -> Tree:
    """Return the tree of an expression; a sum within a product is put into brackets."""
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.Name(id=name):
            return _symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ["row", ["op", "\u2212"], _tree(operand, ast.Mult)]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            row = ["row", _tree(left), ["op", _SIGNS[type(op)]], _tree(right, type(op))]
            return ["paren", row] if around in (ast.Mult, ast.Sub, ast.Pow) else row
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            # between two names or brackets nothing is written; before a number a dot is
            factors = _tree(left, ast.Mult), _tree(right, ast.Mult)
            sign = "\u22c5" if str(factors[1])[:1].isdigit() else "\u2062"
            return ["row", factors[0], ["op", sign], factors[1]]
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return ["frac", _tree(left), _tree(right)]
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return ["sup", _tree(left, ast.Pow), _tree(right)]
        case ast.Call(func=ast.Name(id="floor"), args=[argument]):
            return ["floor", _tree(argument)]
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=arguments):
            return ["call", name, *map(_tree, arguments)]
    raise ValueError(f"no formula: {ast.dump(node)}")


def _symbol(name: str) -> Tree:
    stem, _, index = name.partition("_")
    if not index and (found := re.fullmatch(r"([^\W\d]+)(\d+)", name)):
        stem, index = found.groups()
    return ["sub", stem, index] if stem and index else name
