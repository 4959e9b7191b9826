"""The fields of all layers of a graph, in one walk from the inputs to the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from shapecalc import dims
from shapecalc.access import Reads
from shapecalc.conditions import Condition, Hint, Path, following
from shapecalc.dims import Dim, Shape
from shapecalc.graph import InputRef, Layer, LayerGraph, OutputRef, Source
from shapecalc.op import Op
from shapecalc.receptive_field.accepted import EVERY_SIZE, Accepted
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.digits import plain
from shapecalc.receptive_field.extent import Extent, extent
from shapecalc.receptive_field.isl import NotAffine
from shapecalc.receptive_field.reach import Image, Reach
from shapecalc.receptive_field.setting import InputAxis, Setting
from shapecalc.receptive_field.span import Spans, spans
from shapecalc.receptive_field.tensor_field import TensorField, start, step
from shapecalc.sets import Relation, relation


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a graph: of every output of every layer, and of the inputs."""

    graph: LayerGraph
    setting: Setting
    inputs: Mapping[str, TensorField]
    layers: tuple[tuple[TensorField, ...], ...]
    context: str  # the sizes that the fields hold for, in isl's language
    size: Callable[[Dim], Dim]  # a size as the walk sees it: at its sizes, if it has any
    reads: Callable[[Layer, int], Reads | None]  # how an output of a layer reads its operands
    formulas: dict[Source, Spans] = field(default_factory=dict, repr=False, compare=False)
    windows: dict[Any, Extent] = field(default_factory=dict, repr=False, compare=False)

    def of(self, source: Source) -> TensorField | None:
        """Return the field of a tensor, None for a constant."""
        match source:
            case InputRef(name):
                return self.inputs.get(name)
            case OutputRef(layer, output):
                return self.layers[layer][output]
        return None

    def shape(self, source: Source) -> Shape:
        """Return the shape of a tensor, at the sizes of the walk."""
        match source:
            case InputRef(name):
                (found,) = (t.shape for t in self.graph.inputs if t.name == name)
            case OutputRef(layer, output):
                found = self.graph.layers[layer].out_shapes[output]
            case _:
                raise ValueError("a constant has no shape here")
        return Shape(map(self.size, found))

    def spans(self) -> Mapping[Source, Spans]:
        """Return the windows of all tensors as formulas, where parameters are symbols."""
        graph = self.graph
        if self.setting.concrete or set(graph.hint) <= set(map(str, graph.symbols)):
            return {}
        if not self.formulas:
            self.formulas.update(spans(graph))
        return self.formulas

    def extent(self, relation: Relation) -> Extent:
        """Return what people read off a relation of one index, found once."""
        if relation not in self.windows:
            self.windows[relation] = extent(relation, self.context)
        return self.windows[relation]


def fields(graph: LayerGraph, sizes: Mapping[str, int] | None = None) -> Fields:
    """Return the fields of all layers: with symbols, or exactly clipped at given sizes.

    With symbols, a field is what an output sees far enough from the borders. At given sizes, what
    each output sees is exact to the last element: padding is no element, on any level.
    """
    return _Walk(graph, sizes).fields()


