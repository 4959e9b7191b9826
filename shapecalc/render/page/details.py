"""What the page says of one layer: its equation record and what its formulas rest on, as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from shapecalc import dims
from shapecalc.graph import Layer, LayerGraph, ModuleCall
from shapecalc.receptive_field.recurrence import Step
from shapecalc.render import fields
from shapecalc.render.equation import AxisEquation, equation
from shapecalc.render.page import mathml
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.plain import plain
from shapecalc.render.sizes_sheet import place
from shapecalc.render.writing import Json


def details(
    record: Layer | ModuleCall | None, graph: LayerGraph, formulas: Formulas
) -> Json | None:
    """Return the record of an op, or of a module that is one op; of others, what they hold."""
    if record is None:
        return None
    rests = _premises(record.name, graph)
    if isinstance(record, ModuleCall):
        if len(record.layers) != 1:
            return {"ops": len(record.layers), "premises": rests}
        record = graph.layers[record.layers.start]
    found = equation(record)
    return {
        "ops": 1,
        "op": plain(found.op),
        "function": plain(found.function),
        "tensors": [
            [tensor.role, tensor.layout, formulas.shape(tensor.shape)] for tensor in found.tensors
        ],
        "axes": [_axis(axis, formulas) for axis in found.axes],
        "recurrence": [_step(step) for step in found.recurrence],
        "rule": list(found.rule),
        "source": found.source,
        "note": plain(record.note),
        "premises": rests,
    }


def _axis(axis: AxisEquation, formulas: Formulas) -> Json:
    """Return the size formula in general, with numbers, and what to put for its symbols."""
    known: Mapping[str, dims.Dim] = {**axis.values, axis.axis: axis.size_in}
    return {
        "axis": axis.axis,
        "general": mathml.formula(axis.general),
        "here": mathml.formula(axis.here),
        "values": {name: formulas.silent(value) for name, value in known.items()},
        "out": formulas.add(axis.size_out),
    }


def _step(step: Step) -> Json:
    return {
        "axes": ", ".join(map(plain, step.axes)),
        "origin": fields.origin(step),
        "lines": [
            [line.name, mathml.formula(line.text), _result(line.text, line.value), line.meaning]
            for line in step.formulas
        ],
    }


def _result(text: str, value: dims.Dim) -> Json:
    written = dims.format_dim(value)
    return None if written == text else mathml.formula(written)


def _premises(name: str, graph: LayerGraph) -> list[Json]:
    return [
        {
            "condition": mathml.condition(str(premise.condition)),
            "kind": premise.assumption.kind,
            "why": plain(premise.assumption.why),
            "place": place(premise.location),
        }
        for premise in graph.premises
        if premise.layer == name
    ]
