"""Where the boxes go: Graphviz lays out what each module calls, from the inside out.

A module that is drawn open is one box of known size to the module around it, so that opening it
moves nothing but its surroundings, and modules that look alike are laid out once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import graphviz

from shapecalc.render.diagram import engine
from shapecalc.render.diagram.nodes import Edge, Inside, Node

Direction: TypeAlias = Literal["TB", "LR"]
Point: TypeAlias = tuple[float, float]

_HEADERS: Mapping[Direction, float] = {"TB": 14.0, "LR": 30.0}
PADDING = 14.0  # pixels to the left and right of it
_RANKS, _NEIGHBOURS = 26.0, 18.0  # pixels between boxes, along the flow and across it
_CHAIN, _SKIP = "8", "1"  # how much an edge pulls straight
_MANY = 300  # edges, above which Graphviz is told to try less


def headroom(direction: Direction) -> float:
    """Return the pixels above what an open module holds.

    From top to bottom the headline stands beside the room for the entries, too.
    """
    return _HEADERS[direction]


@dataclass(frozen=True, slots=True)
class Route:
    """The way of an edge: a cubic Bezier spline, and the middle of its label if it has one."""

    points: tuple[Point, ...]
    label: Point | None = None

    def moved(self, by: Point) -> Route:
        """Return the route somewhere else."""
        x, y = by
        label = None if self.label is None else (self.label[0] + x, self.label[1] + y)
        return Route(tuple((px + x, py + y) for px, py in self.points), label)


@dataclass(frozen=True, slots=True)
class Placed:
    """The inside of a module: where the middle of each node lies, and the way of each edge.

    `ports` are the points at which the entries and exits of the module meet its border, by their
    names. The origin is the upper left corner.

    Units:
        pixels
    """

    width: float
    height: float
    nodes: Mapping[str, Point]
    routes: tuple[Route, ...]
    ports: Mapping[str, Point]


@dataclass(frozen=True, slots=True)
class Size:
    """How much room something takes, in pixels."""

    width: float
    height: float


def place(
    insides: Sequence[Inside],
    sizes: Callable[[Node], Size],
    ports: Callable[[Node], Mapping[str, Point]],
    labels: Callable[[Edge], Size | None],
    direction: Direction = "TB",
) -> list[Placed]:
    """Lay out what some modules call, where the size of every box is known.

    `ports` gives the entries and exits of a node that is drawn open, relative to its corner.
    """
    sources = [_source(inside, sizes, labels, direction) for inside in insides]
    distinct = list(dict.fromkeys(sources))
    found = dict(zip(distinct, engine.layouts(distinct), strict=True))
    return [
        _read(found[source], inside, sizes, ports, direction)
        for source, inside in zip(sources, insides, strict=True)
    ]


def _source(
    inside: Inside,
    sizes: Callable[[Node], Size],
    labels: Callable[[Edge], Size | None],
    direction: Direction,
) -> str:
    """Return the DOT of one inside; names are numbers, so that alike insides are the same text."""
    head, tail = ("n", "s") if direction == "TB" else ("w", "e")
    dot = graphviz.Digraph(
        graph_attr={
            "rankdir": direction,
            "ranksep": _inches(_RANKS),
            "nodesep": _inches(_NEIGHBOURS),
            **({"nslimit": "2", "mclimit": "0.5"} if len(inside.edges) > _MANY else {}),
        },
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"arrowhead": "none", "headport": head, "tailport": tail},
    )
    number = _numbers(inside)
    for rank, ports in (("source", inside.entries), ("sink", inside.exits)):
        with dot.subgraph(graph_attr={"rank": rank}) as level:
            for n in range(len(ports)):
                name = f"{'in' if rank == 'source' else 'out'}{n}"
                level.node(number[name], width="0.02", height="0.02")
    for node in inside.nodes:
        size = sizes(node)
        dot.node(number[node.id], width=_inches(size.width), height=_inches(size.height))
    for edge in inside.edges:
        room = labels(edge)
        text = {} if room is None else {"label": _room(room)}
        weight = _SKIP if edge.skip else _CHAIN
        dot.edge(number[edge.tail], number[edge.head], weight=weight, **text)
    return str(dot.source)


def _numbers(inside: Inside) -> dict[str, str]:
    names = [f"in{n}" for n in range(len(inside.entries))]
    names += [node.id for node in inside.nodes]
    names += [f"out{n}" for n in range(len(inside.exits))]
    return {name: f"v{n}" for n, name in enumerate(names)}


def _inches(pixels: float) -> str:
    return f"{pixels / 72:.4f}"  # a point is drawn as a pixel


def _room(size: Size) -> str:
    """Return a label of Graphviz that is empty and as large as what will be drawn there."""
    width, height = math.ceil(size.width), math.ceil(size.height)
    return (
        f'<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" FIXEDSIZE="TRUE" WIDTH="{width}" '
        f'HEIGHT="{height}"><TR><TD></TD></TR></TABLE>>'
    )


def _read(
    found: Mapping[str, Any],
    inside: Inside,
    sizes: Callable[[Node], Size],
    ports: Callable[[Node], Mapping[str, Point]],
    direction: Direction,
) -> Placed:
    left, bottom, right, top = _floats(found["bb"])

    def point(text: str) -> Point:
        x, y = _floats(text)
        return x - left, top - y  # Graphviz counts upwards

    named = {entry["name"]: entry for entry in found.get("objects", ()) if "pos" in entry}
    number = _numbers(inside)
    at = {name: point(named[given]["pos"]) for name, given in number.items()}
    names = [named_entry["name"] for named_entry in found.get("objects", ())]
    # Graphviz sorts the edges by their tails: those between the same two nodes stay in order
    drawn: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for entry in found.get("edges", ()):
        key = (names[entry["tail"]], names[entry["head"]])
        drawn.setdefault(key, []).append(entry)
    nodes = {node.id: node for node in inside.nodes}
    routes = []
    for edge in inside.edges:
        entry = drawn[number[edge.tail], number[edge.head]].pop(0)
        points = [point(pair) for pair in entry["pos"].split() if pair[0] not in "es"]
        label = point(entry["lp"]) if "lp" in entry else None
        ends = ((0, edge.tail, f"out{edge.exit}"), (-1, edge.head, f"in{edge.entry}"))
        for end, name, port in ends:
            node = nodes.get(name)
            inner = None if node is None else ports(node).get(port)
            if node is not None and inner is not None:
                size = sizes(node)
                corner = (at[name][0] - size.width / 2, at[name][1] - size.height / 2)
                _bend(points, end, (corner[0] + inner[0], corner[1] + inner[1]), direction)
        routes.append(Route(tuple(points), label))
    outer = {name: at[name] for name in at if name not in nodes}
    return Placed(right - left, top - bottom, {i: at[i] for i in nodes}, tuple(routes), outer)


def _bend(points: list[Point], end: int, to: Point, direction: Direction) -> None:
    """Move one end of a spline along the border of an open module to where a tensor passes it."""
    axis = 0 if direction == "TB" else 1
    by = to[axis] - points[end][axis]
    for n in (end, end + (1 if end == 0 else -1)):
        moved = list(points[n])
        moved[axis] += by
        points[n] = (moved[0], moved[1])
    straight = [points[end], to, to]  # on through the frame of the open module
    if end == 0:
        points[:0] = straight[::-1]
    else:
        points += straight


def _floats(text: str) -> Iterator[float]:
    return (float(part) for part in text.replace("!", "").split(","))
