"""Exceptions of the model's own code."""

from __future__ import annotations

from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.graph import Layer, Location

_MOST = 4  # tensors of a line that are shown


@mistake("SC190", "code_error")
def code_error(m: Mistake) -> Draft | None:
    """A line of the model raises, and not because shapes do not fit.

    A name is misspelled, a value is passed that torch does not take, an argument is missing. The
    message is Python's own; beside it stand the shapes of the tensors that the line made before
    it failed, or that the line before it made.

    Wrong:
        x = x.reshpe(x.size(0), -1)
    Right:
        x = x.reshape(x.size(0), -1)
    """
    if m.raw.kind not in ("forward", "data"):
        return None
    message = m.raw.message.replace("'SymbolicTensor'", "'Tensor'")
    if m.raw.kind == "data":
        message = f"what comes next hangs on the values of the data: {message}"
    return Draft(message=message, because=tuple(_nearby(m)))


def _nearby(m: Mistake) -> list[str]:
    """Return the shapes that the line made before it raised, or those that it could use."""
    place = m.raw.location
    if place is None:
        return []
    layers = m.subject.graph.layers
    mine = [layer for layer in layers if layer.location == place]
    if not mine:
        mine = [layer for layer in layers if _is_before(layer.location, place)][-1:]
    if not mine:
        inputs = m.subject.graph.inputs[:_MOST]
        return [f"the input {x.name} is {m.subject.shape(x.shape)}" for x in inputs]
    return list(dict.fromkeys(_said(m, layer) for layer in mine[-_MOST:]))


def _is_before(location: Location | None, place: Location) -> bool:
    return location is not None and location.file == place.file and location.line < place.line


def _said(m: Mistake, layer: Layer) -> str:
    line = layer.location.line if layer.location else 0
    where = f" (line {line})" if m.raw.location and line != m.raw.location.line else ""
    shapes = " and ".join(m.subject.shape(shape) for shape in layer.out_shapes)
    return f"{layer.name} made {shapes}{where}"
