"""The tables of `shapecalc field` as Markdown and as CSV."""

from __future__ import annotations

import csv as stdlib_csv
import io
from collections.abc import Iterator, Sequence

from shapecalc.receptive_field.remarks import Remark
from shapecalc.render import field_json, fields
from shapecalc.render.csv import cell
from shapecalc.render.field_sheet import Line, Sheet
from shapecalc.render.markdown import escape, table

WINDOWS = (
    "input",
    "name",
    "op",
    "axis",
    "size",
    "smallest",
    "stride",
    "padding",
    "centre",
    "density",
    "whole",
    "widened",
    "exact",
    "bound",
    "unknown",
)
PIXELS = ("input", "name", "op", "outputs", "count", "total")


def markdown(sheets: Sequence[Sheet], remarks: Sequence[Remark] = ()) -> str:
    """Return the tables, with their conventions and notes below them."""
    parts = []
    for sheet in sheets:
        lines = [
            ("&nbsp;&nbsp;" * (line.row.depth - 1) + escape(cells[0]), *map(escape, cells[1:]))
            for line, cells in zip(sheet.lines, sheet.cells, strict=True)
        ]
        parts += [f"## {escape(sheet.title)}\n", table(sheet.header, lines)]
        parts.append("".join(f"- {escape(note)}\n" for note in sheet.notes))
    if remarks:
        said = "".join(f"- {escape(str(remark))}\n" for remark in remarks)
        parts += ["## What stands out\n", said]
    return "\n".join(parts)


def csv(sheets: Sequence[Sheet]) -> str:
    """Return one line for each axis of each field, or one for each field where a pixel is given.

    At given sizes, the fields are those at the sizes.
    """
    written = io.StringIO()
    writer = stdlib_csv.writer(written, lineterminator="\n")
    pixel = any(sheet.pixel for sheet in sheets)
    writer.writerow(PIXELS if pixel else WINDOWS)
    for sheet in sheets:
        for line in sheet.lines:
            named = (cell(sheet.input), cell(line.row.path), cell(line.row.op))
            for entries in _pixels(line) if pixel else _windows(line):
                writer.writerow((*named, *entries))
    return written.getvalue()


def _pixels(line: Line) -> Iterator[tuple[object, ...]]:
    seen = line.seen
    yield ("?", "", "") if seen is None else (fields.places(seen), seen.count, seen.total)


def _windows(line: Line) -> Iterator[tuple[object, ...]]:
    found = field_json.of_field(line.at or line.field)
    known = (found["exact"], cell(found["bound"] or ""), cell(found["unknown"] or ""))
    for axis in found["axes"]:
        entries = (axis[name] for name in WINDOWS[3:12])
        yield (*("" if entry is None else entry for entry in entries), *known)
    if not found["axes"]:
        yield (*[""] * 9, *known)
