"""The lines of the table laid out in columns of a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from shapecalc.graph import Label
from shapecalc.render.fields import HEADERS, NOTHING, Cells
from shapecalc.render.names import Names
from shapecalc.render.rows import Row, not_proved, parameter_count, shape_at

_GAP = 2  # columns between two columns of the table
_OP = 24  # columns in which the ops can still be read
_NUMBERS = {*HEADERS, "parameters"}
_ROLES = {"input": "cyan", "output": "cyan"}
PLAIN_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)

LABEL_STYLES = {Label.PROVED: "", Label.PROBED: "yellow", Label.UNKNOWN: "red"}


class Grid:
    """The lines laid out in columns; `fields` are those of the receptive fields to be shown."""

    def __init__(
        self,
        lines: Sequence[Row],
        sizes: Mapping[str, int],
        names: Names,
        windows: Sequence[Cells] = (),
        fields: Sequence[str] = (),
    ) -> None:
        self.lines = lines
        self.sizes = sizes
        self.labels = not_proved(lines)
        given = ", ".join(f"{name}={size}" for name, size in sizes.items())
        self.headers = ["layer", "op", "output shape", f"at {given}", *HEADERS, "parameters",
                        "known"]  # fmt: skip
        self.shown = [True, True, True, bool(sizes), *(name in fields for name in HEADERS), True,
                      self.labels]  # fmt: skip
        self.headers = list(compress(self.headers, self.shown))
        every = zip(lines, windows or [NOTHING] * len(lines), strict=True)
        self.texts = [
            list(compress(self._texts(row, names, window), self.shown)) for row, window in every
        ]
        self.widths = [
            max(map(width_of, column)) for column in zip(self.headers, *self.texts, strict=True)
        ]

    def _texts(self, row: Row, names: Names, window: Cells) -> list[str]:
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
            *window.window,
            parameter_count(row),
            "" if row.label is Label.PROVED else str(row.label),
        ]

    @property
    def width(self) -> int:
        """How many columns of a terminal the lines need."""
        return sum(self.widths) + _GAP * (len(self.widths) - 1)

    @property
    def least(self) -> int:
        """How many columns of a terminal the lines need with the ops wrapped."""
        return self.width - max(self.widths[1] - _OP, 0)

    def render(self, width: int, *, color: bool) -> Table:
        """Return the table within `width` columns."""
        widths = fit(self.widths, width)
        drawn = Table(
            box=box.SIMPLE_HEAD if color else PLAIN_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, _GAP - 1, 0, 0),  # the box adds one
            header_style="bold",
        )
        for header, natural, column in zip(self.headers, self.widths, widths, strict=True):
            drawn.add_column(
                header,
                width=column,
                justify="right" if header in _NUMBERS else "left",
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


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text needs."""
    return max((cell_len(line) for line in text.split("\n")), default=0)


def fit(natural: list[int], width: int) -> list[int]:
    """Take columns away from the ops first, which wrap well, until the lines fit."""
    widths = list(natural)
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    last = len(widths) - 1
    for column, least in ((1, _OP), (3, 16), (2, 16), (0, 16), (1, 10), (0, 8), (2, 8), (last, 8)):
        if excess <= 0:
            break
        taken = min(excess, max(widths[column] - least, 0))
        widths[column] -= taken
        excess -= taken
    return widths
