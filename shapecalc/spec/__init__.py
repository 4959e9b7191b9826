"""YAML specs: loaded, analysed without torch, built into a module, and printed as code.

The language is described in `shapecalc.spec.schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import shapecalc.ops  # registers the layers  # noqa: F401
from shapecalc.spec.build_graph import graph, trace
from shapecalc.spec.load import load
from shapecalc.spec.schema import Spec

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Spec", "generate", "graph", "json_schema", "load", "module", "trace"]


def module(spec: Spec, sizes: Mapping[str, int] | None = None) -> nn.Module:
    """Return a spec as a real `nn.Module`; `sizes` gives numbers to symbols.

    Raises:
        SpecError: a parameter depends on a symbol that `sizes` does not name.
        ShapeError: the shapes do not fit.
    """
    from shapecalc.spec.build_module import build_module  # only here: it imports torch

    return build_module(spec, sizes)


def generate(spec: Spec) -> str:
    """Return a spec as the source of a PyTorch module."""
    from shapecalc.spec.code import write_code

    return write_code(spec)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of specs, for editors."""
    from shapecalc.spec.editor_schema import editor_schema

    return editor_schema()
