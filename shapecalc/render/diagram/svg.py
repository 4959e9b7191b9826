"""The picture as SVG: words are text, formulas are outlines, everything has a title.

All that comes from a model is escaped by the XML writer. Colours are attributes, not styles, so
that every viewer and converter shows the same.
"""

from __future__ import annotations

import hashlib
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shapecalc.render.diagram.annotate import RESTS
from shapecalc.render.diagram.boxes import (
    SMALL,
    Bracket,
    Line,
    Look,
    Math,
    Space,
    Word,
    broken,
    merge_sign,
)
from shapecalc.render.diagram.nodes import Diagram, Node
from shapecalc.render.diagram.scene import Frame, Scene, Wire
from shapecalc.render.diagram.strokes import arrowhead, bracket, spline
from shapecalc.render.diagram.strokes import number as _n
from shapecalc.render.diagram.themes import DASHES, Theme
from shapecalc.render.diagram.typesetting import Outline
from shapecalc.render.diagram.words import says

_MARGIN = 16.0
_FACT = 14.0  # pixels of height of a line below the picture
_NARROW = 380.0  # pixels that such a line has at least
_BLANK = 3.2  # pixels of a space between small words
_SHEET = 3.0  # by which the sheets of a run are apart


def document(diagram: Diagram, scene: Scene, look: Look, theme: Theme) -> str:
    """Return the picture as the text of an SVG file."""
    return Canvas(diagram, scene, look, theme).text()


