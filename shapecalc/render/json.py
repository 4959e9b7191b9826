"""JSON, in version 1 of the schema in `shapecalc.render.schema`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Finding, InputRef, Layer, Location, ModuleCall, OutputRef, Premise
from shapecalc.op import Op
from shapecalc.render import field_json
from shapecalc.render.equation import AxisEquation, Equation, axis_equations
from shapecalc.render.rows import shape_at
from shapecalc.render.writing import VERSION as VERSION
from shapecalc.render.writing import write

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.verify import Verification

Json: TypeAlias = Any  # what the json module writes


def document(analysis: Analysis, *, sizes: Mapping[str, int] | None = None) -> str:
    """Return an analysis; `sizes` adds an `at` with numbers to every shape."""
    return write(_Document(sizes or {}).analysis(analysis))


def record(equation: Equation, *, sizes: Mapping[str, int] | None = None) -> str:
    """Return the shape equation record of a layer."""
    writer = _Document(sizes or {})
    return write(
        {
            "format": "shapecalc/layer",
            "version": VERSION,
            "layer": equation.layer,
            "op": equation.op,
            "function": equation.function,
            "tensors": [
                {"role": t.role, "layout": t.layout or None, **writer.shape(t.shape)}
                for t in equation.tensors
            ],
            "equation": [writer.axis(axis) for axis in equation.axes],
            "receptive_fields": [field_json.of_field(field) for field in equation.fields],
            "recurrence": [field_json.of_step(step) for step in equation.recurrence],
            "rule": list(equation.rule),
            "source": equation.source,
            "label": str(equation.label),
            "location": equation.location or None,
        }
    )


def verification(result: Verification) -> str:
    """Return the outcome of a verification."""
    return write(
        {
            "format": "shapecalc/verification",
            "version": VERSION,
            "verified": bool(result),
            "module_calls_compared": result.calls_compared,
            "op_outputs_compared": result.layers_compared,
            "seconds": round(result.seconds, 3),
            "runs": [
                {
                    "sizes": dict(run.sizes),
                    "accepted": run.accepted,
                    "module_calls": run.module_calls,
                    "op_outputs": run.op_outputs,
                    "not_compared": run.not_compared,
                    "seconds": round(run.seconds, 3),
                }
                for run in result.runs
            ],
            "differences": [
                {
                    "sizes": difference.sizes,
                    "layer": difference.layer,
                    "predicted": difference.predicted,
                    "observed": difference.observed,
                }
                for difference in result.differences
            ],
            "field_runs": [
                {
                    "sizes": dict(run.sizes),
                    "ops": run.ops,
                    "outputs": run.outputs,
                    "slices": run.slices,
                    "left_out": run.left_out,
                    "not_seen": run.not_seen,
                    "unknown": run.unknown,
                    "seconds": round(run.seconds, 3),
                    "error": run.error or None,
                }
                for run in result.field_runs
            ],
            "field_differences": [
                {
                    "sizes": difference.sizes,
                    "layer": difference.layer,
                    "input": difference.input,
                    "axis": difference.axis,
                    "output": list(difference.output),
                    "index": difference.index,
                    "seen": difference.seen,
                    "predicted": list(difference.predicted),
                    "count": difference.count,
                }
                for difference in result.field_differences
            ],
            "notes": list(result.notes),
        }
    )


class _Document:
    """Writes values of an analysis; keeps every distinct shape, of which there are few."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.known: dict[Shape, Json] = {}

    def analysis(self, analysis: Analysis) -> Json:
        graph = analysis.graph
        return {
            "format": "shapecalc/analysis",
            "version": VERSION,
            "name": graph.name,
            "training": analysis.train,
            "parameters": graph.parameters,
            "symbols": list(analysis.symbols),
            "at": dict(self.sizes) or None,
            "inputs": [
                {"name": tensor.name, "dtype": tensor.dtype, **self.shape(tensor.shape)}
                for tensor in graph.inputs
            ],
            "inferred": analysis.inferred,
            "output": self.nested(graph.output),
            "layers": [self.layer(layer) for layer in graph.layers],
            "modules": [self.module(call) for call in graph.calls],
            "domain": list(analysis.domain),
            "premises": [_premise(premise) for premise in graph.premises],
            "findings": [_finding(finding) for finding in graph.findings],
            "notes": list(graph.notes),
        }

    def layer(self, layer: Layer) -> Json:
        return {
            "index": layer.index,
            "name": layer.name,
            "op": layer.kind,
            "function": layer.function,
            "parameters": _parameters(layer.op),
            "inputs": [self.shape(shape) for shape in layer.in_shapes],
            "outputs": [self.shape(shape) for shape in layer.out_shapes],
            "sources": [_source(source) for source in layer.sources],
            "equation": [self.axis(axis) for axis in axis_equations(layer)],
            "receptive_fields": field_json.of_record(layer),
            "label": str(layer.label),
            "note": layer.note,
            "location": _location(layer.location),
            "module": layer.call,
        }

    def module(self, call: ModuleCall) -> Json:
        return {
            "index": call.index,
            "name": call.name,
            "kind": call.kind,
            "inputs": [self.nested(value) for value in call.inputs],
            "keywords": {name: self.nested(value) for name, value in call.keywords.items()},
            "outputs": self.nested(call.outputs),
            "parent": call.parent,
            "leaf": call.leaf,
            "finished": call.finished,
            "layers": [call.layers.start, call.layers.stop],
            "parameters": call.parameters,
            "receptive_fields": field_json.of_record(call) if call.finished else [],
            "location": _location(call.location),
        }

    def shape(self, shape: Shape) -> Json:
        found = self.known.get(shape)
        if found is None:
            found = {"text": str(shape), "sizes": [_size(dim) for dim in shape]}
            if self.sizes:
                found["at"] = [_size(dim) for dim in shape_at(shape, self.sizes)]
            self.known[shape] = found
        return found

    def nested(self, value: Any) -> Json:
        """Write a nested value: arrays, `{"dict": ...}`, shapes, and plain values as text."""
        if isinstance(value, Shape):
            return self.shape(value)
        if isinstance(value, Mapping):
            return {"dict": {str(key): self.nested(entry) for key, entry in value.items()}}
        if isinstance(value, (tuple, list)):
            return [self.nested(entry) for entry in value]
        return value if value is None or isinstance(value, (bool, int)) else str(value)

    def axis(self, axis: AxisEquation) -> Json:
        return {
            "axis": axis.axis,
            "general": axis.general,
            "parameters": {name: _size(value) for name, value in axis.values.items()},
            "with_numbers": axis.here,
            "size_in": _size(axis.size_in),
            "size_out": _size(axis.size_out),
            "arithmetic": axis.arithmetic(self.sizes),
        }


