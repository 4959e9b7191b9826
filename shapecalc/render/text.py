"""The table for a terminal, a pipe or a file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.graph import Finding, Label
from shapecalc.receptive_field.recurrence import Step
from shapecalc.render import fields
from shapecalc.render.equation import AxisEquation, Equation
from shapecalc.render.grid import LABEL_STYLES, Grid
from shapecalc.render.names import Names
from shapecalc.render.plain import plain, plain_lines
from shapecalc.render.rows import DEPTH, Row, rows, shape_at
from shapecalc.render.summary import LEGEND, branches, known, notes, sums, validity

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

WIDEST = 160  # columns; a table that nobody fits to a terminal names its formulas beyond that

_LONGEST = 80  # characters of the domain on one line
_NARROWEST = 40  # columns; below, words would be cut to pieces
_UNBOUNDED = 1 << 16  # columns where no line is to be wrapped


def table(
    analysis: Analysis,
    *,
    depth: int = DEPTH,
    sizes: Mapping[str, int] | None = None,
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return the table of an analysis; `sizes` puts numbers beside the formulas.

    Without `width` it is as wide as it needs. In a narrow one the long formulas are given names,
    which are explained below the table, and the parameters of the ops are wrapped.
    """
    sizes, limit = sizes or {}, width or WIDEST
    lines, names = rows(analysis, depth=depth), Names()
    columns = fields.columns(analysis, lines)
    windows = [] if columns is None else columns.cells
    shown: Sequence[str] = fields.HEADERS if windows else ()
    grid = Grid(lines, sizes, names, windows, shown)
    if grid.width > limit:
        names = Names.of(_in_order(analysis, lines), taken=analysis.symbols)
        grid = Grid(lines, sizes, names, windows, shown)
        while shown and grid.least > limit:
            shown = shown[: len(shown) // 2]
            grid = Grid(lines, sizes, names, windows, shown)
    parts: list[RenderableType] = [
        Text(title(analysis), style="bold"),
        grid.render(max(width or grid.width, _NARROWEST), color=color),
        *_below(analysis, names, sizes, columns.notes(shown) if columns and shown else ()),
    ]
    return print_parts(parts, width=width, color=color)


def _in_order(analysis: Analysis, lines: Sequence[Row]) -> Iterator[Dim]:
    """Yield the sizes in the table in the order in which the ops make them."""
    shapes = [output.shape for row in lines for output in row.outputs]
    shown = dict.fromkeys(dim for shape in shapes for dim in shape)
    made = (dim for layer in analysis.layers for shape in layer.out_shapes for dim in shape)
    yield from (dim for dim in made if dim in shown)
    yield from shown


def title(analysis: Analysis) -> str:
    """Return the name of the model."""
    name = plain(analysis.graph.name)
    return f"{name} in training mode" if analysis.train else name


# ---------------------------------------------------------------------------- below the table


def _below(
    analysis: Analysis, names: Names, sizes: Mapping[str, int], on_fields: Iterable[str]
) -> Iterator[RenderableType]:
    yield Text()
    yield from _named_sizes(names, sizes)
    for sentence in sums(analysis):
        yield Text(sentence)
    sentence = validity(analysis)
    if len(sentence) <= _LONGEST or len(analysis.domain) < 2:
        yield Text(sentence)
    else:
        yield Text(sentence.removesuffix(", ".join(analysis.domain)).rstrip())
        yield from (item(Text(condition)) for condition in analysis.domain)
    for branch in branches(analysis):
        text = Text(f"{', '.join(branch.conditions)}: {branch.why}")
        if branch.location:
            text.append(f"\n  at {branch.location}", style="cyan")
        yield item(text)
    for label in known(analysis):
        yield item(Text(label))
    for note in notes(analysis):
        yield item(Text(f"note: {note}"))
    yield from (item(Text(note)) for note in on_fields)
    if analysis.graph.findings:
        count = len(analysis.graph.findings)
        yield Text()
        yield Text("1 finding" if count == 1 else f"{count} findings", style="bold red")
        for finding in analysis.graph.findings:
            yield item(_finding(finding))


def _named_sizes(names: Names, sizes: Mapping[str, int]) -> Iterator[RenderableType]:
    if not names.names:
        return
    columns: dict[str, list[Text]] = {}
    for dim, name in names.names.items():
        (value,) = shape_at(dims.Shape((dim,)), sizes)
        text = Text(name, style="bold")
        text.append(f" = {dims.format_dim(dim)}", style="not bold")
        if value.is_Integer:
            text.append(f" = {value}", style="not bold")
        columns.setdefault(name.rstrip("0123456789"), []).append(text)
    # the sizes of one symbol below each other, those of the next one beside them
    for group in _by_three(list(columns.values())):
        drawn = Table.grid(padding=(0, 3))
        for line in zip_longest(*group, fillvalue=Text()):
            drawn.add_row(*line)
        yield drawn
    yield Text()


def _by_three(columns: list[list[Text]]) -> Iterator[list[list[Text]]]:
    for first in range(0, len(columns), 3):
        yield columns[first : first + 3]


def item(text: RenderableType) -> RenderableType:
    """Return a part with a margin on its left."""
    return Padding(text, (0, 0, 0, 2), expand=False)


def _finding(finding: Finding) -> Text:
    where = f"layer '{plain(finding.layer)}': " if finding.layer else ""
    text = Text(f"{where}{plain_lines(finding.message)}")
    if finding.condition is not None:
        text.append(f"\n  needs: {finding.condition}")
    if finding.location:
        text.append(f"\n  at {plain(str(finding.location))}", style="cyan")
    if finding.fix:
        text.append(f"\n  fix: {plain_lines(finding.fix)}", style="green")
    return text


# ---------------------------------------------------------------------------- one layer


def record(
    equation: Equation,
    *,
    sizes: Mapping[str, int] | None = None,
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return the shape equation record of a layer."""
    sizes = sizes or {}
    parts: list[RenderableType] = [Text(plain(equation.layer), style="bold")]
    parts.append(item(Text(plain(equation.op))))
    if equation.location:
        parts.append(item(Text(f"at {plain(equation.location)}", style="cyan")))
    parts += [Text(), *shapes(equation, sizes)]
    if not equation.axes:
        parts += [*(item(Text(line)) for line in equation.rule), Text()]
    parts += _fields(equation)
    if equation.label is not Label.PROVED:
        style = LABEL_STYLES[equation.label]
        parts.append(item(Text(f"{equation.label}: {LEGEND[equation.label]}", style=style)))
    if equation.source:
        parts.append(item(Text(f"source: {equation.source}")))
    return print_parts(parts, width=width, color=color)


def shapes(equation: Equation, sizes: Mapping[str, int]) -> Iterator[RenderableType]:
    """Yield the tensors of a layer, and the size formula of each of its spatial axes."""
    tensors = Table.grid(padding=(0, 2))
    for tensor in equation.tensors:
        cells = [Text(f"  {tensor.role}"), Text(str(tensor.shape))]
        if any(other.layout for other in equation.tensors):
            cells.insert(1, Text(tensor.layout))
        if sizes:
            cells.append(Text(str(shape_at(tensor.shape, sizes))))
        tensors.add_row(*cells)
    yield from (tensors, Text())
    for axis in equation.axes:
        yield from (_axis(axis, sizes), Text())


def _axis(axis: AxisEquation, sizes: Mapping[str, int]) -> RenderableType:
    size_in, size_out = dims.format_dim(axis.size_in), dims.format_dim(axis.size_out)
    reaches = "" if size_in == axis.axis else f"; the {axis.axis} that reaches it is {size_in}"
    given = ", ".join(f"{name}={size}" for name, size in sizes.items())
    steps = (
        (axis.general, "in general"),
        (axis.here, f"with this layer's numbers{reaches}"),
        (size_out, "in sizes of the model's inputs" if reaches else "simplified"),
        (axis.arithmetic(sizes), f"at {given}"),
    )
    drawn = Table.grid(padding=(0, 2))
    before = None
    for formula, meaning in steps:
        if formula not in (None, before):
            left = "" if before else f"  {axis.axis}_out"
            drawn.add_row(left, f"= {formula}", meaning)
            before = formula
    return drawn


def _fields(equation: Equation) -> Iterator[RenderableType]:
    """Yield the receptive fields of a layer, and how they are made of those of its operand."""
    for field in equation.fields:
        yield item(Text(f"receptive field on {plain(field.input)}: {fields.sentence(field)}"))
        for step in equation.recurrence:
            if step.input == field.input:
                yield item(Text(f"{', '.join(step.axes)}: {fields.origin(step)}"))
                yield item(item(formulas(step)))
        yield from (item(Text(note)) for note in fields.notes([field]))
        yield Text()


def formulas(step: Step) -> RenderableType:
    """Return the lines of a recurrence, each with its meaning."""
    drawn = Table.grid(padding=(0, 2))
    for line in step.formulas:
        drawn.add_row(Text(str(line)), Text(line.meaning))
    return drawn


# ---------------------------------------------------------------------------- printing


def print_parts(parts: Iterable[RenderableType], *, width: int | None, color: bool) -> str:
    """Return what rich makes of some parts, within `width` columns; plain text unless `color`."""
    written = io.StringIO()
    console = Console(
        file=written,
        width=width or _UNBOUNDED,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts:
        console.print(part, crop=False)
    text = written.getvalue()
    return text if color else "".join(f"{line.rstrip()}\n" for line in text.splitlines())
