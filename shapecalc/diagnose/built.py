"""Where the layers of a model are built: the line of the constructor that says so."""

from __future__ import annotations

import ast
import inspect
import linecache
from functools import lru_cache

from torch import nn

from shapecalc.graph import Location


def built_at(model: nn.Module, name: str) -> Location | None:
    """Return the line that builds the module of a qualified name, None where none is found.

    The class that holds the module is read, not run: `self.head = nn.Linear(...)` in it builds
    `head`, and the third argument of `self.stem = nn.Sequential(...)` builds `stem.2`.
    """
    *path, last = name.split(".")
    parents = [model]
    for part in path:
        parents.append(parents[-1].get_submodule(part))
    entries: list[str] = [last]
    for depth in range(len(parents) - 1, -1, -1):
        parent = parents[depth]
        if not type(parent).__module__.startswith("torch.nn."):
            return _in_class(type(parent), entries)
        if depth:
            entries.insert(0, path[depth - 1])
    return None


def _in_class(holder: type, entries: list[str]) -> Location | None:
    for cls in holder.__mro__:
        if cls.__module__.startswith("torch.") or cls is object:
            continue
        found = _assignments(cls)
        if found is None:
            continue
        file, assigned = found
        node = assigned.get(entries[0])
        if node is None:
            continue
        for entry in entries[1:]:
            inner = _entry(node, entry)
            if inner is None:
                break
            node = inner
        return Location(file, node.lineno)
    return None


def _entry(node: ast.expr, entry: str) -> ast.expr | None:
    """Return the argument that builds an entry of a container."""
    if not isinstance(node, ast.Call) or not entry.isdecimal():
        return None
    arguments: list[ast.expr] = list(node.args)
    if len(arguments) == 1 and isinstance(arguments[0], (ast.List, ast.Tuple)):
        arguments = list(arguments[0].elts)
    if any(isinstance(argument, ast.Starred) for argument in arguments):
        return None
    return arguments[int(entry)] if int(entry) < len(arguments) else None


@lru_cache(1 << 10)
def _assignments(cls: type) -> tuple[str, dict[str, ast.expr]] | None:
    """Return the file of a class, and what its methods assign to each attribute.

    The place of a method is asked for, since another module may have the name of the file.
    """
    codes = (value.__code__ for value in vars(cls).values() if inspect.isfunction(value))
    code = next((c for c in codes if c.co_qualname.startswith(f"{cls.__qualname__}.")), None)
    if code is None:
        return None
    tree = _parsed("".join(linecache.getlines(code.co_filename)))
    holders = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and node.lineno <= code.co_firstlineno <= (node.end_lineno or 0)
    ]
    found: dict[str, ast.expr] = {}
    for node in ast.walk(holders[-1]) if holders else ():  # the innermost comes last
        match node:
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name(), attr=name)], value=value)
                | ast.AnnAssign(target=ast.Attribute(value=ast.Name(), attr=name), value=value)
            ) if value is not None:
                found[name] = value
    return code.co_filename, found


@lru_cache(1 << 6)
def _parsed(source: str) -> ast.Module:
    """Return what is written in a file, or in a cell of a notebook; nothing where it is no code."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):  # a cell may hold more than Python
        return ast.Module(body=[], type_ignores=[])
