"""The receptive field of an op or module: what an element of its output sees of an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.errors import InputError
from shapecalc.graph import Home, Input, Label, Layer, LayerGraph, ModuleCall, Source
from shapecalc.receptive_field.axes import axis_name, roles
from shapecalc.receptive_field.digits import Layout, size_of
from shapecalc.receptive_field.extent import Extent, extent, unsteady
from shapecalc.receptive_field.isl import NotAffine
from shapecalc.receptive_field.reach import Image, Joined, Reach, union_of
from shapecalc.receptive_field.respelling import respelled
from shapecalc.receptive_field.setting import InputAxis
from shapecalc.receptive_field.span import Span
from shapecalc.receptive_field.tensor_field import TensorField
from shapecalc.receptive_field.walk import Fields, fields
from shapecalc.sets import Relation

Record: TypeAlias = Layer | ModuleCall
Index: TypeAlias = int | Sequence[int]


@dataclass(frozen=True, eq=False)
class AxisField:
    """What the elements of an output see on one axis of an input.

    `outputs` are the axes of the output along which the field moves, counted from the front;
    none where every element sees the same. `reach` holds the relation, from the digits of the
    output's index to indices on the axis.
    """

    axis: int
    name: str
    image: Image
    layout: Layout
    reach: Reach
    whole: bool
    span: tuple[int, Span] | None = None  # with symbols as parameters: the axis, and formulas

    @property
    def size(self) -> Dim:
        """The size of the input's axis."""
        return self.image.size

    @property
    def bound(self) -> str:
        """Why the field is only an upper bound here; empty where it is exact."""
        return "" if self.span is not None else self.reach.bound

    @property
    def place(self) -> int | None:
        """The one axis of the output along which the field moves, where there is just one."""
        if self.span is not None:
            return self.span[0]
        return self.outputs[0] if len(self.outputs) == 1 else None

    @property
    def spelling(self) -> tuple[object, ...]:
        """What two fields have in common that differ in the order of the output's axes alone."""
        reach = self.reach
        places = sorted({digit.axis for digit in reach.digits})
        digits = (
            (places.index(digit.axis), digit.place, self.layout[digit.axis], digit in reach.moving)
            for digit in reach.digits
        )
        if isinstance(reach, Joined):
            return (self.relation, *self.counts)
        return (reach.relation, *digits)

    @property
    def outputs(self) -> tuple[int, ...]:
        """The axes of the output along which the field moves."""
        return tuple(sorted({digit.axis for digit in self.reach.moving}))

    @property
    def relation(self) -> Relation:
        """The relation from the output's indices along `outputs` to indices on the axis.

        Where an axis is a number of several digits that symbols keep from being put together,
        it is the relation from those digits.
        """
        return self._spelled[0]

    @property
    def counts(self) -> list[int | None]:
        """How many values each index of the relation takes; None for a symbol."""
        return self._spelled[1]

    @cached_property
    def _spelled(self) -> tuple[Relation, list[int | None]]:
        reach, layout = self.reach, list(self.layout)
        if isinstance(reach, Joined) and reach.chooser not in reach.moving:
            reach = union_of([part.reach for part in reach.parts], self.image, self.layout)
        reach = reach.as_one()
        for axis in self.outputs:
            sizes = layout[axis]
            if len(sizes) > 1:
                try:
                    reach = respelled(reach, axis, sizes, (dims.product(sizes),))
                except NotAffine:
                    break
                layout[axis] = (dims.product(sizes),)
        digits = sorted(reach.moving)
        names = ["i"] if len(digits) == 1 else [f"i{n}" for n in range(len(digits))]
        counts = [dims.as_int(size_of(digit, tuple(layout))) for digit in digits]
        return reach.ordered(digits, tuple(layout)).named(names), counts

    def extent(self, found: Fields) -> Extent:
        """Return the window of the relation, found once for all fields of a graph."""
        key = self.spelling
        if key not in found.windows:
            if len(self.outputs) == 1 and self.relation.rank == 1:
                (n,) = self.outputs
                count = dims.as_int(dims.product(self.layout[n]))
                found.windows[key] = extent(self.relation, found.context, count)
            else:
                found.windows[key] = unsteady(self.relation, found.context, self.counts)
        return found.windows[key]


