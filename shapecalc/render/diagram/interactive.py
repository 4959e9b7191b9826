"""What a page needs to fold and unfold a diagram: every inside laid out with all of it closed.

Layouts cannot run in the page, so it puts them together: each inside comes as a `plan`, in which
nodes stand on ranks, and the page makes room in it for what is opened. Insides that are alike
share a plan, and boxes that look alike share a drawing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, tostring

from shapecalc.render.diagram.boxes import Look, Word
from shapecalc.render.diagram.layout import PADDING, Direction, Placed, Size, headroom
from shapecalc.render.diagram.nodes import Diagram, Edge, Inside, Node
from shapecalc.render.diagram.placement import place
from shapecalc.render.diagram.plans import Spot, plan, without_lanes
from shapecalc.render.diagram.scene import Frame, Labels, Scene
from shapecalc.render.diagram.svg import Canvas, describe
from shapecalc.render.diagram.themes import Theme
from shapecalc.render.diagram.words import says
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.writing import Json


@dataclass(slots=True)
class _Drawings:
    """The groups that boxes are drawn as, each once."""

    canvas: Canvas
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, group: Element) -> int:
        text = tostring(group, encoding="unicode")
        return self.numbers.setdefault(text, len(self.numbers))


@dataclass(slots=True)
class Sheet:
    """A diagram as JSON for the page, and the drawings that it names by their numbers."""

    data: Json
    drawings: tuple[str, ...]
    outlines: Mapping[str, str]  # the path of every formula, by its id


def sheet(
    diagram: Diagram,
    opened: Iterable[str],
    look: Look,
    theme: Theme,
    direction: Direction,
    formulas: Formulas,
) -> Sheet:
    """Return everything that can be shown of a diagram.

    Raises:
        BackendError: Graphviz is not there.
    """
    return _Sheet(diagram, look, theme, direction, formulas).whole(frozenset(opened))


class _Sheet:
    def __init__(
        self, diagram: Diagram, look: Look, theme: Theme, direction: Direction, formulas: Formulas
    ) -> None:
        self.diagram, self.look, self.direction, self.formulas = diagram, look, direction, formulas
        self.canvas = Canvas(diagram, Scene(0.0, 0.0, (), ()), look, theme)
        self.drawings = _Drawings(self.canvas)
        self.labels = Labels(look)
        self.nodes: list[Node] = []
        self.insides: dict[int, Inside] = {}  # by their identity: a run has that of its first
        self.numbers: dict[str, int] = {}
        self._collect(diagram.inside)
        self.places = {key: number for number, key in enumerate(self.insides)}
        self.boxes = {node.id: look.box(node) for node in self.nodes}

    def _collect(self, inside: Inside) -> None:
        """Number the nodes of an inside, and those in it, outer ones first."""
        if id(inside) in self.insides:
            return
        self.insides[id(inside)] = inside
        for node in inside.nodes:
            self.numbers[node.id] = len(self.nodes)
            self.nodes.append(node)
        for node in inside.nodes:
            for inner in (node.inside, node.chain):
                if inner is not None:
                    self._collect(inner)

    def whole(self, opened: frozenset[str]) -> Sheet:
        insides = list(self.insides.values())
        bare = [without_lanes(inside) for inside in insides]
        found = place(bare, self._size, lambda node: {}, self.labels.room, self.direction)
        plans: dict[str, int] = {}
        held = []
        for inside, placed in zip(insides, found, strict=True):
            text = json.dumps(self._plan(inside, placed))
            number = plans.setdefault(text, len(plans))
            held.append([number, [self.numbers[node.id] for node in inside.nodes]])
        data = {
            "title": self.diagram.title,
            "along": 1 if self.direction == "TB" else 0,
            "header": headroom(self.direction),
            "padding": PADDING,
            "nodes": [self._node(node, opened) for node in self.nodes],
            "insides": held,
            "plans": [json.loads(text) for text in plans],
        }
        outlines = {name: path for (path, _), name in self.canvas.outlines.items()}
        return Sheet(data, tuple(self.drawings.numbers), outlines)

    def _size(self, node: Node) -> Size:
        box = self.boxes[node.id]
        return Size(box.width, box.height)

    # ------------------------------------------------------------------------ nodes

    def _node(self, node: Node, opened: frozenset[str]) -> Json:
        box = self.boxes[node.id]
        made: dict[str, Json] = {
            "name": node.name,
            "path": node.path,
            "kind": node.kind,
            "role": node.role,
            "says": self._says(node),
            "text": describe(node, self.look),
            "size": _rounded(box.width, box.height),
            "box": self._drawn(Frame(node, box, 0.0, 0.0, box.width, box.height)),
        }
        if values := list(self._values(node)):
            made["values"] = values
        if node.inside is not None:
            header = self.look.header(node)
            frame = Frame(node, header, 0.0, 0.0, header.width, header.height, open=True)
            ground = Element("g")
            self.canvas.ground(ground, frame, 0)
            made["head"] = self._drawn(frame)
            made["headline"] = round(header.lines[0].width, 1)
            made["ground"] = self.drawings.add(ground)
            made["inside"] = self.places[id(node.inside)]
            made["open"] = node.id in opened
        if node.chain is not None:
            made["chain"] = self.places[id(node.chain)]
            made["times"] = node.times
        return made

    def _drawn(self, frame: Frame) -> int:
        """Return the number of the drawing of a frame, which has no name of its own."""
        parent = Element("g")
        self.canvas.depth[frame.node.id] = 0
        self.canvas.node(parent, frame)
        group = Element("g")
        group.extend(child for child in parent[0] if child.tag != "title")
        return self.drawings.add(group)

    def _says(self, node: Node) -> str:
        """Return what is heard when a node has the focus."""
        kind = "" if node.kind in ("", node.name) else node.kind
        times = f"{node.times} times" if node.times > 1 else ""
        shapes = [output.text(says(output.shape)) for output in node.outputs]
        marks = [mark.text for mark in node.marks]
        return ", ".join(part for part in (node.name, kind, times, *shapes, *marks) if part)

    def _values(self, node: Node) -> Iterator[Json]:
        """Yield the formulas of every line of numbers in the box of a node."""
        lines = (
            line
            for line in self.boxes[node.id].lines
            if any(isinstance(part, Word) and part.tone == "value" for part in line.parts)
        )
        symbolic = (o for o in node.outputs if any(dim.free_symbols for dim in o.shape))
        for _, output in zip(lines, symbolic, strict=False):  # a box shows a few outputs alone
            yield [output.text(""), [self.formulas.silent(size) for size in output.shape]]

    # ------------------------------------------------------------------------ plans

    def _plan(self, inside: Inside, placed: Placed) -> Json:
        found = plan(inside, placed, self._size, self.labels.room, self.direction)
        ordinals = {node.id: number for number, node in enumerate(inside.nodes)}
        return {
            "extent": _rounded(*found.extent),
            "ranks": [_rounded(*rank) for rank in found.ranks],
            "nodes": list(map(_spot, found.nodes)),
            "entries": list(map(_spot, found.entries)),
            "exits": list(map(_spot, found.exits)),
            "wires": [
                {
                    "tail": ordinals.get(edge.tail, edge.tail),
                    "head": ordinals.get(edge.head, edge.head),
                    "exit": edge.exit,
                    "entry": edge.entry,
                    "skip": edge.skip,
                    "says": says(edge.shape),
                    "via": _rounded(*crossings),
                    "label": None if label is None else self._label(edge, label),
                }
                for edge, crossings, label in zip(
                    inside.edges, found.wires, found.labels, strict=True
                )
            ],
        }

    def _label(self, edge: Edge, at: Spot) -> Json:
        line = self.labels.line(edge)
        if line is None:
            return None
        group = Element("g")
        high = line.ascent + line.descent
        self.canvas.line(group, line, -line.width / 2, line.ascent - high / 2)
        return [*_spot(at), *_rounded(line.width, high), self.drawings.add(group)]


def _rounded(*values: float) -> list[float]:
    return [round(value, 1) for value in values]


def _spot(at: Spot) -> Json:
    return [at.rank, round(at.across, 1)]
