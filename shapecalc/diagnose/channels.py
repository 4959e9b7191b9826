"""Channels that do not fit: which layer or input set them, and what would make them fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.diagnose.cause import gives, name_of, producer, setter, shape_of
from shapecalc.diagnose.edits import Candidate, Rebuild, Reshaped
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.dims import Dim
from shapecalc.graph import InputRef, Layer, Source

_WIDTHS = ("out_channels", "out_features", "embedding_dim", "hidden_size")


@dataclass(frozen=True)
class Origin:
    """Where a number of channels comes from, and what it would have to be."""

    subject: Subject
    source: Source
    got: Dim
    expected: int

    @property
    def root(self) -> tuple[Any, ...]:
        """What is equal for all layers that one change of these channels repairs."""
        number = self.subject.number(self.got)
        return ("size", name_of(self.subject, self.source), number, self.expected)

    @property
    def line(self) -> str:
        """Who set the channels, in words."""
        if isinstance(self.source, InputRef):
            return gives(self.subject, self.source)
        name, size = name_of(self.subject, self.source), self.subject.size(self.got)
        layer = producer(self.subject, self.source)
        argument = "" if layer is None else _width(layer, self.got)
        if layer is not None and argument:
            return f"channels = {size} are set by {name}: {layer.kind} with {argument} = {size}"
        return f"channels = {size} come out of {name}"

    def repairs(self) -> Iterator[Candidate]:
        """Yield the changes that give the expected number of channels where they are set."""
        if isinstance(self.source, InputRef):
            yield from self._other_input(self.source.name)
            return
        layer = producer(self.subject, self.source)
        argument = "" if layer is None else _width(layer, self.got)
        if layer is not None and argument:
            name = module_name(self.subject, layer)
            if hasattr(self.subject.modules.get(name), argument):
                yield Rebuild(layer=name, argument=argument, value=self.expected)

    def _other_input(self, name: str) -> Iterator[Candidate]:
        shape = shape_of(self.subject, self.source)
        if shape is None or len(shape) < 2 or shape[1] != self.got:
            return
        fed = self.subject.case.shapes(self.subject.case.sizes)[name]
        fed = (fed[0], self.expected, *fed[2:])
        written = ", ".join(map(str, fed))
        text = f"feed {counted(self.expected)}: {name} of [{written}]"
        yield Reshaped(shapes={name: fed}, text=text)


def counted(channels: int) -> str:
    """Return a number of channels in words."""
    return "1 channel" if channels == 1 else f"{channels} channels"


def origin(m: Mistake, source: Source, got: Dim, expected: Dim) -> Origin:
    """Return where the channels of a tensor come from."""
    return Origin(m.subject, setter(m.subject, source, got), got, m.subject.number(expected))


def module_name(subject: Subject, layer: Layer) -> str:
    """Return the qualified name of the module whose call a layer is in."""
    return subject.graph.calls[layer.call].name if subject.graph.calls else layer.name


def several_sites(m: Mistake) -> bool:
    """Tell whether the same two numbers clash at other layers, too."""
    return any(
        raw.demand == m.raw.demand and raw.index != m.raw.index for raw in m.subject.graph.findings
    )


def _width(layer: Layer, size: Dim) -> str:
    """Return which argument of a layer is the number of channels that come out."""
    for name in _WIDTHS:
        value = getattr(layer.op, name, None)
        if value is not None and dims.as_dim(value) == size:
            return name
    return ""
