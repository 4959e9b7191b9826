"""The numbers under a window as rows and columns: the patch, the kernel, the products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from shapecalc.render.numbers import short

if TYPE_CHECKING:
    from shapecalc.explain.explanation import Patch

_MOST, _LEAST = 8, 4  # rows and columns of a grid that are shown; of a larger one, some of each end
_TAIL = 2


def grids(patch: Patch, columns: int) -> list[str]:
    """Return the lines of all grids of a patch: beside each other where they fit."""
    named = [("patch", cells(patch))]
    if patch.weights is not None and patch.products is not None:
        named.append(("kernel", [short(weight) for weight in patch.weights]))
        named.append(("products", [short(value) for value in patch.products]))
    *_, rows, across = (1, 1, *patch.shape)
    blocks = [_block(texts, rows, across, _MOST) for _, texts in named]
    if len(blocks) == 1 and _width(blocks[0]) <= columns:
        return blocks[0]
    titled = [[name, *lines] for (name, _), lines in zip(named, blocks, strict=True)]
    if sum(map(_width, titled)) + 4 * (len(titled) - 1) <= columns:
        return _beside(titled)
    found = []
    for name, texts in named:
        fitting = (_block(texts, rows, across, most) for most in range(_MOST, _LEAST - 1, -1))
        lines = next((b for b in fitting if _width(b) <= columns), None)
        found += [name, *(lines or _block(texts, rows, across, _LEAST))]
    return found


def cells(patch: Patch) -> list[str]:
    """Return the elements of a patch; those in the padding in brackets, the chosen one starred."""
    found = []
    for number, value in enumerate(patch.values):
        text = f"({short(value)})" if patch.is_padding(number) else short(value)
        found.append(f"*{text}" if number == patch.chosen else text)
    return found


def _block(texts: Sequence[str], rows: int, columns: int, most: int) -> list[str]:
    """Return the lines of one grid; of three axes, of one below the other for the first axis."""
    lines: list[list[str]] = []
    for start in range(0, len(texts), rows * columns):
        lines += [[]] if lines else []
        for row in _kept(rows, most):
            at = None if row is None else start + row * columns
            lines.append([_cell(texts, at, column) for column in _kept(columns, most)])
    widths = [max(map(len, column)) for column in zip_longest(*lines, fillvalue="")]
    return [
        "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=False))
        for line in lines
    ]


def _cell(texts: Sequence[str], start: int | None, column: int | None) -> str:
    if start is None:
        return ":"
    return ".." if column is None else texts[start + column]


def _kept(count: int, most: int) -> list[int | None]:
    """Return the indices that are shown, and None for those between.

    >>> _kept(4, 8), _kept(20, 6)
    ([0, 1, 2, 3], [0, 1, 2, None, 18, 19])
    """
    if count <= most:
        return list(range(count))
    return [*range(most - _TAIL - 1), None, *range(count - _TAIL, count)]


def _beside(blocks: Sequence[Sequence[str]]) -> list[str]:
    widths = list(map(_width, blocks))
    lines = zip_longest(*blocks, fillvalue="")
    return [
        "    ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines), default=0)
