"""The functions that have a rule, and the calls of a model that have none, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shapecalc.coverage import Family, Missing
from shapecalc.graph import Layer
from shapecalc.render import markdown
from shapecalc.render.plain import plain
from shapecalc.render.text import item, print_parts

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_COLUMNS = 100  # where nobody says how many there are


def known(families: Sequence[Family], *, width: int | None = None, color: bool = False) -> str:
    """Return the functions of torch under the headings of its reference."""
    parts: list[RenderableType] = []
    for family in families:
        if family.functions:
            head = Text(f"{family.heading} ({len(family.functions)})", style="bold")
            head.append(f"  {family.source}", style="not bold cyan")
            parts += [head, item(Text(", ".join(family.functions)))]
    return print_parts(parts, width=width or _COLUMNS, color=color)


def known_in_markdown(families: Sequence[Family]) -> str:
    """Return the table of the README."""
    lines = [
        (
            family.name.replace("_", " "),
            ", ".join(map(markdown.code, family.functions)),
            str(family.lines),
        )
        for family in families
        if family.functions
    ]
    return markdown.table(("family", "torch functions", "lines"), lines)


def unruled(
    analysis: Analysis,
    found: Sequence[Missing],
    *,
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return the functions that have no rule, with every call: where, and what is known of it."""
    if not found:
        return f"every function{_end(analysis)} has a rule\n"
    parts: list[RenderableType] = []
    for entry in found:
        count = len(entry.calls)
        head = Text(plain(entry.function), style="bold")
        parts.append(head.append(f"  {count} call{'' if count == 1 else 's'}", style="not bold"))
        grid = Table.grid(padding=(0, 2))
        for layer in entry.calls:
            grid.add_row(*map(Text, map(plain, _cells(layer))))
        parts += [item(grid), item(Text(plain(entry.calls[0].note)))]
    if _end(analysis):
        parts.append(Text(f"looked at{_end(analysis)}"))
    return print_parts(parts, width=width, color=color)


def _cells(layer: Layer) -> tuple[str, ...]:
    shapes = ", ".join(map(str, layer.out_shapes))
    return str(layer.location or ""), layer.name, shapes, str(layer.label)


def unruled_in_markdown(analysis: Analysis, found: Sequence[Missing]) -> str:
    """Return the same as a table, one line a call."""
    if not found:
        return f"every function{_end(analysis)} has a rule\n"
    header = ("function", "where", "layer", "output shapes", "known", "how")
    lines = [
        (*map(markdown.code, (entry.function, where, name, shapes)), label, markdown.escape(how))
        for entry in found
        for (where, name, shapes, label), how in ((_cells(x), x.note) for x in entry.calls)
    ]
    return markdown.table(header, lines)


def _end(analysis: Analysis) -> str:
    return " up to where it fails" if analysis.graph.findings else ""
