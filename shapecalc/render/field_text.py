"""What `shapecalc field` prints to a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shapecalc import dims
from shapecalc.graph import Layer, ModuleCall
from shapecalc.receptive_field import ReceptiveField
from shapecalc.receptive_field.at_sizes import AxisWindow
from shapecalc.receptive_field.remarks import Remark
from shapecalc.render import fields
from shapecalc.render.field_sheet import Element, Sheet, steps_of, title
from shapecalc.render.grid import PLAIN_HEAD, fit, width_of
from shapecalc.render.plain import plain
from shapecalc.render.text import formulas, item, print_parts

_NUMBERS = {*fields.HEADERS, "outputs", "sees at most", "how many"}
_NARROWEST = 40
_BY_RECURRENCE = "by the recurrence, as far as no relation can be written with symbols"
_WINDOW = "indices count from 0; window: by the formula, before the border of the input cuts it off"


def table(
    sheets: Sequence[Sheet],
    remarks: Sequence[Remark] = (),
    *,
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return the tables with their conventions and notes below them, then the remarks."""
    parts = list[RenderableType]()
    for sheet in sheets:
        lines = [
            ("  " * (line.row.depth - 1) + cells[0], *cells[1:])
            for line, cells in zip(sheet.lines, sheet.cells, strict=True)
        ]
        parts += [Text(sheet.title, style="bold")]
        parts += [_table(sheet.header, lines, width=width, color=color), Text()]
        parts += [item(Text(note)) for note in sheet.notes]
        if sheet is not sheets[-1]:
            parts.append(Text())
    if remarks:
        said = Table.grid(padding=(0, 1))
        for remark in remarks:
            said.add_row(Text("-"), Text(plain(str(remark))))
        parts += [Text(), Text("what stands out", style="bold"), item(said)]
    return print_parts(parts, width=width, color=color)


def _table(
    header: Sequence[str], lines: Sequence[Sequence[str]], *, width: int | None, color: bool
) -> Table:
    natural = [max(map(width_of, column)) for column in zip(header, *lines, strict=True)]
    drawn = Table(
        box=box.SIMPLE_HEAD if color else PLAIN_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    widths = fit(natural, max(width, _NARROWEST)) if width is not None else natural
    for name, wanted, given in zip(header, natural, widths, strict=True):
        justify = "right" if name in _NUMBERS else "left"
        drawn.add_column(
            name,
            width=given,
            justify=justify,  # type: ignore[arg-type]  # rich's type is a literal
            overflow="fold",
            no_wrap=wanted <= given,
        )
    for line in lines:
        drawn.add_row(*map(Text, line))
    return drawn


# ---------------------------------------------------------------------------- one layer


def layer(
    record: Layer | ModuleCall,
    *,
    sizes: Mapping[str, int],
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return all that is known of the fields of one layer."""
    at = f" at {fields.numbers(sizes)}" if sizes else ""
    parts: list[RenderableType] = [Text(title(record) + at, style="bold")]
    steps = steps_of(record)
    for name, field in fields.fields_of(record).items():
        parts.append(Text(f"receptive field on {plain(name)}: {fields.sentence(field)}"))
        parts += [item(part) for part in _axes(field, sizes)]
        for step in steps:
            if step.input == name:
                parts.append(item(Text(f"{', '.join(step.axes)}: {fields.origin(step)}")))
                parts.append(item(item(formulas(step))))
        parts += [item(Text(note)) for note in fields.notes([field])]
        parts.append(Text())
    parts += [item(Text(note)) for note in fields.CONVENTIONS]
    return print_parts(parts, width=width, color=color)


def _axes(field: ReceptiveField, sizes: Mapping[str, int]) -> Iterator[RenderableType]:
    at = field.at(**sizes) if sizes else None
    for n, axis in enumerate(field.per_axis):
        drawn = Table.grid(padding=(0, 2))
        for name, text in _known(field, n):
            drawn.add_row(Text(f"  {name}"), Text(text))
        if at is not None and not at.unknown:
            drawn.add_row(Text("  at the size"), Text(str(at.per_axis[n].relation)))
        how = _moves(axis.outputs) if axis.span is None else _BY_RECURRENCE
        yield Text(f"{axis.name}, {how}")
        yield drawn


def _moves(outputs: Sequence[int]) -> str:
    if not outputs:
        return "the same for every output"
    if len(outputs) == 1:
        return f"where i is the index on axis {outputs[0]} of the output"
    named = ", ".join(f"i{n} that on axis {axis}" for n, axis in enumerate(outputs))
    return f"with several indices of the output: {named}"


def _known(field: ReceptiveField, axis: int) -> Iterator[tuple[str, str]]:
    entry, extent = field.per_axis[axis], field.extents[axis]
    if entry.span is not None:
        _, found = entry.span
        yield "size", dims.format_dim(found.size)
        yield "stride", dims.format_dim(found.stride)
        yield "padding", dims.format_dim(found.padding)
        yield "centre", dims.format_dim(found.centre)
        return
    yield "size", fields.axis_cells(field, axis)[0]
    for name, number in zip(fields.HEADERS[1:], fields.axis_cells(field, axis)[1:], strict=True):
        if number:
            yield name, number
    if extent.stride is not None and extent.holes is not None:
        holes = extent.holes
        yield "holes", f"{fields.ranges(holes)}, counted from its first" if holes else "none"
        if holes:
            yield "density", f"{extent.density}, the share of the window that is seen"
    if cause := fields.widened(field, axis):
        yield "widened", f"by {plain(cause)}"
    yield "relation", str(entry.relation)


# ---------------------------------------------------------------------------- one output


def element(found: Element, *, width: int | None = None, color: bool = False) -> str:
    """Return what one output element sees of each input."""
    parts: list[RenderableType] = [Text(found.title, style="bold")]
    for name, axes in found.windows.items():
        header = ("axis", f"sees of {plain(name)}", "how many", "window", "outside", "centre")
        lines = [
            (
                axis.axis,
                fields.ranges(axis.seen),
                str(len(axis.seen)),
                "" if axis.window is None else f"{axis.window[0]}..{axis.window[1]}",
                _outside(axis),
                fields.number(axis.centre),
            )
            for axis in axes
        ]
        parts += [_table(header, lines, width=width, color=color), Text()]
        counts = [len(axis.seen) for axis in axes]
        total = prod(axis.size for axis in axes)
        product = f"{' x '.join(map(str, counts))} = " if len(counts) > 1 else ""
        parts.append(item(Text(f"{product}{prod(counts):,} of {total:,} elements")))
    parts += [item(Text(note)) for note in (*found.notes, _WINDOW)]
    return print_parts(parts, width=width, color=color)


def _outside(axis: AxisWindow) -> str:
    parts = [(axis.before, "before"), (axis.after, "after")]
    return ", ".join(f"{count} {where}" for count, where in parts if count)