class _Walk:
    def __init__(self, graph: LayerGraph, sizes: Mapping[str, int] | None) -> None:
        self.graph = graph
        self.sizes = sizes
        self.hint = Hint(dict(graph.hint) if sizes is None else dict(sizes))
        self._shapes: dict[Shape, Shape] = {}
        self._reads: dict[tuple[Op, tuple[Shape, ...], Shape, int], Reads | None] = {}
        self._accepted = Accepted(graph)
        self._pinned = {} if sizes is not None else self._accepted.pinned

    def shape(self, shape: Shape) -> Shape:
        """Return a shape as the walk sees it: at its sizes, or with pinned symbols replaced."""
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = Shape(map(self.size, shape))
        return found

    def size(self, dim: Dim) -> Dim:
        """Return a size as the walk sees it."""
        if dim.is_Integer:
            return dim
        if self.sizes is not None and {str(s) for s in dim.free_symbols} <= self.sizes.keys():
            return dims.as_dim(dims.evaluate(dim, self.sizes))
        return dims.expand(dim.xreplace(self._pinned)) if self._pinned else dim

    def fields(self) -> Fields:
        """Walk."""
        concrete = self.sizes is not None
        images = dict[InputAxis, Image]()
        inputs = dict[str, TensorField]()
        identity = relation("{ [i] -> [j] : j = i }")
        accepted = EVERY_SIZE if concrete else self._accepted.context
        for tensor in self.graph.inputs:
            shape = self.shape(tensor.shape)
            reaches = {}
            for axis in roles(tensor).all:
                key = InputAxis(tensor.name, axis)
                images[key] = Image.of(shape[axis], accepted)
                digits = start(axis)
                own = identity
                if concrete:
                    own = identity.within(images[key].text)
                reaches[key] = Reach(digits, own, frozenset(digits))
            inputs[tensor.name] = TensorField(plain(shape), reaches)
        setting = Setting(images, self.hint, self._accepted.equal, concrete)
        found: list[tuple[TensorField, ...]] = []
        known = Fields(self.graph, setting, inputs, (), accepted, self.size, self.reads_of)
        for layer in self.graph.layers:
            found.append(self.layer(layer, found, known))
        return replace(known, layers=tuple(found))

    def layer(
        self, layer: Layer, found: list[tuple[TensorField, ...]], known: Fields
    ) -> tuple[TensorField, ...]:
        """Return the fields of the outputs of one layer."""
        operands = [
            found[source.layer][source.output]
            if isinstance(source, OutputRef)
            else known.of(source)
            for source in layer.sources
        ]
        shapes = tuple(map(self.shape, layer.in_shapes))
        for n, shape in enumerate(shapes):
            if 0 in shape:  # a tensor without elements hands nothing on, whatever is made of it
                operands[n] = None
        made = []
        for output, shape in enumerate(layer.out_shapes):
            out, reads = self.shape(shape), self.reads_of(layer, output)
            try:
                field = step(operands, shapes, reads, out, layer.name, known.setting)
            except NotAffine:  # by a size that depends on data, also where the others are numbers
                field = step(operands, shapes, None, out, layer.name, known.setting)
            made.append(field.bounded("the values of the mask decide") if layer.masked else field)
        return tuple(made)

    def reads_of(self, layer: Layer, output: int) -> Reads | None:
        """Return the access rule of a layer's output."""
        shapes = tuple(map(self.shape, layer.in_shapes))
        return self.reads(layer.op, shapes, self.shape(layer.out_shapes[output]), output)

    def reads(self, op: Op, shapes: tuple[Shape, ...], out: Shape, output: int) -> Reads | None:
        """Return the access rule of a call, remembered."""
        key = (op, shapes, out, output)
        if key not in self._reads:
            known = op if self.sizes is None else self.numbered(op)
            with following(Path(self.hint)) as path:
                found = known.reads(shapes, out, output)
            chosen = [a.condition for a in path.assumptions] if self.sizes is None else []
            sizes = {Condition(size, ">=", 0) for shape in shapes for size in shape}
            # what holds at the hint alone is no rule for all sizes
            sure = all(c in sizes or self._accepted.includes(c) for c in chosen)
            self._reads[key] = found if sure else None
        return self._reads[key]

    def numbered(self, op: Any) -> Any:
        """Return an op with numbers for the symbols among its parameters."""
        now = {}
        for entry in dataclass_fields(op):
            old = getattr(op, entry.name)
            if (new := self.parameter(old)) != old:
                now[entry.name] = new
        return replace(op, **now) if now else op

    def parameter(self, value: Any) -> Any:
        """Return a parameter of an op as the walk sees it."""
        if isinstance(value, tuple):
            return tuple(map(self.parameter, value))
        if is_dataclass(value) and not isinstance(value, type):  # a slice of sizes, for one
            return self.numbered(value)
        return self.size(value) if getattr(value, "free_symbols", None) else value
