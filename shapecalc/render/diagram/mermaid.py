"""The picture as Mermaid, which pages that host code draw from text.

Labels are quoted, and every character that Mermaid or Markdown reads as a sign of its own is
written as an entity: `#quot;` shows a quotation mark.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from shapecalc.graph import Label
from shapecalc.render.diagram.boxes import Line, Look, Word, merge_sign
from shapecalc.render.diagram.layout import Direction
from shapecalc.render.diagram.links import Link, links
from shapecalc.render.diagram.nodes import Diagram, Inside, Node
from shapecalc.render.diagram.themes import DASHES, HUES, Theme
from shapecalc.render.diagram.words import says

# what stands in a label as it is, beside letters and digits
_PLAIN = set(" ,()/+=⌊⌋:_")
_WIDEST = 600  # pixels of a line before Mermaid breaks it


def document(
    diagram: Diagram, opened: Collection[str], look: Look, theme: Theme, direction: Direction
) -> str:
    """Return the picture as the text of a Mermaid file."""
    return _Writer(diagram, opened, look, theme, direction).text()


class _Writer:
    def __init__(
        self,
        diagram: Diagram,
        opened: Collection[str],
        look: Look,
        theme: Theme,
        direction: Direction,
    ) -> None:
        self.diagram, self.opened, self.look, self.theme = diagram, opened, look, theme
        self.direction = direction
        self.classes: dict[str, str] = {}

    def text(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        variables = {"lineColor": self.theme.wire, "edgeLabelBackground": self.theme.background}
        yield "---"
        yield f"title: {json.dumps(self.diagram.title)}"
        yield "config:"
        yield "  theme: base"
        yield f"  themeVariables: {json.dumps(variables)}"
        yield f"  flowchart: {json.dumps({'wrappingWidth': _WIDEST})}"
        yield "---"
        yield f"flowchart {self.direction}"
        yield from self._inside(self.diagram.inside, 1)
        found = list(links(self.diagram, self.opened))
        yield from (f"  {self._link(link)}" for link in found)
        yield from self._facts()
        skips = [str(number) for number, link in enumerate(found) if link.skip]
        if skips:
            yield f"  linkStyle {','.join(skips)} stroke:{self.theme.skip},stroke-width:2px"
        for name, style in self.classes.items():
            yield f"  classDef {name} {style}"

    def _facts(self) -> Iterator[str]:
        """Yield the sentences below the picture as a box without a border."""
        if not self.diagram.facts:
            return
        tone = self.theme.tones["quiet"]
        self.classes["facts"] = f"fill:transparent,stroke:transparent,color:{tone}"
        text = "<br/>".join(map(quoted, self.diagram.facts))
        yield f'  facts["{text}"]:::facts'
        if self.diagram.inside.nodes:
            yield f"  {_last(self.diagram.inside, self.opened)} ~~~ facts"

    def _inside(self, inside: Inside, depth: int) -> Iterator[str]:
        margin = "  " * depth
        for node in inside.nodes:
            name = _id(node.id)
            if node.inside is None or node.id not in self.opened:
                left, right = ("([", "])") if _round(node) else ("[", "]")
                left, right = ("[[", "]]") if node.times > 1 else (left, right)
                label = "<br/>".join(_line(line) for line in self.look.box(node).lines)
                yield f'{margin}{name}{left}"{label}"{right}:::{self._class(node)}'
                continue
            label = " ".join(_line(line) for line in self.look.header(node).lines)
            yield f'{margin}subgraph {name}["{label}"]'
            yield from self._inside(node.inside, depth + 1)
            yield f"{margin}end"
            ground = self.theme.module(depth - 1)
            style = self._style(node, ground, self.theme.module_border)
            yield f"{margin}style {name} {style}"

    def _link(self, link: Link) -> str:
        text = quoted(says(link.shape, self.look.names))
        label = f'|"{text}"|' if link.written else ""
        return f"{_id(link.tail)} -->{label} {_id(link.head)}"

    def _class(self, node: Node) -> str:
        """Return the class of a node: its family's colour, its label and its findings."""
        hue = "round" if _round(node) else HUES.get(node.family, "other")
        name = "_".join(filter(None, (hue, str(node.label), _serious(node))))
        if name not in self.classes:
            border = self.theme.border if _round(node) else self.theme.hue(node.family)
            self.classes[name] = self._style(node, self.theme.box, border)
        return name

    def _style(self, node: Node, fill: str, border: str) -> str:
        serious = _serious(node)
        color = self.theme.tones[serious] if serious else border
        width = ",stroke-width:3px" if serious else ""
        dashes = f",stroke-dasharray:{DASHES[node.label]}" if node.label is not Label.PROVED else ""
        return f"fill:{fill},stroke:{color},color:{self.theme.tones['name']}{width}{dashes}"


def _serious(node: Node) -> str:
    return next((mark.severity for mark in node.marks if mark.severity != "note"), "")


def _round(node: Node) -> bool:
    return node.role in ("input", "output") or bool(merge_sign(node))


def _id(name: str) -> str:
    return name.replace("-", "_")


def _last(inside: Inside, opened: Collection[str]) -> str:
    """Return the last closed node."""
    node = inside.nodes[-1]
    if node.inside is not None and node.id in opened:
        return _last(node.inside, opened)
    return _id(node.id)


def _line(line: Line) -> str:
    if line.says:
        return quoted(line.says)
    words = [part.text for part in line.parts if isinstance(part, Word)]
    text = quoted(" ".join(words))
    return f"<b>{text}</b>" if line.parts and _is_name(line) else text


def _is_name(line: Line) -> bool:
    return any(isinstance(part, Word) and part.tone == "name" for part in line.parts)


def quoted(text: str) -> str:
    """Return text as it stands between quotation marks.

    >>> quoted('⌊(H + 3)/4⌋ "x" <b>')
    '⌊(H + 3)/4⌋ #quot;x#quot; #lt;b#gt;'
    """
    return "".join(map(_character, text))


_ENTITIES = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"}


def _character(one: str) -> str:
    if one.isalnum() or one in _PLAIN:
        return one
    return _ENTITIES.get(one, f"#{ord(one)};")
