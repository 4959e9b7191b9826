"""What an analysis is made from, a module or a spec, which is traced again at other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.graph import LayerGraph
from shapecalc.inputs import Patterns


def is_spec(source: object) -> bool:
    """Tell whether a source is a loaded spec, without importing what loads one."""
    cls = type(source)
    return cls.__name__ == "Spec" and cls.__module__.startswith("shapecalc.spec")


def retrace(
    source: Any, patterns: Patterns, sizes: Mapping[str, int], *, train: bool
) -> LayerGraph:
    """Return the graph of the path that a source takes at these sizes."""
    if is_spec(source):
        from shapecalc import spec

        return spec.trace(source, sizes)
    from shapecalc.trace.run import trace  # only here: it imports torch

    return trace(source, patterns, sizes, train=train)
