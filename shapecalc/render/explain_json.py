"""An explanation as JSON; what is no number of JSON, such as an infinity, is a text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.explain.explanation import Patch, Sum
from shapecalc.render.equation import axis_equations
from shapecalc.render.writing import VERSION, write

if TYPE_CHECKING:
    from shapecalc.explain.explanation import Explanation, Part, Term
    from shapecalc.explain.formula import Number
    from shapecalc.graph import Layer

Json: TypeAlias = Any  # what the json module writes


def document(found: Explanation) -> str:
    """Return the document that `explain --format json` prints."""
    return write({"format": "shapecalc/explanation", "version": VERSION, **of_explanation(found)})


def of_explanation(found: Explanation) -> dict[str, Json]:
    """Return an explanation."""
    return {
        "model": found.model,
        "layer": found.layer,
        "op": found.kind,
        "sizes": dict(found.sizes),
        "input": found.input,
        "in_shape": list(found.in_shape),
        "out_shape": list(found.out_shape),
        "element": list(found.element),
        "equation": [line for record in found.records for line in _equation(record, found)],
        "reads": [
            {"axis": axis.axis, "size": axis.size, "indices": list(axis.indices)}
            for axis in found.reads
        ],
        "parts": [_part(part) for part in found.parts],
        "value": _number(found.value),
        "torch": _number(found.torch),
        "agrees": found.agrees,
        "weights": [
            {
                "layer": entry.layer,
                "general": entry.general,
                "formula": entry.formula,
                "count": entry.count,
            }
            for entry in found.weights
        ],
        "notes": list(found.notes),
    }


def _equation(record: Layer, found: Explanation) -> Iterable[Json]:
    for axis in axis_equations(record):
        yield {
            "axis": axis.axis,
            "general": axis.general,
            "with_numbers": axis.here,
            "arithmetic": axis.arithmetic(found.sizes),
        }


def _part(part: Part) -> Json:
    match part:
        case Patch():
            return {
                "kind": "patch",
                "name": part.name,
                "axes": list(part.axes),
                "indices": [list(indices) for indices in part.indices],
                "values": _numbers(part.values),
                "weights": None if part.weights is None else _numbers(part.weights),
                "products": None if part.products is None else _numbers(part.products),
                "padding": [part.is_padding(number) for number in range(len(part.values))],
                "chosen": part.chosen,
                "sum": None if part.sum is None else _part(part.sum),
            }
        case Sum():
            return {
                "kind": "sum",
                "name": part.name,
                "terms": [_term(term) for term in part.terms],
                "total": _number(part.total),
            }
    return {
        "kind": "step",
        "name": part.name,
        "formula": part.formula,
        "values": {name: _number(value) for name, value in part.values.items()},
        "value": _number(part.value),
        "meaning": part.meaning,
    }


def _term(term: Term) -> Json:
    return {
        "name": term.name,
        "value": _number(term.value),
        "weight": None if term.weight is None else _number(term.weight),
        "left_out": term.left_out,
    }


def _numbers(values: Iterable[Number]) -> list[Json]:
    return [_number(value) for value in values]


def _number(value: Number) -> Json:
    """Return a number; a whole one as an integer.

    >>> _number(2.0), _number(0.5), _number(-math.inf)
    (2, 0.5, '-inf')
    """
    if not math.isfinite(value):
        return str(value)
    return int(value) if value == int(value) else value
