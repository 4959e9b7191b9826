"""A model with mistakes to its end: each layer that does not fit hands on what it declares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import nn

from shapecalc import spec as specs
from shapecalc.errors import ShapeError, SpecError
from shapecalc.trace.run import trace

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


def through_mistakes(analysis: Analysis) -> Analysis:
    """Return an analysis with the layers after a mistake as well, each saying what it rests on.

    One without mistakes is returned as it is, and so is one that cannot be followed further.
    """
    if not analysis.graph.mistakes or not analysis.patterns.inputs():
        return analysis
    model = analysis.source
    if not isinstance(model, nn.Module):
        try:
            model, _ = specs.module_as_meant(model)
        except (SpecError, ShapeError):
            return analysis
    graph = trace(model, analysis.patterns, analysis.graph.hint, train=analysis.train, recover=True)
    return replace(analysis, graph=replace(graph, name=analysis.graph.name))
