r"""The picture as a LaTeX document in TikZ: everything at its place in the scene, text set by TeX.

TeX's fonts are not those by which the boxes were measured, so that a line that is wider than its
room is scaled down. The file compiles with pdflatex, and with xelatex or lualatex.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapecalc.render.diagram.boxes import SMALL, Bracket, Line, Math, Word, merge_sign
from shapecalc.render.diagram.layout import Point
from shapecalc.render.diagram.nodes import Diagram, Node
from shapecalc.render.diagram.scene import Frame, Scene, Wire
from shapecalc.render.diagram.themes import DASHES, Theme
from shapecalc.render.latex import escape, formula

_SHEET = 3.0  # points by which the sheets of a run are apart
_GAP = 4.5  # between lines
_FACT = 14.0  # points of height

_HEAD = r"""\documentclass[tikz, border=12pt]{standalone}
\usepackage{iftex}
\usepackage{fix-cm, amsmath, amssymb}
\DeclareTextCommandDefault{\textquotedbl}{\char34 }
\newcommand{\crossmark}{\tikz[line width=1.2pt]\draw (0,0) -- (1.1ex,1.1ex) (0,1.1ex) -- (1.1ex,0);}
\usetikzlibrary{arrows.meta}
\newsavebox{\fitted}
% \fit{WIDTH}{TEXT}: the text, scaled down where it is wider
\newcommand{\fit}[2]{\sbox{\fitted}{#2}\ifdim\wd\fitted>#1 \resizebox{#1}{!}{\usebox{\fitted}}\else
  \usebox{\fitted}\fi}
"""

# signs of a picture that the fonts of pdflatex have under other names
_SIGNS = {
    "✗": r"\crossmark{}",
    "⚠": r"$\triangle$\kern-.52em\raisebox{.12ex}{\scalebox{.6}{!}}\kern.2em",
    "▣": r"$\boxdot$",
    "↻": r"$\circlearrowright$",
    "≈": r"$\approx$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "−": r"$-$",
    "∥": r"$\parallel$",
    "≡": r"$\equiv$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "…": r"\dots{}",
}


def document(diagram: Diagram, scene: Scene, theme: Theme) -> str:
    """Return the picture as the text of a LaTeX file."""
    return "\n".join(_Writer(diagram, scene, theme).lines()) + "\n"


class _Writer:
    def __init__(self, diagram: Diagram, scene: Scene, theme: Theme) -> None:
        self.diagram, self.scene, self.theme = diagram, scene, theme
        self.colors: dict[str, str] = {}
        self.foreign: dict[str, None] = {}

    def lines(self) -> Iterator[str]:
        """Yield the lines of the document."""
        picture = list(self._picture())  # which finds the colours and characters to declare
        yield _HEAD.rstrip()
        if self.foreign:
            yield r"\ifPDFTeX % characters that its fonts lack are shown by their numbers"
            for one in self.foreign:
                code = f"{ord(one):04X}"
                yield (
                    rf"  \ifcsname u8:\detokenize{{{one}}}\endcsname\else"
                    rf"\DeclareUnicodeCharacter{{{code}}}{{\textlangle U+{code}\textrangle}}\fi"
                )
            yield r"\fi"
        for color, name in self.colors.items():
            yield rf"\definecolor{{{name}}}{{HTML}}{{{color.removeprefix('#').upper()}}}"
        yield rf"\pagecolor{{{self.colors[self.theme.background]}}}"
        yield r"\begin{document}"
        font = r"\sffamily" if self.theme.stripes else r"\rmfamily"
        yield rf"{font}\begin{{tikzpicture}}[x=1pt, y=-1pt, line width=0.8pt, inner sep=0pt]"
        yield from picture
        yield r"\end{tikzpicture}"
        yield r"\end{document}"

    def _picture(self) -> Iterator[str]:
        self._color(self.theme.background)
        depths = _depths(self.scene.frames)
        for frame in self.scene.frames:
            if frame.open:
                yield from self._box(frame, self.theme.module(depths[frame.node.id]),
                                     self.theme.module_border, 8)  # fmt: skip
        for wire in self.scene.wires:
            yield from self._wire(wire)
        for frame in self.scene.frames:
            if frame.open:
                (line,) = frame.box.lines
                ground = self._color(self.theme.module(depths[frame.node.id]))
                corner = (frame.x + line.width + 14, frame.y + 24)
                yield rf"\fill[{ground}] {_at((frame.x + 6, frame.y + 4))} rectangle {_at(corner)};"
                yield self._line(line, frame.x + 10, frame.y + 19, anchor="base west")
            else:
                yield from self._closed(frame)
        y = self.scene.height + 8
        for fact in self.diagram.facts:
            y += _FACT
            yield self._line(Line((Word(fact, SMALL, "quiet"),)), 0.0, y, anchor="base west")

    def _box(self, frame: Frame, fill: str, border: str, radius: float) -> Iterator[str]:
        node = frame.node
        stack = 2 * _SHEET if node.times > 1 else 0.0
        width, height = frame.width, frame.height
        if not frame.open:
            width, height = width - stack, height - stack
        for sheet in (2, 1) if stack else ():
            by = sheet * _SHEET
            yield self._rectangle(frame.x + by, frame.y + by, width, height, self.theme.box,
                                  self.theme.border, f"rounded corners={radius:g}pt")  # fmt: skip
        style, serious = [f"rounded corners={radius:g}pt"], _serious(node)
        if DASHES[node.label]:
            on, off = DASHES[node.label].split()
            style.append(f"dash pattern=on {on}pt off {off}pt")
        if serious:
            border = self.theme.tones[serious]
            style.append("line width=2pt")
        yield self._rectangle(frame.x, frame.y, width, height, fill, border, *style)

    def _rectangle(
        self, x: float, y: float, width: float, height: float, fill: str, border: str, *style: str
    ) -> str:
        options = ", ".join((f"fill={self._color(fill)}", f"draw={self._color(border)}", *style))
        return rf"\draw[{options}] {_at((x, y))} rectangle {_at((x + width, y + height))};"

    def _closed(self, frame: Frame) -> Iterator[str]:
        node, stack = frame.node, 2 * _SHEET if frame.node.times > 1 else 0.0
        width, height = frame.width - stack, frame.height - stack
        fill, border, radius = self.theme.box, self.theme.border, 5.0
        pill = node.role in ("input", "output") or bool(merge_sign(node))
        if pill:
            radius = min(height / 2, 14.0)
        if merge_sign(node):
            fill, border = self.theme.merge, self.theme.merge_border
        yield from self._box(frame, fill, border, radius)
        if self.theme.stripes and not pill:
            hue = self._color(self.theme.hue(node.family))
            low = (frame.x + 3.5, frame.y + height - 5)
            yield rf"\fill[{hue}] {_at((frame.x, frame.y + 5))} rectangle {_at(low)};"
        lines = frame.box.lines
        tall = sum(line.ascent + line.descent for line in lines) + (len(lines) - 1) * _GAP
        y = frame.y + (height - tall) / 2
        for line in lines:
            y += line.ascent
            yield self._line(line, frame.x + width / 2, y, anchor="base")
            y += line.descent + _GAP

    def _line(self, line: Line, x: float, y: float, *, anchor: str) -> str:
        text = "".join(self._parts(line))
        width = f"{line.width + 2:.2f}pt"
        return rf"\node[anchor={anchor}] at {_at((x, y))} {{\fit{{{width}}}{{{text}}}}};"

    def _parts(self, line: Line) -> Iterator[str]:
        """Yield the words of a line, and its formulas as one."""
        inside = False
        for part in line.parts:
            match part:
                case Word(text=text, size=size):
                    color = self._color(self.theme.tones[part.tone])
                    yield rf"\textcolor{{{color}}}{{{_sized(size)}{self._text(text)}}}"
                case Bracket(side="(", tone=tone):
                    size = next(p.size for p in line.parts if isinstance(p, Math))
                    color = self._color(self.theme.tones[tone])
                    yield rf"{_sized(size)}\color{{{color}}}$\displaystyle\left("
                    inside = True
                case Bracket():
                    yield r"\right)$"
                    inside = False
                case Math(text=","):
                    yield ", "
                case Math(text=text):
                    yield self._declared(formula(text))
                case _ if not inside:  # a space between words
                    yield r"\hskip 5pt "

    def _text(self, text: str) -> str:
        written = "".join(_SIGNS.get(one) or escape(one) or r"\ " for one in text)
        return self._declared(written)

    def _declared(self, text: str) -> str:
        self.foreign.update((one, None) for one in text if not one.isascii())
        return text

    def _wire(self, wire: Wire) -> Iterator[str]:
        edge = wire.edge
        color = self._color(self.theme.skip if edge.skip else self.theme.wire)
        arrow = ", -{Stealth[length=7pt, width=6pt]}" if wire.arrow else ""
        thick = "1.4pt" if edge.skip else "1pt"
        path = "".join(_curve(wire.route.points))
        yield rf"\draw[{color}, line width={thick}{arrow}] {path};"
        if wire.label is not None and wire.route.label is not None:
            (x, y), line = wire.route.label, wire.label
            high = line.ascent + line.descent
            corners = (
                (x - line.width / 2 - 2, y - high / 2 - 1),
                (x + line.width / 2 + 2, y + high / 2 + 1),
            )
            ground = self._color(self.theme.background)
            low, far = map(_at, corners)
            yield rf"\fill[{ground}, opacity=0.85] {low} rectangle {far};"
            yield self._line(line, x, y - high / 2 + line.ascent, anchor="base")

    def _color(self, color: str) -> str:
        return self.colors.setdefault(color, f"c{len(self.colors)}")


def _sized(size: float) -> str:
    return rf"\fontsize{{{size:g}}}{{{size * 1.2:g}}}\selectfont "


def _at(point: Point) -> str:
    return f"({point[0]:.2f},{point[1]:.2f})"


def _curve(points: Sequence[Point]) -> Iterator[str]:
    """Yield a spline; a straight piece is a line, which gives an arrowhead its direction."""
    yield _at(points[0])
    before = points[0]
    for n in range(1, len(points), 3):
        first, second, end = points[n : n + 3]
        if end != before:
            if first in (before, end) and second in (before, end):
                yield f" -- {_at(end)}"
            else:
                yield f" .. controls {_at(first)} and {_at(second)} .. {_at(end)}"
        before = end


def _serious(node: Node) -> str:
    return next((mark.severity for mark in node.marks if mark.severity != "note"), "")


def _depths(frames: Sequence[Frame]) -> dict[str, int]:
    """Return how many open modules are around each open module."""
    found: dict[str, int] = {}
    around: list[Frame] = []
    for frame in frames:
        around = [outer for outer in around if _holds(outer, frame)]
        found[frame.node.id] = len(around)
        if frame.open:
            around.append(frame)
    return found


def _holds(outer: Frame, inner: Frame) -> bool:
    across = outer.x <= inner.x and inner.x + inner.width <= outer.x + outer.width
    return across and outer.y <= inner.y and inner.y + inner.height <= outer.y + outer.height