def _size(dim: Dim) -> Json:
    number = dims.as_int(dim)
    return dims.format_dim(dim) if number is None else number


def _parameters(op: Op) -> Json:
    entries = fields(op)  # type: ignore[arg-type]  # every concrete Op is a dataclass
    return {entry.name: _value(getattr(op, entry.name)) for entry in entries if entry.repr}


def _value(value: Any) -> Json:
    if isinstance(value, (tuple, list)):
        return [_value(entry) for entry in value]
    if hasattr(value, "free_symbols"):
        return _size(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON knows no infinity
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _source(source: object) -> Json:
    match source:
        case InputRef(name=name):
            return {"input": name}
        case OutputRef(layer=layer, output=output):
            return {"layer": layer, "output": output}
    return None  # a constant of the model


def _location(location: Location | None) -> Json:
    return None if location is None else {"file": location.file, "line": location.line}


def _premise(premise: Premise) -> Json:
    return {
        "condition": str(premise.condition),
        "kind": premise.assumption.kind,
        "why": premise.assumption.why,
        "layer": premise.layer,
        "location": _location(premise.location),
    }


def _finding(finding: Finding) -> Json:
    return {
        "kind": finding.kind,
        "layer": finding.layer,
        "message": finding.message,
        "condition": None if finding.condition is None else str(finding.condition),
        "fix": finding.fix,
        "location": _location(finding.location),
    }
