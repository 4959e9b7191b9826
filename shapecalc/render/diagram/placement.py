"""Which way what a module calls is laid out: on a line with lanes, or by Graphviz."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shapecalc.render.diagram import bus, layout
from shapecalc.render.diagram.layout import Direction, Placed, Point, Size
from shapecalc.render.diagram.nodes import Edge, Inside, Node


def place(
    insides: Sequence[Inside],
    sizes: Callable[[Node], Size],
    ports: Callable[[Node], Mapping[str, Point]],
    labels: Callable[[Edge], Size | None],
    direction: Direction = "TB",
) -> list[Placed]:
    """Lay out what some modules call, where the size of every box is known.

    `ports` gives the entries and exits of a node that is drawn open, relative to its corner.

    Raises:
        BackendError: Graphviz is not there, or failed.
    """
    on_lines = [bus.placed(inside, sizes, ports, direction) for inside in insides]
    others = [inside for inside, found in zip(insides, on_lines, strict=True) if found is None]
    drawn = iter(layout.place(others, sizes, ports, labels, direction))
    return [found or next(drawn) for found in on_lines]