class Canvas:
    """Draws the parts of a picture; `outlines` are the formulas drawn so far, with their ids."""

    def __init__(self, diagram: Diagram, scene: Scene, look: Look, theme: Theme) -> None:
        self.diagram, self.scene, self.look, self.theme = diagram, scene, look, theme
        self.outlines: dict[tuple[str, float], str] = {}
        self.depth = {frame.node.id: 0 for frame in scene.frames}
        room = max(scene.width, _NARROW)
        self.facts = [line for fact in diagram.facts for line in broken(fact, room)]
        self._widest = max([scene.width, *(Word(f, SMALL, "quiet").width for f in self.facts)])
        self._below = len(self.facts) * _FACT + (8 if self.facts else 0)

    def text(self) -> str:
        """Return everything as one SVG file."""
        width, height = self._widest + 2 * _MARGIN, self.scene.height + 2 * _MARGIN + self._below
        root = Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": _n(width),
                "height": _n(height),
                "viewBox": f"0 0 {_n(width)} {_n(height)}",
                "role": "img",
                "font-family": self.theme.font,
            },
        )
        SubElement(root, "title").text = self.diagram.title
        defs = SubElement(root, "defs")
        SubElement(root, "rect", width="100%", height="100%", fill=self.theme.background)
        left = _MARGIN + (self._widest - self.scene.width) / 2
        everything = SubElement(root, "g", transform=f"translate({_n(left)} {_n(_MARGIN)})")
        grounds = SubElement(everything, "g", {"class": "modules"})
        wires = SubElement(everything, "g", {"class": "wires"})
        nodes = SubElement(everything, "g", {"class": "nodes"})
        level: list[Frame] = []
        for frame in self.scene.frames:
            level = [outer for outer in level if _holds(outer, frame)]
            if frame.open:
                self.depth[frame.node.id] = len(level)
                self.ground(grounds, frame, len(level))
                level.append(frame)
            self.node(nodes, frame)
        for wire in self.scene.wires:
            self._wire(wires, wire)
        for number, fact in enumerate(self.facts):
            y = _MARGIN + self.scene.height + 8 + (number + 1) * _FACT
            word = Word(fact, SMALL, "quiet")
            self._words(root, word, _MARGIN, y, anchor="start")
        for (path, _), name in self.outlines.items():
            SubElement(defs, "path", id=name, d=path)
        indent(root, " ")
        for sentence in root.iter("text"):  # spaces between words would be drawn
            for span in sentence:
                sentence.text = span.tail = None
        return tostring(root, encoding="unicode") + "\n"

    # ------------------------------------------------------------------------ nodes

    def ground(self, parent: Element, frame: Frame, depth: int) -> None:
        """Draw what lies behind the inside of an open module."""
        if frame.node.times > 1:
            for sheet in (2, 1):
                self._sheet(parent, frame, sheet)
        box = self._rect(parent, frame, self.theme.module(depth), self.theme.module_border, 8)
        self._dashes(box, frame.node)

    def _sheet(self, parent: Element, frame: Frame, number: int) -> None:
        """Draw one of the sheets behind a run."""
        by = number * _SHEET
        if frame.open:
            x, y, w, h = frame.x + by, frame.y + by, frame.width, frame.height
        else:
            w, h = frame.width - 2 * _SHEET, frame.height - 2 * _SHEET
            x, y = frame.x + by, frame.y + by
        SubElement(parent, "rect", x=_n(x), y=_n(y), width=_n(w), height=_n(h), rx="6",
                   fill=self.theme.box, stroke=self.theme.border)  # fmt: skip

    def _rect(
        self, parent: Element, frame: Frame, fill: str, stroke: str, radius: float
    ) -> Element:
        stack = 2 * _SHEET if frame.node.times > 1 and not frame.open else 0.0
        return SubElement(
            parent,
            "rect",
            x=_n(frame.x),
            y=_n(frame.y),
            width=_n(frame.width - stack),
            height=_n(frame.height - stack),
            rx=_n(radius),
            fill=fill,
            stroke=stroke,
        )

    def _dashes(self, element: Element, node: Node) -> None:
        if DASHES[node.label]:
            element.set("stroke-dasharray", DASHES[node.label])
        serious = next((mark.severity for mark in node.marks if mark.severity != "note"), None)
        if serious:
            element.set("stroke", self.theme.tones[serious])
            element.set("stroke-width", "2")

    def node(self, parent: Element, frame: Frame) -> None:
        """Draw the box of a closed node or the headline of an open module."""
        node = frame.node
        group = SubElement(
            parent,
            "g",
            {
                "id": node.id,
                "class": f"node {node.role}{' open' if frame.open else ''}",
                "data-path": node.path,
                "data-label": str(node.label),
            },
        )
        SubElement(group, "title").text = describe(node, self.look)
        if frame.open:
            (line,) = frame.box.lines
            # tensors on their way in pass behind the headline
            SubElement(group, "rect", x=_n(frame.x + 6), y=_n(frame.y + 4), rx="3",
                       width=_n(line.width + 8), height="20",
                       fill=self.theme.module(self.depth[node.id]))  # fmt: skip
            self.line(group, line, frame.x + 10, frame.y + 19)
            return
        stack = 0.0
        if node.times > 1:
            stack = 2 * _SHEET
            for sheet in (2, 1):
                self._sheet(group, frame, sheet)
        merge = bool(merge_sign(node))
        pill = merge or node.role in ("input", "output")
        radius = min((frame.height - stack) / 2, 14.0 if not merge else 22.0) if pill else 5.0
        fill, border = self.theme.box, self.theme.border
        if merge:
            fill, border = self.theme.merge, self.theme.merge_border
        box = self._rect(group, frame, fill, border, radius)
        if merge:
            box.set("stroke-width", "1.8")
        self._dashes(box, node)
        width, height = frame.width - stack, frame.height - stack
        if self.theme.stripes and not pill:
            hue = self.theme.hue(node.family)
            SubElement(group, "rect", x=_n(frame.x), y=_n(frame.y + 5), width="3.5",
                       height=_n(height - 10), rx="1.5", fill=hue)  # fmt: skip
        y = frame.y + (height - _tall(frame.box.lines)) / 2
        for line in frame.box.lines:
            y += line.ascent
            self.line(group, line, frame.x + (width - line.width) / 2, y)
            y += line.descent + _GAP

    # ------------------------------------------------------------------------ lines

    def line(self, parent: Element, line: Line, x: float, y: float) -> None:
        """Draw a line with its baseline at y; formulas that make one sentence are one group."""
        group = parent
        if line.says:
            attributes = {"class": "formula", "role": "img", "aria-label": line.says}
            group = SubElement(parent, "g", attributes)
        words = [part for part in line.parts if isinstance(part, Word)]
        if len(words) > 1 and all(isinstance(part, (Word, Space)) for part in line.parts):
            self._sentence(parent, line, x, y)
            return
        for part in line.parts:
            match part:
                case Word():
                    self._words(group, part, x, y)
                case Math():
                    self._formula(group, part.outline, self.theme.tones[part.tone], x, y)
                case Bracket():
                    self._bracket(group, part, x, y)
            x += part.width

    def _words(
        self, parent: Element, word: Word, x: float, y: float, *, anchor: str = "middle"
    ) -> None:
        # in the middle of its room: the viewer's font may be narrower than the measured one
        middle = x + word.width / 2 if anchor == "middle" else x
        SubElement(
            parent,
            "text",
            {
                "x": _n(middle),
                "y": _n(y),
                "text-anchor": anchor,
                "font-size": _n(word.size),
                "fill": self.theme.tones[word.tone],
            },
        ).text = word.text

    def _sentence(self, parent: Element, line: Line, x: float, y: float) -> None:
        """Draw several words as one text, so that narrower fonts leave no gaps between them."""
        middle = x + line.width / 2
        place = {"x": _n(middle), "y": _n(y), "text-anchor": "middle", "xml:space": "preserve"}
        text = SubElement(parent, "text", place)
        gap = ""
        for part in line.parts:
            match part:
                case Space():  # a shift with dx would not count where a text is centred
                    gap = "\N{NO-BREAK SPACE}" * round(part.width / _BLANK)
                case Word():
                    style = {"font-size": _n(part.size), "fill": self.theme.tones[part.tone]}
                    SubElement(text, "tspan", style).text = gap + part.text
                    gap = ""

    def _formula(self, parent: Element, outline: Outline, color: str, x: float, y: float) -> None:
        key = (outline.path, 0.0)
        # several pictures stand in one page: the same id must be the same formula there
        digest = hashlib.blake2s(outline.path.encode(), digest_size=8).hexdigest()
        name = self.outlines.setdefault(key, f"f{digest}")
        SubElement(parent, "use", href=f"#{name}", x=_n(x), y=_n(y), fill=color)

    def _bracket(self, parent: Element, part: Bracket, x: float, y: float) -> None:
        path = bracket(part.side, x, y - part.ascent, y + part.descent)
        SubElement(parent, "path", d=path, fill="none", stroke=self.theme.tones[part.tone])

    # ------------------------------------------------------------------------ wires

    def _wire(self, parent: Element, wire: Wire) -> None:
        edge = wire.edge
        color = self.theme.skip if edge.skip else self.theme.wire
        attributes = {
            "class": "wire skip" if edge.skip else "wire",
            "data-tail": edge.tail,
            "data-head": edge.head,
        }
        group = SubElement(parent, "g", attributes)
        SubElement(group, "title").text = says(edge.shape)
        points = wire.route.points
        SubElement(
            group,
            "path",
            {
                "d": spline(points, arrow=wire.arrow),
                "fill": "none",
                "stroke": color,
                "stroke-width": "1.6" if edge.skip else "1.2",
            },
        )
        if wire.arrow:
            SubElement(group, "path", {"class": "arrow", "d": arrowhead(points), "fill": color})
        if wire.label is not None and wire.route.label is not None:
            x, y = wire.route.label
            line = wire.label
            high = line.ascent + line.descent
            SubElement(group, "rect", x=_n(x - line.width / 2 - 2), y=_n(y - high / 2 - 1),
                       width=_n(line.width + 4), height=_n(high + 2), rx="2",
                       fill=self.theme.background, opacity="0.85")  # fmt: skip
            self.line(group, line, x - line.width / 2, y - high / 2 + line.ascent)


_GAP = 4.5


def _tall(lines: tuple[Line, ...]) -> float:
    return sum(line.ascent + line.descent for line in lines) + (len(lines) - 1) * _GAP


def _holds(outer: Frame, inner: Frame) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def describe(node: Node, look: Look) -> str:
    """Return all that is known of a node as text: it is shown where the pointer rests."""
    settings = f"({', '.join(node.settings)})" if node.settings else ""
    times = f" × {node.times}" if node.times > 1 else ""
    lines = [f"{node.path}: {node.kind}{settings}{times}" if node.kind else node.path]
    lines += [f"output {output.text(says(output.shape))}" for output in node.outputs]
    lines += [f"{node.parameters:,} parameters"] if node.parameters else []
    lines += [f"receptive field {node.field}"] if node.field else []
    if node.role not in ("input", "output") and RESTS not in {mark.sign for mark in node.marks}:
        lines.append(f"known: {node.label}")
    lines += [f"{mark.sign} {mark.text}" for mark in node.marks]
    return "\n".join(lines)
