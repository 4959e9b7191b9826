"""CSV: one line a row of the table, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shapecalc.dims import Shape
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
    for row in rows(analysis, depth=depth):
        writer.writerow(
            (
                row.role,
                row.depth,
                _cell(row.path),
                _cell(row.op),
                _joined(map(Output, row.inputs), {}),
                _joined(row.outputs, {}),
                _joined(row.outputs, sizes) if sizes else "",
                row.parameters,
                row.label,
                _cell(str(row.location or "")),
            )
        )
    return written.getvalue()


def _joined(outputs: Iterable[Output], sizes: Mapping[str, int]) -> str:
    def written(shape: Shape) -> str:
        return str(shape_at(shape, sizes) if sizes else shape)

    return _cell("; ".join(output.text(written(output.shape)) for output in outputs))


def _cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula to be run."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
