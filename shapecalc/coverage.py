"""Which torch functions have a rule, by family, and which calls of a model have none."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc.dims import Shape
from shapecalc.graph import Layer, LayerGraph
from shapecalc.op import Op, OutShape
from shapecalc.registry import LAYERS, READERS

_LINK = re.compile(r"https?://[^\s]*[^\s.]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unruled(Op):
    """A torch function that has no rule here; its output was measured, not derived."""

    function: str
    outputs: tuple[Shape, ...]

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Return the shapes that were measured."""
        return list(self.outputs)

    def __str__(self) -> str:
        return self.function


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One file of rules, named after a heading of the PyTorch reference.

    Units:
        lines: of the file, comments and docstrings included.
    """

    name: str
    heading: str
    source: str
    functions: tuple[str, ...]
    modules: tuple[str, ...]
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A torch function without a rule, and the calls of it in one model."""

    function: str
    calls: tuple[Layer, ...]


def families() -> list[Family]:
    """Return every family that has a function of torch or a module of specs, by name."""
    import shapecalc.ops  # noqa: F401  # registers the readers

    names = {reader.family for reader in READERS.values()}
    names |= {layer.family for layer in LAYERS.values()}
    return [_family(name) for name in sorted(names)]


def _family(name: str) -> Family:
    module = importlib.import_module(f"shapecalc.ops.{name}")
    text = inspect.getdoc(module) or name
    link = _LINK.search(text)
    return Family(
        name=name,
        heading=_LINK.sub("", text.splitlines()[0]).strip(" .:"),
        source=link[0] if link else "",
        functions=tuple(sorted(n for n, reader in READERS.items() if reader.family == name)),
        modules=tuple(sorted(n for n, layer in LAYERS.items() if layer.family == name)),
        lines=len(inspect.getsource(module).splitlines()),
    )


def missing(graph: LayerGraph) -> Sequence[Missing]:
    """Return the functions that a model calls and that have no rule, the most frequent first."""
    calls: dict[str, list[Layer]] = {}
    for layer in graph.layers:
        if isinstance(layer.op, Unruled):
            calls.setdefault(layer.function, []).append(layer)
    found = [Missing(function=name, calls=tuple(layers)) for name, layers in calls.items()]
    return sorted(found, key=lambda entry: -len(entry.calls))
