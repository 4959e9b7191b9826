"""Where a number comes from: the layers that made a size what it is, in the numbers' own terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from shapecalc import dims
from shapecalc.diagnose.subject import Subject
from shapecalc.dims import Dim, Shape
from shapecalc.graph import InputRef, Layer, OutputRef, Source


def shape_of(subject: Subject, source: Source) -> Shape | None:
    """Return the shape of a tensor, None for a constant."""
    match source:
        case InputRef(name):
            return next((t.shape for t in subject.graph.inputs if t.name == name), None)
        case OutputRef(layer=index, output=output):
            return subject.graph.layers[index].out_shapes[output]
    return None


def producer(subject: Subject, source: Source) -> Layer | None:
    """Return the layer that made a tensor, None for an input or a constant."""
    return subject.graph.layers[source.layer] if isinstance(source, OutputRef) else None


def name_of(subject: Subject, source: Source) -> str:
    """Return how a tensor is called: by the layer that made it, or as the input."""
    match source:
        case InputRef(name):
            return "the input" if name == "input" else f"the input {name}"
        case OutputRef(layer=index):
            layer = subject.graph.layers[index]
            return layer.name or layer.kind
    return "a constant of the model"


def gives(subject: Subject, source: Source) -> str:
    """Return the shape of a tensor in words: what a layer gives, or what an input is."""
    shape = shape_of(subject, source)
    verb = "gives" if isinstance(source, OutputRef) else "is"
    return f"{name_of(subject, source)} {verb} {'' if shape is None else subject.shape(shape)}"


def ancestors(subject: Subject, source: Source) -> Iterator[Layer]:
    """Yield the layers behind a tensor, along the first operand of each, the nearest first."""
    layer = producer(subject, source)
    while layer is not None:
        yield layer
        following = next((s for s in layer.sources if s is not None), None)
        layer = producer(subject, following)


def setter(subject: Subject, source: Source, size: Dim) -> Source:
    """Return the tensor at which a size appears first on the way to `source`.

    The layer behind it is the one that set the size; an input, where it came in so.
    """
    while True:
        layer = producer(subject, source)
        if layer is None:
            return source
        before = next(
            (s for s in layer.sources if (shape := shape_of(subject, s)) and size in shape), None
        )
        if before is None or _declares(layer, size):
            return source
        source = before


def _declares(layer: Layer, size: Dim) -> bool:
    """Tell whether a layer would hand on a size whatever came in: its channels, its features."""
    declared = (getattr(layer.op, name, None) for name in ("out_channels", "out_features"))
    return any(value is not None and dims.as_dim(value) == size for value in declared)


def factors(subject: Subject, source: Source) -> str:
    """Return how a flattened size is made, such as `800 = 32*5*5`; empty where it is not."""
    flat = shape_of(subject, source)
    for layer in ancestors(subject, source):
        inner = layer.in_shapes[0] if layer.in_shapes else Shape()
        if flat and len(inner) > 2:
            if len(layer.out_shape) == 2 and dims.product(inner[1:]) == flat[-1]:
                return "*".join(subject.size(size) for size in inner[1:])
            return ""
        if layer.kind not in ("Flatten", "view", "reshape", "dropout", "Dropout", "relu", "ReLU"):
            return ""
    return ""


def derivation(subject: Subject, source: Source, axis: int, *, most: int = 4) -> list[str]:
    """Return how the size of one axis of a tensor came about, layer by layer, the input first.

    One line for each layer that changes it: `pool leaves floor(H/2) - 2 = 14 at H = 32`.
    """
    lines: list[str] = []
    shape = shape_of(subject, source)
    if shape is None or not -len(shape) <= axis < len(shape):
        return lines
    axis %= len(shape)
    for layer in ancestors(subject, source):
        inner = layer.in_shapes[0] if layer.in_shapes else Shape()
        if len(inner) != len(layer.out_shape) or axis >= len(inner):
            break
        made = layer.out_shape[axis]
        if inner[axis] != made and not subject.assumed.keys() & set(map(str, made.free_symbols)):
            lines.append(f"{layer.name} leaves {_valued(subject, layer.out_shape[axis])}")
    return lines[:most][::-1]


def derivations(
    subject: Subject, source: Source, axes: Iterable[int], *, most: int = 4
) -> list[str]:
    """Return how the sizes of several axes came about; one that goes as another is said so."""
    lines: list[str] = []
    seen: list[list[str]] = []
    for axis in axes:
        told = derivation(subject, source, axis, most=most)
        shape = shape_of(subject, source) or Shape()
        names = sorted(str(s) for s in dims.symbols_of(shape[axis : axis + 1]))
        spoken = rf"\b({'|'.join(map(re.escape, names))})\b" if names else "(?!)"
        nameless = [re.sub(spoken, "?", line) for line in told]
        if told and nameless in seen and names:
            lines.append(f"{', '.join(names)} likewise")
        elif nameless not in seen:
            lines += told
        seen.append(nameless)
    return lines


def _valued(subject: Subject, size: Dim) -> str:
    """Return a size as formula and number: `floor(H/2) - 2 = 14 at H = 32`."""
    size = dims.as_dim(size)
    names = [str(s) for s in dims.symbols_of((size,)) if str(s) in subject.case.sizes]
    if not names or len(names) != len(dims.symbols_of((size,))):
        return dims.format_dim(size)
    at = ", ".join(f"{name} = {subject.case.sizes[name]}" for name in names)
    return f"{dims.format_dim(size)} = {subject.number(size)} at {at}"