class ReceptiveField:
    """What each element of an output can depend on, axis by axis of one input.

    `axes` name the input's axes of positions, in order: H and W. Every property is a tuple with
    one entry for each. The fields in symbols are those of outputs far enough from the borders;
    `inputs` and `outputs` are exact to the last element at given sizes, borders included.

    Units:
        size, smallest, padding, centre: elements of the input; indices count from zero.
        stride: elements of the input per element of the output.

    Source:
        Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks",
        Distill 2019, doi 10.23915/distill.00021.
    """

    def __init__(self, record: Record, source: Source, tensor: Input, found: Fields) -> None:
        self.record = record
        self.input = tensor.name
        self._source = source
        self._fields = found
        self._tensor = tensor
        self._roles = roles(tensor)
        field = found.of(source)
        assert field is not None
        self._field: TensorField = field

    # ------------------------------------------------------------------ how it is known

    @property
    def unknown(self) -> str:
        """The name of the op without a rule that ends all knowledge; empty where all is known."""
        return self._field.unknown

    @property
    def exact(self) -> bool:
        """Whether the field is neither an upper bound nor unknown, on any axis."""
        return not self.unknown and not self.bound

    @property
    def bound(self) -> str:
        """Why the field is only an upper bound; empty where it is exact."""
        return next((axis.bound for axis in self.per_axis if axis.bound), "")

    @property
    def bounds(self) -> tuple[str, ...]:
        """Why the field is only an upper bound, for each axis where it is."""
        return tuple(axis.bound for axis in self.per_axis if axis.bound)

    @property
    def label(self) -> Label:
        """`proved` for what follows from rules, as an exact field or as an upper bound."""
        return Label.UNKNOWN if self.unknown else Label.PROVED

    @property
    def widened(self) -> tuple[str, ...]:
        """The op that made the field the whole axis, where it is that; else the empty string."""
        return tuple(axis.reach.widened if axis.whole else "" for axis in self.per_axis)

    @property
    def batch(self) -> str:
        """The op that mixes the batch, so that an output sees other images too; else empty."""
        if self._roles.batch is None:
            return ""
        reach = self._field.reaches.get(InputAxis(self.input, self._roles.batch))
        return "" if reach is None or reach.moving else reach.widened

    # ------------------------------------------------------------------ the window

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The names of the input's axes of positions: H and W."""
        return tuple(axis_name(self._tensor, axis) for axis in self._roles.spatial)

    @cached_property
    def per_axis(self) -> tuple[AxisField, ...]:
        """What is seen on each axis; nothing where the field is unknown."""
        if self.unknown:
            return ()
        found = []
        for axis, name in zip(self._roles.spatial, self.axes, strict=True):
            key = InputAxis(self.input, axis)
            image = self._fields.setting.images[key]
            reach = self._field.reaches[key]
            whole = (
                not reach.moving
                and image.entire is not None
                and (reach.as_one().relation is image.entire)
            )
            layout = self._field.layout
            span = self._fields.spans().get(self._source, {}).get(key) if reach.bound else None
            whole = whole and span is None
            found.append(AxisField(axis, name, image, layout, reach, whole, span))
        return tuple(found)

    @cached_property
    def extents(self) -> tuple[Extent, ...]:
        """Size, stride, padding, centre and holes of each axis, as one value."""
        return tuple(self._extent(axis) for axis in self.per_axis)

    def _extent(self, axis: AxisField) -> Extent:
        if axis.span is not None:
            _, span = axis.span
            return Extent(
                size=span.size,
                smallest=span.size,
                stride=span.stride,
                padding=span.padding,
                centre=span.centre,
            )
        if axis.whole:
            return Extent(size=axis.size, smallest=axis.size)
        return axis.extent(self._fields)

    @property
    def size(self) -> tuple[int | Dim | None, ...]:
        """How many elements the window spans, holes included: the largest, after up-sampling."""
        return tuple(_plain(e.size) for e in self.extents)

    @property
    def smallest(self) -> tuple[int | Dim | None, ...]:
        """The size of the smallest window; it differs from `size` after up-sampling alone."""
        return tuple(_plain(e.smallest) for e in self.extents)

    @property
    def stride(self) -> tuple[int | Fraction | Dim | None, ...]:
        """How far the window moves from one output to the next; None where it does not move."""
        return tuple(_whole(e.stride) for e in self.extents)

    @property
    def padding(self) -> tuple[int | Dim | None, ...]:
        """How many elements the window of output 0 begins before the input."""
        return tuple(e.padding for e in self.extents)

    @property
    def centre(self) -> tuple[int | Fraction | Dim | None, ...]:
        """The centre of output 0's window: -padding + (size - 1)/2."""
        return tuple(_whole(e.centre) for e in self.extents)

    @property
    def holes(self) -> tuple[tuple[int, ...], ...]:
        """The elements within the window that are not seen, counted from its first."""
        return tuple(e.holes for e in self.extents)

    @property
    def density(self) -> tuple[Fraction | None, ...]:
        """The share of the elements of the window that are seen."""
        return tuple(e.density for e in self.extents)

    @property
    def relation(self) -> tuple[Relation, ...]:
        """The relation { [i] -> [j] : output i sees input j } of each axis, in isl's language."""
        return tuple(axis.relation for axis in self.per_axis)

    # ------------------------------------------------------------------ at given sizes

    def at(self, **sizes: int) -> ReceptiveField:
        """Return the field at given sizes: exact at the borders, too.

        A batch that is left out is 1.

        Raises:
            InputError: a size is missing, or unknown to the model.
        """
        home = self.record.home
        assert home.graph is not None
        complete = complete_sizes(home.graph, sizes)
        graph = home.at(complete)
        record = _same_record(graph, self.record, home.graph)
        position = self.record.out_sources.index(self._source)
        found = fields_of(graph.home, complete)
        (tensor,) = [tensor for tensor in graph.inputs if tensor.name == self.input]
        return ReceptiveField(record, record.out_sources[position], tensor, found)

    def inputs(self, index: Index, axis: int = 0, **sizes: int) -> list[int]:
        """Return the input indices on an axis that output `index` sees, in order.

        `axis` counts the axes of positions: 0 is H of an image. `index` is the output's index
        along that axis, or a tuple where the field moves along several axes of the output.

        Raises:
            InputError: the field is unknown, a size is missing, or there is no such output.
        """
        return self.at(**sizes)._inputs(index, axis)

    def outputs(self, index: int, axis: int = 0, **sizes: int) -> list[int] | list[tuple[int, ...]]:
        """Return the output indices that see input `index` on an axis, in order.

        They are tuples where the field moves along several axes of the output. Where it does
        not move, every output sees the same: the list is [0] or empty.

        Raises:
            InputError: the field is unknown, a size is missing, or there is no such input.
        """
        return self.at(**sizes)._outputs(index, axis)

    def _axis(self, axis: int) -> AxisField:
        if self.unknown:
            raise InputError(f"the receptive field is unknown: {self.unknown} has no rule")
        if not 0 <= axis < len(self.per_axis):
            known = ", ".join(f"{n} ({name})" for n, name in enumerate(self.axes))
            raise InputError(f"axis {axis} is none of the input's: {known}")
        return self.per_axis[axis]

    def _sizes(self, field: AxisField) -> list[int]:
        shape = self._fields.shape(self._source)
        return [int(shape[axis]) for axis in field.outputs]

    def _inputs(self, index: Index, axis: int) -> list[int]:
        field = self._axis(axis)
        indices = (index,) if isinstance(index, int) else tuple(index)
        if not field.outputs:
            return field.relation.image(())
        sizes = self._sizes(field)
        if len(indices) != len(sizes):
            count = f"{len(sizes)} axes" if len(sizes) > 1 else "1 axis"
            raise InputError(f"expected an index for {count} of the output, got {index!r}")
        for i, size in zip(indices, sizes, strict=True):
            if not 0 <= i < size:
                raise InputError(f"there is no output {i}: there are {size}, counted from 0")
        return field.relation.image(indices)

    def _outputs(self, index: int, axis: int) -> list[int] | list[tuple[int, ...]]:
        field = self._axis(axis)
        if not 0 <= index < int(field.size):
            raise InputError(f"there is no input {index}: there are {field.size}, counted from 0")
        if not field.outputs:
            return [0] if index in field.relation.image(()) else []
        found = field.relation.inside(self._sizes(field)).sources(index)
        return [i for (i,) in found] if len(field.outputs) == 1 else found

    def __repr__(self) -> str:
        if self.unknown:
            return f"<ReceptiveField unknown: {self.unknown} has no rule>"
        parts = (
            f"{name}: {'all' if whole.whole else size}"
            for name, size, whole in zip(self.axes, self.size, self.per_axis, strict=True)
        )
        return f"<ReceptiveField {', '.join(parts)}{'' if self.exact else ', a bound'}>"


