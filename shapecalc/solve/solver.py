"""Solving backwards: at which sizes something is true of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.errors import InputError, PatternError
from shapecalc.graph import Label, Layer, LayerGraph, ModuleCall
from shapecalc.sets import SizeSet
from shapecalc.sets.merging import merged
from shapecalc.sets.parts import parts
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.nearby import nearest_tried
from shapecalc.solve.for_all import for_all
from shapecalc.solve.forms import forms
from shapecalc.solve.meaning import Meaning
from shapecalc.solve.query import parse_question
from shapecalc.solve.question import Question
from shapecalc.solve.reason import reason
from shapecalc.solve.references import NotReached
from shapecalc.solve.solution import Reading, Solution, Trial
from shapecalc.solve.trial import box, range_text, spoken, try_sizes
from shapecalc.solve.view import View

_TOGETHER = 3  # symbols; the nearest values of many at once take long


@dataclass(frozen=True)
class Solver:
    """A model's accepted sizes, and what is needed to ask questions about them.

    `failed` are the graphs of traces that ended in a mistake: they tell what arrives at a layer
    that rejects it. `near` are sizes, for an example near them.
    """

    accepted: AcceptedSizes
    failed: Sequence[LayerGraph] = ()
    near: Mapping[str, int] = field(default_factory=dict)

    def solve(self, text: str, *, for_: Iterable[str] = ()) -> Solution:
        """Return all sizes that answer a question, or all values of `for_` that always do.

        Raises:
            PatternError: the question cannot be read, or `for_` is no symbol.
            InputError: it speaks of something that the model has not.
        """
        question, names = parse_question(text), tuple(dict.fromkeys(for_))
        for name in names:
            if name not in self.symbols:
                known = ", ".join(self.symbols) or "none"
                raise PatternError(f"{name!r} is no symbol of this model; they are: {known}")
        views = self._views(question, beyond=not names)
        if names:
            found = for_all(self.accepted, views, names, self._least)
            return self._answer(question, views, found.sets, names, found.forms, found.trial)
        sets = [part for view in views for part in view.solutions]
        return self._answer(question, views, merged(sets), names, _forms(views, self._parameters))

    # ---------------------------------------------------------------- symbols

    @cached_property
    def symbols(self) -> dict[str, Dim]:
        """The symbols by name, as they stand in the formulas."""
        names = self.accepted.symbols
        return {name: dims.symbol(name, minimum=self._least[name]) for name in names}

    @cached_property
    def _least(self) -> dict[str, int]:
        every = self.accepted.every
        return {name: 0 if every.contains({name: 0}) else 1 for name in every.names}

    @cached_property
    def _inputs(self) -> set[str]:
        """The names of the symbols that the inputs have, and not the parameters of a spec."""
        graphs = (*(piece.graph for piece in self.accepted.pieces), *self.failed)
        return {str(symbol) for graph in graphs for symbol in graph.symbols}

    @cached_property
    def _parameters(self) -> list[Dim]:
        """The parameters of a spec, paddings first: they are what is adapted to the others."""
        found = [name for name in self.symbols if name not in self._inputs]
        return [self.symbols[name] for name in sorted(found, key=lambda name: self._least[name])]

    # ---------------------------------------------------------------- views

    def _views(self, question: Question, *, beyond: bool) -> list[View]:
        """Return what the question means for the sizes of every graph where it means something.

        Where it only asks what arrives at layers, that is said of all sizes that come that far,
        if it may go `beyond` what is accepted.
        """
        views, missing = list[View](), list[NotReached]()
        for piece in self.accepted.pieces:
            try:
                view = self._view(question, piece.graph, piece.sizes, beyond=beyond)
            except InputError as error:
                if not piece.complete:  # what it asks about may lie behind the end of the trace
                    end = piece.graph.findings[0].message
                    raise InputError(f"{error}; the trace ends early: {end}") from None
                if not isinstance(error, NotReached):
                    raise
                missing.append(error)
            else:
                views.append(view)
        for graph in self.failed if beyond else ():
            try:
                view = self._view(question, graph, None, beyond=True)
            except InputError as error:  # such as for the output, which there is not
                if isinstance(error, NotReached):
                    missing.append(error)
                continue
            if view.arriving:
                views.append(view)
        if missing and not views:
            raise missing[0]
        if not views and not self.accepted.pieces:
            raise PatternError(
                "the model accepts no sizes, so that nothing comes out of it"
                if self.accepted.complete
                else "no sizes are known that the model accepts"
            )
        return views

    def _view(
        self, question: Question, graph: LayerGraph, sizes: SizeSet | None, *, beyond: bool
    ) -> View:
        meaning = Meaning(graph, self.symbols)
        cases = meaning.cases(question.asked)
        formulas = {str(ref): meaning.sizes(ref) for ref in question.references()}
        for text, values in formulas.items():
            if not {str(symbol) for symbol in dims.symbols_of(values)} <= self.symbols.keys():
                raise PatternError(f"{text} depends on data, which no input size determines")
        asked = meaning.references
        # which of the premises belong to the last of several calls is not known
        arriving = beyond and bool(asked.arrivals) and not (asked.beyond or asked.repeated)
        if arriving:
            sizes = self._reached(graph, asked.arrivals)
        reached = SizeSet.none(self.accepted.symbols) if sizes is None else sizes
        return View(reached, cases, formulas, meaning, arriving)

    def _reached(self, graph: LayerGraph, arrivals: Mapping[int, Layer | ModuleCall]) -> SizeSet:
        """Return the sizes at which a graph holds up to the last of some layers."""
        place = max(arrivals)
        first = {arrivals[place].name: place}
        records: tuple[Layer | ModuleCall, ...] = (*graph.calls, *graph.layers)
        for record in records:
            at = record.index if isinstance(record, Layer) else record.layers.start
            first[record.name] = min(at, first.get(record.name, at))
        sizes = self.accepted.every
        for premise in graph.premises:
            if premise.op and premise.layer and first.get(premise.layer, -1) >= place:
                break  # what this layer and those after it need
            sizes = sizes.where(premise.condition)
        return sizes

    # ---------------------------------------------------------------- the answer

    def _answer(
        self,
        question: Question,
        views: Sequence[View],
        sets: Sequence[SizeSet],
        for_: tuple[str, ...],
        solved: tuple[str, ...],
        trial: Trial | None = None,
    ) -> Solution:
        examples = (self._example(part) for part in sets)
        example = next((at for at in examples if at is not None), None)
        if example is None and sets:
            trial = self._trial(sets)
            example = next(iter(trial.found), None)
        unexplored = (*self.accepted.unexplored, *self.accepted.undecided)
        undecided = ""
        if trial is not None and not (sets and trial.found):
            what = "no proof was found" if trial.found else "none was found, and none is ruled out"
            undecided = f"{what}; tried were {range_text(trial)}"
        elif unexplored:
            undecided = "not all paths of the model were explored: solutions may be missing"
        none = not sets and not undecided
        return Solution(
            question=question.text,
            symbols=sets[0].names if sets else tuple(self._kept(for_)),
            sizes=tuple(sets),
            none=none,
            reason=reason(question, views, for_) if none else "",
            undecided=undecided,
            forms=solved,
            readings=tuple(Reading(view.sizes, view.formulas) for view in views),
            example=example,
            for_=for_,
            rejected=() if for_ else self._rejected(views, sets),
            unexplored=unexplored,
            trial=trial,
            every=not for_ and self.accepted.exact and self._are_all(sets),
            notes=tuple(self._notes(views)),
        )

    def _kept(self, for_: Sequence[str]) -> Iterable[str]:
        return [n for n in self.symbols if not for_ or n in for_ or n not in self._inputs]

    def _example(self, part: SizeSet) -> Mapping[str, int] | None:
        """Return sizes of a set near those of the trace, where there are some near by."""
        near = {name: self.near.get(name, 1) for name in part.names}
        if part.open:
            said = spoken(part.open)
            found = nearest_tried(part, {name: near[name] for name in part.names if name in said})
            if found is None:
                return None
            part = part.at(found)
            rest = [name for name in part.names if name not in found]
            known = SizeSet(part.names, part.points, ()).onto(rest)
            at = {**found, **self._nearest(known, near)}
            return {name: at[name] for name in near}
        return self._nearest(part, near)

    def _nearest(self, part: SizeSet, near: Mapping[str, int]) -> dict[str, int]:
        """Return the nearest sizes, for each group of symbols by itself where they are many."""
        groups = [p.names for p in parts(part)] if len(part.names) > _TOGETHER else [part.names]
        found: dict[str, int] = {}
        for names in groups:
            found.update(part.onto(names).nearest({name: near[name] for name in names}) or {})
        return {name: found[name] for name in part.names if name in found}

    def _trial(self, sets: Sequence[SizeSet]) -> Trial:
        """Try whether sets that isl cannot write hold anything."""
        names = spoken(condition for part in sets for condition in part.open)
        tried = [name for name in sets[0].names if name in names]

        def holds(at: Mapping[str, int]) -> bool:
            return any(part.contains(at) for part in sets if _meets(part.open, at))

        return try_sizes(holds, box(tried, self._inputs), self._least)

    def _rejected(self, views: Sequence[View], sets: Sequence[SizeSet]) -> tuple[SizeSet, ...]:
        if not any(view.arriving for view in views) or not self.accepted.exact:
            return ()
        parts = (part.minus(self.accepted.proved) for part in sets)
        return tuple(part for part in parts if part.is_empty() is not True)

    def _are_all(self, sets: Sequence[SizeSet]) -> bool:
        return len(sets) == 1 and not sets[0].open and sets[0].matches(self.accepted.proved)

    def _notes(self, views: Sequence[View]) -> Iterable[str]:
        repeated = {
            name: count
            for view in views
            for name, count in view.meaning.references.repeated.items()
        }
        for name, count in repeated.items():
            yield f"{name} is called {count} times: the last call is meant"
        if len({id(view.meaning.graph) for view in views}) < len(self.accepted.pieces):
            yield "on some paths of the model there is no such layer: their sizes are no solutions"
        labels = {layer.label for view in views for layer in view.meaning.graph.layers} - {
            Label.PROVED
        }
        if labels:
            yield "some ops have no rule: what follows from their shapes was measured, not proved"


def _meets(conditions: Iterable[Condition], at: Mapping[str, int]) -> bool:
    return all(condition.holds(at) for condition in conditions)


def _forms(views: Sequence[View], symbols: Sequence[Dim]) -> tuple[str, ...]:
    """Return the parameters that a question gives in terms of others, if it has one case."""
    if len(views) != 1 or len(views[0].cases) != 1:
        return ()
    return forms(views[0].cases[0], symbols)
