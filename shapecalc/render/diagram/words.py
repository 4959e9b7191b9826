"""Shapes as text on one line, with floor brackets: for titles, Mermaid, DOT and screen readers."""

from __future__ import annotations

from shapecalc.dims import Dim, Shape
from shapecalc.render.names import Names


def says(shape: Shape, names: Names | None = None) -> str:
    """Return a shape on one line of text, with floor brackets.

    >>> from shapecalc import dims
    >>> H = dims.symbol("H")
    >>> says(Shape((1, dims.floordiv(H + 3, 4))))
    '(1, ⌊(H + 3)/4⌋)'
    """
    parts = [say(dim, names) for dim in shape]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def say(dim: Dim, names: Names | None = None) -> str:
    """Return a size as text, with floor brackets for the function.

    >>> from shapecalc import dims
    >>> say(2*dims.floordiv(dims.floordiv(dims.symbol("H"), 2) * dims.symbol("W"), 3))
    '2*⌊W*⌊H/2⌋/3⌋'
    """
    return bracketed((names or Names()).format_dim(dim))


def bracketed(text: str) -> str:
    """Return a formula with floor brackets in the place of `floor(` and what closes it.

    >>> bracketed("max(1, floor((H + 3)/4) - 1)")
    'max(1, ⌊(H + 3)/4⌋ - 1)'
    """
    written: list[str] = []
    closing: list[str] = []
    at = 0
    while at < len(text):
        if text.startswith("floor(", at):
            written.append("⌊")
            closing.append("⌋")
            at += len("floor(")
            continue
        if text[at] == "(":
            closing.append(")")
            written.append("(")
        elif text[at] == ")" and closing:
            written.append(closing.pop())
        else:
            written.append(text[at])
        at += 1
    return "".join(written)
