"""A chain whose skips lie within each other is placed as a U, as the literature draws a U-Net.

What comes before the innermost skip goes down on the left, what comes after it goes up on the
right, and the two ends of every skip stand side by side. From left to right, the U lies on its
side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shapecalc.render.diagram.layout import Direction, Placed, Point, Route, Size
from shapecalc.render.diagram.nodes import Edge, Inside, Node

_LEAST = 2  # skips; with a single one it is a residual block
_GAP = 26.0  # pixels between boxes of a column
_BETWEEN, _BESIDE = 84.0, 24.0  # pixels between the columns, and beside the label of a skip


def placed(
    inside: Inside,
    sizes: Callable[[Node], Size],
    labels: Callable[[Edge], Size | None],
    direction: Direction,
) -> Placed | None:
    """Return the places in a U, where the nodes, all of them closed, make one; else nothing."""
    skips = _nested(inside)
    if skips is None:
        return None
    turned = direction == "LR"

    def size(node: Node) -> Size:
        found = sizes(node)
        return Size(found.height, found.width) if turned else found

    rooms = [labels(edge) for edge in inside.edges]
    widths = [room.height if turned else room.width for room in rooms if room is not None]
    between = max([_BETWEEN, *(width + 2 * _BESIDE for width in widths)])
    u = _U([size(node) for node in inside.nodes], skips, between)
    numbers = {node.id: n for n, node in enumerate(inside.nodes)}
    places = u.places()
    routes = []
    for edge in inside.edges:
        points = u.way(places, numbers[edge.tail], numbers[edge.head])
        middle = ((points[0][0] + points[-1][0]) / 2, points[0][1])
        routes.append(Route(tuple(map(_exchanged, points) if turned else points),
                            _exchanged(middle) if turned else middle))  # fmt: skip
    width, height = u.extent(places)
    at = {node.id: places[n] for n, node in enumerate(inside.nodes)}
    if turned:
        at = {name: _exchanged(point) for name, point in at.items()}
        width, height = height, width
    return Placed(width, height, at, tuple(routes), {})


def _exchanged(point: Point) -> Point:
    return point[1], point[0]


def _nested(inside: Inside) -> list[tuple[int, int]] | None:
    """Return the ends of the skips, outer ones first, if the nodes are a chain in a U."""
    numbers = {node.id: n for n, node in enumerate(inside.nodes)}
    if inside.entries or inside.exits or any(e.tail not in numbers for e in inside.edges):
        return None
    pairs = [(numbers[edge.tail], numbers[edge.head]) for edge in inside.edges]
    skips = sorted(pair for pair in pairs if pair[1] - pair[0] > 1)
    chain = [pair for pair in pairs if pair[1] - pair[0] == 1]
    if chain != [(n, n + 1) for n in range(len(numbers) - 1)] or len(pairs) != len(set(pairs)):
        return None
    within = all(a < c and d < b for (a, b), (c, d) in pairwise(skips))
    return skips if within and len(skips) >= _LEAST else None


@dataclass(frozen=True, slots=True)
class _U:
    """Boxes by their numbers along the chain; `skips` are pairs of them, outer ones first."""

    sizes: Sequence[Size]
    skips: Sequence[tuple[int, int]]
    between: float

    @property
    def left(self) -> int:
        """How many boxes stand on the left."""
        down, up = self.skips[-1]
        return down + 1 + (up - down) // 2

    def places(self) -> list[Point]:
        """Return the middle of every box."""
        count = len(self.sizes)
        levels = list(self.skips)
        if self.left < levels[-1][1]:  # the lowest boxes of both sides stand side by side
            levels.append((self.left - 1, self.left))
        first, last = levels[0]
        starts = [[*range(first + 1)], [*range(count - 1, last - 1, -1)]]
        y = max(self._reach(part) for part in starts)
        heights = {first: y, last: y}
        for part in starts:
            self._upwards(part, heights)
        for (a, b), (c, d) in pairwise(levels):
            parts = [[*range(a, c + 1)], [*range(b, d - 1, -1)]]
            y += max(self._length(part) for part in parts)
            heights |= {c: y, d: y}
            for part in parts:
                self._spread(part, heights)
        for before, n in pairwise(range(levels[-1][0], self.left)):
            heights[n] = heights[before] + self._step(before, n)
        sides = [self.sizes[: self.left], self.sizes[self.left :]]
        wide = [max(size.width for size in side) for side in sides]
        x = [wide[0] / 2, wide[0] + self.between + wide[1] / 2]
        return [(x[n >= self.left], heights[n]) for n in range(count)]

    def _step(self, a: int, b: int) -> float:
        return (self.sizes[a].height + self.sizes[b].height) / 2 + _GAP

    def _length(self, part: Sequence[int]) -> float:
        return sum(self._step(a, b) for a, b in pairwise(part))

    def _reach(self, part: Sequence[int]) -> float:
        return self.sizes[part[0]].height / 2 + self._length(part)

    def _upwards(self, part: Sequence[int], heights: dict[int, float]) -> None:
        """Place boxes above the last of some."""
        for below, n in pairwise(reversed(part)):
            heights[n] = heights[below] - self._step(below, n)

    def _spread(self, part: Sequence[int], heights: dict[int, float]) -> None:
        """Place boxes between the first and the last of some, as far from each other as it goes."""
        first, last = part[0], part[-1]
        steps = max(1, len(part) - 1)
        spare = (heights[last] - heights[first] - self._length(part)) / steps
        for before, n in pairwise(part[:-1]):
            heights[n] = heights[before] + self._step(before, n) + spare

    def extent(self, places: Sequence[Point]) -> Point:
        """Return the width and the height of all."""
        right = max(x + size.width / 2 for (x, _), size in zip(places, self.sizes, strict=True))
        low = max(y + size.height / 2 for (_, y), size in zip(places, self.sizes, strict=True))
        return right, low

    def way(self, places: Sequence[Point], tail: int, head: int) -> list[Point]:
        """Return the spline between two boxes: straight, or around the foot of the U."""
        (ax, ay), (bx, by) = places[tail], places[head]
        a, b = self.sizes[tail], self.sizes[head]
        if ax == bx:
            down = 1 if by > ay else -1
            start, end = (ax, ay + down * a.height / 2), (bx, by - down * b.height / 2)
            return [start, start, end, end]
        start = (ax + a.width / 2, ay)
        if ay == by:
            end = (bx - b.width / 2, by)
            return [start, start, end, end]
        end, corner = (bx, by + b.height / 2), (bx, ay)
        return list(_curved(start, corner, end))


def _curved(start: Point, corner: Point, end: Point) -> Iterator[Point]:
    """Yield a spline from left to right and then up, with a round corner."""
    round_ = min(24.0, corner[1] - end[1], corner[0] - start[0])
    before, after = (corner[0] - round_, corner[1]), (corner[0], corner[1] - round_)
    yield from (start, start, before, before, corner, corner, after, after, end, end)
