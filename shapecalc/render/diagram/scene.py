"""The picture before it has colours: boxes, open modules and routes, each at its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from shapecalc.render.diagram import ushape
from shapecalc.render.diagram.boxes import SMALL, Box, Line, Look
from shapecalc.render.diagram.columns import in_columns
from shapecalc.render.diagram.layout import (
    PADDING,
    Direction,
    Placed,
    Point,
    Route,
    Size,
    headroom,
)
from shapecalc.render.diagram.nodes import Diagram, Edge, Inside, Node
from shapecalc.render.diagram.placement import place


@dataclass(frozen=True, slots=True)
class Frame:
    """A node at its place: closed, with the lines of its box, or open, with its headline."""

    node: Node
    box: Box
    x: float
    y: float
    width: float
    height: float
    open: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge at its place; `label` is its shape, where that is written beside it."""

    edge: Edge
    route: Route
    label: Line | None = None
    arrow: bool = True


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is drawn, in pixels, outer things first."""

    width: float
    height: float
    frames: tuple[Frame, ...]
    wires: tuple[Wire, ...]


@dataclass(slots=True)
class _Room:
    """What is known of an open module while its surroundings are laid out."""

    placed: Placed
    header: Box
    size: Size
    ports: dict[str, Point] = field(default_factory=dict)


def arrange(
    diagram: Diagram, opened: Collection[str], look: Look, *, direction: Direction = "TB"
) -> Scene:
    """Return the scene with some modules open, given by their ids."""
    rooms: dict[str, _Room] = {}
    boxes: dict[str, Box] = {}

    def size(node: Node) -> Size:
        if node.id in rooms:
            return rooms[node.id].size
        box = boxes.setdefault(node.id, look.box(node))
        return Size(box.width, box.height)

    def ports(node: Node) -> Mapping[str, Point]:
        return rooms[node.id].ports if node.id in rooms else {}

    labels = Labels(look)
    for level in _levels(diagram.inside, opened):
        insides = [node.inside for node in level if node.inside is not None]
        found = place(insides, size, ports, labels.room, direction)
        for node, inner, placed in zip(level, insides, found, strict=True):
            fitted = in_columns(inner, placed, size, direction)
            rooms[node.id] = _room(fitted, look.header(node), direction)
    whole = None
    if not any(node.id in rooms for node in diagram.inside.nodes):
        whole = ushape.placed(diagram.inside, size, labels.room, direction)
    if whole is None:
        (whole,) = place([diagram.inside], size, ports, labels.room, direction)
        whole = in_columns(diagram.inside, whole, size, direction)
    frames: list[Frame] = []
    wires: list[Wire] = []

    def draw(inside: Inside, placed: Placed, x: float, y: float) -> None:
        nodes = {node.id: node for node in inside.nodes}
        for edge, route in zip(inside.edges, placed.routes, strict=True):
            head = nodes.get(edge.head)
            arrow = head is not None and head.id not in rooms
            wires.append(Wire(edge, route.moved((x, y)), labels.line(edge), arrow))
        for node in inside.nodes:
            cx, cy = placed.nodes[node.id]
            room, box = rooms.get(node.id), boxes.get(node.id)
            taken = size(node)
            left, top = x + cx - taken.width / 2, y + cy - taken.height / 2
            shown = room.header if room else box
            assert shown is not None
            measured = (taken.width, taken.height)
            frames.append(Frame(node, shown, left, top, *measured, open=room is not None))
            if room is not None and node.inside is not None:
                inner = (taken.width - room.placed.width) / 2
                draw(node.inside, room.placed, left + inner, top + headroom(direction))

    draw(diagram.inside, whole, 0.0, 0.0)
    return Scene(whole.width, whole.height, tuple(frames), tuple(wires))


def _levels(inside: Inside, opened: Collection[str]) -> list[list[Node]]:
    """Return the open modules, those with no open ones inside first."""
    height: dict[str, int] = {}
    nodes: dict[str, Node] = {}

    def visit(inner: Inside) -> int:
        tallest = 0
        for node in inner.nodes:
            if node.inside is not None and node.id in opened:
                nodes[node.id] = node
                height[node.id] = visit(node.inside) + 1
                tallest = max(tallest, height[node.id])
        return tallest

    levels = visit(inside)
    return [[nodes[i] for i in nodes if height[i] == n] for n in range(1, levels + 1)]


def _room(placed: Placed, header: Box, direction: Direction) -> _Room:
    width = max(placed.width + 2 * PADDING, header.width + 4)
    height = placed.height + headroom(direction) + (0.0 if direction == "TB" else PADDING)
    inner = (width - placed.width) / 2
    ports = {}
    for name, (x, y) in placed.ports.items():
        ports[name] = (x + inner, y + headroom(direction))
    return _Room(placed, header, Size(width, height), ports)


class Labels:
    """The shapes that are written beside edges."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def line(self, edge: Edge) -> Line | None:
        """Return the shape of an edge, if it is written."""
        return self._look.shape(edge.shape, SMALL + 1) if edge.written else None

    def room(self, edge: Edge) -> Size | None:
        """Return what the shape takes with a margin around it."""
        line = self.line(edge)
        return None if line is None else Size(line.width + 8, line.ascent + line.descent + 4)


def opened_to(diagram: Diagram, depth: int) -> frozenset[str]:
    """Return the modules that are open where `depth` levels are shown."""

    def visit(inside: Inside, level: int) -> Iterator[str]:
        for node in inside.nodes:
            if node.inside is not None and level < depth:
                yield node.id
                # a run is no level of its own
                yield from visit(node.inside, level + 1)

    return frozenset(visit(diagram.inside, 1))


_READABLE = 44  # boxes in a picture that is still read at a glance


def readable_depth(diagram: Diagram) -> int:
    """Return how many levels can be shown so that the picture can be read when fitted to a page."""
    depth = 1
    while True:
        shown = _count(diagram.inside, depth + 1)
        if shown > _READABLE or shown == _count(diagram.inside, depth):
            return depth
        depth += 1


def _count(inside: Inside, depth: int, level: int = 1) -> int:
    return sum(
        _count(node.inside, depth, level + 1) if node.inside is not None and level < depth else 1
        for node in inside.nodes
    )
