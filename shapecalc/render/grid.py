"""The lines of the table laid out in columns of a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from shapecalc.graph import Label
from shapecalc.render.names import Names
from shapecalc.render.rows import Row, not_proved, parameter_count, shape_at

_GAP = 2  # columns between two columns of the table
_ROLES = {"input": "cyan", "output": "cyan"}
_PLAIN_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)

LABEL_STYLES = {Label.PROVED: "", Label.PROBED: "yellow", Label.UNKNOWN: "red"}


class Grid:
    """The lines laid out in columns."""

    def __init__(self, lines: Sequence[Row], sizes: Mapping[str, int], names: Names) -> None:
        self.lines = lines
        self.sizes = sizes
        self.labels = not_proved(lines)
        given = ", ".join(f"{name}={size}" for name, size in sizes.items())
        self.headers = ["layer", "op", "output shape", f"at {given}", "parameters", "known"]
        self.shown = [True, True, True, bool(sizes), True, self.labels]
        self.headers = list(compress(self.headers, self.shown))
        self.texts = [list(compress(self._texts(row, names), self.shown)) for row in lines]
        self.widths = [
            max(map(_width, column)) for column in zip(self.headers, *self.texts, strict=True)
        ]

    def _texts(self, row: Row, names: Names) -> list[str]:
        formulas = [output.text(names.format_shape(output.shape)) for output in row.outputs]
        numbers = [
            output.text(names.format_shape(shape_at(output.shape, self.sizes)))
            for output in (row.outputs if self.sizes else ())
        ]
        return [
            "  " * (row.depth - 1) + row.name,
            row.op,
            "\n".join(formulas) if row.finished else "failed",
            "\n".join(numbers),
            parameter_count(row),
            "" if row.label is Label.PROVED else str(row.label),
        ]

    @property
    def width(self) -> int:
        """How many columns of a terminal the lines need."""
        return sum(self.widths) + _GAP * (len(self.widths) - 1)

    def render(self, width: int, *, color: bool) -> Table:
        """Return the table within `width` columns."""
        widths = _fit(self.widths, width)
        drawn = Table(
            box=box.SIMPLE_HEAD if color else _PLAIN_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, _GAP - 1, 0, 0),  # the box adds one
            header_style="bold",
        )
        for header, natural, column in zip(self.headers, self.widths, widths, strict=True):
            drawn.add_column(
                header,
                width=column,
                justify="right" if header == "parameters" else "left",
                overflow="fold",
                no_wrap=natural <= column,
            )
        for row, texts in zip(self.lines, self.texts, strict=True):
            entries = [Text(text) for text in texts]
            entries[0].stylize(_ROLES.get(row.role) or ("bold" if row.unfolded else ""))
            if not row.finished:
                entries[2].stylize("bold red")
            if self.labels:
                entries[-1].stylize(LABEL_STYLES[row.label])
            drawn.add_row(*entries)
        return drawn


def _width(text: str) -> int:
    return max((cell_len(line) for line in text.split("\n")), default=0)


def _fit(natural: list[int], width: int) -> list[int]:
    """Take columns away from the ops first, which wrap well, until the lines fit."""
    widths = list(natural)
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    last = len(widths) - 1
    for column, least in ((1, 24), (3, 16), (2, 16), (0, 16), (1, 10), (0, 8), (2, 8), (last, 8)):
        if excess <= 0:
            break
        taken = min(excess, max(widths[column] - least, 0))
        widths[column] -= taken
        excess -= taken
    return widths
