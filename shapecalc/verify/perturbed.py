"""What a real model does when one slice of its input is changed: the outputs that change with it.

A slice is all elements of an input with one index on one axis: a row or a column of an image.
Runs are in float64, in which no fast algorithm spreads rounding over elements that do not depend
on one another, and start from the same random numbers every time. Several slices are changed in
one run, each in a copy of its own along the batch, where the model keeps the copies apart.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn

from shapecalc.graph import LayerGraph, OutputRef
from shapecalc.inputs import Patterns, fill
from shapecalc.receptive_field.axes import roles
from shapecalc.trace.restore import left_as_it_was
from shapecalc.verify.change import alike, apart, changed, differs, drawn
from shapecalc.verify.observe import buffers_kept
from shapecalc.verify.watch import Calls, Lost, hooked, is_nan, tensors

_SMALL, _OFTEN = 24, 6  # a slice of fewer elements is changed more than once: each in many ways
_COPIES = 3  # that are compared with runs of their own

Masks: TypeAlias = Mapping[OutputRef, torch.Tensor]


class RunError(Exception):
    """The real model raised, or took another path because of the values that it was given."""


@dataclass(frozen=True, slots=True)
class Slice:
    """All elements of an input with one index on one axis."""

    input: str
    axis: int
    index: int


class Traces(NamedTuple):
    """Where a NaN in a slice comes out, and where it may have got lost on the way."""

    masks: Masks
    lost: frozenset[Lost]
    after: frozenset[int]  # the layers that depend on an output that may have lost one

    def all_come_out(self, source: OutputRef) -> bool:
        """Tell whether no NaN can have got lost on the way to an output."""
        return (source.layer, source.output) not in self.lost and source.layer not in self.after


class RealRuns:
    """Runs of one model at one choice of sizes, of which some outputs are watched.

    Attributes:
        shapes: those of the watched outputs that the real model comes to.
    """

    def __init__(
        self,
        model: nn.Module,
        graph: LayerGraph,
        patterns: Patterns,
        sizes: Mapping[str, int],
        watched: Sequence[OutputRef],
        *,
        train: bool,
    ) -> None:
        self._model = model
        self._graph = graph
        self._patterns = patterns
        self._train = train
        self._watched = set(watched)
        self._names: list[str] | None = None
        self._inputs = {p.name: drawn(p, sizes) for p in patterns.all()}
        self._batch = {tensor.name: roles(tensor).batch for tensor in graph.inputs}
        self._layer_at: dict[int, int] = {}
        if graph.events:
            self._align()
        values = self._outputs(self._inputs)
        self.shapes = {source: value.shape for source, value in values.items()}
        self._based: dict[int, Masks] = {1: values}

    def keeps_copies_apart(self) -> bool:
        """Tell whether copies of the input along the batch are computed each on its own."""
        batches = [(tensor, self._batch[tensor.name]) for tensor in self._graph.inputs]
        sizes = {tensor.shape[axis] for tensor, axis in batches if axis is not None}
        if len(sizes) != 1 or not sizes.pop().is_Symbol:
            return False
        if any(axis is None or self._inputs[x.name].shape[axis] != 1 for x, axis in batches):
            return False
        others = [self._another(number) for number in range(_COPIES)]
        joined = {
            name: torch.cat([other[name] for other in others], self._batch[name] or 0)
            for name in self._inputs
        }
        try:
            together = self._outputs(joined)
            for number in (0, _COPIES - 1):
                alone = self._outputs(others[number])
                for source, shape in self.shapes.items():
                    copies = apart(together[source], shape, _COPIES)
                    if copies is None or not alike(copies[number], alone[source]):
                        return False
        except (RunError, KeyError):  # an output that is not made every time
            return False
        return True

    def changed(self, slices: Sequence[Slice]) -> list[Masks]:
        """Return for every slice which elements of the watched outputs change with it.

        Each element of the slice is changed by a little or by a lot, up or down, at random.
        """
        count = len(slices)
        base = self._base(count)
        masks = {
            source: torch.zeros_like(value, dtype=torch.bool) for source, value in base.items()
        }
        sample = self._inputs[slices[0].input]
        size = sample.numel() // max(sample.shape[slices[0].axis], 1)
        for number in range(1 if size >= _SMALL else _OFTEN):
            generator = torch.Generator().manual_seed(number + 1)

            def change(x: torch.Tensor, generator: torch.Generator = generator) -> torch.Tensor:
                return changed(x, generator)

            def compare(source: OutputRef, value: torch.Tensor) -> None:
                if value.shape == base[source].shape:
                    masks[source] |= differs(base[source], value)

            # a change that the model refuses, such as a probability above 1, tells nothing
            with contextlib.suppress(RunError):
                self._run(self._with(slices, change), compare)
        return self._by_slice(masks, count)

    def traces(self, slices: Sequence[Slice]) -> list[Traces] | None:
        """Send a NaN through each slice: it comes out wherever the model computes with it.

        None where that tells nothing, because the input holds whole numbers or the model refuses.
        """
        if not all(self._inputs[s.input].is_floating_point() for s in slices):
            return None
        count = len(slices)
        masks: dict[OutputRef, torch.Tensor] = {}

        def keep(source: OutputRef, value: torch.Tensor) -> None:
            masks[source] = is_nan(value)

        lost: set[Lost] = set()
        try:
            self._run(self._with(slices, lambda x: torch.full_like(x, torch.nan)), keep, lost)
        except RunError:
            return None
        found = self._by_slice(masks, count)
        return [Traces(each, frozenset(lost), self._after(lost)) for each in found]

    # ------------------------------------------------------------------ inputs

    def _another(self, number: int) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(100 + number)
        return {name: changed(x, generator) for name, x in self._inputs.items()}

    def _copied(self, count: int) -> dict[str, torch.Tensor]:
        return {
            name: x if count == 1 else torch.cat([x] * count, self._batch[name] or 0)
            for name, x in self._inputs.items()
        }

    def _with(
        self, slices: Sequence[Slice], change: Callable[[torch.Tensor], torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Return copies of the inputs with one slice of each changed."""
        inputs = {name: x.clone() for name, x in self._copied(len(slices)).items()}
        for number, one in enumerate(slices):
            x = inputs[one.input]
            own = x if len(slices) == 1 else x.narrow(self._batch[one.input] or 0, number, 1)
            part = own.select(one.axis, one.index)
            part.copy_(change(part))
        return inputs

    def _base(self, count: int) -> Masks:
        if count not in self._based:
            self._based[count] = self._outputs(self._copied(count))
        return self._based[count]

    def _by_slice(self, masks: Masks, count: int) -> list[Masks]:
        found: list[dict[OutputRef, torch.Tensor]] = [{} for _ in range(count)]
        for source, mask in masks.items():
            copies = apart(mask, self.shapes[source], count)
            for number in range(count):
                if copies is not None:
                    found[number][source] = copies[number]
        return list(found)

    # ------------------------------------------------------------------ runs

    def _align(self) -> None:
        """Find the torch calls of a real run that are those of the trace."""
        names: list[str] = []
        self._call(self._inputs, Calls(lambda *_: None, names.append))
        traced = [name for name, _ in self._graph.events]
        if names == traced:
            pairs = [(n, n) for n in range(len(names))]
        else:
            matcher = SequenceMatcher(None, traced, names, autojunk=False)
            blocks = matcher.get_matching_blocks()
            pairs = [(a + n, b + n) for a, b, size in blocks for n in range(size)]
        numbers = {b: self._graph.events[a][1] for a, b in pairs}
        self._layer_at = {b: number for b, number in numbers.items() if number is not None}
        self._names = names

    def _outputs(self, inputs: Mapping[str, torch.Tensor]) -> dict[OutputRef, torch.Tensor]:
        found: dict[OutputRef, torch.Tensor] = {}

        def keep(source: OutputRef, value: torch.Tensor) -> None:
            found[source] = value.clone()  # the next op may change it in place

        self._run(inputs, keep)
        return found

    def _run(
        self,
        inputs: Mapping[str, torch.Tensor],
        take: Callable[[OutputRef, torch.Tensor], None],
        lost: set[Lost] | None = None,
    ) -> None:
        """Run the model, and hand on the watched outputs as they are made."""

        def took(layer: int | None, result: Any) -> None:
            if layer is None:
                return
            for output, tensor in enumerate(tensors(result)):
                if (source := OutputRef(layer, output)) in self._watched:
                    take(source, tensor)

        if self._names is None:
            with hooked(self._model, self._graph, took):  # a call within is of no layer by itself
                self._call(inputs, Calls(lambda *_: None, lambda _: None, lost))
            return
        place, names = iter(range(len(self._names))), self._names

        def number(name: str) -> int | None:
            n = next(place, -1)
            if n < 0 or names[n] != name:
                raise RunError(f"the model does not call {names[n]} every time")
            return self._layer_at.get(n)

        self._call(inputs, Calls(took, number, lost))

    def _call(
        self, inputs: Mapping[str, torch.Tensor], watching: contextlib.AbstractContextManager[Any]
    ) -> None:
        with left_as_it_was(self._model, train=self._train), buffers_kept(self._model):
            torch.manual_seed(0)
            args, kwargs = fill(self._patterns, lambda pattern: inputs[pattern.name].clone())
            with torch.no_grad(), watching:
                try:
                    self._model(*args, **kwargs)
                except RunError:
                    raise
                except (Exception, SystemExit) as error:  # the model's own code may raise anything
                    why = f"{type(error).__name__}: {error}".split("\n")[0]
                    raise RunError(why) from error

    def _after(self, lost: set[Lost]) -> frozenset[int]:
        """Return the layers that depend on these outputs: all, where one is of no known layer."""
        if any(layer is None for layer, _ in lost):
            return frozenset(range(len(self._graph.layers)))
        after: set[int] = set()
        for layer in self._graph.layers:
            sources = [s for s in layer.sources if isinstance(s, OutputRef)]
            if any((s.layer, s.output) in lost or s.layer in after for s in sources):
                after.add(layer.index)
        return frozenset(after)
