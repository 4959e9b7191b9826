"""A layer graph at one choice of sizes: every shape as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.graph import Label, LayerGraph, Location, map_shapes
from shapecalc.op import Op


@dataclass(frozen=True, slots=True)
class LayerAt:
    """An op call at concrete sizes; shapes are tuples of ints."""

    name: str
    kind: str
    op: Op
    in_shapes: tuple[tuple[int, ...], ...]
    out_shapes: tuple[tuple[int, ...], ...]
    label: Label
    location: Location | None

    @property
    def out_shape(self) -> tuple[int, ...]:
        """The shape of the (first) output."""
        return self.out_shapes[0] if self.out_shapes else ()


@dataclass(frozen=True, slots=True)
class ModuleCallAt:
    """A module call at concrete sizes; shapes are tuples of ints, nested as they were passed."""

    name: str
    kind: str
    inputs: tuple[Any, ...]
    keywords: Mapping[str, Any]
    outputs: Any
    leaf: bool
    parameters: int


@dataclass(frozen=True)
class At:
    """Every shape of a model at one choice of sizes, computed from the formulas."""

    graph: LayerGraph
    sizes: Mapping[str, int]

    @cached_property
    def _known(self) -> dict[Shape, tuple[int, ...]]:
        return {}

    def shape(self, shape: Shape) -> tuple[int, ...]:
        """Return a shape at these sizes; a size that depends on data stays a symbol."""
        found = self._known.get(shape)
        if found is None:
            found = self._known[shape] = tuple(self._size(dim) for dim in shape)
        return found

    def _size(self, dim: dims.Dim) -> Any:
        if all(str(symbol) in self.sizes for symbol in dim.free_symbols):
            return dims.evaluate(dim, self.sizes)
        return dim

    @cached_property
    def layers(self) -> tuple[LayerAt, ...]:
        """Every op call, in order."""
        return tuple(
            LayerAt(
                name=layer.name,
                kind=layer.kind,
                op=layer.op,
                in_shapes=tuple(map(self.shape, layer.in_shapes)),
                out_shapes=tuple(map(self.shape, layer.out_shapes)),
                label=layer.label,
                location=layer.location,
            )
            for layer in self.graph.layers
        )

    @cached_property
    def modules(self) -> tuple[ModuleCallAt, ...]:
        """Every call of every module, in order of their beginning."""
        return tuple(
            ModuleCallAt(
                name=call.name,
                kind=call.kind,
                inputs=map_shapes(self.shape, call.inputs),
                keywords=map_shapes(self.shape, dict(call.keywords)),
                outputs=map_shapes(self.shape, call.outputs),
                leaf=call.leaf,
                parameters=call.parameters,
            )
            for call in self.graph.calls
        )

    @cached_property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the model's inputs, by name."""
        return {tensor.name: self.shape(tensor.shape) for tensor in self.graph.inputs}

    @cached_property
    def output(self) -> Any:
        """The model's output in its own structure, with a shape for every tensor."""
        return map_shapes(self.shape, self.graph.output)

    def __getitem__(self, name: str) -> LayerAt | ModuleCallAt:
        """Return the last call of an op or module."""
        records: tuple[LayerAt | ModuleCallAt, ...] = (*self.modules, *self.layers)
        for record in reversed(records):
            if record.name == name:
                return record
        raise KeyError(name)
