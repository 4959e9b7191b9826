"""The ways that a model may take where data decide, and what is true on all of them.

One way is traced first. Where its `if`s ask for data, the ways not taken are traced as well, as
many as a budget allows. A shape that is the same on all of them is as good as proved by a rule;
a size that differs becomes a symbol; what only some of them come by holds on these alone.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Label, Layer, LayerGraph, ModuleCall, map_shapes, shapes_in
from shapecalc.trace.data_choices import Answer, Choice, Choices

_MOST = 12  # ways that are traced
_SOME = 4  # where that is hopeless
_NAMED = 4  # sizes that are named where there are many
_FAR = 1 << 30  # beyond every layer
_ANY = float("nan")  # an answer that is equal to none that was given


@dataclass(frozen=True, slots=True)
class Way:
    """One trace, and what it was answered where data decide."""

    graph: LayerGraph
    choices: tuple[Choice, ...]
    held: bool
    wanted: bool

    @property
    def ended(self) -> bool:
        """Whether it does not reach the outputs."""
        return bool(self.graph.findings)


def followed(trace: Callable[[Choices], LayerGraph]) -> LayerGraph:
    """Return what is true on every way that data may take, and label what is not.

    `trace` makes one trace with the answers that it is given. Where the ways differ, and some
    values hang on sizes alone, these are computed: then the answer holds at the hint's sizes.
    """
    agreement = _followed(trace, pins=False)
    if agreement.in_doubt and agreement.held:
        agreement = _followed(trace, pins=True)
    return agreement.graph()


def _followed(trace: Callable[[Choices], LayerGraph], *, pins: bool) -> _Agreement:
    names: dict[object, str] = {}
    ways, unseen = _ways(trace, names, lambda ways: ways[-1].wanted and not pins, pins=pins)
    return _Agreement(ways, unseen, names)


def one_that_goes_on(trace: Callable[[Choices], LayerGraph]) -> LayerGraph:
    """Return the first way found on which the model's own code raises nothing.

    `if not ok.all(): raise ...` is no mistake of the model: most data are well.
    """

    def stopped(way: Way) -> bool:
        return any(finding.kind in ("data", "forward") for finding in way.graph.findings)

    ways, _ = _ways(trace, {}, lambda ways: not stopped(ways[-1]))
    return next((way for way in ways if not stopped(way)), ways[0]).graph


def _ways(
    trace: Callable[[Choices], LayerGraph],
    names: dict[object, str],
    enough: Callable[[list[Way]], bool],
    *,
    pins: bool = False,
) -> tuple[list[Way], list[tuple[Answer, ...]]]:
    """Return the ways that were traced, and how others begin that were not.

    The first one comes first, then those that part from it at one choice.
    """
    ways: list[Way] = []
    waiting: deque[tuple[Answer, ...]] = deque([()])
    unseen: list[tuple[Answer, ...]] = []
    most = _MOST
    while waiting and len(ways) < most:
        choices = Choices(told := waiting.popleft(), names, pins=pins)
        ways.append(Way(trace(choices), tuple(choices.made), choices.held, choices.wanted))
        if enough(ways):
            break
        if len(choices.made) >= _MOST:  # there are more ways than can be seen
            most = min(most, _SOME)
        answers = tuple(choice.answer for choice in choices.made)
        for number, choice in enumerate(choices.made):
            if number >= len(told):
                waiting.extend((*answers[:number], other) for other in choice.others)
                if not choice.complete:
                    unseen.append((*answers[:number], _ANY))
    return ways, [*unseen, *waiting]


class _Agreement:
    """What the ways have in common, told as one graph: that of the first that reaches the end."""

    def __init__(
        self,
        ways: Sequence[Way],
        unseen: Sequence[tuple[Answer, ...]],
        names: dict[object, str],
    ) -> None:
        through = [way for way in ways if not way.ended]
        self._main = through[0] if through else max(ways, key=lambda way: len(way.graph.layers))
        self._others = [way for way in through if way is not self._main]
        self._ended = [way for way in ways if way.ended and way is not self._main]
        self._names = names
        self._sizes: dict[tuple[Dim, ...], Dim] = {}  # a symbol for sizes that do not agree
        self._differs = False
        self.held = any(way.held for way in ways)
        cut_short = [
            tuple(choice.answer for choice in way.choices)
            for way in self._ended
            if any(finding.kind != "forward" for finding in way.graph.findings)
        ]
        of_data = (f.kind == "data" for way in self._ended for f in way.graph.findings)
        self._may_go_on = bool(unseen) or any(of_data)
        # the number of the first layer that ways which nobody saw to their end need not have
        self._seen = min(map(self._parting, (*unseen, *cut_short)), default=_FAR)

    def _parting(self, answers: Sequence[Answer]) -> int:
        pairs = zip(self._main.choices, answers, strict=False)
        return next((choice.layer for choice, other in pairs if choice.answer != other), _FAR)

    @cached_property
    def in_doubt(self) -> bool:
        """Whether a module or the model hands on what differs, or some way was not seen."""
        if self._seen < _FAR or self._main.ended or self._main.wanted:
            return True
        calls = dict(_numbered(self._main.graph.calls, _module))
        return any(
            way.graph.output != self._main.graph.output
            or any(
                key in calls and calls[key].outputs != call.outputs
                for key, call in _numbered(way.graph.calls, _module)
            )
            for way in self._others
        )

    def graph(self) -> LayerGraph:
        """Return the graph of the main way with what the others say about it."""
        if not self._main.choices:
            return self._main.graph
        return replace(self._told, notes=(*self._main.graph.notes, *self._notes()))

    @cached_property
    def _told(self) -> LayerGraph:
        main = self._main.graph
        premises = {premise.condition: premise for premise in main.premises}
        for way in self._others:
            for premise in way.graph.premises:
                held = replace(premise.assumption, kind="branch")
                premises.setdefault(premise.condition, replace(premise, assumption=held))
        findings = main.findings
        if self._main.ended and self._may_go_on:
            findings = tuple(replace(finding, kind="data") for finding in findings)
        return replace(
            main,
            layers=tuple(self._layers(main.layers)),
            calls=tuple(self._calls(main.calls)),
            output=self._output(main.output, [way.graph.output for way in self._others]),
            premises=tuple(premises.values()),
            findings=findings,
        )

    # ---------------------------------------------------------------- what is compared

    def _layers(self, layers: Sequence[Layer]) -> Iterator[Layer]:
        there = [dict(_numbered(way.graph.layers, _place)) for way in self._others]
        for key, layer in _numbered(layers, _place):
            met = [found[key] for found in there if key in found]
            shapes = self._shapes(layer.out_shapes, [other.out_shapes for other in met])
            label, note = layer.label, layer.note
            if shapes is None or len(met) < len(there):
                label = label.weaker(Label.PROBED)
                note = note or self._said()
                self._differs = True
            elif shapes != layer.out_shapes:
                label, note = Label.UNKNOWN, note or self._said()
                self._differs = True
            elif layer.index >= self._seen:
                label = label.weaker(Label.PROBED)
                note = note or f"it was looked at on {len(there) + 1} of the ways that data take"
            given = self._shapes(layer.in_shapes, [other.in_shapes for other in met])
            yield replace(
                layer,
                out_shapes=shapes or layer.out_shapes,
                in_shapes=given or layer.in_shapes,
                label=label,
                note=note,
            )

    def _calls(self, calls: Sequence[ModuleCall]) -> Iterator[ModuleCall]:
        there = [dict(_numbered(way.graph.calls, _module)) for way in self._others]
        for key, call in _numbered(calls, _module):
            met = [found[key] for found in there if key in found]
            inputs = self._structure(call.inputs, [other.inputs for other in met])
            outputs = self._structure(call.outputs, [other.outputs for other in met])
            keywords = self._structure(dict(call.keywords), [dict(c.keywords) for c in met])
            yield replace(call, inputs=inputs, outputs=outputs, keywords=keywords)

    def _output(self, output: Any, others: Sequence[Any]) -> Any:
        if any(not _alike(output, other) for other in others):
            self._differs = True
        return self._structure(output, others)

    def _structure(self, one: Any, others: Sequence[Any]) -> Any:
        """Return nested shapes, with a symbol where another of the same structure differs."""
        flat = [list(shapes_in(other)) for other in others if _alike(one, other)]
        rows = iter(zip(*flat, strict=True) if flat else ())

        def agreed(shape: Shape) -> Shape:
            return self._shape(shape, next(rows, ()))

        return map_shapes(agreed, one)

    def _shapes(
        self, one: tuple[Shape, ...], others: Sequence[tuple[Shape, ...]]
    ) -> tuple[Shape, ...] | None:
        """Return what shapes agree on; None where they differ in more than sizes."""
        ranks = list(map(len, one))
        if any(list(map(len, other)) != ranks for other in others):
            return None
        rows = zip(*others, strict=True) if others else (() for _ in one)
        return tuple(self._shape(shape, row) for shape, row in zip(one, rows, strict=True))

    def _shape(self, shape: Shape, others: Sequence[Shape]) -> Shape:
        if all(other == shape for other in others):
            return shape
        columns = zip(shape, *others, strict=True)
        return Shape(self._size(tuple(dict.fromkeys(column))) for column in columns)

    def _size(self, sizes: tuple[Dim, ...]) -> Dim:
        if len(sizes) == 1:
            return sizes[0]
        if sizes not in self._sizes:
            name = self._names.setdefault(("ways", sizes), f"u{len(self._names)}")
            self._sizes[sizes] = dims.symbol(name, minimum=0)
            self._differs = True
        return self._sizes[sizes]

    # ---------------------------------------------------------------- what is said of it

    def _said(self) -> str:
        return "; ".join(dict.fromkeys(map(str, self._main.choices[:3])))

    def _notes(self) -> Iterator[str]:
        for sizes, symbol in self._sizes.items():
            told = [size for size in sizes if len(size.free_symbols) <= _NAMED][:_NAMED]
            either = " or ".join(map(dims.format_dim, told)) or "a formula of many others"
            rest = " or another" if self._seen < _FAR or len(told) < len(sizes) else ""
            yield f"{symbol} is a size that depends on data: {either}{rest}"
        if self._differs or self._seen < _FAR:
            yield from dict.fromkeys(map(str, self._main.choices))


def _place(layer: Layer) -> Hashable:
    """Return where a layer is called: its name would count other calls in the same module."""
    return layer.name.rpartition(".")[0], layer.function, layer.location


def _module(call: ModuleCall) -> Hashable:
    return call.name, call.kind


def _numbered(records: Sequence[Any], key: Callable[[Any], Hashable]) -> Iterator[tuple[Any, Any]]:
    """Yield records with their key and how often it came before."""
    seen: Counter[Hashable] = Counter()
    for record in records:
        yield (key(record), seen[key(record)]), record
        seen[key(record)] += 1


def _alike(one: Any, other: Any) -> bool:
    """Tell whether two nested structures have shapes of the same rank in the same places."""
    if isinstance(one, Shape) or isinstance(other, Shape):
        return isinstance(one, Shape) and isinstance(other, Shape) and len(one) == len(other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(_alike, one, other))
    return type(one) is type(other)
