"""CSV: one line a row of the table, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shapecalc.dims import Shape
from shapecalc.render import fields
from shapecalc.render.rows import DEPTH, Output, rows, shape_at

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

HEADER = (
    "role",
    "depth",
    "name",
    "op",
    "input shapes",
    "output shapes",
    "output shapes at",
    "field",
    "field stride",
    "field padding",
    "field centre",
    "field known",
    "parameters",
    "label",
    "location",
)


def document(
    analysis: Analysis, *, depth: int = DEPTH, sizes: Mapping[str, int] | None = None
) -> str:
    """Return the table; several shapes of one cell are joined with `; `."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    lines = rows(analysis, depth=depth)
    columns = fields.columns(analysis, lines)
    windows = [fields.NOTHING] * len(lines) if columns is None else columns.cells
    for row, window in zip(lines, windows, strict=True):
        writer.writerow(
            (
                row.role,
                row.depth,
                cell(row.path),
                cell(row.op),
                _joined(map(Output, row.inputs), {}),
                _joined(row.outputs, {}),
                _joined(row.outputs, sizes) if sizes else "",
                *map(cell, window.window),
                window.known,
                row.parameters,
                row.label,
                cell(str(row.location or "")),
            )
        )
    return written.getvalue()


def _joined(outputs: Iterable[Output], sizes: Mapping[str, int]) -> str:
    def written(shape: Shape) -> str:
        return str(shape_at(shape, sizes) if sizes else shape)

    return cell("; ".join(output.text(written(output.shape)) for output in outputs))


def cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula to be run; numbers stay numbers."""
    if re.fullmatch(r"-[\d/]+", text):
        return text
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
