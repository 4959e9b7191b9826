"""Paths of a model whose formulas agree: the sizes of both can be answered for by one graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from shapecalc.conditions import Condition
from shapecalc.graph import Home, Layer, LayerGraph
from shapecalc.sets import SizeSet
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.exploration import Piece


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pieces that are one: the formulas of the first hold for the sizes of all."""

    pieces: tuple[Piece, ...]

    @property
    def graph(self) -> LayerGraph:
        """The graph that answers for all of the pieces."""
        return self.pieces[0].graph

    @property
    def sizes(self) -> SizeSet | None:
        """The sizes of all pieces as one set; None where conditions are open."""
        if any(piece.sizes.open for piece in self.pieces):
            return None
        found = self.pieces[0].sizes
        for piece in self.pieces[1:]:
            found = found.union(piece.sizes)
        return found


def agree(piece: Piece, other: Piece) -> bool:
    """Tell whether the ops and formulas of a piece are, for all sizes of `other`, those of it.

    Yes is proved: each formula is the same, or isl finds no size of `other` where it differs.
    No may also mean that isl cannot tell.
    """
    one, two = piece.graph, other.graph
    if one.findings or two.findings or len(one.layers) != len(two.layers):
        return False
    pairs = list(zip(one.layers, two.layers, strict=True))
    if not all(_calls_alike(*pair) for pair in pairs):
        return False
    proof = _Proof(other.sizes)
    sizes = all(proof.same(_formulas(a), _formulas(b)) for a, b in pairs)
    return sizes and proof.same(_structure(one), _structure(two))


def agreements(pieces: Iterable[Piece]) -> tuple[Agreement, ...]:
    """Return pieces in groups that agree, in the order of their first ones."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        for group in groups:
            if agree(group[0], piece):
                group.append(piece)
                break
            if all(agree(piece, member) for member in group):
                group.insert(0, piece)
                break
        else:
            groups.append([piece])
    return tuple(Agreement(tuple(group)) for group in groups)


def of_all_paths(graph: LayerGraph, found: AcceptedSizes) -> tuple[LayerGraph, str]:
    """Return a graph for the sizes of all paths that agree with it, and what is true elsewhere."""
    groups = agreements(found.pieces)
    own = next((g for g in groups if any(piece.graph is graph for piece in g.pieces)), None)
    wider = widened(own, found.every) if own is not None and len(own.pieces) > 1 else graph
    if len(groups) > 1:
        return wider or graph, "elsewhere other formulas hold"
    if not found.complete:
        return wider or graph, "elsewhere other formulas may hold"
    return wider or graph, "" if wider else "elsewhere the same formulas hold"


def widened(agreement: Agreement, every: SizeSet) -> LayerGraph | None:
    """Return the graph of an agreement with just the premises that all of its sizes meet.

    None where those premises would let in other sizes: the sizes of the pieces together are not
    always what a list of conditions says.
    """
    sizes, graph = agreement.sizes, agreement.graph
    if sizes is None:
        return None
    kept = tuple(p for p in graph.premises if sizes.where(p.condition.negated()).is_empty())
    let_in = every
    for premise in kept:
        let_in = let_in.where(premise.condition)
    if let_in.open or not sizes.includes(let_in):
        return None
    home = Home()
    return replace(
        graph,
        premises=kept,
        home=home,
        layers=tuple(replace(layer, home=home) for layer in graph.layers),
        calls=tuple(replace(call, home=home) for call in graph.calls),
    )


# ---------------------------------------------------------------------------- two graphs


def _calls_alike(one: Layer, other: Layer) -> bool:
    """Tell whether two op calls are the same but for their sizes."""
    return (
        one.name == other.name
        and one.function == other.function
        and one.sources == other.sources
        and one.label is other.label
        and one.masked == other.masked
        and one.note == other.note
    )


def _formulas(layer: Layer) -> Any:
    return (layer.op, layer.in_shapes, layer.out_shapes)


def _structure(graph: LayerGraph) -> Any:
    calls = [
        (c.name, c.kind, c.parent, c.layers, c.inputs, dict(c.keywords), c.outputs, c.out_sources)
        for c in graph.calls
    ]
    return (graph.inputs, graph.output, calls)


class _Proof:
    """Proves values to be the same for some sizes."""

    def __init__(self, sizes: SizeSet) -> None:
        self._sizes = sizes
        self._known: dict[Condition, bool] = {}

    def same(self, one: Any, other: Any) -> bool:
        """Tell whether two values with formulas in them are proved to be the same."""
        if one is other:
            return True
        if _is_size(one) and _is_size(other):
            return self._equal(one, other)
        if type(one) is not type(other):
            return False
        if isinstance(one, Mapping):
            return list(one) == list(other) and self.same([*one.values()], [*other.values()])
        if isinstance(one, Sequence) and not isinstance(one, (str, bytes, range)):
            return len(one) == len(other) and all(map(self.same, one, other))
        if is_dataclass(one) and not isinstance(one, type):
            names = [entry.name for entry in fields(one) if entry.compare]
            return all(self.same(getattr(one, n), getattr(other, n)) for n in names)
        return bool(one == other)

    def _equal(self, one: Any, other: Any) -> bool:
        differs = Condition(one, "!=", other)
        if differs.left == differs.right:
            return True
        found = self._known.get(differs)
        if found is None:
            written = {str(symbol) for symbol in differs.symbols} <= set(self._sizes.names)
            found = written and self._sizes.where(differs).is_empty() is True
            self._known[differs] = found
        return found


def _is_size(value: Any) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    return number or hasattr(type(value), "free_symbols")
