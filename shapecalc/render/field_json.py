"""Receptive fields as JSON: numbers as numbers, fractions and formulas as texts such as `1/2`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.graph import Layer, ModuleCall
from shapecalc.receptive_field import ReceptiveField
from shapecalc.receptive_field.at_sizes import AxisWindow, Seen
from shapecalc.receptive_field.recurrence import Step
from shapecalc.receptive_field.remarks import Number, Remark
from shapecalc.render import fields
from shapecalc.render.field_sheet import Element, Line, Sheet, steps_of
from shapecalc.render.writing import VERSION, write

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

Json: TypeAlias = Any  # what the json module writes


def of_record(record: Layer | ModuleCall, sizes: Mapping[str, int] | None = None) -> list[Json]:
    """Return the fields of a layer or module, one for each input that reaches it."""
    found = fields.fields_of(record).values()
    return [of_field(field.at(**sizes) if sizes else field) for field in found]


def of_field(field: ReceptiveField) -> Json:
    """Return a field."""
    why = [] if field.unknown else field.bounds
    return {
        "input": field.input,
        "exact": not field.unknown and not why,
        "bound": why[0] if why else None,
        "unknown": field.unknown or None,
        "batch": None if field.unknown else field.batch or None,
        "axes": [_axis(field, n) for n in range(len(field.per_axis))],
    }


def _axis(field: ReceptiveField, axis: int) -> Json:
    entry, extent = field.per_axis[axis], field.extents[axis]
    steady = extent.stride is not None and entry.span is None
    return {
        "axis": entry.name,
        "size": value(extent.size),
        "smallest": value(extent.smallest),
        "stride": value(extent.stride),
        "padding": value(extent.padding),
        "centre": value(extent.centre),
        "density": value(extent.density if steady else None),
        "whole": fields.is_whole(field, axis),
        "widened": fields.widened(field, axis) or None,
        "outputs": list(entry.outputs),
        "relation": str(entry.relation) if entry.span is None else None,
    }


def value(number: int | Fraction | Dim | None) -> Json:
    """Return a number as a number, a fraction or a formula as text.

    >>> value(Fraction(4, 2)), value(Fraction(1, 2)), value(dims.symbol("k") + 1), value(None)
    (2, '1/2', 'k + 1', None)
    """
    match number:
        case None | int():
            return number
        case Fraction():
            return int(number) if number.denominator == 1 else str(number)
    whole = dims.as_int(number)
    return dims.format_dim(number) if whole is None else whole


def of_step(step: Step) -> Json:
    """Return the recurrence of a layer's step."""
    window = step.window
    return {
        "input": step.input,
        "axes": list(step.axes),
        "operand": {
            "name": step.operand,
            "size": value(step.before.size),
            "stride": value(step.before.stride),
            "padding": value(step.before.padding),
        },
        "window": {
            "kernel_size": value(window.kernel_size),
            "stride": value(window.stride),
            "padding": value(window.padding),
            "dilation": value(window.dilation),
            "transposed": window.transposed,
        },
        "formulas": [
            {"name": line.name, "formula": line.text, "value": value(line.value)}
            for line in step.formulas
        ],
    }


def of_window(window: AxisWindow) -> Json:
    """Return what one output element sees on one axis."""
    return {
        "axis": window.axis,
        "index": list(window.index),
        "size": window.size,
        "seen": list(window.seen),
        "window": None if window.window is None else list(window.window),
        "before": window.before,
        "after": window.after,
        "centre": value(window.centre),
    }


def of_seen(seen: Seen) -> Json:
    """Return which output elements see a pixel."""
    return {
        "count": seen.count,
        "total": seen.total,
        "axes": [
            {"axis": axis, "outputs": None if places is None else [list(p) for p in places]}
            for axis, places in zip(seen.axes, seen.places, strict=True)
        ],
    }


def of_remark(remark: Remark) -> Json:
    """Return a remark."""
    return {
        "kind": str(remark.kind),
        "layers": list(remark.layers),
        "input": remark.input,
        "axes": list(remark.axes),
        "text": remark.text,
        "numbers": {name: _number(number) for name, number in remark.numbers.items()},
    }


def _number(number: Number) -> Json:
    match number:
        case tuple():
            return [_number(each) for each in number]
        case str() | bool():
            return number
    return value(number)


# ---------------------------------------------------------------------------- documents


def document(analysis: Analysis, sheets: Sequence[Sheet], remarks: Sequence[Remark] = ()) -> str:
    """Return the tables: every row with its fields, and with who sees the pixel if one is given."""
    pixel = next((list(sheet.pixel) for sheet in sheets if sheet.pixel), None)
    return write(
        {
            "format": "shapecalc/receptive-fields",
            "version": VERSION,
            "name": analysis.graph.name,
            "training": analysis.train,
            "sizes": dict(sheets[0].sizes) or None,
            "pixel": pixel,
            "conventions": list(fields.CONVENTIONS),
            "rows": [_line(line) for sheet in sheets for line in sheet.lines],
            "notes": list(dict.fromkeys(note for sheet in sheets for note in sheet.notes)),
            "remarks": [of_remark(remark) for remark in remarks],
        }
    )


def _line(line: Line) -> Json:
    return {
        "name": line.row.path,
        "op": line.row.op,
        "depth": line.row.depth,
        "field": of_field(line.field),
        "at": None if line.at is None else of_field(line.at),
        "seen_by": None if line.seen is None else of_seen(line.seen),
    }


def layers(records: Sequence[Layer | ModuleCall], sizes: Mapping[str, int]) -> str:
    """Return all that is known of the fields of the calls of one layer."""
    return write(
        {
            "format": "shapecalc/layer-fields",
            "version": VERSION,
            "layer": records[0].name,
            "sizes": dict(sizes) or None,
            "conventions": list(fields.CONVENTIONS),
            "calls": [_call(record, sizes) for record in records],
        }
    )


def _listed(holes: tuple[int, ...] | None) -> Json:
    return None if holes is None else list(holes)


def _call(record: Layer | ModuleCall, sizes: Mapping[str, int]) -> Json:
    return {
        "kind": record.kind,
        "output": str(record.out_shape),
        "receptive_fields": of_record(record),
        "holes": {
            name: [_listed(extent.holes) for extent in field.extents]
            for name, field in fields.fields_of(record).items()
        },
        "at": of_record(record, sizes) if sizes else None,
        "recurrence": [of_step(step) for step in steps_of(record)],
    }


def elements(found: Sequence[Element]) -> str:
    """Return what one output element sees, in every call of a layer."""
    return write(
        {
            "format": "shapecalc/element-field",
            "version": VERSION,
            "layer": found[0].record.name,
            "sizes": dict(found[0].sizes),
            "index": list(found[0].index),
            "calls": [
                {
                    "outputs": list(each.outputs),
                    "inputs": [
                        {"input": name, "axes": [of_window(axis) for axis in axes]}
                        for name, axes in each.windows.items()
                    ],
                    "notes": list(each.notes),
                }
                for each in found
            ],
        }
    )
