"""What to look at in a real run to tell a right receptive field from a wrong one.

An error in a field shows at its ends, at its holes, and where fields meet: so the outputs that
are watched are those of few ops, each of another field, and the slices of the input that are
changed are the first and the last that an output is said to see, and those next to them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.graph import Layer, LayerGraph, OutputRef, Source
from shapecalc.receptive_field import Fields, ReceptiveField
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.axis_field import AxisField
from shapecalc.receptive_field.sizes import fields_of
from shapecalc.sets import Relation

OUTPUTS = 12  # that are watched
SLICES = 20  # that are changed, of every axis
_ATTENTION = ("attention", "softmax")  # in the names of ops

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class ProbedAxis:
    """What is said of an output and one axis of an input, at given sizes."""

    field: AxisField
    counts: tuple[int, ...]  # elements of the output along the axes on which the field moves
    rank: int

    @property
    def told_apart(self) -> tuple[int, ...]:
        """The axes of the output at whose every index what is said holds.

        Those are missing that choose without moving, as a channel does after a `cat`: what is said
        holds for all channels together.
        """
        choosing = {digit.axis for digit in self.field.reach.digits} - {*self.field.outputs}
        return tuple(n for n in range(self.rank) if n not in choosing)

    @cached_property
    def _relation(self) -> Relation:
        relation = self.field.relation
        return relation.inside(self.counts) if self.counts else relation

    def sees(self, index: tuple[int, ...]) -> list[int]:
        """Return the indices on the axis that an output element sees, in order."""
        return self._relation.image(index)

    def seen_by(self, index: int) -> list[tuple[int, ...]]:
        """Return the output elements that see an index on the axis."""
        return self._relation.sources(index)

    @cached_property
    def elements(self) -> tuple[tuple[int, ...], ...]:
        """A few output elements: at either end, next to them, and in the middle."""
        ends = [sorted({0, n // 2, n - 1, min(1, n - 1), (n - 1) // 3}) for n in self.counts]
        found = list(itertools.product(*ends))
        return tuple(found[:: max(1, len(found) // 9)]) if all(self.counts) else ()


@dataclass(frozen=True, eq=False)
class Probe:
    """An output that is watched, and its field to every input that it can depend on.

    `operand` is the shape of the first tensor that the op takes.
    """

    layer: Layer
    source: OutputRef
    shape: tuple[int, ...]
    operand: tuple[int, ...]
    fields: Mapping[str, ReceptiveField]
    is_end: bool  # no op reads it

    @cached_property
    def axes(self) -> Mapping[tuple[str, int], ProbedAxis]:
        """What is said of each axis, by the name of the input and the axis of that."""
        return {
            (name, axis.axis): ProbedAxis(
                axis, tuple(self.shape[n] for n in axis.outputs), len(self.shape)
            )
            for name, field in self.fields.items()
            for axis in field.per_axis
        }

    @cached_property
    def has_holes(self) -> bool:
        """Whether there are gaps in what the middle elements see."""
        return any(
            _gaps(axis.sees(tuple(n // 2 for n in axis.counts)))
            for axis in self.axes.values()
            if axis.counts and all(axis.counts)
        )

    @property
    def is_merge(self) -> bool:
        """Whether the op puts several tensors together."""
        return len({s for s in self.layer.sources if s is not None}) > 1

    @property
    def is_larger(self) -> bool:
        """Whether the op makes an axis longer along which the field moves."""
        moving = {n for axis in self.axes.values() for n in axis.field.outputs}
        return len(self.operand) == len(self.shape) and any(
            self.operand[n] * 3 < self.shape[n] * 2 for n in moving
        )

    @cached_property
    def is_local(self) -> bool:
        """Whether less than the whole is seen on some axis."""
        return any(not axis.field.whole for axis in self.axes.values())


def probes(graph: LayerGraph, sizes: Mapping[str, int]) -> tuple[list[Probe], int]:
    """Return what can be watched, and how many fields are unknown.

    It is the first output with each field, and all that no op reads.
    """
    known = fields_of(graph.home, sizes)
    inputs = [tensor for tensor in graph.inputs if roles(tensor).spatial]
    read = {source for layer in graph.layers for source in layer.sources}
    found: dict[object, Probe] = {}
    unknown = 0
    for layer in graph.layers:
        for output in range(len(layer.out_shapes)):
            source = OutputRef(layer.index, output)
            field = known.of(source)
            if field is None or not (field.reaches or field.unknown):
                continue
            if field.unknown:
                unknown += 1
                continue
            shape = _numbers(known.shape(source))
            operand = _numbers(map(known.size, next(iter(layer.in_shapes), ())))
            if shape is None or operand is None or 0 in shape:  # it depends on data, or is empty
                continue
            reached = {key.input for key in field.reaches}
            fields = {
                tensor.name: ReceptiveField(layer, source, tensor, known)
                for tensor in inputs
                if tensor.name in reached
            }
            is_end = source not in read
            key = source if is_end else _signature(known, source)
            if fields and key not in found:
                found[key] = Probe(layer, source, shape, operand, fields, is_end)
    return list(found.values()), unknown


def _numbers(shape: Iterable[Dim]) -> tuple[int, ...] | None:
    found = [dims.as_int(size) for size in shape]
    numbers = tuple(size for size in found if size is not None)
    return numbers if len(numbers) == len(found) else None


def _signature(known: Fields, source: Source) -> object:
    """Return what is equal for outputs whose fields were not told apart by any op."""
    field = known.of(source)
    assert field is not None
    return frozenset((key, id(reach)) for key, reach in field.reaches.items())


def telling(candidates: Sequence[Probe], most: int = OUTPUTS) -> list[Probe]:
    """Return the outputs whose fields are the easiest to get wrong, each kind in its turn."""
    last = [probe for probe in reversed(candidates) if probe.is_local]
    kinds: list[Iterable[Probe]] = [
        last[:2],
        (probe for probe in reversed(candidates) if probe.is_end),
        (probe for probe in last if probe.has_holes),
        (probe for probe in last if probe.is_merge),
        (probe for probe in last if probe.is_larger),
        (probe for probe in last if any(a in probe.layer.kind.lower() for a in _ATTENTION)),
        _spread(candidates),
    ]
    return list(itertools.islice(_in_turn(kinds), most))


def _spread(candidates: Sequence[Probe]) -> Iterator[Probe]:
    """Yield candidates from the first to the last, ever closer to each other."""
    step = len(candidates)
    while step:
        yield from candidates[step // 2 :: step]
        step //= 2


def slices(
    watched: Sequence[Probe], name: str = "", most: int = SLICES
) -> Iterator[tuple[str, int, int]]:
    """Yield input, axis and index of what is to be changed, the most telling first.

    `name` is that of the only axis to be looked at, if it is one.
    """
    axes = dict.fromkeys(key for probe in watched for key in probe.axes)
    chosen = []
    for key in axes:
        own = [probe.axes[key] for probe in watched if key in probe.axes]
        if name not in ("", own[0].field.name):
            continue
        size = int(own[0].field.size)
        places = (p for p in _in_turn([_places(axis) for axis in own]) if 0 <= p < size)
        found = itertools.islice(itertools.chain(places, _beyond(size)), most)
        chosen.append([(*key, place) for place in dict.fromkeys(found)])
    yield from _in_turn(chosen)


def _places(axis: ProbedAxis) -> Iterator[int]:
    """Yield indices at the ends and the holes of what a few elements see, and next to them."""
    for element in axis.elements:
        seen = axis.sees(element)
        if not seen:
            continue
        yield from (seen[0] - 1, seen[-1] + 1, seen[0], seen[-1])
        for before, after in _gaps(seen)[:2]:
            yield from (before, before + 1, after - 1, after)


def _beyond(size: int) -> Iterator[int]:
    yield from {0, size // 2, size - 1} if size else ()


def _gaps(seen: Sequence[int]) -> list[tuple[int, int]]:
    """Return the numbers on either side of each gap."""
    return [(a, b) for a, b in itertools.pairwise(seen) if b > a + 1]


def _in_turn(series: Iterable[Iterable[T]]) -> Iterator[T]:
    """Yield one of each in turn, and nothing twice.

    >>> list(_in_turn([[1, 2, 3], [4], [2, 5]]))
    [1, 4, 2, 3, 5]
    """
    given: set[T] = set()
    left = [iter(each) for each in series]
    while left:
        for each in list(left):
            for entry in each:
                if entry not in given:
                    given.add(entry)
                    yield entry
                    break
            else:
                left.remove(each)
