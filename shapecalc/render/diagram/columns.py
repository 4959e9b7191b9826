"""A tall picture is cut into columns, like text on a page, where a single tensor passes.

Between two columns that tensor goes on from the foot of one to the head of the next. A picture
from left to right is cut into rows in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shapecalc.render.diagram.layout import Direction, Point, Route
from shapecalc.render.diagram.scene import Frame, Scene, Wire
from shapecalc.render.diagram.strokes import rounded

_GUTTER = 44.0  # pixels between columns; the tensor that goes on runs in the middle
_OVERHANG = 16.0  # above and below the columns, for the same
_CORNER = 8.0
_SHORT = 900.0  # pixels; a picture up to here stays in one piece
_PAGE = 1.3  # height over width, at most, where columns can bring that about
_MOST = 8  # columns
_WORTH = 0.9  # of the height, at most, is left where another column is worth it


@dataclass(frozen=True, slots=True)
class _Cut:
    y: float
    wire: int


def in_columns(scene: Scene, direction: Direction) -> Scene:
    """Return a scene in as few columns as make it fit a page."""
    if direction == "LR":
        return _turned(_cut(_turned(scene)))
    return _cut(scene)


def _cut(scene: Scene) -> Scene:
    rises = any(w.route.points[0][1] > w.route.points[-1][1] for w in scene.wires)  # in a U
    if rises or scene.height <= max(_SHORT, _PAGE * scene.width):
        return scene
    cuts = _places(scene)
    best = scene
    for count in range(2, _MOST + 1):
        chosen = _choose(cuts, scene.height, count)
        if chosen is None:
            break
        more = _laid_out(scene, chosen)
        if more.height > _WORTH * best.height:  # one part is nearly all of it
            break
        best = more
        if best.height <= _PAGE * best.width:
            break
    return best


def _places(scene: Scene) -> list[_Cut]:
    """Return the heights between outermost frames at which one tensor alone passes."""
    spans = sorted((frame.y, frame.y + frame.height) for frame in scene.frames)
    found = []
    low = spans[0][1]
    for top, bottom in spans[1:]:
        if top > low:
            middle = (low + top) / 2
            crossing = [n for n, wire in enumerate(scene.wires) if _crosses(wire, middle)]
            if len(crossing) == 1:
                found.append(_Cut(middle, crossing[0]))
        low = max(low, bottom)
    return found


def _crosses(wire: Wire, y: float) -> bool:
    return wire.route.points[0][1] < y < wire.route.points[-1][1]


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


def _laid_out(scene: Scene, cuts: Sequence[_Cut]) -> Scene:
    """Return the scene with what lies between two cuts as a column."""
    ends = [float("-inf"), *(cut.y for cut in cuts), float("inf")]
    column = {}
    for number, (top, bottom) in enumerate(pairwise(ends)):
        for frame in scene.frames:
            if top < frame.y + frame.height / 2 < bottom:
                column[frame.node.id] = number
    crossing = {cut.wire for cut in cuts}
    owner = [
        next(n for n, bottom in enumerate(ends[1:]) if wire.route.points[0][1] < bottom)
        for wire in scene.wires
    ]
    shifts: list[Point] = []
    edges: list[tuple[float, float]] = []  # left and right of every column, where it goes
    x = 0.0
    for number in range(len(cuts) + 1):
        held = [frame for frame in scene.frames if column[frame.node.id] == number]
        inner = [w for n, w in enumerate(scene.wires) if owner[n] == number and n not in crossing]
        left = min([frame.x for frame in held] + [_extent(w, 0)[0] for w in inner])
        right = max([f.x + f.width for f in held] + [_extent(w, 0)[1] for w in inner])
        top = min(frame.y for frame in held)
        shifts.append((x - left, _OVERHANG - top))
        edges.append((x, x + right - left))
        x += right - left + _GUTTER
    frames = tuple(_moved(frame, shifts[column[frame.node.id]]) for frame in scene.frames)
    low = max(frame.y + frame.height for frame in frames) + _OVERHANG
    wires = []
    for n, wire in enumerate(scene.wires):
        if n in crossing:
            here = owner[n]
            start = _plus(wire.route.points[0], shifts[here])
            end = _plus(wire.route.points[-1], shifts[here + 1])
            gutter = edges[here][1] + _GUTTER / 2
            wires.append(replace(wire, route=_around(start, end, gutter)))
        else:
            wires.append(replace(wire, route=wire.route.moved(shifts[owner[n]])))
    return Scene(x - _GUTTER, low, frames, tuple(wires))


def _around(start: Point, end: Point, gutter: float) -> Route:
    """Return the way from the foot of a column through the gutter to the head of the next."""
    foot, head = start[1] + _OVERHANG, 0.0  # above every column
    corners = [start, (start[0], foot), (gutter, foot), (gutter, head), (end[0], head), end]
    return Route(tuple(rounded(corners, _CORNER)))


def _extent(wire: Wire, axis: int) -> tuple[float, float]:
    values = [point[axis] for point in wire.route.points]
    return min(values), max(values)


def _plus(point: Point, by: Point) -> Point:
    return point[0] + by[0], point[1] + by[1]


def _moved(frame: Frame, by: Point) -> Frame:
    return replace(frame, x=frame.x + by[0], y=frame.y + by[1])


def _turned(scene: Scene) -> Scene:
    """Return a scene with its axes exchanged."""
    frames = tuple(replace(f, x=f.y, y=f.x, width=f.height, height=f.width) for f in scene.frames)
    wires = tuple(
        replace(wire, route=Route(tuple((y, x) for x, y in wire.route.points),
                                  wire.route.label and wire.route.label[::-1]))
        for wire in scene.wires
    )  # fmt: skip
    return Scene(scene.height, scene.width, frames, wires)
