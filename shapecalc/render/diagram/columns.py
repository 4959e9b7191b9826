"""A tall picture is cut into columns, like text on a page, where a single tensor passes.

Between two columns that tensor goes on from the foot of one to the head of the next. What an open
module holds is cut in the same way, and a picture from left to right into rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shapecalc.render.diagram.layout import Direction, Placed, Point, Route, Size
from shapecalc.render.diagram.nodes import Inside, Node
from shapecalc.render.diagram.strokes import rounded

_GUTTER = 44.0  # pixels between columns; the tensor that goes on runs in the middle
_OVERHANG = 16.0  # above and below the columns, for the same
_BELOW = 10.0  # below all of it
_CORNER = 8.0
_SHORT = 900.0  # pixels; what is not higher stays in one piece
_PAGE = 1.3  # height over width, at most, where columns can bring that about
_MOST = 8  # columns
_WORTH = 0.9  # of the height, at most, is left where another column is worth it


@dataclass(frozen=True, slots=True)
class _Box:
    """A node at its place."""

    id: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is to be cut: boxes and routes, from top to bottom."""

    width: float
    height: float
    boxes: tuple[_Box, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class _Cut:
    y: float
    route: int


def in_columns(
    inside: Inside, placed: Placed, size: Callable[[Node], Size], direction: Direction
) -> Placed:
    """Return what a module holds in as few columns as make it fit a page."""
    boxes = []
    for node in inside.nodes:
        (x, y), taken = placed.nodes[node.id], size(node)
        corner = (x - taken.width / 2, y - taken.height / 2)
        boxes.append(_Box(node.id, *corner, taken.width, taken.height))
    whole = _Sheet(placed.width, placed.height, tuple(boxes), placed.routes)
    turned = direction == "LR"
    cut = _cut(_turned(whole)) if turned else _cut(whole)
    if cut is None:
        return placed
    cut = _turned(cut) if turned else cut
    ports = dict(placed.ports)
    for edge, route in zip(inside.edges, cut.routes, strict=True):
        ports.update({edge.tail: route.points[0]} if edge.tail in ports else {})
        ports.update({edge.head: route.points[-1]} if edge.head in ports else {})
    nodes = {box.id: (box.x + box.width / 2, box.y + box.height / 2) for box in cut.boxes}
    return Placed(cut.width, cut.height, nodes, cut.routes, ports)


def _cut(sheet: _Sheet) -> _Sheet | None:
    """Return a sheet in columns; None where it stays in one piece."""
    rises = any(route.points[0][1] > route.points[-1][1] for route in sheet.routes)  # in a U
    if rises or sheet.height <= max(_SHORT, _PAGE * sheet.width):
        return None
    cuts = _places(sheet)
    best, found = sheet, None
    for count in range(2, _MOST + 1):
        chosen = _choose(cuts, sheet.height, count)
        if chosen is None:
            break
        more = _laid_out(sheet, chosen)
        if more.height > _WORTH * best.height:  # one part is nearly all of it
            break
        best = found = more
        if best.height <= _PAGE * best.width:
            break
    return found


def _places(sheet: _Sheet) -> list[_Cut]:
    """Return the heights between boxes at which one tensor alone passes."""
    spans = sorted((box.y, box.y + box.height) for box in sheet.boxes)
    found = []
    low = spans[0][1]
    for top, bottom in spans[1:]:
        if top > low:
            middle = (low + top) / 2
            crossing = [n for n, route in enumerate(sheet.routes) if _crosses(route, middle)]
            if len(crossing) == 1:
                found.append(_Cut(middle, crossing[0]))
        low = max(low, bottom)
    return found


def _crosses(route: Route, y: float) -> bool:
    return route.points[0][1] < y < route.points[-1][1]


def _choose(cuts: Sequence[_Cut], height: float, count: int) -> list[_Cut] | None:
    """Return the cuts for so many columns that are as even as they can be."""
    if len(cuts) < count - 1:
        return None
    ends = [0.0, *(cut.y for cut in cuts), height]
    # best[k][j]: the least sum of squared heights of k columns that end at j, and the cut before
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(count):
        row = {}
        for j in range(1, len(ends)):
            options = [
                (uneven + (ends[j] - ends[i]) ** 2, i)
                for i, (uneven, _) in best[-1].items()
                if i < j
            ]
            if options:
                row[j] = min(options)
        best.append(row)
    at, chosen = len(ends) - 1, []
    for row in reversed(best[2:]):
        if at not in row:
            return None
        at = row[at][1]
        chosen.append(cuts[at - 1])
    return chosen[::-1]


def _laid_out(sheet: _Sheet, cuts: Sequence[_Cut]) -> _Sheet:
    """Return the sheet with what lies between two cuts as a column."""
    ends = [float("-inf"), *(cut.y for cut in cuts), float("inf")]
    column = {}
    for number, (top, bottom) in enumerate(pairwise(ends)):
        for box in sheet.boxes:
            if top < box.y + box.height / 2 < bottom:
                column[box.id] = number
    crossing = {cut.route for cut in cuts}
    owner = [
        next(n for n, bottom in enumerate(ends[1:]) if route.points[0][1] < bottom)
        for route in sheet.routes
    ]
    shifts: list[Point] = []
    edges: list[tuple[float, float]] = []  # left and right of every column, where it goes
    x = 0.0
    for number in range(len(cuts) + 1):
        held = [box for box in sheet.boxes if column[box.id] == number]
        inner = [
            point
            for n, route in enumerate(sheet.routes)
            if owner[n] == number and n not in crossing
            for point in route.points
        ]
        left = min([box.x for box in held] + [px for px, _ in inner])
        right = max([box.x + box.width for box in held] + [px for px, _ in inner])
        top = min([box.y for box in held] + [py for _, py in inner])
        shifts.append((x - left, _OVERHANG - top))
        edges.append((x, x + right - left))
        x += right - left + _GUTTER
    boxes = tuple(_moved(box, shifts[column[box.id]]) for box in sheet.boxes)
    routes = []
    for n, route in enumerate(sheet.routes):
        if n in crossing:
            here = owner[n]
            start = _plus(route.points[0], shifts[here])
            end = _plus(route.points[-1], shifts[here + 1])
            foot = max(box.y + box.height for box in boxes if column[box.id] == here)
            gutter = edges[here][1] + _GUTTER / 2
            routes.append(_around(start, end, gutter, foot + _OVERHANG))
        else:
            routes.append(route.moved(shifts[owner[n]]))
    low = _BELOW + max(
        [box.y + box.height for box in boxes] + [py for route in routes for _, py in route.points]
    )
    return _Sheet(x - _GUTTER, low, boxes, tuple(routes))


def _around(start: Point, end: Point, gutter: float, foot: float) -> Route:
    """Return the way from the foot of a column through the gutter to the head of the next."""
    head = 0.0  # above every column
    corners = [start, (start[0], foot), (gutter, foot), (gutter, head), (end[0], head), end]
    return Route(tuple(rounded(corners, _CORNER)))


def _plus(point: Point, by: Point) -> Point:
    return point[0] + by[0], point[1] + by[1]


def _moved(box: _Box, by: Point) -> _Box:
    return replace(box, x=box.x + by[0], y=box.y + by[1])


def _turned(sheet: _Sheet) -> _Sheet:
    """Return a sheet with its axes exchanged."""
    boxes = (_Box(box.id, box.y, box.x, box.height, box.width) for box in sheet.boxes)
    routes = (
        Route(tuple((y, x) for x, y in route.points), route.label and route.label[::-1])
        for route in sheet.routes
    )
    return _Sheet(sheet.height, sheet.width, tuple(boxes), tuple(routes))
