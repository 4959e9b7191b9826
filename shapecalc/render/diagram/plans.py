"""An inside as nodes on ranks, so that a page can make room in it for what is opened.

Along the flow a rank is a band as high as its highest box. Every wire crosses the bands between
its ends at one place each, and bends between bands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shapecalc.render.diagram.layout import Direction, Placed, Point, Size
from shapecalc.render.diagram.nodes import Edge, Inside, Node

_NEAR = 0.5  # pixels: nodes whose middles are as near lie on one rank
_STEPS = 24  # by which the place of a route on a rank is searched
_FEW, _MANY = 8, 100  # skips that are always, and that are never, left to Graphviz
_LANE = 5.0  # pixels between lanes
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


def without_lanes(inside: Inside) -> Inside:
    """Return an inside for Graphviz: without its skips where they are too many to be laid out.

    A dense block has a skip from every layer to every later one.
    """
    has_lanes = _has_lanes(inside)
    return replace(
        inside, edges=tuple(edge for edge in inside.edges if not (has_lanes and edge.skip))
    )


def _has_lanes(inside: Inside) -> bool:
    skips = sum(edge.skip for edge in inside.edges)
    return skips > _MANY or skips > max(_FEW, len(inside.nodes))


def plan(
    inside: Inside,
    placed: Placed,
    size: Callable[[Node], Size],
    room: Callable[[Edge], Size | None],
    direction: Direction,
) -> Plan:
    """Return the plan of an inside that Graphviz laid out, as far as it has no lanes.

    `size` and `room` are those of boxes and labels, by which that was done.
    """
    downwards = direction == "TB"

    def flow(point: Point) -> Point:
        return point[::-1] if downwards else point

    def span(of: Size) -> Point:
        return flow((of.width, of.height))

    laid_out = iter(placed.routes)
    has_lanes = _has_lanes(inside)
    found = [None if has_lanes and edge.skip else next(laid_out) for edge in inside.edges]
    labels = [
        None if route is None or route.label is None else flow(route.label) for route in found
    ]
    points = {name: flow(at) for name, at in {**placed.nodes, **placed.ports}.items()}
    ranks = _ranks([at for at, _ in [*points.values(), *filter(None, labels)]])

    def spot(at: Point) -> Spot:
        return Spot(min(range(len(ranks)), key=lambda n: abs(ranks[n] - at[0])), at[1])

    spots = {name: spot(at) for name, at in points.items()}
    written = [None if at is None else spot(at) for at in labels]
    heights = [0.0] * len(ranks)
    along, width = span(Size(placed.width, placed.height))
    lanes = _lanes(inside, spots, width) if has_lanes else {}
    taken = _Taken(len(ranks), width)
    for node in inside.nodes:
        at, (high, wide) = spots[node.id], span(size(node))
        heights[at.rank] = max(heights[at.rank], high)
        taken.boxes[at.rank].append(_Span(at.across - wide / 2, at.across + wide / 2))
    ends = [(spots[edge.tail], spots[edge.head]) for edge in inside.edges]
    for edge, route, (tail, head), label in zip(inside.edges, found, ends, written, strict=True):
        between = range(tail.rank + 1, head.rank)
        if route is None:
            taken.wires.append(dict.fromkeys(between, lanes[edge.tail, edge.exit]))
        else:
            points_along = tuple(map(flow, route.points))
            taken.wires.append({rank: _crossing(points_along, ranks[rank]) for rank in between})
        needed = None if label is None else room(edge)
        if label is None or needed is None or label.rank not in between:
            taken.labels.append(None)
            continue
        high, wide = span(needed)
        heights[label.rank] = max(heights[label.rank], high)
        half = wide / 2
        taken.labels.append((label.rank, _Span(label.across - half, label.across + half)))
    for n, (tail, head) in enumerate(() if lanes else ends):
        moved, label = taken.straighten(n, tail, head), written[n]
        if label is not None:
            written[n] = Spot(label.rank, label.across + moved)
    return Plan(
        (along, max([width, *(lane + _LANE for lane in lanes.values())])),
        tuple(zip(ranks, heights, strict=True)),
        tuple(spots[node.id] for node in inside.nodes),
        tuple(spots[f"in{n}"] for n in range(len(inside.entries))),
        tuple(spots[f"out{n}"] for n in range(len(inside.exits))),
        tuple(tuple(wire.values()) for wire in taken.wires),
        tuple(written),
    )


def _lanes(inside: Inside, spots: Mapping[str, Spot], width: float) -> dict[tuple[str, int], float]:
    """Return a lane beside everything for each tensor that skips; some follow one another."""
    until: dict[tuple[str, int], int] = {}
    for edge in inside.edges:
        if edge.skip:
            tensor = edge.tail, edge.exit
            until[tensor] = max(until.get(tensor, 0), spots[edge.head].rank)
    free: list[int] = []  # the rank above which each lane is free
    found = {}
    for tensor in sorted(until, key=lambda t: (-spots[t[0]].rank, until[t])):
        lane = next((n for n, rank in enumerate(free) if until[tensor] <= rank), len(free))
        free[lane : lane + 1] = [spots[tensor[0]].rank]
        found[tensor] = width + (lane + 2) * _LANE
    return found


class _Taken:
    """What lies on every rank: spans of boxes and labels, and wires that pass."""

    def __init__(self, ranks: int, width: float) -> None:
        self.boxes: list[list[_Span]] = [[] for _ in range(ranks)]
        self.labels: list[tuple[int, _Span] | None] = []  # by wire, with the rank
        self.wires: list[dict[int, float]] = []
        self.width = width

    def straighten(self, wire: int, tail: Spot, head: Spot) -> float:
        """Let a wire cross all ranks at one place, if there is one where nothing else lies.

        Return how far its label moves with it.
        """
        crossed, label = self.wires[wire], self.labels[wire]
        wanted = {*crossed.values(), tail.across, head.across}
        bends = {at: (at != tail.across) + (at != head.across) for at in wanted}
        for across in sorted(wanted, key=lambda at: bends[at]):
            moved = (
                None if label is None else (label[0], label[1].moved(across - crossed[label[0]]))
            )
            free = all(self._free(wire, rank, _Span(across, across)) for rank in crossed)
            if free and (moved is None or self._fits(wire, *moved)):
                self.wires[wire] = dict.fromkeys(crossed, across)
                self.labels[wire] = moved
                return across - crossed[label[0]] if label else 0.0
        return 0.0

    def _fits(self, wire: int, rank: int, span: _Span) -> bool:
        return span.low >= 0 and span.high <= self.width and self._free(wire, rank, span)

    def _free(self, wire: int, rank: int, span: _Span) -> bool:
        """Tell whether a span is clear of all that lies on a rank but one wire and its label."""
        others = [*self.boxes[rank]]
        for n, (crossed, label) in enumerate(zip(self.wires, self.labels, strict=True)):
            if n == wire:
                continue
            if rank in crossed:
                others.append(_Span(crossed[rank], crossed[rank]))
            if label is not None and label[0] == rank:
                others.append(label[1])
        return all(span.clear_of(other) for other in others)


@dataclass(frozen=True, slots=True)
class _Span:
    low: float
    high: float

    def moved(self, by: float) -> _Span:
        return _Span(self.low + by, self.high + by)

    def clear_of(self, other: _Span) -> bool:
        return self.high + _CLEAR <= other.low or other.high + _CLEAR <= self.low


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
