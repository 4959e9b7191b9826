"""The fields of a graph as remarks look at them: the window of each tensor on each axis."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from shapecalc import dims
from shapecalc.access import Access, Reads, Same
from shapecalc.dims import Dim, Shape
from shapecalc.graph import InputRef, Layer, LayerGraph, OutputRef, Source
from shapecalc.receptive_field.axes import axis_name, roles
from shapecalc.receptive_field.axis_field import AxisField
from shapecalc.receptive_field.digits import Digit
from shapecalc.receptive_field.extent import Extent
from shapecalc.receptive_field.reach import Reach
from shapecalc.receptive_field.setting import InputAxis
from shapecalc.receptive_field.walk import Fields

Fact = TypeVar("Fact", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Window:
    """A window that moves evenly along one axis of the output.

    `offset` is how far the centre of output i lies from pixel stride*i, as a mean over the
    outputs: after an up-sampling it comes and goes with the output's index.

    Units:
        size, smallest, padding, offset, seen: elements of the input; `seen` from the first.
        stride: elements of the input per element of the output.
    """

    output: int = field(compare=False)
    size: int
    smallest: int
    stride: Fraction
    padding: int
    offset: Fraction
    holes: tuple[int, ...]

    @property
    def seen(self) -> tuple[int, ...]:
        """The elements of the window that are seen, counted from its first."""
        return tuple(sorted(set(range(self.size)) - set(self.holes)))


class Survey:
    """A graph with its fields, and the questions that remarks ask of them."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.graph: LayerGraph = fields.graph
        self.names = {
            InputAxis(tensor.name, axis): axis_name(tensor, axis)
            for tensor in self.graph.inputs
            for axis in roles(tensor).spatial
        }
        self._windows: dict[tuple[Reach, Digit], Window | None] = {}
        self._whole: dict[Reach, bool] = {}

    # ------------------------------------------------------------------ the graph

    def shape(self, source: Source) -> Shape:
        """Return the shape of a tensor."""
        return self.fields.shape(source)

    def number(self, size: Dim, sizes: Mapping[str, int]) -> int:
        """Return a size as a number."""
        return dims.evaluate(self.fields.size(size), sizes)

    def reads(self, layer: Layer, output: int) -> Reads | None:
        """Return how an output of a layer reads its operands."""
        return self.fields.reads(layer, output)

    def tensors(self) -> Iterator[tuple[Layer, OutputRef]]:
        """Yield every output of every layer, in order."""
        for layer in self.graph.layers:
            for output in range(len(layer.out_shapes)):
                yield layer, OutputRef(layer.index, output)

    def shape_of(self, key: InputAxis) -> Shape:
        """Return the shape of the input that an axis belongs to."""
        return self.shape(InputRef(key.input))

    def label(self, source: Source, *, kind: bool = False) -> str:
        """Return what a tensor is called: after its layer, with the kind of that where it helps.

        The children of a `Sequential` have numbers for names, which say nothing alone.
        """
        match source:
            case OutputRef(number, output):
                layer = self.graph.layers[number]
                last = layer.name.rpartition(".")[2]
                said = not last.isdigit() and (not kind or layer.kind in last)
                named = layer.name if said else f"{layer.name} ({layer.kind})"
                return f"output {output} of {named}" if output else named
            case InputRef(name):
                return f"the input {name}"
        return ""

    def along(self, tensor: str, axes: Sequence[str]) -> str:
        """Return which axes a sentence is about, as its beginning; nothing where it is all."""
        every = [name for key, name in self.names.items() if key.input == tensor]
        return "" if len(axes) == len(every) else f"along {' and '.join(axes)}, "

    def names_of(self, *sources: Source) -> tuple[str, ...]:
        """Return the plain names of the layers or inputs that tensors come from, each once."""
        found = dict[str, None]()
        for source in sources:
            match source:
                case OutputRef(number):
                    found[self.graph.layers[number].name] = None
                case InputRef(name):
                    found[name] = None
        return tuple(found)

    def each(
        self, find: Callable[[InputAxis], Fact | None]
    ) -> Iterator[tuple[str, tuple[str, ...], Fact]]:
        """Yield (input, axes, fact) for what is found of the axes; those that agree together."""
        found: dict[tuple[str, Fact], list[str]] = {}
        for key, name in self.names.items():
            fact = find(key)
            if fact is not None:
                found.setdefault((key.input, fact), []).append(name)
        for (tensor, fact), axes in found.items():
            yield tensor, tuple(axes), fact

    # ------------------------------------------------------------------ the fields

    def reach(self, source: Source, key: InputAxis) -> Reach | None:
        """Return how a tensor reaches an axis of an input: exactly, or not at all."""
        field = self.fields.of(source)
        reach = None if field is None or field.unknown else field.reaches.get(key)
        return None if reach is None or reach.bound else reach

    def widened(self, source: Source, key: InputAxis) -> str:
        """Return the op that made the window of a tensor the whole axis; empty where it is not."""
        reach, field_ = self.reach(source, key), self.fields.of(source)
        entire = self.fields.setting.images[key].entire
        if reach is None or field_ is None or entire is None or reach.moving:
            return ""
        if reach not in self._whole:
            every = reach.as_one().ordered((), field_.layout)
            self._whole[reach] = every is entire or every.equals(entire, self.fields.context)
        return reach.widened if self._whole[reach] else ""

    def window(self, source: Source, key: InputAxis) -> Window | None:
        """Return the window of a tensor; None where it does not move evenly on one axis."""
        reach, found = self.reach(source, key), self.fields.of(source)
        if reach is None or found is None or len(reach.moving) != 1:
            return None
        (digit,) = reach.moving
        if len(found.layout[digit.axis]) != 1:
            return None
        if (reach, digit) not in self._windows:
            size = self.fields.setting.images[key].size
            axis = AxisField(key.axis, "", size, found.layout, reach, whole=False)
            self._windows[reach, digit] = _window(axis.extent(self.fields), digit.axis)
        return self._windows[reach, digit]

    def operands(self, layer: Layer, output: int) -> list[tuple[Source, Access]]:
        """Return the operands that an output of a layer reads element by element."""
        reads = self.reads(layer, output)
        if reads is None:
            return []
        pairs = zip(layer.sources, reads, strict=False)  # further operands have no rule
        return [
            (source, access)
            for source, access in pairs
            if source is not None
            and isinstance(access, Access)
            and any(isinstance(entry, Same) for entry in access.axes)
        ]


def _window(found: Extent, axis: int) -> Window | None:
    """Return a window whose numbers are all known, None for one that does not move evenly."""
    if found.size is None or found.smallest is None or found.offset is None:
        return None
    size, smallest = dims.as_int(found.size), dims.as_int(found.smallest)
    stride, padding = found.stride, found.padding
    if size is None or smallest is None:
        return None
    if not isinstance(stride, Fraction) or not isinstance(padding, int):
        return None  # formulas of the parameters of a spec
    return Window(
        output=axis,
        size=size,
        smallest=smallest,
        stride=stride,
        padding=padding,
        offset=found.offset,
        holes=found.holes or (),
    )
