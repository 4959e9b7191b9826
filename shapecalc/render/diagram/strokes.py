"""Lines of an SVG: splines, arrowheads and brackets as the data of paths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from shapecalc.render.diagram.layout import Point

_LONG, _NOTCH, _HALF = 8.0, 6.2, 3.3  # pixels of an arrowhead; half of its width
_SHORTER = 3.0  # ends a line under its arrowhead, whose tip stays sharp


def number(value: float) -> str:
    """Return a number of pixels as SVG writes it.

    >>> number(1.5), number(2.0), number(1 / 3)
    ('1.5', '2', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def spline(points: Sequence[Point], *, arrow: bool = False) -> str:
    """Return a cubic Bezier spline; one that ends in an arrow stops within it."""
    (x, y), rest = points[0], list(points[1:])
    if arrow:
        dx, dy = _direction(points)
        rest[-1] = (rest[-1][0] - _SHORTER * dx, rest[-1][1] - _SHORTER * dy)
    pairs = " ".join(f"{number(px)} {number(py)}" for px, py in rest)
    return f"M{number(x)} {number(y)}C{pairs}"


def arrowhead(points: Sequence[Point]) -> str:
    """Return the arrowhead at the end of a spline: a polygon, which every converter keeps."""
    (x, y), (dx, dy) = points[-1], _direction(points)
    corners = [(0.0, 0.0), (_LONG, _HALF), (_NOTCH, 0.0), (_LONG, -_HALF)]
    turned = [(x - far * dx - side * dy, y - far * dy + side * dx) for far, side in corners]
    return "M" + "L".join(f"{number(px)} {number(py)}" for px, py in turned) + "Z"


def _direction(points: Sequence[Point]) -> Point:
    """Return where a spline heads in the end, with length 1."""
    x, y = points[-1]
    for px, py in reversed(points[:-1]):
        far = math.hypot(x - px, y - py)
        if far > 0.5:
            return (x - px) / far, (y - py) / far
    return 0.0, 1.0


def rounded(corners: Sequence[Point], radius: float) -> list[Point]:
    """Return a spline through corners, which it rounds."""
    points = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        into, out = _towards(corner, before, radius), _towards(corner, after, radius)
        points += [points[-1], into, into, corner, corner, out]
    return [*points, points[-1], corners[-1], corners[-1]]


def _towards(corner: Point, other: Point, radius: float) -> Point:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    far = max(abs(dx), abs(dy)) or 1.0
    by = min(radius, far / 2) / far
    return corner[0] + dx * by, corner[1] + dy * by


def bracket(side: Literal["(", ")"], x: float, top: float, low: float) -> str:
    """Return a round bracket between two heights."""
    near, far = (x + 4.6, x + 0.8) if side == "(" else (x + 1.4, x + 5.2)
    third = (low - top) / 3
    bent = f"{number(far)} {number(top + third)} {number(far)} {number(low - third)}"
    return f"M{number(near)} {number(top)}C{bent} {number(near)} {number(low)}"
