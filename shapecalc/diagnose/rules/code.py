"""Exceptions of the model's own code."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from shapecalc.diagnose.edits import Recall
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.graph import Layer, Location

_TYPES = re.compile(r"\b(?:u?int\d+|b?float\d+|bool|complex\d+)\b")
_MOST = 4  # tensors of a line that are shown


@mistake("SC191", "input_dtype")
def input_dtype(m: Mistake) -> Draft | None:
    """A layer receives numbers of a type that it does not take.

    An Embedding looks up rows by their number, so it takes whole numbers (int64). Layers with
    weights compute with fractions (float32), and torch converts neither by itself. Images of a
    file are often uint8, and tokens become fractions where they went through a scaler.

    Wrong:
        nn.Linear(8, 4)(torch.zeros(2, 8, dtype=torch.int64))
    Right:
        nn.Linear(8, 4)(torch.zeros(2, 8, dtype=torch.int64).float())
    """
    layer, module = m.layer, m.module
    types = _TYPES.findall(m.raw.message)
    if layer is None or module is None or len(types) < 2:
        return None
    if "of type" not in m.raw.message and "dtype" not in m.raw.message:
        return None
    whole = isinstance(module, (nn.Embedding, nn.EmbeddingBag))
    wanted = "int64" if whole else "float32"
    got = next((found for found in reversed(types) if found.startswith("float") == whole), types[0])
    method = "long" if whole else "float"
    name = m.subject.graph.calls[layer.call].name or m.op

    def recalling(call: Any, module: Any, args: Any, kwargs: Any) -> Any:
        return call(module, getattr(args[0], method)(), *args[1:], **kwargs)

    return Draft(
        message=f"{m.op} expects numbers of type {wanted}, receives {got}",
        argument="dtype",
        got=got,
        expected=wanted,
        because=tuple(f"what arrives is {m.subject.shape(x)}" for x in layer.in_shapes[:1]),
        candidates=(
            Recall(
                index=layer.call,
                text=f"convert what {name} receives: x.{method}()",
                recalling=recalling,
            ),
        ),
    )


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
    if m.raw.kind != "forward":
        return None
    message = m.raw.message.replace("'SymbolicTensor'", "'Tensor'")
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
