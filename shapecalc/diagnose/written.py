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
    """A literal in the source that gets another value.

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

    The argument has to stand there as a literal, in a class that the model has once: what a
    variable says, or a class that several parts share, would change more than was tried.
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
    value = None if call is None else _argument(call, type(module), repair.argument)
    if call is None or not isinstance(value, (ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp)):
        return None
    if any(isinstance(node, (ast.Name, ast.Call)) for node in ast.walk(value)):
        return None
    if value.lineno != value.end_lineno:
        return None
    line = lines[value.lineno - 1]
    start, end = _column(line, value.col_offset), _column(line, value.end_col_offset or 0)
    text = repr(repair.value)
    changed = [*lines]
    changed[value.lineno - 1] = line[:start] + text + line[end:]
    after = _call(changed, built.line, type(module).__name__)
    written = "" if after is None else ast.get_source_segment("".join(changed), after) or ""
    return Change(
        place=Location(built.file, value.lineno),
        start=start,
        end=end,
        text=text,
        call=" ".join(written.split()),
    )


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
    names = list(inspect.signature(cls).parameters)
    if name not in names or any(isinstance(value, ast.Starred) for value in call.args):
        return None
    position = names.index(name)
    return call.args[position] if position < len(call.args) else None


def _column(line: str, offset: int) -> int:
    """Return the characters before an offset that ast counts in bytes."""
    return len(line.encode()[:offset].decode())
