"""How a repair is written into the source: which characters of which line become others."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from shapecalc.diagnose.built import built_at
from shapecalc.diagnose.finding import Repair
from shapecalc.graph import Location

_LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.Lambda)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An argument in the source that gets another value, or is added.

    `call` is the whole call after the change, as a person would write it.

    Units:
        start, end: characters of the line, from 0; `end` is the first that stays.
    """

    place: Location
    start: int
    end: int
    text: str
    call: str


def change(model: nn.Module, repair: Repair) -> Change | None:
    """Return the change of the source that makes a repair, None where that is not so plain.

    What stands there has to be a literal, in a class that the model has once: another value of a
    variable, or in a class that several parts share, would change more than was tried.
    """
    module = dict(model.named_modules()).get(repair.layer)
    if module is None or not repair.layer or not repair.argument:
        return None
    built = built_at(model, repair.layer)
    if built is None:
        return None
    holders = {id(parent): parent for parent in _holders(model, module)}
    if len(holders) != 1:
        return None
    (holder,) = holders.values()
    if sum(type(other) is type(holder) for other in model.modules()) != 1:
        return None
    lines = linecache.getlines(built.file)
    call = _call(lines, built.line, type(module).__name__)
    found = None if call is None else _place(call, type(module), repair)
    if found is None:
        return None
    number, first, last, text = found
    line = lines[number - 1]
    start, end = _column(line, first), _column(line, last)
    changed = [*lines]
    changed[number - 1] = line[:start] + text + line[end:]
    after = _call(changed, built.line, type(module).__name__)
    if after is None:
        return None
    written = ast.get_source_segment("".join(changed), after) or ""
    return Change(
        place=Location(built.file, number),
        start=start,
        end=end,
        text=text,
        call=" ".join(written.split()),
    )


def _place(
    call: ast.Call, cls: type[nn.Module], repair: Repair
) -> tuple[int, int, int, str] | None:
    """Return the line and the bytes of it that are replaced, and by what.

    An argument that is left out is written behind the others.
    """
    text = repr(repair.value)
    value = _argument(call, cls, repair.argument)
    if value is None:
        last = max((*call.args, *(k.value for k in call.keywords)), key=_end, default=None)
        if last is None or _starred(call) or repair.argument not in _parameters(cls):
            return None
        line, byte = _end(last)
        return line, byte, byte, f", {repair.argument}={text}"
    if any(isinstance(node, (ast.Name, ast.Call, ast.Attribute)) for node in ast.walk(value)):
        return None
    line, byte = _end(value)
    return (line, value.col_offset, byte, text) if value.lineno == line else None


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _starred(call: ast.Call) -> bool:
    """Tell whether a call unpacks arguments, so that it does not show all that it gives."""
    unpacked = any(isinstance(value, ast.Starred) for value in call.args)
    return unpacked or any(keyword.arg is None for keyword in call.keywords)


def _parameters(cls: type[nn.Module]) -> list[str]:
    return list(inspect.signature(cls).parameters)


def _holders(model: nn.Module, module: nn.Module) -> Iterator[nn.Module]:
    """Yield the modules of classes of the user's own that hold a module nearest."""
    for name, other in model.named_modules(remove_duplicate=False):
        if other is not module:
            continue
        path = name.split(".")
        for depth in range(len(path) - 1, -1, -1):
            parent = model.get_submodule(".".join(path[:depth]))
            if not type(parent).__module__.startswith("torch.nn."):
                yield parent
                break


def _call(lines: list[str], number: int, name: str) -> ast.Call | None:
    """Return the call of a name that begins on a line, where there is exactly one, made once."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return None
    repeated = {
        id(inner) for node in ast.walk(tree) if isinstance(node, _LOOPS) for inner in ast.walk(node)
    }
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.lineno == number
        and id(node) not in repeated
        and ast.unparse(node.func).rpartition(".")[2] == name
    ]
    return found[0] if len(found) == 1 else None


def _argument(call: ast.Call, cls: type[nn.Module], name: str) -> ast.expr | None:
    """Return what a call gives as one argument of a constructor."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = _parameters(cls)
    if name not in names or _starred(call):
        return None
    position = names.index(name)
    return call.args[position] if position < len(call.args) else None


def _column(line: str, offset: int) -> int:
    """Return the characters before an offset that ast counts in bytes."""
    return len(line.encode()[:offset].decode())
