"""The tensors between the boxes that are drawn, through the borders of open modules.

For forms in which an arrow may join boxes of different modules: DOT and Mermaid.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shapecalc.dims import Shape
from shapecalc.render.diagram.nodes import Diagram, Edge, Inside, Node


@dataclass(frozen=True, slots=True)
class Link:
    """A tensor from one closed node to another, by their ids.

    `written` says whether its shape stands beside it: the box that it leaves does not say it.
    """

    tail: str
    head: str
    shape: Shape
    skip: bool = False
    written: bool = False


def links(diagram: Diagram, opened: Collection[str]) -> Iterator[Link]:
    """Yield the tensors between the closed nodes, where the modules in `opened` are open."""
    yield from _within(diagram.inside, opened)


def _within(inside: Inside, opened: Collection[str]) -> Iterator[Link]:
    nodes = {node.id: node for node in inside.nodes}
    for edge in inside.edges:
        # what comes through the border of this module was followed by the one around it
        if edge.tail not in nodes or edge.head not in nodes:
            continue
        for tail, before in _tails(nodes[edge.tail], edge.exit, opened):
            for head, after in _heads(nodes[edge.head], edge.entry, opened):
                steps = (*before, edge, *after)
                skip = any(step.skip for step in steps)
                written = skip or any(step.exit > 0 for step in steps)
                yield Link(tail, head, edge.shape, skip, written)
    for node in inside.nodes:
        if node.inside is not None and node.id in opened:
            yield from _within(node.inside, opened)


def _tails(
    node: Node, exit_: int, opened: Collection[str]
) -> Iterator[tuple[str, tuple[Edge, ...]]]:
    """Yield the closed node that a tensor leaves a node from, and the edges from there."""
    if node.inside is None or node.id not in opened:
        yield node.id, ()
        return
    inner = {one.id: one for one in node.inside.nodes}
    for edge in node.inside.edges:
        if edge.head == f"out{exit_}":
            for tail, steps in _tails(inner[edge.tail], edge.exit, opened):
                yield tail, (*steps, edge)


def _heads(
    node: Node, entry: int, opened: Collection[str]
) -> Iterator[tuple[str, tuple[Edge, ...]]]:
    """Yield the closed nodes that a tensor arrives at within a node, and the edges to there."""
    if node.inside is None or node.id not in opened:
        yield node.id, ()
        return
    inner = {one.id: one for one in node.inside.nodes}
    for edge in node.inside.edges:
        if edge.tail == f"in{entry}" and edge.head in inner:
            for head, steps in _heads(inner[edge.head], edge.entry, opened):
                yield head, (edge, *steps)
