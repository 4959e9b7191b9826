"""What a diagram shows: boxes within boxes, and the tensors between them.

A `Node` is a module, an op, an input or the output. What a module calls lies in its `inside`,
whose tensors come in through entries and leave through exits. A run of modules that are alike is
one node that stands for all of its `members`. Which nodes are drawn open is not said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shapecalc.dims import Shape
from shapecalc.graph import Label, Layer, ModuleCall
from shapecalc.render.rows import Output

Role: TypeAlias = Literal["input", "op", "module", "run", "output"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to notice on a node: a sign, which is readable without colour, and a sentence."""

    severity: Literal["error", "warning", "note"]
    sign: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A box.

    `name` is relative to the module around it, `path` is in full. `family` is the heading of the
    torch reference that the op stands under; it decides the colour. A node with an `inside` can
    be drawn open; a run has its `members` and shows the inside of the first of them, or its
    `chain`: the members one after the other. `call` says which call of a module this is, where it
    is called several times.
    """

    id: str
    name: str
    path: str
    role: Role
    kind: str = ""
    family: str = ""
    settings: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    label: Label = Label.PROVED
    parameters: int = 0
    call: str = ""
    finished: bool = True
    marks: tuple[Mark, ...] = ()
    field: str = ""
    inside: Inside | None = None
    members: tuple[Node, ...] = ()
    chain: Inside | None = None
    record: Layer | ModuleCall | None = None

    @property
    def times(self) -> int:
        """How many modules this node stands for."""
        return max(1, len(self.members))


@dataclass(frozen=True, slots=True)
class Edge:
    """One tensor on its way: from a node or an entry to a node or an exit.

    Both ends are ids of nodes, or `in0`, `in1`, ... for the entries of the module around them and
    `out0`, `out1`, ... for its exits. `entry` and `exit` are the numbers of the entry of the head
    and of the exit of the tail that it joins, for heads and tails that are modules. An edge that
    passes other nodes by is a `skip`. A shape is `written` beside it where no box says it.
    """

    tail: str
    head: str
    shape: Shape
    exit: int = 0
    entry: int = 0
    skip: bool = False
    written: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """What a module calls, in order, and the tensors that enter and leave."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    entries: tuple[Shape, ...] = ()
    exits: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A model as boxes: `inside` is what the model itself calls.

    `facts` are sentences for below the picture: where its formulas hold, what its signs mean.
    """

    title: str
    inside: Inside
    facts: tuple[str, ...] = ()

    def nodes(self) -> Iterator[Node]:
        """Yield all nodes, those inside of others as well, outer ones first."""
        yield from _all(self.inside.nodes)


def _all(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all(node.members)
        if node.inside is not None and not node.members:
            yield from _all(node.inside.nodes)
