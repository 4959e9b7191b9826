"""The paths of a model through its code, each with the formulas that hold on it, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shapecalc.conditions import Condition
from shapecalc.graph import LayerGraph
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.page.reach import tensors
from shapecalc.render.page.table import table
from shapecalc.render.writing import Json
from shapecalc.sizes.agreement import Agreement, agreements, widened

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.sizes import AcceptedSizes

_MOST = 8  # paths whose formulas a page holds
_LAYERS = 1_500  # op calls of all of them, the first path aside


@dataclass(frozen=True, slots=True)
class Path:
    """Sizes at which a model is accepted, as conditions, and the graph that holds there."""

    graph: LayerGraph

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What has to hold, all of it."""
        return tuple(dict.fromkeys(premise.condition for premise in self.graph.premises))


def all_paths(analysis: Analysis, found: AcceptedSizes | None) -> list[Path]:
    """Return the paths, that of the analysis first; its own alone where no sizes are known."""
    if found is None or not found.pieces:
        return [Path(analysis.graph)]
    paths = [Path(graph) for group in agreements(found.pieces) for graph in _graphs(group, found)]
    own = {id(piece.graph) for piece in found.pieces}
    first = next((n for n, path in enumerate(paths) if path.graph is analysis.graph), 0)
    if id(analysis.graph) in own and paths[first].graph is not analysis.graph:
        first = next(n for n, path in enumerate(paths) if path.graph.holds(analysis.graph.hint))
    return [paths[first], *paths[:first], *paths[first + 1 :]]


def _graphs(group: Agreement, found: AcceptedSizes) -> Iterator[LayerGraph]:
    """Yield one graph for all pieces of a group where there is one, else that of each."""
    wider = widened(group, found.every) if len(group.pieces) > 1 else group.graph
    if wider is not None:
        yield wider
    else:
        yield from (piece.graph for piece in group.pieces)


def embedded(analysis: Analysis, paths: Sequence[Path], formulas: Formulas) -> list[Json]:
    """Return paths with their tables and fields.

    The windows of fields in symbols are those of the first path alone: they take long to find,
    and the page finds the fields of every path at the sizes that are typed.
    """
    return [
        {
            "when": formulas.conditions(path.conditions),
            "rows": table(replace(analysis, graph=path.graph), formulas, windows=not n),
            "tensors": tensors(path.graph, formulas),
            "fails": bool(path.graph.mistakes),
        }
        for n, path in enumerate(paths)
    ]


def divided(paths: Sequence[Path]) -> tuple[Sequence[Path], Sequence[Path]]:
    """Return the paths that a page holds, and those that it only knows the sizes of."""
    count, layers = 1, 0
    for path in paths[1:_MOST]:
        layers += len(path.graph.layers)
        if layers > _LAYERS:
            break
        count += 1
    return paths[:count], paths[count:]


def elsewhere(paths: Sequence[Path], formulas: Formulas) -> list[Json]:
    """Return when the model takes a path that the page does not hold."""
    return [formulas.conditions(path.conditions) for path in paths]
