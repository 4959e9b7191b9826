"""A canvas for pictures of numbers: text, lines, axes and colours, drawn with Pillow."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from shapecalc.errors import InputError

if TYPE_CHECKING:
    from PIL import Image, ImageFont

Color: TypeAlias = tuple[int, int, int]

WHITE: Color = (255, 255, 255)
INK: Color = (32, 32, 36)
GREY: Color = (110, 110, 118)

# magma of matplotlib, by Stéfan van der Walt and Nathaniel Smith, at equal distances; CC0
_MAGMA = (
    (0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122), (229, 80, 100),
    (251, 135, 97), (254, 194, 135), (252, 253, 191),
)  # fmt: skip


def shade(value: float) -> Color:
    """Return the colour of a number from 0, dark, to 1, bright."""
    place = min(max(value, 0.0), 1.0) * (len(_MAGMA) - 1)
    n = min(int(place), len(_MAGMA) - 2)
    low, high, part = _MAGMA[n], _MAGMA[n + 1], place - n
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(low, high, strict=True))
    return red, green, blue


def ticks(low: float, high: float, most: int = 7) -> list[int]:
    """Return round whole numbers from `low` to `high`, at equal distances.

    >>> ticks(-3, 223)
    [0, 50, 100, 150, 200]
    """
    steps = (base * 10**power for power in range(12) for base in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step < most)
    return list(range(math.ceil(low / step) * step, math.floor(high) + 1, step))


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the pixels of an input lie on the canvas: `low` to `high` from `start` to `stop`.

    A pixel j is drawn from j - 1/2 to j + 1/2.
    """

    low: float
    high: float
    start: int
    stop: int

    def __call__(self, value: float) -> int:
        """Return the place of a number."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start))


class Canvas:
    """A white picture to draw on.

    Raises:
        InputError: Pillow is not installed.
    """

    def __init__(self, width: int, height: int) -> None:
        try:
            from PIL import Image, ImageDraw, ImageFont
        except ImportError as error:
            raise InputError("pictures need Pillow: pip install pillow") from error
        self._image = Image.new("RGB", (width, height), WHITE)
        self._draw = ImageDraw.Draw(self._image)
        self._fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}
        self._load = ImageFont.load_default

    def png(self) -> bytes:
        """Return the picture as the bytes of a PNG file."""
        buffer = io.BytesIO()
        self._image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()

    def width_of(self, text: str, size: int) -> float:
        """Return how wide a text is."""
        return self._draw.textlength(self._legible(text), self._font(size))

    def text(
        self,
        at: tuple[float, float],
        text: str,
        size: int = 15,
        *,
        color: Color = INK,
        anchor: str = "ls",
    ) -> None:
        """Write a line; `anchor` is Pillow's: left, middle, right, then baseline or middle."""
        self._draw.text(at, self._legible(text), color, self._font(size), anchor)

    def upward(self, at: tuple[int, int], text: str, size: int = 15) -> None:
        """Write a line from the bottom to the top, its middle at a point."""
        from PIL import Image, ImageDraw

        width, height = math.ceil(self.width_of(text, size)) + 2, size + 8
        strip = Image.new("RGB", (width, height), WHITE)
        middle = (width / 2, height / 2)
        ImageDraw.Draw(strip).text(middle, self._legible(text), INK, self._font(size), "mm")
        self._image.paste(strip.rotate(90, expand=True), (at[0] - height // 2, at[1] - width // 2))

    def line(self, a: tuple[int, int], b: tuple[int, int], color: Color, width: int = 1) -> None:
        """Draw a straight line."""
        self._draw.line((*a, *b), color, width)

    def dashes(self, a: tuple[int, int], b: tuple[int, int], color: Color, width: int = 2) -> None:
        """Draw a dashed line, straight up or across; its gaps are dark, to be seen on anything."""
        self._draw.line((*a, *b), INK, width)
        length = abs(b[0] - a[0]) + abs(b[1] - a[1])
        for begin in range(0, length, 11):
            ends = [
                tuple(
                    round(p + (q - p) * min(d, length) / length) for p, q in zip(a, b, strict=True)
                )
                for d in (begin, begin + 6)
            ]
            self._draw.line((*ends[0], *ends[1]), color, width)

    def area(
        self, box: tuple[int, int, int, int], fill: Color | None, outline: Color | None = None
    ) -> None:
        """Draw a rectangle from left, top to right, bottom."""
        self._draw.rectangle(box, fill, outline)

    def pixels(
        self,
        box: tuple[int, int, int, int],
        size: tuple[int, int],
        color: Callable[[int, int], Color],
    ) -> None:
        """Draw an image of `size` columns and rows into a rectangle, each pixel a sharp block."""
        from PIL import Image

        columns, rows = size
        image: Image.Image = Image.new("RGB", size)
        image.putdata([color(x, y) for y in range(rows) for x in range(columns)])
        left, top, right, bottom = box
        scaled = image.resize((right - left, bottom - top), Image.Resampling.NEAREST)
        self._image.paste(scaled, (left, top))

    def fitting(self, text: str, size: int, width: float) -> str:
        """Return a text, shortened in the middle where it is wider than that."""
        if self.width_of(text, size) <= width:
            return text
        kept = len(text)
        while kept > 8 and self.width_of(_shortened(text, kept), size) > width:
            kept -= 1
        return _shortened(text, kept)

    def _font(self, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        if size not in self._fonts:
            self._fonts[size] = self._load(size)
        return self._fonts[size]

    @staticmethod
    def _legible(text: str) -> str:
        """Return a text in letters that the font has."""
        return text.encode("latin-1", "replace").decode("latin-1")


def _shortened(text: str, kept: int) -> str:
    return f"{text[: kept // 2]}...{text[len(text) - (kept - kept // 2) :]}"
