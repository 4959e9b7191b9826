"""The rows of the report's table as JSON: every module and op, unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.graph import Label, Layer, LayerGraph, ModuleCall
from shapecalc.receptive_field import ReceptiveField
from shapecalc.receptive_field.sizes import fields_of as graph_fields
from shapecalc.render import fields
from shapecalc.render.page import mathml
from shapecalc.render.page.details import details
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.page.reach import Tensors
from shapecalc.render.plain import plain
from shapecalc.render.rows import Row, rows
from shapecalc.render.sizes_sheet import place
from shapecalc.render.writing import Json

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_DEEPEST = 1_000  # levels: all of them; the page folds them
_LONGEST = 160  # characters of a relation; beyond, nobody reads it


def table(analysis: Analysis, formulas: Formulas, *, windows: bool = True) -> list[Json]:
    """Return the rows: the inputs, every call, the output; with or without windows of fields."""
    lines = rows(analysis, depth=_DEEPEST)
    columns = fields.columns(analysis, lines)
    found = columns.fields if columns is not None else (None,) * len(lines)
    numbers = Tensors(analysis.graph)
    return [
        _row(row, field, numbers, analysis.graph, formulas, windows=windows)
        for row, field in zip(lines, found, strict=True)
    ]


def _row(
    row: Row,
    field: ReceptiveField | None,
    numbers: Tensors,
    graph: LayerGraph,
    formulas: Formulas,
    *,
    windows: bool,
) -> Json:
    counted = graph.symbolic_parameters.get(row.path) if _is_call(row.record) else None
    return {
        "role": row.role,
        "depth": row.depth,
        "name": row.name,
        "path": row.path,
        "op": row.op,
        "inputs": [formulas.shape(shape) for shape in row.inputs],
        "outputs": [
            {"shape": formulas.shape(output.shape), "key": output.key, "times": output.times}
            for output in row.outputs
        ],
        "parameters": row.parameters,
        "counted": None if counted is None or row.unfolded else formulas.add(counted),
        "reused": row.reused,
        "unfolded": row.unfolded,
        "finished": row.finished,
        "label": str(row.label),
        "doubt": row.label is not Label.PROVED,
        "place": place(row.location),
        "tensor": _tensor(row.record, numbers),
        "field": None if field is None else _field(field, formulas, windows=windows),
        "detail": details(row.record, graph, formulas),
    }


def _is_call(record: Layer | ModuleCall | None) -> bool:
    return isinstance(record, ModuleCall)


def _tensor(record: Layer | ModuleCall | None, numbers: Tensors) -> int | None:
    """Return the first output that an input reaches: the one whose field the row has."""
    if record is None or record.home.graph is None:
        return None
    known = graph_fields(record.home)
    found = (source for source in record.out_sources if known.of(source) is not None)
    return next((numbers.number(source) for source in found), None)


def _field(field: ReceptiveField, formulas: Formulas, *, windows: bool) -> Json:
    """Return the cells of a field, with a formula for each size that is no number."""
    known = "unknown" if field.unknown else "exact" if field.exact else "bound"
    found = {"input": plain(field.input), "known": known}
    if not windows:
        return found
    cells, axes = fields.cells(field), range(0 if field.unknown else len(field.axes))
    return found | {
        "text": cells.field,
        "formula": _formula(cells.field),
        "stride": cells.stride,
        "padding": cells.padding,
        "centre": cells.centre,
        "sizes": [_size(field, axis, formulas) for axis in axes],
        "relations": [
            [plain(axis.name), plain(text)]
            for axis, text in zip(field.per_axis, map(str, field.relation), strict=True)
            if axis.span is None and len(text) <= _LONGEST
        ],
        "notes": list(fields.notes([field])),
    }


def _formula(text: str) -> Json | None:
    """Return how a size is set that is a formula of symbols; None for numbers and words."""
    tree = mathml.formula(text)
    return None if text in ("all", "varies") or isinstance(tree, str) or tree[0] == "text" else tree


def _size(field: ReceptiveField, axis: int, formulas: Formulas) -> int | None:
    """Return the formula of a window's size where it is one: of the whole axis, or in symbols."""
    size = field.size[axis]
    entire = field.per_axis[axis].size if fields.is_whole(field, axis) else size
    return None if entire is None or isinstance(entire, int) else formulas.silent(entire)
