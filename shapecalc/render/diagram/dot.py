"""The picture as DOT, to be laid out by other tools: open modules are nested clusters.

Labels are plain text, which every build of Graphviz draws, with formulas in floor brackets; all
that comes from a model is escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import graphviz

from shapecalc.graph import Label
from shapecalc.render.diagram.boxes import KIND, NAME, SMALL, Line, Look, Word, merge_sign
from shapecalc.render.diagram.layout import Direction
from shapecalc.render.diagram.links import links
from shapecalc.render.diagram.nodes import Diagram, Inside, Node
from shapecalc.render.diagram.svg import describe
from shapecalc.render.diagram.themes import Theme
from shapecalc.render.diagram.words import says

_STYLES = {Label.PROVED: "solid", Label.PROBED: "dashed", Label.UNKNOWN: "dotted"}


def document(
    diagram: Diagram, opened: Collection[str], look: Look, theme: Theme, direction: Direction
) -> str:
    """Return the picture as the text of a DOT file."""
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
        font = "Helvetica" if theme.stripes else "Times"
        self.dot = graphviz.Digraph(
            name="shapecalc",
            graph_attr={
                "rankdir": direction,
                "bgcolor": theme.background,
                "fontname": font,
                "fontcolor": theme.tones["quiet"],
                "labelloc": "b",
                "labeljust": "l",
                "label": _label(diagram.facts, r"\l"),
                "fontsize": str(SMALL),
                "tooltip": graphviz.escape(diagram.title),
                "ranksep": "0.35",
            },
            node_attr={
                "shape": "box",
                "style": "filled,rounded",
                "fillcolor": theme.box,
                "color": theme.border,
                "fontname": font,
                "fontcolor": theme.tones["name"],
                "fontsize": str(KIND + 1),
                "margin": "0.12,0.06",
            },
            edge_attr={
                "color": theme.wire,
                "fontname": font,
                "fontsize": str(SMALL),
                "fontcolor": theme.tones["formula"],
                "arrowsize": "0.7",
            },
        )

    def text(self) -> str:
        self._inside(self.dot, self.diagram.inside, 0)
        for link in links(self.diagram, self.opened):
            text = says(link.shape, self.look.names)
            attributes = {"tooltip": graphviz.escape(says(link.shape))}
            if link.written:
                attributes["label"] = graphviz.escape(text)
            if link.skip:
                attributes |= {"color": self.theme.skip, "penwidth": "1.5"}
            self.dot.edge(link.tail, link.head, **attributes)
        return str(self.dot.source)

    def _inside(self, parent: Any, inside: Inside, depth: int) -> None:
        for node in inside.nodes:
            if node.inside is None or node.id not in self.opened:
                parent.node(node.id, **self._closed(node))
                continue
            with parent.subgraph(name=f"cluster_{node.id}") as cluster:
                cluster.attr(**self._open(node, depth))
                self._inside(cluster, node.inside, depth + 1)

    def _closed(self, node: Node) -> dict[str, str]:
        sheets = {"peripheries": "2"} if node.times > 1 else {}
        hue = {"color": self.theme.hue(node.family)} if node.family else {}
        if node.role in ("input", "output") or merge_sign(node):
            sheets["shape"] = "ellipse"
            hue = {"color": self.theme.border}
        return {
            "label": _label(map(_line, self.look.box(node).lines)),
            "tooltip": graphviz.escape(describe(node, self.look)),
            **hue,
            **sheets,
            **self._state(node, "filled,rounded"),
        }

    def _open(self, node: Node, depth: int) -> dict[str, str]:
        return {
            "label": _label(map(_line, self.look.header(node).lines)),
            "fontcolor": self.theme.tones["name"],
            "fontsize": str(NAME),
            "tooltip": graphviz.escape(describe(node, self.look)),
            "labelloc": "t",
            "bgcolor": self.theme.module(depth),
            "color": self.theme.module_border,
            **({"peripheries": "2"} if node.times > 1 else {}),
            **self._state(node, "rounded"),
        }

    def _state(self, node: Node, style: str) -> dict[str, str]:
        """Return what tells proved, probed and unknown apart, and marks findings."""
        found = {"style": f"{style},{_STYLES[node.label]}"}
        serious = next((mark.severity for mark in node.marks if mark.severity != "note"), None)
        if serious:
            found |= {"color": self.theme.tones[serious], "penwidth": "2"}
        return found


def _label(lines: Iterable[str], end: str = r"\n") -> Any:
    """Return lines as a label, each with its end, which is where it is aligned."""
    # nohtml: a name in angle brackets is no markup
    return graphviz.nohtml("".join(graphviz.escape(line) + end for line in lines))


def _line(line: Line) -> str:
    if line.says:
        return line.says
    return " ".join(part.text for part in line.parts if isinstance(part, Word))
