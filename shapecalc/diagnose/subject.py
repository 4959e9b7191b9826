"""What rules look at: a model at the case in hand, traced through all of its mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from torch import nn

from shapecalc import dims
from shapecalc.diagnose.case import Case
from shapecalc.diagnose.identity import Identities, followed
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Finding as Raw
from shapecalc.graph import InputRef, Layer, LayerGraph, OutputRef, Source
from shapecalc.receptive_field.remarks import Remark, remarks


@dataclass(frozen=True)
class Subject:
    """A model, the case in hand, and the trace that went on after every mistake.

    Units:
        object_size: elements of the input along an axis, of the objects that are looked for.
    """

    model: nn.Module
    case: Case
    graph: LayerGraph
    train: bool = False
    object_size: int | None = None
    output: Shape | None = None  # what was said to come out

    @cached_property
    def modules(self) -> Mapping[str, nn.Module]:
        """The modules of the model by their qualified names."""
        return dict(self.model.named_modules())

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What receptive fields tell; nothing where mistakes are in the way."""
        if self.graph.findings:
            return ()
        batches = {str(tensor.shape[0]) for tensor in self.graph.inputs if tensor.shape}
        known = set(self.case.free) <= batches
        return remarks(self.graph, self.sizes if known else None)

    @cached_property
    def axes(self) -> Identities:
        """What the axes of every tensor are: the batch, features, positions."""
        return followed(self.graph, self.sizes)

    @property
    def sizes(self) -> Mapping[str, int]:
        """A number for every symbol: that of the case, or of the trace where it left it open."""
        return {**self.graph.hint, **self.case.sizes}

    @cached_property
    def assumed(self) -> Mapping[str, int]:
        """The sizes that mistakes put in doubt, as the trace went on with them."""
        symbols = self.case.symbols
        return {name: size for name, size in self.graph.hint.items() if name not in symbols}

    def number(self, dim: Dim) -> int:
        """Return the value of a size in the case in hand."""
        return dims.evaluate(dims.as_dim(dim), self.sizes)

    def shape(self, shape: tuple[Dim, ...]) -> str:
        """Return a shape as it is in the case in hand; sizes left open stay symbols."""
        return "[" + ", ".join(map(self.size, shape)) + "]"

    def size(self, dim: Dim) -> str:
        """Return a size as it is in the case in hand, as text."""
        dim = dims.as_dim(dim)
        names = {str(s) for s in dims.symbols_of((dim,))}
        known = {**self.assumed, **self.case.sizes}
        if names <= known.keys():
            return str(dims.evaluate(dim, known))
        fixed = {dims.symbol(name): size for name, size in known.items()}
        return dims.format_dim(dims.expand(dim.xreplace(fixed)))


@dataclass(frozen=True)
class Mistake:
    """A failed demand of the trace: what rules for errors explain."""

    subject: Subject
    number: int
    raw: Raw
    layer: Layer | None  # None where the model's own code, or torch's Python, raised
    module: nn.Module | None = field(repr=False, default=None)  # whose call the layer is in

    @property
    def op(self) -> str:
        """The name of the op or module as people write it."""
        return type(self.module).__name__ if self.module is not None else self.function

    @property
    def function(self) -> str:
        """The name of torch's function, without its package."""
        return self.layer.function.rpartition(".")[2].strip("_") if self.layer else ""

    def origin(self, source: Source) -> Layer | str | None:
        """Return the layer that made a tensor, or the name of the input that it is."""
        match source:
            case OutputRef(layer=index):
                return self.subject.graph.layers[index]
            case InputRef(name):
                return name
        return None


def mistakes(subject: Subject) -> list[Mistake]:
    """Return every mistake of the trace, with the layer and the module that it is in."""
    graph, found = subject.graph, []
    for number, raw in enumerate(graph.findings):
        if raw.kind == "data":  # the trace ends there; the model may well go on
            continue
        layer = graph.layers[raw.index] if raw.index is not None else None
        called = graph.calls[layer.call].name if layer and graph.calls else raw.layer
        name = raw.layer if raw.layer in subject.modules else called
        module = subject.modules.get(name)
        if module is not None and not (_is_layer(module) and not [*module.children()]):
            module = None  # a function called in the forward of a larger module
        found.append(Mistake(subject, number, raw, layer, module))
    return found


def _is_layer(module: nn.Module) -> bool:
    """Tell whether a module is a layer of torch, or of a class that is made of one."""
    bases = type(module).__mro__
    return any(c.__module__.startswith("torch.nn.") and c is not nn.Module for c in bases)
