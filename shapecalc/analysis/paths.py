"""The paths of one model that were traced so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.source import retrace
from shapecalc.errors import InputError, PatternError
from shapecalc.graph import LayerGraph
from shapecalc.inputs import Patterns

if TYPE_CHECKING:
    from shapecalc.sizes.exploration import Exploration


class Paths:
    """The graphs of a model that reach its outputs, each for the sizes of its path.

    There is one more after every trace. `names` are the sizes that a path hangs on, `least` those
    of them that may be 0.
    """

    def __init__(
        self,
        first: LayerGraph,
        patterns: Patterns,
        source: Any,
        names: Sequence[str],
        least: Mapping[str, int],
        *,
        train: bool,
    ) -> None:
        self._first = first
        self._patterns = patterns
        self._source = source
        self._names = tuple(names)
        self._least = dict(least)
        self._train = train
        self._graphs = [first] if not first.mistakes else []

    def at(self, sizes: Mapping[str, int]) -> LayerGraph:
        """Return the graph of the path at these sizes, which may end in a mistake.

        Raises:
            InputError: it is not known yet, and the model is not at hand to be traced.
        """
        for graph in self._graphs:
            if graph.holds(sizes):
                return graph
        self._require_source()
        return self._trace(sizes)

    @cached_property
    def exploration(self) -> Exploration:
        """The space of sizes, cut along the paths that were traced for its sake.

        Raises:
            InputError: the model is not at hand to be traced.
        """
        from shapecalc.sizes.exploration import Exploration

        self._require_source()
        hint = {name: self._first.hint[name] for name in self._names}
        exploration = Exploration(self._trace, hint, least=self._least)
        exploration.add(self._first)
        return exploration

    def check(self, sizes: Mapping[str, int]) -> None:
        """Hold sizes that are given against those that a path hangs on.

        Raises:
            PatternError: a symbol has no value, or a value is not a size.
        """
        missing = [name for name in self._names if name not in sizes]
        if missing:
            raise PatternError(f"a size is missing for {', '.join(missing)}: give {missing[0]}=...")
        unknown = [name for name in sizes if name not in self._names]
        if unknown:
            known = ", ".join(self._names) or "none"
            raise PatternError(f"{unknown[0]} is no symbol of this model; they are: {known}")
        for name, size in sizes.items():
            least = self._least.get(name, 1)
            if not isinstance(size, int) or isinstance(size, bool) or size < least:
                wanted = f"a whole number of at least {least}"
                raise PatternError(f"{name} is a size: {wanted}, got {size!r}")

    def _trace(self, sizes: Mapping[str, int]) -> LayerGraph:
        graph = retrace(self._source, self._patterns, sizes, train=self._train)
        if not graph.findings:
            self._graphs.append(graph)
        return graph

    def _require_source(self) -> None:
        if not self._patterns.inputs() or self._source is None:
            raise InputError("these formulas cannot be derived again at other sizes")