def _plain(size: Dim | None) -> int | Dim | None:
    number = None if size is None else dims.as_int(size)
    return size if number is None else number


def _whole(value: Fraction | Dim | None) -> int | Fraction | Dim | None:
    if isinstance(value, Fraction) and value.denominator == 1:
        return int(value)
    return value


# ---------------------------------------------------------------------------- of a record


def receptive_field(record: Record) -> ReceptiveField:
    """Return the field of a record's first output, to the first input that reaches it.

    Raises:
        InputError: no input reaches the output, or there is none.
    """
    found = receptive_fields(record)
    if not found:
        raise InputError(f"no input with positions reaches an output of {record.name or 'it'}")
    return next(iter(found.values()))


def receptive_fields(record: Record) -> dict[str, ReceptiveField]:
    """Return the fields of a record's first output that has any, by the names of the inputs.

    An output that rests on an op without a rule has an unknown field to every input.
    """
    graph = record.home.graph
    assert graph is not None
    known = fields_of(record.home)
    for source in record.out_sources:
        field = known.of(source)
        if field is None:
            continue
        reached = {key.input for key in field.reaches}
        tensors = [t for t in graph.inputs if roles(t).spatial]
        found = {
            tensor.name: ReceptiveField(record, source, tensor, known)
            for tensor in tensors
            if field.unknown or tensor.name in reached
        }
        if found:
            return found
    return {}


