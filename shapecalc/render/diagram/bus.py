"""A chain with very many skips, such as a dense block, is placed as a straight line with lanes.

Each tensor that passes nodes by runs down a lane beside the chain and turns off to every node
that receives it. Graphviz would take minutes for it, and draw a knot. What is too much for
Graphviz, such as a loop of hundreds of calls, stands in the order of the calls in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from shapecalc.render.diagram.layout import Direction, Placed, Point, Route, Size
from shapecalc.render.diagram.nodes import Inside, Node
from shapecalc.render.diagram.strokes import rounded

_MANY = 20  # edges
_TOO_MUCH = 4000  # nodes that edges pass by, all together, for which Graphviz takes minutes
_GAP = 30.0  # pixels between the boxes of the chain
_LANE = 6.0  # pixels between lanes
_BESIDE = 16.0  # pixels between the chain and the first lane
_TURN = 11.0  # pixels between a box and where its tensors turn
_ROUND = 5.0


def placed(
    inside: Inside,
    sizes: Callable[[Node], Size],
    ports: Callable[[Node], Mapping[str, Point]],
    direction: Direction,
) -> Placed | None:
    """Return the places on a line, where the nodes are such a chain; else nothing."""
    order = [f"in{n}" for n in range(len(inside.entries))]
    order += [node.id for node in inside.nodes]
    order += [f"out{n}" for n in range(len(inside.exits))]
    index = {name: n for n, name in enumerate(order)}
    passed = sum(index[edge.head] - index[edge.tail] - 1 for edge in inside.edges)
    if len(inside.edges) <= _MANY or not (passed > _TOO_MUCH or _is_chain(inside, order)):
        return None
    turn = _exchanged if direction == "LR" else _same
    room = {node.id: turn((sizes(node).width, sizes(node).height)) for node in inside.nodes}
    chain = max(width for width, _ in room.values()) / 2
    at, y = {}, 0.0
    for name in order:
        _, high = room.get(name, (0.0, 0.0))
        at[name] = (chain, y + high / 2)
        y += high + _GAP
    lanes = {
        tensor: 2 * chain + _BESIDE + number * _LANE
        for tensor, number in _lanes(inside, index).items()
    }

    def end(name: str, port: str, side: int) -> tuple[Point, Point]:
        """Return where a tensor meets a box, above or below, and where it goes on in it."""
        (x, y), (wide, high) = at[name], room.get(name, (0.0, 0.0))
        node = next((node for node in inside.nodes if node.id == name), None)
        inner = None if node is None else ports(node).get(port)
        if inner is None:
            return ((x, y + side * high / 2),) * 2
        across, along = turn(inner)
        point = (x - wide / 2 + across, y - high / 2 + along)
        return (point[0], y + side * high / 2), point

    routes = []
    for edge in inside.edges:
        (start, before), (stop, after) = (
            end(edge.tail, f"out{edge.exit}", 1),
            end(edge.head, f"in{edge.entry}", -1),
        )
        corners = [start, stop]
        beside = index[edge.head] - index[edge.tail] > 1
        lane = lanes[edge.tail, edge.exit] if beside else None
        if lane is not None or start[0] != stop[0]:
            down, up = start[1] + _TURN, stop[1] - _TURN
            aside = [(lane, down), (lane, up)] if lane is not None else []
            corners = [start, (start[0], down), *aside, (stop[0], up), stop]
        points = [before, *([before, start, start] if before != start else [])]
        points += rounded(corners, _ROUND)[1:]
        points += [stop, after, after] if after != stop else []
        routes.append(Route(tuple(map(turn, points))))  # without words, for which is no room
    right = max([2 * chain, *lanes.values()]) + _LANE
    width, height = turn((right, y - _GAP))
    nodes = {node.id: turn(at[node.id]) for node in inside.nodes}
    outer = {name: turn(at[name]) for name in order if name not in nodes}
    return Placed(width, height, nodes, tuple(routes), outer)


def _is_chain(inside: Inside, order: Sequence[str]) -> bool:
    """Tell whether each node hands something on to the next one."""
    joined = {(edge.tail, edge.head) for edge in inside.edges}
    single = max(len(inside.entries), len(inside.exits)) <= 1
    return single and all(pair in joined for pair in pairwise(order))


def _lanes(inside: Inside, index: Mapping[str, int]) -> dict[tuple[str, int], int]:
    """Return the lane of every tensor that passes nodes by; a lane that is free again is taken."""
    ends: dict[tuple[str, int], int] = {}
    for edge in inside.edges:
        if index[edge.head] - index[edge.tail] > 1:
            tensor = (edge.tail, edge.exit)
            ends[tensor] = max(ends.get(tensor, 0), index[edge.head])
    found: dict[tuple[str, int], int] = {}
    free_below: list[int] = []  # by lane, where the tensors that it has begin
    # what comes last turns off first, next to the chain
    for tensor in sorted(ends, key=lambda tensor: (-index[tensor[0]], tensor[1])):
        lane = next((n for n, below in enumerate(free_below) if ends[tensor] < below), None)
        if lane is None:
            lane = len(free_below)
            free_below.append(0)
        free_below[lane] = index[tensor[0]]
        found[tensor] = lane
    return found


def _exchanged(point: Point) -> Point:
    return point[1], point[0]


def _same(point: Point) -> Point:
    return point
