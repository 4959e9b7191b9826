"""The recurrence of receptive fields: what the window of one op adds to that of its operand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from shapecalc import dims
from shapecalc.access import Access, Window
from shapecalc.conditions import Hint
from shapecalc.dims import Dim
from shapecalc.graph import InputRef, Label, Layer, LayerGraph, OutputRef, Source
from shapecalc.receptive_field.field import ReceptiveField, receptive_fields
from shapecalc.receptive_field.sizes import fields_of
from shapecalc.receptive_field.span import Span, accesses, as_window


@dataclass(frozen=True, slots=True)
class Formula:
    """One line of a recurrence: `r = 11 + (3 - 1)*4 = 19`."""

    name: str
    text: str
    value: Dim
    meaning: str

    def __str__(self) -> str:
        result = dims.format_dim(self.value)
        return f"{self.name} = {self.text}" + (f" = {result}" if result != self.text else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How the window of an op turns the field of its operand into that of its output.

    With the operand's size r', stride j' and padding P', and the window's kernel size k,
    stride s, padding p and dilation d:

        r = r' + (k - 1)*d*j'        j = j'*s        P = P' + p*j'

    `axes` are the axes of the input for which all of it is the same. After an up-sampling, only
    those of the formulas are there that hold.

    Source:
        Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks",
        Distill 2019, doi 10.23915/distill.00021.
    """

    input: str
    axes: tuple[str, ...]
    operand: str
    before: Span
    window: Window
    formulas: tuple[Formula, ...]


def steps(layer: Layer) -> tuple[Step, ...]:
    """Return the recurrence of an op that reads one operand through a window; else nothing."""
    found = list[Step]()
    for step in _steps(layer):
        alike = [n for n, other in enumerate(found) if replace(other, axes=step.axes) == step]
        if alike:
            other = found[alike[0]]
            found[alike[0]] = replace(other, axes=other.axes + step.axes)
        else:
            found.append(step)
    return tuple(found)


def _steps(layer: Layer) -> Iterator[Step]:
    graph = layer.home.graph
    if graph is None or layer.label != Label.PROVED or not hasattr(layer.op, "kernel_size"):
        return
    access = _single(layer, 0, Hint(dict(graph.hint)))
    if access is None or not layer.sources:
        return
    source = layer.sources[0]
    tensors = {tensor.name: tensor for tensor in graph.inputs}
    for name, after in receptive_fields(layer).items():
        if after.unknown:
            continue
        before = ReceptiveField(layer, source, tensors[name], fields_of(layer.home))
        for n, axis in enumerate(after.axes):
            operand, result = span(before, n), span(after, n)
            window = _window(access, before, n)
            if operand is None or window is None:
                continue
            even = all(field.extents[n].period == 1 for field in (before, after))
            made = _formulas(operand, window, result, even=even)
            if made:
                read = _name(graph, source)
                entry = replace(window, axis=0)
                yield Step(
                    input=name, axes=(axis,), operand=read, before=operand, window=entry,
                    formulas=made,
                )  # fmt: skip


def _window(access: Access, before: ReceptiveField, axis: int) -> Window | None:
    """Return the window along the axis of the operand on which its field moves."""
    place = before.per_axis[axis].place
    return None if place is None else as_window(access.axes[place])


def _name(graph: LayerGraph, source: Source) -> str:
    match source:
        case InputRef(name):
            return name
        case OutputRef(layer):
            return graph.layers[layer].name
    return ""


# ---------------------------------------------------------------------------- the formulas


def _formulas(
    operand: Span, window: Window, result: Span | None, *, even: bool
) -> tuple[Formula, ...]:
    """Return the lines; those that do not hold after an up-sampling are left out."""
    if result is None:
        return ()
    made = _transposed(operand, window) if window.transposed else _sliding(operand, window)
    real = {"r": result.size, "j": result.stride}
    if even:
        real |= {"P": result.padding, "c": result.centre}
    return tuple(
        line
        for line in made
        if line.name in real and dims.expand(line.value - real[line.name]) == 0
    )


def _sliding(operand: Span, window: Window) -> Iterator[Formula]:
    k, s, p, d = window.kernel_size, window.stride, window.padding, window.dilation
    r, j, start = _term(operand.size), _factor(operand.stride), _term(operand.padding)
    after = operand.through(window)
    spread = "" if d == 1 else f"{_factor(d)}*"
    size = f"{r} + ({_term(k)} - 1)*{spread}{j}"
    meaning = "size: r + (k - 1)*j" if d == 1 else "size: r + (k - 1)*d*j"
    yield Formula("r", size, after.size, meaning)
    stride = f"{j}*{_factor(s)}"
    yield Formula("j", stride, after.stride, "stride: j*s")
    padding = f"{start} + {_factor(p)}*{j}"
    yield Formula("P", padding, after.padding, "padding: P + p*j; output 0 sees inputs from -P on")
    yield _centre(after)


def _transposed(operand: Span, window: Window) -> Iterator[Formula]:
    """Yield the lines of a transposed window, of which output i reads a part alone.

    With s' = s/gcd(d, s), only every s'-th element of the kernel meets an element of the operand.
    """
    numbers = [dims.as_int(v) for v in (window.kernel_size, window.stride, window.dilation)]
    if None in numbers:
        return
    k, s, d = (int(number) for number in numbers if number is not None)
    r, j = _term(operand.size), _factor(operand.stride)
    every = s // math.gcd(d, s)
    apart = every * d // s  # elements of the operand between two that are read
    size = f"{r} + floor(({k} - 1)/{every})*" + ("" if apart == 1 else f"{apart}*") + j
    value = dims.expand(operand.size + (k - 1) // every * apart * operand.stride)
    yield Formula("r", size, value, "size: of the kernel, an output meets every s-th element")
    stride = dims.expand(operand.stride / dims.as_dim(s))
    yield Formula("j", f"{j}/{s}", stride, "stride: j/s")


def _centre(after: Span) -> Formula:
    padding = dims.expand(-after.padding)
    text = f"{_term(padding)} + ({_term(after.size)} - 1)/2"
    return Formula("c", text, after.centre, "centre of output 0: -P + (r - 1)/2")


def _term(dim: Dim) -> str:
    return dims.format_dim(dim)


def _factor(dim: Dim) -> str:
    text = dims.format_dim(dim)
    return text if dim.is_Symbol or text.isdigit() else f"({text})"


# ---------------------------------------------------------------------------- of a field


def span(field: ReceptiveField, axis: int) -> Span | None:
    """Return the window on an axis as formulas; None where it does not move evenly."""
    if field.unknown:
        return None
    found = field.extents[axis]
    if found.size is None or found.stride is None or found.padding is None:
        return None
    return Span(size=found.size, stride=_rational(found.stride), padding=dims.as_dim(found.padding))


def _rational(value: Fraction | Dim) -> Dim:
    if isinstance(value, Fraction):
        return dims.as_dim(value.numerator) / dims.as_dim(value.denominator)
    return value


def _single(layer: Layer, output: int, hint: Hint) -> Access | None:
    """Return how the first operand is read."""
    found = accesses(layer, output, hint)
    return found[0] if found else None
