"""An inside as nodes on ranks, so that a page can make room in it for what is opened.

Along the flow a rank is a band as high as its highest box. Every wire crosses the bands between
its ends at one place each, and bends between bands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from shapecalc.render.diagram.layout import Direction, Placed, Point, Size
from shapecalc.render.diagram.nodes import Edge, Inside, Node

_NEAR = 0.5  # pixels: nodes whose middles are as near lie on one rank
_STEPS = 24  # by which the place of a route on a rank is searched
_CLEAR = 8.0  # pixels between a wire that is straightened and what it passes


@dataclass(frozen=True, slots=True)
class Spot:
    """A rank, and a place on it across the flow."""

    rank: int
    across: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything in an inside lies while all of it is closed; `wires` has their crossings.

    `ranks` are pairs of a middle and a height along the flow. `extent` is along and across it.

    Units:
        pixels
    """

    extent: tuple[float, float]
    ranks: tuple[tuple[float, float], ...]
    nodes: tuple[Spot, ...]
    entries: tuple[Spot, ...]
    exits: tuple[Spot, ...]
    wires: tuple[tuple[float, ...], ...]
    labels: tuple[Spot | None, ...]


def plan(
    inside: Inside,
    placed: Placed,
    size: Callable[[Node], Size],
    room: Callable[[Edge], Size | None],
    direction: Direction,
) -> Plan:
    """Return the plan of an inside that Graphviz laid out with boxes and labels of these sizes."""
    downwards = direction == "TB"

    def flow(point: Point) -> Point:
        return point[::-1] if downwards else point

    def span(of: Size) -> Point:
        return flow((of.width, of.height))

    routes = [tuple(map(flow, route.points)) for route in placed.routes]
    labels = [None if route.label is None else flow(route.label) for route in placed.routes]
    points = {name: flow(at) for name, at in {**placed.nodes, **placed.ports}.items()}
    ranks = _ranks([at for at, _ in [*points.values(), *filter(None, labels)]])

    def spot(at: Point) -> Spot:
        return Spot(min(range(len(ranks)), key=lambda n: abs(ranks[n] - at[0])), at[1])

    spots = {name: spot(at) for name, at in points.items()}
    written = [None if at is None else spot(at) for at in labels]
    heights = [0.0] * len(ranks)
    taken = _Taken(len(ranks))
    rooms = [(spots[node.id], span(size(node))) for node in inside.nodes]
    for edge, label in zip(inside.edges, written, strict=True):
        if label is not None and (needed := room(edge)) is not None:
            rooms.append((label, span(needed)))
    for at, (high, wide) in rooms:
        heights[at.rank] = max(heights[at.rank], high)
        taken.add(at, wide / 2)
    ends = [(spots[edge.tail], spots[edge.head]) for edge in inside.edges]
    crossings = [
        [_crossing(route, ranks[rank]) for rank in range(tail.rank + 1, head.rank)]
        for route, (tail, head) in zip(routes, ends, strict=True)
    ]
    taken.wires = [
        {tail.rank + 1 + n: at for n, at in enumerate(crossed)}
        for crossed, (tail, _) in zip(crossings, ends, strict=True)
    ]
    for n, (edge_ends, label) in enumerate(zip(ends, written, strict=True)):
        taken.straighten(n, *edge_ends, label)
    return Plan(
        flow((placed.width, placed.height)),
        tuple(zip(ranks, heights, strict=True)),
        tuple(spots[node.id] for node in inside.nodes),
        tuple(spots[f"in{n}"] for n in range(len(inside.entries))),
        tuple(spots[f"out{n}"] for n in range(len(inside.exits))),
        tuple(tuple(wire.values()) for wire in taken.wires),
        tuple(written),
    )


class _Taken:
    """What lies on every rank: spans of boxes and labels, and wires that pass."""

    def __init__(self, ranks: int) -> None:
        self.spans: list[list[tuple[float, float]]] = [[] for _ in range(ranks)]
        self.wires: list[dict[int, float]] = []

    def add(self, at: Spot, half: float) -> None:
        self.spans[at.rank].append((at.across - half, at.across + half))

    def straighten(self, wire: int, tail: Spot, head: Spot, label: Spot | None) -> None:
        """Let a wire cross all ranks at one place, if there is one where nothing else lies."""
        crossed = self.wires[wire]
        if label is not None and label.rank in crossed:
            wanted = [crossed[label.rank]]  # the label stays beside it
        else:
            wanted = sorted(
                {*crossed.values(), tail.across, head.across},
                key=lambda at: (at != tail.across) + (at != head.across),
            )
        for across in wanted:
            if all(self._free(wire, rank, across) for rank in crossed):
                self.wires[wire] = dict.fromkeys(crossed, across)
                return

    def _free(self, wire: int, rank: int, across: float) -> bool:
        if abs(self.wires[wire][rank] - across) < _NEAR:
            return True
        return all(
            across < low - _CLEAR or high + _CLEAR < across for low, high in self.spans[rank]
        ) and all(
            abs(other.get(rank, float("inf")) - across) >= _CLEAR
            for n, other in enumerate(self.wires)
            if n != wire
        )


def _ranks(middles: Iterable[float]) -> list[float]:
    """Return the places of the ranks along the flow."""
    found: list[float] = []
    for at in sorted(middles):
        if not found or at - found[-1] > _NEAR:
            found.append(at)
    return found


def _crossing(points: Sequence[Point], at: float) -> float:
    """Return where a spline, whose points are along and across the flow, crosses a rank."""
    pieces = [points[n : n + 4] for n in range(0, len(points) - 1, 3)]
    piece = next((p for p in pieces if p[0][0] <= at <= p[3][0]), pieces[-1])
    low, high = 0.0, 1.0
    for _ in range(_STEPS):  # splines of Graphviz go on all the way
        middle = (low + high) / 2
        if _cubic(piece, middle, 0) < at:
            low = middle
        else:
            high = middle
    return _cubic(piece, low, 1)


def _cubic(piece: Sequence[Point], t: float, axis: int) -> float:
    a, b, c, d = (point[axis] for point in piece)
    s = 1 - t
    return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d
