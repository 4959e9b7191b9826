"""Values, formulas and long lines as Python text."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from typing import Any

from shapecalc import dims

_WIDTH = 88  # characters of a line, as formatters of Python have it


def literal(value: Any) -> str:
    """Return a value without symbols.

    >>> literal((3, "same"))
    '(3, "same")'
    """
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        return json.dumps(value)
    return dims.format_dim(value) if hasattr(value, "free_symbols") else repr(value)


def type_of(values: Iterable[Any]) -> str:
    """Return the annotation of an argument that takes these values.

    >>> type_of([3, None])
    'int | None'
    """
    kinds: dict[str, None] = {}
    for value in values:
        if isinstance(value, tuple):
            kinds["tuple[int, ...]"] = None
        elif hasattr(value, "free_symbols"):
            kinds["int"] = None
        else:
            kinds["None" if value is None else type(value).__name__] = None
    return " | ".join(sorted(kinds, key=lambda kind: kind == "None")) or "int"


def formula(text: str) -> ast.Expression:
    """Return a formula as Python, whose division of sizes is `//`.

    >>> ast.unparse(formula("16*floor((H + 3)/4)"))
    '16 * ((H + 3) // 4)'
    """
    tree = ast.parse(text.strip(), mode="eval")
    return _FloorDivision().visit(tree)  # type: ignore[no-any-return]


class _FloorDivision(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "floor":
            (argument,) = node.args
            if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Div):
                return ast.BinOp(argument.left, ast.FloorDiv(), argument.right)
            node.func.id = "int"
        return node


def names_of(tree: ast.Expression) -> Iterator[ast.Name]:
    """Yield the names of sizes in a formula."""
    for part in ast.walk(tree):
        if isinstance(part, ast.Name) and part.id not in ("max", "min", "int"):
            yield part


def wrapped(line: str) -> Iterator[str]:
    """Yield a line, or where it is too long its arguments one a line."""
    opening = line.find("(")
    if len(line) <= _WIDTH or opening < 0:
        yield line
        return
    indent = len(line) - len(line.lstrip())
    depth, parts, start, closing = 0, list[str](), opening + 1, len(line)
    for n in range(opening, len(line)):
        depth += (line[n] in "([{") - (line[n] in ")]}")
        if (line[n] == "," and depth == 1) or depth == 0:
            parts.append(line[start:n].strip())
            start = n + 1
        if depth == 0:
            closing = n
            break
    yield line[: opening + 1]
    inner = " " * (indent + 4)
    if line[opening - 1] == "*":  # copies: `*(Block(...) for _ in range(3))`
        made, _, times = line[opening + 1 : closing].rpartition(" for _ in ")
        yield from wrapped(inner + made)
        yield f"{inner}for _ in {times}"
    else:
        for part in filter(None, parts):
            yield from wrapped(f"{inner}{part},")
    yield " " * indent + line[closing:]
