"""An effective receptive field as a picture: the gradient beside the theoretical window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shapecalc.render.canvas import GREY, INK, WHITE, Canvas, Color, Scale, shade, ticks
from shapecalc.render.effective_text import (
    effective,
    half,
    subtitle,
    theoretical,
    title,
    unit,
)
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.verify.effective import EffectiveField

_LEFT, _TOP, _SIDE, _BAR = 92, 96, 560, 22  # of the panel, and the width of the colour bar
_WIDTH, _BELOW = 800, 166  # of the picture, and the height of what is below the panel
_BEYOND: Color = (140, 142, 152)  # what is not input but padding: lines of both colours show on it
_WINDOW: Color = (64, 200, 255)
_HALF: Color = WHITE
_MARKS = (0.0, 0.01, 0.0455, 0.1, 0.25, 0.5, 0.75, 1.0)  # of the colour bar


def png(field: EffectiveField) -> bytes:
    """Return the picture as the bytes of a PNG file.

    Raises:
        InputError: Pillow is not installed.
    """
    return _curve(field) if len(field.sizes) == 1 else _map(field)


def _legend(canvas: Canvas, field: EffectiveField, y: int, *, beyond: bool) -> None:
    dark = shade(0.12)
    sides = zip(field.sizes, field.box, strict=True)
    outside = any(low < view(n, (low, high))[0] for n, (low, high) in sides)
    where = ", beyond this picture" if outside else ""
    _entry(canvas, y, theoretical(field) + where, dark, _WINDOW)
    _entry(canvas, y + 25, half(field), dark, _HALF, dashed=True)
    canvas.text((_LEFT + 44, y + 50), f"effective receptive field: {effective(field)}")
    if beyond:
        _entry(canvas, y + 75, "beyond the input: nothing but padding", _BEYOND)


def _entry(
    canvas: Canvas, y: int, text: str, fill: Color, line: Color | None = None, dashed: bool = False
) -> None:
    canvas.area((_LEFT, y - 13, _LEFT + 34, y + 3), fill)
    if line is not None:
        draw = canvas.dashes if dashed else canvas.line
        draw((_LEFT + 5, y - 5), (_LEFT + 30, y - 5), line, 2)
    canvas.text((_LEFT + 44, y), text)


def _heading(canvas: Canvas, field: EffectiveField) -> None:
    width = _WIDTH - _LEFT - 20
    size = next((n for n in (22, 20, 18) if canvas.width_of(title(field), n) <= width), 16)
    canvas.text((_LEFT, 40), canvas.fitting(title(field), size, width), size)
    size = 15 if canvas.width_of(subtitle(field), 15) <= width else 13
    canvas.text((_LEFT, 68), canvas.fitting(subtitle(field), size, width), size, color=GREY)


# ---------------------------------------------------------------------------- two axes and more


def _map(field: EffectiveField) -> bytes:
    rows = field.image
    boxes = field.box[-2:]
    (top, bottom), (left, right) = (
        view(size, box) for size, box in zip(field.sizes[-2:], boxes, strict=True)
    )
    tall, wide = bottom - top, right - left
    scale = _SIDE / max(tall, wide)
    # a long strip is drawn wider than it is, so that something can be seen
    height, width = (max(round(n * scale), _SIDE // 4) for n in (tall, wide))
    beyond = min(top, left) < -1 or bottom > field.sizes[-2] or right > field.sizes[-1]
    canvas = Canvas(_WIDTH, _TOP + height + _BELOW + 25 * beyond)
    _heading(canvas, field)
    xs = Scale(left, right, _LEFT, _LEFT + width)
    ys = Scale(top, bottom, _TOP, _TOP + height)
    first_row, first_column = math.ceil(top), math.ceil(left)

    def color(x: int, y: int) -> Color:
        row, column = first_row + y, first_column + x
        if not (0 <= row < len(rows) and 0 <= column < len(rows[0])):
            return _BEYOND
        return shade(math.sqrt(rows[row][column]))

    canvas.pixels((_LEFT, _TOP, _LEFT + width, _TOP + height), (round(wide), round(tall)), color)
    for name, scale_, across in ((field.axes[-1], xs, True), (field.axes[-2], ys, False)):
        edge = _TOP + height if across else _LEFT
        _axis(canvas, name, scale_, units=unit(field), across=across, edge=edge)
    image = tuple((0, size - 1) for size in field.sizes[-2:])
    _box(canvas, xs, ys, image, GREY, width=1)
    _box(canvas, xs, ys, boxes, _WINDOW, width=2)
    _box(canvas, xs, ys, field.half[-2:], _HALF, width=2, dashed=True)
    _bar(canvas, _LEFT + width + 28, _TOP, _TOP + height)
    _legend(canvas, field, _TOP + height + 82, beyond=beyond)
    return canvas.png()


def view(size: int, box: tuple[int, int]) -> tuple[float, float]:
    """Return what is drawn of an axis: the input and the window, or what is around the window.

    A window that is small beside the input is drawn with as much around it as it is long. One that
    reaches further beyond the input than the input is long cannot be drawn.

    >>> view(224, (7, 217)), view(224, (100, 106)), view(224, (-121, 313))
    ((-0.5, 223.5), (92.5, 113.5), (-124.5, 316.5))
    >>> view(224, (-919, 1151))
    (-28.5, 251.5)
    """
    low, high = box
    length = high - low + 1
    if low < -size or high >= 2 * size:
        return -(size // 8) - 0.5, size + size // 8 - 0.5
    border = 1 + size // 100
    first = low - border if low < 0 else 0
    last = high + border if high >= size else size - 1
    if 3 * length < size:
        first, last = max(first, low - length), min(last, high + length)
    return first - 0.5, last + 0.5


def _axis(canvas: Canvas, name: str, scale: Scale, *, units: str, across: bool, edge: int) -> None:
    for value in ticks(scale.low, scale.high):
        place = scale(value)
        if across:
            canvas.line((place, edge), (place, edge + 6), INK)
            canvas.text((place, edge + 24), str(value), anchor="ms")
        else:
            canvas.line((edge - 6, place), (edge, place), INK)
            canvas.text((edge - 10, place), str(value), anchor="rm")
    middle = (scale.start + scale.stop) // 2
    label = f"{plain(name)} ({units})"
    if across:
        canvas.text((middle, edge + 48), label, anchor="ms")
    else:
        canvas.upward((edge - 64, middle), label)


def _box(
    canvas: Canvas,
    xs: Scale,
    ys: Scale,
    box: tuple[tuple[int, int], ...],
    color: Color,
    *,
    width: int,
    dashed: bool = False,
) -> None:
    """Draw the sides of a box that are within the panel."""
    (top, bottom), (left, right) = box
    draw = canvas.dashes if dashed else canvas.line
    for value, across in ((top - 0.5, ys), (bottom + 0.5, ys), (left - 0.5, xs), (right + 0.5, xs)):
        if not across.low <= value <= across.high:
            continue
        along, (low, high) = (xs, (left, right)) if across is ys else (ys, (top, bottom))
        ends = [along(min(max(n, along.low), along.high)) for n in (low - 0.5, high + 0.5)]
        place = across(value)
        points = [(end, place) if across is ys else (place, end) for end in ends]
        draw(points[0], points[1], color, width)


def _bar(canvas: Canvas, left: int, top: int, bottom: int) -> None:
    """Draw which colour is which share; half of the colours are for the lowest quarter."""
    rows = bottom - top
    canvas.pixels(
        (left, top, left + _BAR, bottom), (1, rows), lambda _, y: shade(1 - y / max(rows - 1, 1))
    )
    canvas.area((left, top, left + _BAR, bottom), None, GREY)
    marks = _MARKS if rows > 300 else (0.0, 0.0455, 0.25, 1.0)
    for share in marks:
        y = round(bottom - math.sqrt(share) * rows)
        canvas.line((left + _BAR, y), (left + _BAR + 5, y), INK)
        canvas.text((left + _BAR + 9, y), f"{100 * share:g} %", anchor="lm")
    canvas.text((left, top - 12), "share of the largest", 13)


# ---------------------------------------------------------------------------- one axis


def _curve(field: EffectiveField) -> bytes:
    (values,) = field.image
    ((low, high),), ((inner_low, inner_high),) = field.box, field.half
    left, right = view(field.sizes[0], (low, high))
    height = 320
    beyond = left < -1 or right > field.sizes[0]
    canvas = Canvas(_WIDTH, _TOP + height + _BELOW + 25 * beyond)
    _heading(canvas, field)
    xs = Scale(left, right, _LEFT, _LEFT + _SIDE)
    ys = Scale(0.0, 1.0, _TOP + height, _TOP)
    floor = _TOP + height
    canvas.area((_LEFT, _TOP, _LEFT + _SIDE, floor), _BEYOND)
    begin, end = (min(max(xs(n), _LEFT), _LEFT + _SIDE) for n in (-0.5, len(values) - 0.5))
    canvas.area((begin, _TOP, end, floor), shade(0.12))
    for n, value in enumerate(values):
        if left < n < right and value > 0:
            block = (xs(n - 0.5), ys(value), max(xs(n + 0.5) - 1, xs(n - 0.5)), floor)
            canvas.area(block, shade(math.sqrt(value)))
    for edges, color, draw in (
        ((low, high), _WINDOW, canvas.line),
        ((inner_low, inner_high), _HALF, canvas.dashes),
    ):
        for value in (edges[0] - 0.5, edges[1] + 0.5):
            if left <= value <= right:
                draw((xs(value), _TOP), (xs(value), floor), color, 2)
    _axis(canvas, field.axes[0], xs, units=unit(field), across=True, edge=floor)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        canvas.line((_LEFT - 6, ys(share)), (_LEFT, ys(share)), INK)
        canvas.text((_LEFT - 10, ys(share)), f"{100 * share:g} %", anchor="rm")
    canvas.upward((_LEFT - 72, _TOP + height // 2), "share of the largest")
    _legend(canvas, field, floor + 82, beyond=beyond)
    return canvas.png()
