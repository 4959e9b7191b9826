"""The receptive field of an op or module: what an element of its output sees of an input."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.errors import InputError
from shapecalc.graph import Input, Label, Source
from shapecalc.receptive_field.axes import axis_name, roles
from shapecalc.receptive_field.axis_field import AxisField
from shapecalc.receptive_field.extent import Extent
from shapecalc.receptive_field.setting import InputAxis
from shapecalc.receptive_field.sizes import Record, complete_sizes, fields_of, same_record
from shapecalc.receptive_field.tensor_field import TensorField
from shapecalc.receptive_field.walk import Fields
from shapecalc.sets import Relation

Index: TypeAlias = int | Sequence[int]


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
            return Extent(size=axis.size, smallest=axis.size, holes=())
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
    def holes(self) -> tuple[tuple[int, ...] | None, ...]:
        """The elements within the window that are not seen, counted from its first.

        None where they are not known, as of windows that move on several axes at once.
        """
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
        record = same_record(graph, self.record, home.graph)
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
