"""A class while it is written: its arguments, and values as expressions of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.spec.build_graph import Placed
from shapecalc.spec.expressions import Scope, argument_of
from shapecalc.spec.nodes import Node, wrong
from shapecalc.spec.python_text import formula as as_python
from shapecalc.spec.python_text import literal, names_of
from shapecalc.spec.schema import Block, Use

_ANY = dims.symbol("any")


@dataclass(slots=True)
class Written:
    """A class while it is written, and what its names stand for.

    `uses` are all places of the block. `added` are the arguments that the spec leaves to the
    input, with their value at each of these places. `binds` says where the symbols of the inputs
    can be seen.
    """

    block: Block
    uses: Sequence[Sequence[Placed]]
    arguments: Sequence[Mapping[str, Any]]
    is_model: bool
    binds: Mapping[str, str]
    added: dict[str, list[Any]] = field(default_factory=dict)
    symbols: dict[str, None] = field(default_factory=dict)  # what the model's constructor takes
    formulas: list[tuple[str, list[Any]]] = field(default_factory=list)
    kept: dict[str, None] = field(default_factory=dict)  # what functions need in `forward`

    def text(self, node: Node, prefix: str = "") -> str:
        """Return what a spec writes for a value as Python; names get a prefix in `forward`."""
        match node.value:
            case tuple() as entries:
                inner = ", ".join(self.text(entry, prefix) for entry in entries)
                return f"({inner},)" if len(entries) == 1 else f"({inner})"
            case str() as text if text in self.block.arguments:
                return prefix + text
            case str() as text:
                value = argument_of(
                    node, Scope(dict.fromkeys(self.block.arguments, _ANY), dims.symbol)
                )
                if isinstance(value, str):
                    return literal(value)
                return self.formula(text, prefix)
        return literal(node.value)

    def formula(self, text: str, prefix: str = "") -> str:
        """Return a formula of sizes as Python."""
        tree = as_python(text)
        for part in names_of(tree):
            if prefix and part.id in self.binds:
                continue
            if self.is_model:
                self.symbols[part.id] = None
            if prefix:
                self.kept[part.id] = None
                part.id = f"{prefix}{part.id}"
        return ast.unparse(tree)

    def remember(self, node: Node, text: str) -> None:
        """Keep the formulas of a class, in which what follows from the input is then written."""
        if isinstance(node.value, str) and self.block.arguments:
            values = [argument_of(node, Scope(arguments)) for arguments in self.arguments]
            self.formulas.insert(0, (text, values))

    def known(self, values: list[tuple[int, Any]]) -> str | None:
        """Return an expression that has these values at these uses of the class, or None."""
        candidates = [*self.formulas, *self.added.items()]
        for text, found in candidates:
            if all(_same(found[n], value) for n, value in values):
                return text
        first = values[0][1]
        if all(_same(value, first) for _, value in values):
            if self.is_model:
                return self.literal(first)
            if not dims.symbols_of(_dims_in(first)):
                return literal(first)
        return None

    def literal(self, value: Any) -> str:
        """Return a value of the model as Python, its symbols as arguments of the constructor."""
        if isinstance(value, tuple):
            return f"({', '.join(self.literal(entry) for entry in value)},)"
        if dims.symbols_of(_dims_in(value)):
            return self.formula(dims.format_dim(value))
        return literal(value)

    def add(self, use: Use, name: str, values: list[tuple[int, Any]]) -> str:
        """Return a new argument of the constructor, with these values."""
        taken = {*self.added, *self.block.arguments}
        new = name if name not in taken else f"{use.name}_{name}"
        while new in taken:
            new += "_"
        column: list[Any] = [None] * len(self.arguments)
        for n, value in values:
            if column[n] is not None and not _same(column[n], value):
                wrong(use.place, f"the copies of {use.name!r} differ too much to be written")
            column[n] = value
        self.added[new] = column
        return new


def _dims_in(value: Any) -> list[Dim]:
    entries = value if isinstance(value, tuple) else (value,)
    return [entry for entry in entries if hasattr(entry, "free_symbols")]


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)
