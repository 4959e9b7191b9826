"""The paths of a model: the input space, split along the conditions that its traces meet.

A trace at a hint leaves a path of conditions behind. Where a requirement of the path fails, the
model rejects the input. Where a branch goes the other way, another trace has to tell. So each
trace cuts the part of the space that it was made in into one piece that it answers for, pieces
that are rejected, and parts that are still open; and the parts shrink until all is answered for,
or a budget is spent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from shapecalc.conditions import Condition
from shapecalc.graph import LayerGraph, Location, Premise
from shapecalc.sets import SizeSet, search

NUMBERS = 32
Trace = Callable[[Mapping[str, int]], LayerGraph]


@dataclass(frozen=True, slots=True)
class Piece:
    """Sizes for which the formulas of one graph hold, and what has to hold for them."""

    sizes: SizeSet
    graph: LayerGraph

    @property
    def complete(self) -> bool:
        """Whether the graph goes through to the outputs; it may end where data decide."""
        return not self.graph.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Sizes that a model rejects, and what rejects them.

    They fail to meet `condition`, which `op` in module `layer` needs, called at `location`. Where
    the model's own code raises, `op` is empty, and `condition` is that of the `assert` or of the
    `if` around it, or None where none is known.
    """

    sizes: SizeSet
    condition: Condition | None
    message: str
    layer: str = ""
    op: str = ""
    location: Location | None = None


def _failing(sizes: SizeSet, premise: Premise) -> Rejection:
    """Return the sizes at which a requirement fails."""
    return Rejection(
        sizes=sizes,
        condition=premise.condition,
        message=premise.assumption.why,
        layer=premise.layer,
        op=premise.op,
        location=premise.location,
    )


def _mistaken(sizes: SizeSet, graph: LayerGraph) -> Rejection:
    """Return the sizes at which a trace ended in a mistake, with the last choice before it."""
    mistake, last = graph.mistakes[0], next(reversed(graph.premises), None)
    needed, op = mistake.condition, ""
    if last is not None and last.assumption.kind == "branch" and last.location == mistake.location:
        contrary = last.condition.negated()
        needed, op = (contrary, last.op) if needed in (None, contrary) else (needed, "")
    return Rejection(
        sizes=sizes,
        condition=needed,
        message=mistake.message,
        layer=mistake.layer,
        op=op,
        location=mistake.location,
    )


@dataclass(frozen=True, slots=True)
class Open:
    """Sizes that no trace has answered for yet, and the conditions that lead there.

    `numbered` counts the traces that only differ in a number that the model's code asked for at
    one place: a `range(H)` has a path for every H.
    """

    sizes: SizeSet
    path: tuple[Condition, ...]
    numbered: int = 0


class Exploration:
    """What is known of a model's paths so far. It grows with every trace.

    `least` are the symbols that may be 0, `fixed` those that keep a size.
    """

    def __init__(
        self,
        trace: Trace,
        hint: Mapping[str, int],
        *,
        least: Mapping[str, int] | None = None,
        fixed: Mapping[str, int] | None = None,
    ) -> None:
        self._trace = trace
        self._hint = dict(hint)
        self._least = dict(least or {})
        self.names = tuple(hint)
        self.pieces: list[Piece] = []
        self.rejections: list[Rejection] = []
        self.failed: list[LayerGraph] = []
        everywhere = SizeSet.every(self.names, self._least)
        self.open: list[Open] = [Open(everywhere.at(fixed or {}), ())]
        self.undecided: list[Open] = []  # no sizes were found there, and none were ruled out
        self.traces = 0
        self._numbers: dict[object, int] = {}

    @property
    def every(self) -> SizeSet:
        """All sizes that there are."""
        return SizeSet.every(self.names, self._least)

    def until_accepted(self, *, traces: int) -> LayerGraph | None:
        """Trace until a graph reaches the outputs, and return it; None where none does.

        The part that was cut off last is taken first: behind a failed requirement lie the sizes
        that meet it.
        """
        while self.open and self.traces < traces and not self.pieces:
            self._explore(self.open.pop())
        return self.pieces[0].graph if self.pieces else None

    def cover(
        self, *, traces: int, seconds: float, told: Callable[[Exploration], None] | None = None
    ) -> None:
        """Trace until no part is open, or so many traces were made, or so much time has passed.

        No more than `NUMBERS` traces are spent on the numbers that the code asks for at one place.
        """
        end = time.monotonic() + seconds
        last = self.traces + traces
        while self.traces < last and time.monotonic() < end:
            part = next((part for part in self.open if part.numbered < NUMBERS), None)
            if part is None:
                break
            self.open.remove(part)
            self._explore(part)
            if told is not None:
                told(self)

    def add(self, graph: LayerGraph) -> None:
        """Let a graph that was traced elsewhere answer for the part its hint is in."""
        for part in self.open:
            if part.sizes.contains(graph.hint):
                self.open.remove(part)
                self._split(part, graph)
                return

    def furthest(self) -> LayerGraph | None:
        """Return the graph of the failed trace that came furthest."""
        return max(self.failed, key=lambda graph: len(graph.layers), default=None)

    # ---------------------------------------------------------------- one part

    def _explore(self, part: Open) -> None:
        if part.sizes.is_empty():
            return
        hint = self._sizes_in(part)
        if hint is None:
            self.undecided.append(part)
            return
        self.traces += 1
        self._split(part, self._trace(hint))

    def _sizes_in(self, part: Open) -> dict[str, int] | None:
        """Return sizes of a part, usual ones if there are some, else those nearest to the hint."""
        undecidable = bool(part.sizes.open)
        found = search(part.path, self._hint, thorough=undecidable)
        if found is not None and part.sizes.contains(found):
            return found
        return None if undecidable else part.sizes.nearest(self._hint)

    def _split(self, part: Open, graph: LayerGraph) -> None:
        """Cut a part along the path of a trace that was made in it."""
        self._know(graph)
        here, path = part.sizes.with_names(self.names, self._least), part.path
        cut: list[Open] = []
        for premise in graph.premises:
            condition = premise.condition
            beyond = here.where(condition.negated())
            if beyond.is_empty():
                continue
            if premise.assumption.kind == "requirement":
                self.rejections.append(_failing(beyond, premise))
            else:
                contrary = (*path, condition.negated())
                cut.append(Open(beyond, contrary, self._numbered(premise)))
            here, path = here.where(condition), (*path, condition)
        if graph.mistakes:
            self.failed.append(graph)
            self.rejections.append(_mistaken(here, graph))
        else:
            self.pieces.append(Piece(here, graph))
        self.open += cut

    def _numbered(self, premise: Premise) -> int:
        """Count the numbers that a size was found to be at one place of the code."""
        condition = premise.condition
        if condition.relation != "==" or not condition.right.is_Integer:
            return 0
        place = (premise.location, premise.op, condition.left)
        self._numbers[place] = self._numbers.get(place, 0) + 1
        return self._numbers[place]

    def _know(self, graph: LayerGraph) -> None:
        """Take up the symbols that a graph speaks of: a spec names some only as it goes on."""
        new = [name for name in _names(graph) if name not in self.names]
        if new:
            self.names = (*self.names, *new)
            self._hint = {**graph.hint, **self._hint}
            self.open = [
                replace(part, sizes=part.sizes.with_names(self.names, self._least))
                for part in self.open
            ]


def _names(graph: LayerGraph) -> Iterable[str]:
    symbols = (symbol for premise in graph.premises for symbol in premise.condition.symbols)
    return dict.fromkeys(map(str, symbols))
