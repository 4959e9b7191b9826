"""A chain with very many skips, such as a dense block, is placed as a straight line with lanes.

Each tensor that passes nodes by runs down a lane of its own beside the chain and turns off to
every node that receives it. Graphviz would take minutes for it, and draw a knot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from shapecalc.render.diagram.layout import Direction, Placed, Point, Route, Size
from shapecalc.render.diagram.nodes import Inside, Node
from shapecalc.render.diagram.strokes import rounded

_MANY = 20  # edges
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
    order = ["in0", *(node.id for node in inside.nodes), "out0"]
    order = order[not inside.entries : len(order) - (not inside.exits)]
    if len(inside.edges) <= _MANY or max(len(inside.entries), len(inside.exits)) > 1:
        return None
    joined = {(edge.tail, edge.head) for edge in inside.edges}
    if not all(pair in joined for pair in pairwise(order)):
        return None
    turn = _exchanged if direction == "LR" else _same
    room = {node.id: turn((sizes(node).width, sizes(node).height)) for node in inside.nodes}
    chain = max(width for width, _ in room.values()) / 2
    at, y = {}, 0.0
    for name in order:
        _, high = room.get(name, (0.0, 0.0))
        at[name] = (chain, y + high / 2)
        y += high + _GAP
    lanes: dict[tuple[str, int], float] = {}
    for edge in reversed(inside.edges):  # what comes last turns off first, next to the chain
        if edge.skip:
            x = 2 * chain + _BESIDE + len(lanes) * _LANE
            lanes.setdefault((edge.tail, edge.exit), x)

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
        lane = lanes[edge.tail, edge.exit] if edge.skip else None
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


def _exchanged(point: Point) -> Point:
    return point[1], point[0]


def _same(point: Point) -> Point:
    return point
