"""Which elements of every tensor the outputs of a model depend on, from the outputs backwards.

The fields of a walk from the inputs hold far from the borders. Which elements are lost at the
borders is told by the way back: an output reads some elements of an operand, those are all that
is asked of the op before, and so on. Padding is no element, on any level. Each axis of a tensor
has its own set of indices, exact for all sizes; where that cannot be written, it is all of them,
so that nothing is called unseen that is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from shapecalc.access import Access, AxisAccess, Regroup, Same, Whole
from shapecalc.dims import Dim, Shape
from shapecalc.graph import InputRef, LayerGraph, OutputRef, Source
from shapecalc.receptive_field.digits import Digit, blocks, plain
from shapecalc.receptive_field.isl import NotAffine, head
from shapecalc.receptive_field.passage import Passage
from shapecalc.receptive_field.remarks.survey import Survey
from shapecalc.receptive_field.writer import Writer
from shapecalc.sets import Relation, isl_text, relation

Asked: TypeAlias = tuple[Relation | None, ...]
"""For each axis of a tensor the indices that are asked for; None for all of them."""


def all_of(size: Dim) -> Relation | None:
    """Return all indices of an axis as a set, None where its size cannot be written."""
    text = isl_text(size, {})
    return None if text is None else relation(f"{head(size)}{{ [] -> [j] : 0 <= j < {text} }}")


class Demand:
    """What is asked of every tensor of a graph, so that the model's outputs can be computed."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._known: dict[tuple[object, ...], Relation | None] = {}
        self.asked: dict[Source, Asked] = {}
        self._walk()

    def _walk(self) -> None:
        survey = self._survey
        for source in outputs(survey.graph):
            self.asked[source] = (None,) * len(survey.shape(source))
        for layer in reversed(survey.graph.layers):
            for output in range(len(layer.out_shapes)):
                place = OutputRef(layer.index, output)
                if place in self.asked:
                    self.asked[place] = self._shortened(place)
                    for source, asked in self.reads(place, self.asked[place]):
                        self._ask(source, asked)
        for tensor in survey.graph.inputs:
            place_ = InputRef(tensor.name)
            if place_ in self.asked:
                self.asked[place_] = self._shortened(place_)

    def _shortened(self, source: Source) -> Asked:
        """Return what is asked of a tensor, with None for sets that hold all of an axis."""
        found = []
        for size, asked in zip(self._survey.shape(source), self.asked[source], strict=True):
            found.append(None if asked is None or self.is_all(asked, size) else asked)
        return tuple(found)

    def is_all(self, asked: Relation, size: Dim) -> bool:
        """Tell whether a set holds all indices of an axis, for all sizes."""
        return self.rest(asked, size) is None

    def rest(self, asked: Relation, size: Dim) -> Relation | None:
        """Return the indices of an axis that are not asked for; None where there are none."""
        entire = all_of(size)
        if entire is None:
            return None
        found = asked.complement(entire).given(self._survey.fields.context)
        return None if found.is_empty() else found

    def _ask(self, source: Source, asked: Asked) -> None:
        before = self.asked.get(source)
        if before is None:
            self.asked[source] = asked
            return
        both = zip(before, asked, strict=True)
        self.asked[source] = tuple(
            None if one is None or other is None else one.union(other) for one, other in both
        )

    def reads(self, place: OutputRef, asked: Asked) -> list[tuple[Source, Asked]]:
        """Return what a layer reads of its operands for some elements of one of its outputs."""
        layer, survey = self._survey.graph.layers[place.layer], self._survey
        rules = survey.reads(layer, place.output)
        found: list[tuple[Source, Asked]] = []
        for n, source in enumerate(layer.sources):
            if source is None:
                continue
            shape = survey.shape(source)
            everything: Asked = (None,) * len(shape)
            if rules is None or n >= len(rules):
                found.append((source, everything))
                continue
            access = rules[n]
            if access is None:
                continue
            out = survey.shape(place)
            if isinstance(access, Regroup):
                found.append((source, self._regrouped(shape, out, asked)))
                continue
            for one in [access] if isinstance(access, Access) else access:
                axes = range(len(shape))
                found.append(
                    (source, tuple(self._read(one, axis, shape, out, asked) for axis in axes))
                )
        return found

    def _regrouped(self, shape: Shape, out: Shape, asked: Asked) -> Asked:
        """Return what is read through a reshape: of axes that it leaves as they are."""
        found: list[Relation | None] = [None] * len(shape)
        setting = self._survey.fields.setting
        if any(one is not None for one in asked):
            for block in blocks(plain(shape), out, setting.hint, setting.equal) or ():
                if len(block.before) == len(block.after) == 1:
                    found[block.before[0].axis] = asked[block.after[0]]
        return tuple(found)

    def _read(
        self, access: Access, axis: int, shape: Shape, out: Shape, asked: Asked
    ) -> Relation | None:
        """Return what is read on one axis of an operand."""
        entry = access.axes[axis]
        ranged = {range_.axis for range_ in access.when}
        match entry:
            case Whole():
                return None
            case Same(target) if shape[axis] == out[target] and target not in ranged:
                return asked[target]
        key = (entry, access.when, shape, axis, out, asked)
        if key not in self._known:
            try:
                self._known[key] = self._image(access, entry, axis, shape, out, asked)
            except NotAffine:
                self._known[key] = None
        return self._known[key]

    def _image(
        self, access: Access, entry: AxisAccess, axis: int, shape: Shape, out: Shape, asked: Asked
    ) -> Relation | None:
        setting = self._survey.fields.setting
        passage = Passage(access, shape, plain(shape), out, setting)
        # padding, and what stands beyond a border, is told exactly
        passage.setting = replace(setting, concrete=True)
        writer = Writer(passage)
        writer.entry(entry, "__m", shape[axis], moving=False)
        for range_ in access.when:
            if Digit(range_.axis, 0) in writer.digits:
                writer.only(range_.axis, range_.start, range_.stop, range_.step)
        sets = [asked[digit.axis] or all_of(out[digit.axis]) for digit in writer.digits]
        known = [one for one in sets if one is not None]
        if len(known) < len(sets):
            return None
        found = relation(writer.text("__m")).images(known)
        return None if self.is_all(found, shape[axis]) else found


def outputs(graph: LayerGraph) -> Sequence[Source]:
    """Return the tensors that a model returns; without its call, those that no layer reads."""
    if graph.calls and graph.calls[0].parent is None and graph.calls[0].out_sources:
        return [source for source in graph.calls[0].out_sources if source is not None]
    read = {source for layer in graph.layers for source in layer.sources}
    made = (source for layer in graph.layers for source in layer.out_sources)
    return [source for source in made if source not in read]
