"""Markdown, as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import TYPE_CHECKING

from shapecalc.graph import Finding, Label
from shapecalc.render import fields
from shapecalc.render.equation import Equation
from shapecalc.render.plain import plain
from shapecalc.render.rows import DEPTH, Output, Row, not_proved, parameter_count, rows, shape_at
from shapecalc.render.summary import branches, known, notes, sums, validity

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


def document(
    analysis: Analysis, *, depth: int = DEPTH, sizes: Mapping[str, int] | None = None
) -> str:
    """Return the table, its totals, its domain and the findings."""
    return "\n".join(_lines(analysis, depth, sizes or {})) + "\n"


def _lines(analysis: Analysis, depth: int, sizes: Mapping[str, int]) -> Iterator[str]:
    yield f"## {escape(analysis.graph.name)}"
    yield ""
    found = rows(analysis, depth=depth)
    given = ", ".join(f"{name}={size}" for name, size in sizes.items())
    columns = fields.columns(analysis, found)
    windows = [fields.NOTHING] * len(found) if columns is None else columns.cells
    windowed = [columns is not None] * len(fields.HEADERS)
    shown = [True, True, True, bool(sizes), *windowed, True, not_proved(found)]
    header = ["layer", "op", "output shape", f"at {given}", *fields.HEADERS, "parameters", "known"]
    ruler = ["---", "---", "---", "---", *["---:"] * len(fields.HEADERS), "---:", "---"]
    lines = [_cells(row, sizes, window) for row, window in zip(found, windows, strict=True)]
    for cells in (header, ruler, *lines):
        yield _line(compress(cells, shown))
    yield ""
    for line in (*sums(analysis), validity(analysis)):
        yield f"- {escape(line)}"
    for label in known(analysis):
        yield f"- {escape(label)}"
    for branch in branches(analysis):
        where = f" at {branch.location}" if branch.location else ""
        conditions = ", ".join(map(code, branch.conditions))
        yield f"- {conditions}: {escape(branch.why + where)}"
    for note in notes(analysis):
        yield f"- note: {escape(note)}"
    for note in columns.notes() if columns is not None else ():
        yield f"- {escape(note)}"
    for finding in analysis.graph.findings:
        yield f"- **finding**: {_finding(finding)}"


def record(equation: Equation, *, sizes: Mapping[str, int] | None = None) -> str:
    """Return the shape equation record of a layer."""
    sizes = sizes or {}
    lines = [f"### {escape(equation.layer)}", "", code(equation.op), ""]
    header = ["tensor", "layout", "shape"] + (["in numbers"] if sizes else [])
    lines += [_line(header), _line(["---"] * len(header))]
    for tensor in equation.tensors:
        layout = code(tensor.layout) if tensor.layout else ""
        cells = [tensor.role, layout, code(str(tensor.shape))]
        lines.append(_line([*cells, code(str(shape_at(tensor.shape, sizes)))][: len(header)]))
    lines.append("")
    for axis in equation.axes:
        left = f"{axis.axis}_out"
        lines.append(f"- {code(f'{left} = {axis.general}')}")
        lines.append(f"- {code(f'{left} = {axis.here}')}")
        if (arithmetic := axis.arithmetic(sizes)) is not None:
            lines.append(f"- {code(f'{left} = {arithmetic}')}")
    if not equation.axes:
        lines += [f"- {escape(line)}" for line in equation.rule]
    for field in equation.fields:
        name, text = code(field.input), fields.sentence(field)
        lines.append(f"- receptive field on {name}: {escape(text)}")
    for step in equation.recurrence:
        axes = f"{step.input}, {', '.join(step.axes)}"
        lines += [f"- {escape(axes)}: {code(str(line))}" for line in step.formulas]
    if equation.label is not Label.PROVED:
        lines.append(f"- known: {equation.label}")
    if equation.source:
        lines += ["", f"Source: {equation.source}"]
    return "\n".join(lines) + "\n"


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table of texts that are Markdown already."""
    return "\n".join([_line(header), _line(["---"] * len(header)), *map(_line, lines)]) + "\n"


def _cells(row: Row, sizes: Mapping[str, int], window: fields.Cells) -> list[str]:
    name = escape(row.name) if row.role == "call" else f"**{escape(row.name)}**"
    return [
        "&nbsp;&nbsp;" * (row.depth - 1) + name,
        escape(row.op),
        _shapes(row.outputs) if row.finished else "**failed**",
        _shapes(row.outputs, sizes),
        *map(escape, window.window),
        parameter_count(row),
        "" if row.label is Label.PROVED else str(row.label),
    ]


def _shapes(found: Iterable[Output], sizes: Mapping[str, int] | None = None) -> str:
    texts = (o.text(str(shape_at(o.shape, sizes) if sizes else o.shape)) for o in found)
    return "<br>".join(map(code, texts))


def _finding(finding: Finding) -> str:
    where = f"layer {code(finding.layer)}: " if finding.layer else ""
    parts = [f"{where}{escape(finding.message)}"]
    parts += [f"needs {code(str(finding.condition))}"] if finding.condition is not None else []
    parts += [f"at {code(str(finding.location))}"] if finding.location else []
    parts += [f"fix: {escape(finding.fix)}"] if finding.fix else []
    return "<br>".join(parts)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is, on one line.

    >>> print(escape("a|b <i>"))
    a\|b &lt;i&gt;
    """
    text = plain(" ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", text)


def code(text: str) -> str:
    r"""Return text as code, with fences longer than any in it, fit for a cell of a table.

    >>> print(code("a|b"))
    `a\|b`
    """
    text = plain(" ".join(text.split())).replace("|", r"\|")
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"
