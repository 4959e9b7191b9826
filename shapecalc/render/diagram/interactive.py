"""What a page needs to fold and unfold a diagram: every inside laid out with all of it closed.

Layouts cannot run in the page, so it puts them together: each inside comes as a `plan`, in which
nodes stand on ranks, and the page makes room in it for what is opened. Insides that are alike
share a plan, and boxes that look alike share a drawing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element, tostring

from shapecalc.render.diagram.boxes import Look, Word
from shapecalc.render.diagram.layout import HEADER, PADDING, Direction, Placed, Route, Size, place
from shapecalc.render.diagram.nodes import Diagram, Edge, Inside, Node
from shapecalc.render.diagram.scene import Frame, Labels, Scene
from shapecalc.render.diagram.svg import Canvas, describe
from shapecalc.render.diagram.themes import Theme
from shapecalc.render.diagram.words import says
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.writing import Json

_NEAR = 0.5  # pixels: nodes whose middles are as near lie on one rank
_STEPS = 24  # by which the place of a route on a rank is searched


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
        found = place(insides, self._size, lambda node: {}, self.labels.room, self.direction)
        plans: dict[str, int] = {}
        held = []
        for inside, placed in zip(insides, found, strict=True):
            plan = json.dumps(self._plan(inside, placed))
            number = plans.setdefault(plan, len(plans))
            held.append([number, [self.numbers[node.id] for node in inside.nodes]])
        data = {
            "title": self.diagram.title,
            "along": 1 if self.direction == "TB" else 0,
            "header": HEADER,
            "padding": PADDING,
            "nodes": [self._node(node, opened) for node in self.nodes],
            "insides": held,
            "plans": [json.loads(plan) for plan in plans],
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
            made["least"] = round(header.width + 4, 1)
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
        along = 1 if self.direction == "TB" else 0
        flipped = [_along(route, along) for route in placed.routes]
        places = {name: (at[along], at[1 - along]) for name, at in placed.nodes.items()}
        ports = {name: (at[along], at[1 - along]) for name, at in placed.ports.items()}
        labels = [
            None if r.label is None else (r.label[along], r.label[1 - along]) for r in flipped
        ]
        middles = [at for at, _ in [*places.values(), *ports.values()]]
        ranks = _ranks([*middles, *(label[0] for label in labels if label)])
        heights = [0.0] * len(ranks)
        for node in inside.nodes:
            size = self._size(node)
            rank = _rank(ranks, places[node.id][0])
            heights[rank] = max(heights[rank], size.height if along else size.width)
        for edge, label in zip(inside.edges, labels, strict=True):
            room = self.labels.room(edge)
            if label and room:
                rank = _rank(ranks, label[0])
                heights[rank] = max(heights[rank], room.height if along else room.width)
        ordinals = {node.id: number for number, node in enumerate(inside.nodes)}
        points = {**places, **ports}
        return {
            "extent": _rounded(placed.height, placed.width) if along
            else _rounded(placed.width, placed.height),
            "ranks": [_rounded(at, high) for at, high in zip(ranks, heights, strict=True)],
            "nodes": [_on(ranks, places[node.id]) for node in inside.nodes],
            "entries": [_on(ranks, ports[f"in{n}"]) for n in range(len(inside.entries))],
            "exits": [_on(ranks, ports[f"out{n}"]) for n in range(len(inside.exits))],
            "wires": [
                self._wire(edge, ordinals, points, ranks, route, label)
                for edge, route, label in zip(inside.edges, flipped, labels, strict=True)
            ],
        }  # fmt: skip

    def _wire(
        self,
        edge: Edge,
        ordinals: Mapping[str, int],
        points: Mapping[str, tuple[float, float]],
        ranks: Sequence[float],
        route: Route,
        label: tuple[float, float] | None,
    ) -> Json:
        first, last = (_rank(ranks, points[end][0]) for end in (edge.tail, edge.head))
        made: dict[str, Json] = {
            "tail": ordinals.get(edge.tail, edge.tail),
            "head": ordinals.get(edge.head, edge.head),
            "exit": edge.exit,
            "entry": edge.entry,
            "skip": edge.skip,
            "says": says(edge.shape),
            # where the tensor crosses the ranks between its ends
            "via": [round(_crossing(route, ranks[n]), 1) for n in range(first + 1, last)],
        }
        line = self.labels.line(edge)
        if line is not None and label is not None:
            group = Element("g")
            high = line.ascent + line.descent
            self.canvas.line(group, line, -line.width / 2, line.ascent - high / 2)
            made["label"] = [
                _rank(ranks, label[0]),
                round(label[1], 1),
                *_rounded(line.width, high),
                self.drawings.add(group),
            ]
        return made


def _rounded(*values: float) -> list[float]:
    return [round(value, 1) for value in values]


def _ranks(middles: Iterable[float]) -> list[float]:
    """Return the places of the ranks along the flow."""
    found: list[float] = []
    for at in sorted(middles):
        if not found or at - found[-1] > _NEAR:
            found.append(at)
    return found


def _rank(ranks: Sequence[float], at: float) -> int:
    return min(range(len(ranks)), key=lambda n: abs(ranks[n] - at))


def _on(ranks: Sequence[float], point: tuple[float, float]) -> Json:
    return [_rank(ranks, point[0]), round(point[1], 1)]


def _along(route: Route, along: int) -> Route:
    """Return a route from top to bottom: its points are (across, along) the flow."""
    if along:
        return route
    label = None if route.label is None else route.label[::-1]
    return replace(route, points=tuple((y, x) for x, y in route.points), label=label)


def _crossing(route: Route, at: float) -> float:
    """Return where a route from top to bottom crosses a height."""
    points = route.points
    pieces = [points[n : n + 4] for n in range(0, len(points) - 1, 3)]
    piece = next((p for p in pieces if p[0][1] <= at <= p[3][1]), pieces[-1])
    low, high = 0.0, 1.0
    for _ in range(_STEPS):  # splines of Graphviz go down all the way
        middle = (low + high) / 2
        if _cubic(piece, middle, 1) < at:
            low = middle
        else:
            high = middle
    return _cubic(piece, low, 0)


def _cubic(piece: Sequence[tuple[float, float]], t: float, axis: int) -> float:
    a, b, c, d = (point[axis] for point in piece)
    s = 1 - t
    return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d