def fields_of(home: Home, sizes: Mapping[str, int] | None = None) -> Fields:
    """Return the fields of a graph, found once for every choice of sizes."""
    key = None if sizes is None else tuple(sorted(sizes.items()))
    if key not in home.fields:
        assert home.graph is not None
        home.fields[key] = fields(home.graph, sizes)
    found: Fields = home.fields[key]
    return found


def complete_sizes(graph: LayerGraph, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes for all symbols of a graph; a batch that is left out is 1.

    Raises:
        InputError: a size is missing, unknown or not positive.
    """
    names = dict.fromkeys((*map(str, graph.symbols), *graph.hint))
    for name, size in sizes.items():
        if name not in names:
            known = ", ".join(map(str, graph.symbols)) or "none"
            raise InputError(f"{name} is no symbol of this model; they are: {known}")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise InputError(f"{name} is a size: a whole number, got {size!r}")
    batches = {
        str(tensor.shape[batch])
        for tensor in graph.inputs
        if (batch := roles(tensor).batch) is not None
    }
    found = dict(sizes)
    for name in map(str, graph.symbols):
        if name not in found:
            if name not in batches:
                raise InputError(f"a size is missing for {name}: give {name}=...")
            found[name] = 1 if graph.holds({**graph.hint, **found, name: 1}) else graph.hint[name]
    return found


def _same_record(graph: LayerGraph, record: Record, home: LayerGraph) -> Record:
    """Return the record in another graph of the same model: the same call of the same name."""
    if graph is home:
        return record
    kind = type(record)
    here, there = (
        [r for r in (g.layers if kind is Layer else g.calls) if r.name == record.name]
        for g in (home, graph)
    )
    number = next(n for n, r in enumerate(here) if r is record)
    if number >= len(there):
        raise InputError(f"at these sizes the model does not call {record.name}")
    found: Record = there[number]
    return found
