"""The trace through all mistakes, at sizes that make no mistakes of their own.

A demand that only some sizes meet is a property of the model, not a mistake, as long as the sizes
are open. So where a trace fails to meet one, other sizes are chosen that do. What is left are the
demands that the sizes in hand fail, or that no sizes meet together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.graph import Finding, LayerGraph
from shapecalc.ops.view import View
from shapecalc.sets import SizeSet, search
from shapecalc.sizes.exploration import Exploration
from shapecalc.trace.meant import meant_at

_ATTEMPTS = 16

Trace = Callable[[Mapping[str, int]], LayerGraph]


def settled(trace: Trace, hint: Mapping[str, int], fixed: Mapping[str, int]) -> LayerGraph:
    """Return the trace with the fewest avoidable mistakes; the sizes `fixed` stay as they are."""
    graph = trace(hint)
    region = SizeSet.every(tuple(hint))
    for name, size in fixed.items():
        region = region.where(Condition(dims.symbol(name), "==", size))
    met: list[Condition] = []
    for _ in range(_ATTEMPTS):
        wanted = next(
            (
                finding.condition
                for finding in graph.findings
                if finding.condition is not None
                and not {str(s) for s in finding.condition.symbols} <= fixed.keys()
                and {str(s) for s in finding.condition.symbols} <= hint.keys()
                and not _in_another_layout(graph, finding)
                and not _cuts_samples(graph, finding, fixed)
                and region.where(finding.condition).is_empty() is not True
            ),
            None,
        )
        if wanted is None:
            break
        narrower = region.where(wanted)
        found = search([*met, wanted], graph.hint, thorough=bool(narrower.open))
        if found is None or not narrower.contains(found):
            found = None if narrower.open else narrower.nearest(hint)
        if found is None:
            break
        region, met = narrower, [*met, wanted]
        graph = trace({name: found[name] for name in hint})
    if any(finding.index is None for finding in graph.mistakes) and hint.keys() - fixed.keys():
        # the model's own code raised: it says which sizes it takes by an `if` or an `assert`
        here = {name: graph.hint[name] for name in hint}
        return _on_another_path(trace, graph, here, fixed) or graph
    return graph


def _on_another_path(
    trace: Trace, graph: LayerGraph, here: Mapping[str, int], fixed: Mapping[str, int]
) -> LayerGraph | None:
    """Return a trace without mistakes at other sizes than those of a graph, None where none is."""
    exploration = Exploration(trace, here, fixed=fixed)
    exploration.add(graph)
    return exploration.until_accepted(traces=_ATTEMPTS)


def _in_another_layout(graph: LayerGraph, finding: Finding) -> bool:
    """Tell whether a size fails because its axis is another one: a batch taken for channels."""
    if finding.index is None:
        return False
    layer = graph.layers[finding.index]
    return meant_at(graph.layers, layer, graph.hint) is not None


def _cuts_samples(graph: LayerGraph, finding: Finding, fixed: Mapping[str, int]) -> bool:
    """Tell whether a view fits some batches only, whose samples it would cut up and mix."""
    layer = graph.layers[finding.index] if finding.index is not None else None
    if layer is None or finding.condition is None or not isinstance(layer.op, View):
        return False
    x, shape = layer.in_shapes[0], layer.op.shape
    left = {str(symbol) for symbol in finding.condition.symbols} - fixed.keys()
    if len(x) < 2 or shape[:1] != (-1,) or left != set(map(str, dims.symbols_of(x[:1]))):
        return False
    sample, row = (dims.evaluate(dims.product(part), graph.hint) for part in (x[1:], shape[1:]))
    return bool(sample and row and sample % row and row % sample)
