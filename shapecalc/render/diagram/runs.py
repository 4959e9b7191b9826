"""Modules in a row that are alike become one node, drawn once and marked with `x 6`.

Alike are modules of one kind that call the same ops with the same parameters, pass the same
shapes on and are joined in a chain, so that what is said of one is true of all of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace

from shapecalc.render.diagram.nodes import Edge, Inside, Node


def with_runs(inside: Inside) -> Inside:
    """Return what a module calls with every run as one node, on all levels."""
    nodes = [_within(node) for node in inside.nodes]
    arriving: dict[str, list[Edge]] = {}
    leaving: dict[str, set[str]] = {}
    for edge in inside.edges:
        arriving.setdefault(edge.head, []).append(edge)
        leaving.setdefault(edge.tail, set()).add(edge.head)
    runs = list(_runs(nodes, arriving, leaving))
    made = tuple(run[0] if len(run) == 1 else _run(run, arriving) for run in runs)
    stands = {node.id: new.id for run, new in zip(runs, made, strict=True) for node in run}
    inner = {node.id for run in runs for node in run[1:]}
    last = {run[-1].id for run in runs}
    edges = tuple(
        replace(edge, tail=stands.get(edge.tail, edge.tail), head=stands.get(edge.head, edge.head))
        for edge in inside.edges
        if edge.head not in inner and (edge.tail in last or edge.tail not in stands)
    )
    return replace(inside, nodes=made, edges=edges)


def _within(node: Node) -> Node:
    return node if node.inside is None else replace(node, inside=with_runs(node.inside))


def _runs(
    nodes: Sequence[Node], arriving: Mapping[str, list[Edge]], leaving: Mapping[str, set[str]]
) -> Iterator[list[Node]]:
    run: list[Node] = []
    for node in nodes:
        alone = not run or leaving.get(run[-1].id) != {node.id}
        if run and (alone or not _continues(run[-1], node, arriving)):
            yield run
            run = []
        run.append(node)
    if run:
        yield run


def _continues(last: Node, node: Node, arriving: Mapping[str, list[Edge]]) -> bool:
    """Tell whether a node is like the one before it and receives what that hands on, alone."""
    if node.inside is None or last.inside is None or signature(last) != signature(node):
        return False
    before, here = arriving.get(last.id, []), arriving.get(node.id, [])
    if len(before) != len(here):
        return False
    joined = False
    for then, now in zip(before, here, strict=True):
        if now.tail == last.id and now.exit == 0 and now.shape == then.shape:
            joined = True  # what the one before handed on
        elif (now.tail, now.exit, now.entry) != (then.tail, then.exit, then.entry):
            return False
    return joined


def _run(members: Sequence[Node], arriving: Mapping[str, list[Edge]]) -> Node:
    first, last = members[0], members[-1]
    number = last.name.rpartition(".")[2]
    name = f"{first.name} … {number if number.isdigit() else last.name}"
    path = f"{first.path} … {last.path}"
    return replace(
        first,
        id=f"run-{first.id}",
        name=name,
        path=path,
        role="run",
        parameters=sum(node.parameters for node in members),
        members=tuple(members),
        chain=_chain(members, arriving),
    )


def _chain(members: Sequence[Node], arriving: Mapping[str, list[Edge]]) -> Inside:
    """Return the members one after the other, with the entries and exits of each of them."""
    inside = members[0].inside or Inside((), ())
    own = {node.id for node in members}
    edges = [
        edge if edge.tail in own else replace(edge, tail=f"in{edge.entry}", exit=0)
        for node in members
        for edge in arriving.get(node.id, ())
    ]
    edges += [
        Edge(members[-1].id, f"out{number}", shape, exit=number)
        for number, shape in enumerate(inside.exits)
    ]
    return Inside(tuple(members), tuple(edges), inside.entries, inside.exits)


def signature(node: Node) -> Hashable:
    """Return what two nodes have in common when they are alike: all but names."""
    inside = node.inside
    return (
        node.kind,
        node.settings,
        node.outputs,
        node.label,
        node.call,
        node.finished,
        node.marks,
        len(node.members),
        inside and tuple(map(signature, inside.nodes)),
        inside and (inside.entries, inside.exits, tuple(_numbered(inside))),
    )


def _numbered(inside: Inside) -> Iterator[Hashable]:
    """Yield the edges with the places of nodes for their ids."""
    place = {node.id: n for n, node in enumerate(inside.nodes)}
    for edge in inside.edges:
        yield (
            place.get(edge.tail, edge.tail),
            place.get(edge.head, edge.head),
            edge.exit,
            edge.entry,
        )
