"""The diagnosis of a YAML spec: of its graph, and of the module that it describes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shapecalc import spec as specs
from shapecalc.diagnose.diagnosis import Diagnosis, check
from shapecalc.diagnose.finding import Finding
from shapecalc.diagnose.rule import MISTAKES
from shapecalc.errors import ShapeError, SpecError
from shapecalc.graph import Finding as Raw
from shapecalc.graph import LayerGraph
from shapecalc.inputs import Pattern


def check_spec(spec: specs.Spec, **options: Any) -> tuple[Diagnosis, str]:
    """Return what is wrong with a spec, and a note where not all of it could be looked at.

    What is placed in a file is a line of the spec, not of the module that is built from it.

    Raises:
        SpecError: the spec has a mistake that is none of shapes.
    """
    graph = specs.graph(spec)
    first = Diagnosis(graph.name, tuple(map(_finding, graph.findings)))
    patterns = [Pattern(tensor.name, tensor.shape, tensor.dtype) for tensor in graph.inputs]
    try:
        if graph.findings:
            module, graph = specs.module_as_meant(spec)
        else:
            module = specs.module(spec)
    except SpecError as error:  # a parameter is a symbol, so that there is no one module
        return first, f"only the shapes were checked: {error}"
    except ShapeError:  # a layer that cannot be built at all
        return first, "what follows the mistake was not checked: the layer cannot be built"
    found = check(module, *patterns, **options)
    if first.findings and not any(finding.severity == "error" for finding in found.findings):
        return first, ""
    placed = tuple(_placed(finding, graph) for finding in found.findings)
    return replace(found, name=graph.name, findings=placed), ""


def _finding(raw: Raw) -> Finding:
    rule = MISTAKES["SC199"]
    return Finding(
        code=rule.code,
        kind=rule.kind,
        severity=rule.severity,
        message=raw.message,
        layer=raw.layer,
        because=(f"needs {raw.condition}",) if raw.condition is not None else (),
        used=raw.location,
    )


def _placed(finding: Finding, graph: LayerGraph) -> Finding:
    named = [(record.name, record.location) for record in graph.layers]
    named += [(record.name, record.location) for record in graph.calls]
    place = dict(named).get(finding.layer) if finding.layer else None
    return replace(finding, built=None, used=place)
