"""PNG and PDF from the SVG, by libraries that pip alone installs."""

from __future__ import annotations

import io
from typing import Any

from shapecalc.errors import BackendError
from shapecalc.render.diagram.themes import Theme
from shapecalc.render.diagram.typesetting import words_font

SCALE = 2.0  # pixels of a PNG for each of the picture, for sharp screens and print
_LARGEST = 16_000  # pixels along a side of a PNG


def png(svg: str, theme: Theme) -> bytes:
    """Return the picture as PNG; words are in the font by which they were measured.

    Raises:
        BackendError: the library is not installed, or the picture is too large.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise BackendError("PNG needs resvg: pip install resvg-py") from error
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                zoom=SCALE,
                background=theme.background,
                skip_system_fonts=True,
                font_files=[str(words_font())],
                sans_serif_family="DejaVu Sans",
                serif_family="DejaVu Sans",
            )
        )
    except ValueError as error:
        raise BackendError(f"no PNG: {error}; draw an .svg, or less with --depth 1") from error


def pdf(svg: str) -> bytes:
    """Return the picture as PDF with vectors.

    Raises:
        BackendError: the library is not installed.
    """
    try:
        from reportlab.graphics import renderPDF
        from svglib import svglib
    except ImportError as error:
        raise BackendError("PDF needs svglib: pip install svglib") from error
    drawing: Any = svglib.svg2rlg(io.BytesIO(svg.encode()))
    return bytes(renderPDF.drawToString(drawing))
