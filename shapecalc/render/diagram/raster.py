"""PNG and PDF from the SVG, by libraries that pip alone installs."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree

from shapecalc.errors import BackendError
from shapecalc.render.diagram.themes import Theme
from shapecalc.render.diagram.typesetting import width, words_font

SCALE = 2.0  # pixels of a PNG for each of the picture, for sharp screens and print
_LEAST_SCALE = 1.0  # below it, words are hard to read
_MOST_PIXELS = 60e6  # of a PNG: more take minutes
_PDF_FONT = "DejaVuSans"


def png(svg: str, theme: Theme) -> bytes:
    """Return the picture as PNG; words are in the font by which they were measured.

    Raises:
        BackendError: the library is not installed, or the picture is too large.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise BackendError("PNG needs resvg: pip install resvg-py") from error
    root = ElementTree.fromstring(svg)
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    scale = min(SCALE, (_MOST_PIXELS / (wide * high)) ** 0.5)
    if scale < _LEAST_SCALE:
        raise BackendError(f"no PNG: the picture is {wide:.0f} x {high:.0f} pixels; draw an .svg, "
                           "or less with --depth 1")  # fmt: skip
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                zoom=scale,
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
    """Return the picture as PDF with vectors; the font by which words were measured is embedded.

    Raises:
        BackendError: the library is not installed.
    """
    try:
        from reportlab.graphics import renderPDF
        from svglib import svglib
        from svglib.fonts import register_font
    except ImportError as error:
        raise BackendError("PDF needs svglib: pip install svglib") from error
    register_font(_PDF_FONT, str(words_font()))
    # the fonts that every PDF reader has lack the signs of a picture
    root = ElementTree.fromstring(svg)
    root.set("font-family", _PDF_FONT)
    _spell_out(root)
    ElementTree.register_namespace("", _SVG)
    drawing: Any = svglib.svg2rlg(io.BytesIO(ElementTree.tostring(root)))
    return bytes(renderPDF.drawToString(drawing))


_SVG = "http://www.w3.org/2000/svg"


def _spell_out(root: ElementTree.Element) -> None:
    """Replace what svglib does not draw: formulas that are used again, and texts in pieces."""
    paths = {path.get("id"): path.get("d", "") for path in root.iter(f"{{{_SVG}}}path")}
    for parent in list(root.iter()):
        for place, child in enumerate(list(parent)):
            at = f"translate({child.get('x')} {child.get('y')})"
            match child.tag.rpartition("}")[2]:
                case "use":
                    path = paths[child.get("href", "").removeprefix("#")]
                    attributes = {"d": path, "transform": at, "fill": child.get("fill", "")}
                    parent[place] = ElementTree.Element(f"{{{_SVG}}}path", attributes)
                case "text" if len(child):
                    parent[place] = _pieces(child)


def _pieces(text: ElementTree.Element) -> ElementTree.Element:
    """Return the pieces of a centred text as texts beside each other."""
    sizes = [float(span.get("font-size", "")) for span in text]
    widths = [width(span.text or "", size) for span, size in zip(text, sizes, strict=True)]
    x = float(text.get("x", "")) - sum(widths) / 2
    group = ElementTree.Element(f"{{{_SVG}}}g")
    for span, wide in zip(text, widths, strict=True):
        words = (span.text or "").lstrip("\N{NO-BREAK SPACE}")
        blank = wide - width(words, float(span.get("font-size", "")))
        attributes = {**span.attrib, "x": f"{x + blank:.2f}", "y": text.get("y", "")}
        ElementTree.SubElement(group, f"{{{_SVG}}}text", attributes).text = words
        x += wide
    return group
