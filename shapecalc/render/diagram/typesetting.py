"""Formulas as outlines and words as widths, so that a picture looks alike in every viewer.

A formula is typeset once and drawn as a path; nothing depends on the fonts of the viewer. Words
stay text, which can be searched; their widths are those of DejaVu Sans, which is wider than the
other fonts that a viewer may choose, so that no word is clipped.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import ziafont
from ziafont.font import Font
from ziamath.config import config
from ziamath.zmath import Latex

from shapecalc.render import latex

_SETTING = threading.Lock()  # the settings of ziamath are global


@dataclass(frozen=True, slots=True)
class Outline:
    """A formula as a path whose origin is the left end of its baseline.

    Units:
        width, ascent, descent: pixels; the last two upwards and downwards from the baseline.
    """

    path: str
    width: float
    ascent: float
    descent: float


@lru_cache(1 << 12)
def formula(text: str, size: float) -> Outline:
    """Return a formula as `dims.format_dim` writes it, typeset at a font size in pixels."""
    return outline(latex.formula(text), size)


@lru_cache(1 << 12)
def outline(source: str, size: float) -> Outline:
    """Return LaTeX typeset at a font size in pixels."""
    with _SETTING:
        before, config.svg2 = config.svg2, False
        try:
            typeset = Latex(source, size=size)
            element = typeset.svgxml()
        finally:
            config.svg2 = before
    width, height = typeset.getsize()
    descent = -typeset.getyofst()
    return Outline(" ".join(_paths(element)), width, height - descent, descent)


def _paths(element: Any) -> Iterator[str]:
    for part in element.iter():
        match part.tag.rpartition("}")[2]:
            case "path":
                yield _NUMBER.sub(_rounded, part.attrib["d"]).strip()
            case "rect":  # the bar of a fraction
                x, y, w, h = (float(part.attrib[name]) for name in ("x", "y", "width", "height"))
                yield f"M{x:.2f} {y:.2f}h{w:.2f}v{h:.2f}h{-w:.2f}Z"


_NUMBER = re.compile(r"-?\d+\.\d+")


def _rounded(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


@cache
def words_font() -> Path:
    """Return the file of DejaVu Sans, by which words are measured."""
    return Path(ziafont.__file__).parent / "fonts" / "DejaVuSans.ttf"


@cache
def _font() -> Font:
    return Font(str(words_font()))


@lru_cache(1 << 10)
def _advance(character: str) -> float:
    font = _font()
    return float(font.glyph(character).advance() / font.info.layout.unitsperem)


def width(text: str, size: float) -> float:
    """Return the width in pixels of words at a font size.

    >>> 60 < width("conv1", 20) < 70
    True
    """
    return size * sum(map(_advance, text))
