"""The recurrence of receptive fields: what the window of one op adds to the field of its operand.

Where parameters are symbols, no relation can be written once a stride is one of them; the
recurrence still gives size, stride and padding as formulas.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from shapecalc import dims
from shapecalc.access import Access, AxisAccess, Same, Window
from shapecalc.conditions import Hint, Path, following
from shapecalc.dims import ONE, ZERO, Dim
from shapecalc.graph import InputRef, Label, Layer, LayerGraph, OutputRef, Source
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.field import ReceptiveField, fields_of, receptive_fields
from shapecalc.receptive_field.tensor_field import InputAxis


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window that moves evenly: output i sees `size` inputs from stride*i - padding on.

    Units:
        size, padding, centre: elements of the input; indices count from zero.
        stride: elements of the input per element of the output.
    """

    size: Dim = ONE
    stride: Dim = ONE
    padding: Dim = ZERO

    @property
    def centre(self) -> Dim:
        """The centre of output 0's window."""
        return dims.expand(-self.padding + (self.size - 1) / dims.as_dim(2))


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
    moving = before.per_axis[axis].outputs
    if len(moving) == 1:
        return _as_window(access.axes[moving[0]])
    place = _place(before, axis)
    return None if place is None else _as_window(access.axes[place])


def _as_window(entry: AxisAccess) -> Window | None:
    match entry:
        case Same(axis):
            return Window(axis=axis)
        case Window():
            return entry
    return None


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
    after = _through(operand, window)
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


def _through(operand: Span, window: Window) -> Span:
    k, s, p, d = window.kernel_size, window.stride, window.padding, window.dilation
    return Span(
        size=dims.expand(operand.size + (k - 1) * d * operand.stride),
        stride=dims.expand(operand.stride * s),
        padding=dims.expand(operand.padding + p * operand.stride),
    )


def _term(dim: Dim) -> str:
    return dims.format_dim(dim)


def _factor(dim: Dim) -> str:
    text = dims.format_dim(dim)
    return text if dim.is_Symbol or text.isdigit() else f"({text})"


# ---------------------------------------------------------------------------- with symbols


def span(field: ReceptiveField, axis: int) -> Span | None:
    """Return the window on an axis as formulas; None where it does not move evenly."""
    if field.unknown:
        return None
    found = field.extents[axis]
    if found.size is not None and found.stride is not None and found.padding is not None:
        return Span(
            size=found.size, stride=_rational(found.stride), padding=dims.as_dim(found.padding)
        )
    symbolic = _symbolic(field, axis)
    return None if symbolic is None else symbolic[1]


def formula(field: ReceptiveField, axis: int) -> Span | None:
    """Return the window on an axis by the recurrence, where the relation alone gives none.

    That is so where parameters are symbols; at given sizes the relation is all there is.
    """
    if field._fields.setting.concrete:
        return None
    needed = field.extents[axis].size is None or field.per_axis[axis].reach.bound
    return span(field, axis) if needed else None


def bounds(field: ReceptiveField) -> list[str]:
    """Return why a field is only a bound, on the axes where no formula is known either."""
    return [
        axis.reach.bound
        for n, axis in enumerate(field.per_axis)
        if axis.reach.bound and formula(field, n) is None
    ]


def _rational(value: Fraction) -> Dim:
    return dims.as_dim(value.numerator) / dims.as_dim(value.denominator)


def _place(field: ReceptiveField, axis: int) -> int | None:
    symbolic = _symbolic(field, axis)
    return None if symbolic is None else symbolic[0]


Spans: TypeAlias = Mapping[InputAxis, tuple[int, Span] | None]
"""By the axes of the inputs, along which axis of a tensor what moves; None for anything else."""


def _symbolic(field: ReceptiveField, axis: int) -> tuple[int, Span] | None:
    home = field.record.home
    graph = home.graph
    if graph is None or set(graph.hint) <= {str(symbol) for symbol in graph.symbols}:
        return None  # the parameters are numbers
    if "spans" not in home.fields:
        home.fields["spans"] = _spans(graph)
    spans: Mapping[Source, Spans] = home.fields["spans"]
    key = InputAxis(field.input, field.per_axis[axis].axis)
    return spans.get(field._source, {}).get(key)


def _spans(graph: LayerGraph) -> dict[Source, Spans]:
    """Return the windows of all tensors of a graph by the recurrence alone."""
    found: dict[Source, Spans] = {
        InputRef(tensor.name): {
            InputAxis(tensor.name, axis): (axis, Span()) for axis in roles(tensor).spatial
        }
        for tensor in graph.inputs
    }
    hint = Hint(dict(graph.hint))
    for layer in graph.layers:
        for output in range(len(layer.out_shapes)):
            found[OutputRef(layer.index, output)] = _passed(layer, output, found, hint)
    return found


def _passed(layer: Layer, output: int, found: Mapping[Source, Spans], hint: Hint) -> Spans:
    made: dict[InputAxis, tuple[int, Span] | None] = {}
    accesses = _accesses(layer, output, hint)
    for n, source in enumerate(layer.sources):
        access = accesses[n] if n < len(accesses) else None
        for key, known in found.get(source, {}).items():
            now = None
            if access is not None and known is not None:
                now = _moved(known, access)
            made[key] = now if key not in made or made[key] == now else None
    return made


def _moved(known: tuple[int, Span], access: Access) -> tuple[int, Span] | None:
    place, before = known
    window = _as_window(access.axes[place])
    if window is None or window.transposed:
        return None
    return window.axis, _through(before, window)


def _accesses(layer: Layer, output: int, hint: Hint) -> list[Access | None]:
    """Return how the operands are read, None where that is not the same for every output."""
    if layer.label != Label.PROVED:
        return []
    with following(Path(hint)):
        reads = layer.op.reads(layer.in_shapes, layer.out_shapes[output], output) or ()
    return [
        access if isinstance(access, Access) and not access.when and not access.bound else None
        for access in reads
    ]


def _single(layer: Layer, output: int, hint: Hint) -> Access | None:
    """Return how the first operand is read."""
    found = _accesses(layer, output, hint)
    return found[0] if found else None
