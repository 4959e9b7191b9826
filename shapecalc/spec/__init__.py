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

    from shapecalc.graph import LayerGraph

__all__ = ["Spec", "generate", "graph", "json_schema", "load", "module", "module_as_meant", "trace"]


def module(spec: Spec, sizes: Mapping[str, int] | None = None) -> nn.Module:
    """Return a spec as a real `nn.Module`; `sizes` gives numbers to symbols.

    Raises:
        SpecError: a parameter depends on a symbol that `sizes` does not name.
        ShapeError: the shapes do not fit.
    """
    from shapecalc.spec.build_module import build_module  # only here: it imports torch

    return build_module(spec, sizes)


def module_as_meant(spec: Spec) -> tuple[nn.Module, LayerGraph]:
    """Return the module and all layers of a spec whose shapes do not fit, to be diagnosed.

    Raises:
        SpecError: a parameter is a symbol, so that there is no one module.
        ShapeError: a layer cannot be built at all.
    """
    from shapecalc.spec.build_module import build_as_meant  # only here: it imports torch

    return build_as_meant(spec)


def generate(spec: Spec) -> str:
    """Return a spec as the source of a PyTorch module."""
    from shapecalc.spec.code import write_code

    return write_code(spec)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of specs, for editors."""
    from shapecalc.spec.editor_schema import editor_schema

    return editor_schema()
