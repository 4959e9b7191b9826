"""The shape equation record of a layer: what a student keeps for every convolution."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim, Shape, symbol
from shapecalc.graph import Label, Layer
from shapecalc.op import Op
from shapecalc.receptive_field import ReceptiveField
from shapecalc.receptive_field.recurrence import Step, steps
from shapecalc.render.fields import fields_of

_AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}  # the spatial axes, as torch names them


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a record: its role, its layout in general, and its shape in this layer."""

    role: str
    layout: str
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisEquation:
    """The size formula of one spatial axis.

    `formula` is in the symbols of the op: `axis` is the size that reaches this layer, the others
    are its parameters, whose `values` are this layer's. `size_in` and `size_out` are the sizes
    of the axis in the symbols of the model's inputs.
    """

    axis: str
    formula: Dim
    values: Mapping[str, Dim]
    size_in: Dim
    size_out: Dim

    @property
    def general(self) -> str:
        """The formula in general: `floor((H + 2*p - k)/s) + 1`."""
        return dims.format_dim(self.formula)

    @property
    def here(self) -> str:
        """The formula with this layer's numbers: `floor((H + 2*1 - 3)/2) + 1`."""
        numbers = {name: int(value) for name, value in self.values.items() if value.is_Integer}
        symbols = {n: v for n, v in self.values.items() if n not in numbers and v != symbol(n)}
        if not symbols:
            return dims.format_dim(self.formula, numbers)
        if {str(s) for s in dims.symbols_of(symbols.values())} & {self.axis, *self.values}:
            numbers, symbols = {}, dict(self.values)  # no name may stand for two things
        replaced = {symbol(name): value for name, value in symbols.items()}
        return dims.format_dim(self.formula.subs(replaced, simultaneous=True), numbers)

    def arithmetic(self, sizes: Mapping[str, int]) -> str | None:
        """Return the calculation at sizes of the model's inputs, or None where one is missing.

        >>> H, p = symbol("H"), symbol("p")
        >>> AxisEquation(
        ...     axis="H",
        ...     formula=dims.floordiv(H + 2 * p - symbol("k"), symbol("s")) + 1,
        ...     values={"p": dims.as_dim(1), "k": dims.as_dim(3), "s": dims.as_dim(2)},
        ...     size_in=H,
        ...     size_out=dims.floordiv(H + 1, 2),
        ... ).arithmetic({"H": 6})
        'floor((6 + 2*1 - 3)/2) + 1 = 3'
        """
        known = {**self.values, self.axis: self.size_in}
        needed = dims.symbols_of((*known.values(), self.size_out))
        if not {str(name) for name in needed} <= sizes.keys():
            return None
        numbers = {name: dims.evaluate(value, sizes) for name, value in known.items()}
        result = dims.evaluate(self.size_out, sizes)
        return f"{dims.format_dim(self.formula, numbers)} = {result}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """All that is recorded of one layer.

    `fields` are its receptive fields, one for each input, and `recurrence` how this layer makes
    them of its operand's. `rule` is the rule in words and `source` where it comes from, both from
    the op's docstring.
    """

    layer: str
    op: str
    function: str
    tensors: tuple[Tensor, ...]
    axes: tuple[AxisEquation, ...]
    fields: tuple[ReceptiveField, ...]
    recurrence: tuple[Step, ...]
    rule: tuple[str, ...]
    source: str
    label: Label
    location: str


def equation(layer: Layer) -> Equation:
    """Return the record of a layer."""
    return Equation(
        layer=layer.name,
        op=str(layer.op),
        function=layer.function,
        tensors=tuple(_tensors(layer)),
        axes=tuple(axis_equations(layer)),
        fields=tuple(fields_of(layer).values()),
        recurrence=steps(layer),
        rule=section(layer.op, "Shapes"),
        source=" ".join(section(layer.op, "Source")),
        label=layer.label,
        location=str(layer.location or ""),
    )


def axis_equations(layer: Layer) -> Iterator[AxisEquation]:
    """Yield the formula of every spatial axis, for an op that has one."""
    axes = _spatial(layer.op)
    if not axes or len(layer.out_shape) != len(layer.in_shapes[0]):
        return
    sizes_in, sizes_out = layer.in_shapes[0][-len(axes) :], layer.out_shape[-len(axes) :]
    for n, axis in enumerate(axes):
        general = _turned(layer.op, n, len(axes)).general()
        if general is None:
            return
        formula, values = general
        used = {str(name) for name in formula.free_symbols}
        yield AxisEquation(
            axis=axis,
            formula=formula.subs(symbol("H"), symbol(axis)),
            values={name: dims.as_dim(v) for name, v in values.items() if name in used},
            size_in=sizes_in[n],
            size_out=sizes_out[n],
        )


def _spatial(op: Op) -> tuple[str, ...]:
    per_axis: Any = getattr(op, "kernel_size", None)
    return _AXES.get(len(per_axis), ()) if isinstance(per_axis, tuple) else ()


def _turned(op: Op, first: int, axes: int) -> Op:
    """Return the op with spatial axis `first` in front, which is the one `general` speaks of."""
    if first == 0:
        return op
    turned = {}
    for entry in fields(op):  # type: ignore[arg-type]  # every concrete Op is a dataclass
        value = getattr(op, entry.name)
        if isinstance(value, tuple) and len(value) == axes:
            turned[entry.name] = value[first:] + value[:first]
    return replace(op, **turned)  # type: ignore[type-var]


def _tensors(layer: Layer) -> Iterator[Tensor]:
    op: Any = layer.op
    axes = _spatial(op)
    if op.kind.startswith("Conv") and axes:
        yield from _conv_tensors(layer, axes)
    elif "Pool" in op.kind and axes and len(layer.in_shapes) == 1:
        batch = ("N", "C") if len(layer.in_shapes[0]) == len(axes) + 2 else ("C",)
        yield Tensor("input", _layout(*batch, *axes), layer.in_shapes[0])
        yield Tensor("kernel", _layout(*(f"k{axis}" for axis in axes)), Shape(op.kernel_size))
        for shape in layer.out_shapes:
            yield Tensor("output", _layout(*batch, *(f"{a}_out" for a in axes)), shape)
    elif op.kind == "Linear" and op.out_features is not None:
        yield Tensor("input", _layout("*", "in_features"), layer.in_shapes[0])
        weight = Shape((op.out_features, op.in_features))
        yield Tensor("weight", _layout("out_features", "in_features"), weight)
        yield Tensor("output", _layout("*", "out_features"), layer.out_shape)
    else:
        for shape in layer.in_shapes:
            yield Tensor("input", "", shape)
        for shape in layer.out_shapes:
            yield Tensor("output", "", shape)


def _conv_tensors(layer: Layer, axes: tuple[str, ...]) -> Iterator[Tensor]:
    op: Any = layer.op
    batch = ("N",) if len(layer.in_shapes[0]) == len(axes) + 2 else ()
    kernel = tuple(f"k{axis}" for axis in axes)
    counts = tuple(f"{axis}_out" for axis in axes)
    if op.kind.startswith("ConvTranspose"):
        weight, grouped = ("C_in", "C_out/groups"), (op.in_channels, op.out_channels)
    else:
        weight, grouped = ("C_out", "C_in/groups"), (op.out_channels, op.in_channels)
    shape = Shape((grouped[0], dims.floordiv(grouped[1], op.groups), *op.kernel_size))
    yield Tensor("input", _layout(*batch, "C_in", *axes), layer.in_shapes[0])
    yield Tensor("kernel", _layout(*weight, *kernel), shape)
    yield Tensor("output", _layout(*batch, "C_out", *counts), layer.out_shape)


def _layout(*names: str) -> str:
    return f"[{', '.join(names)}]"


def section(op: Op | type[Op], title: str) -> tuple[str, ...]:
    """Return the lines of a section of an op's docstring.

    >>> from shapecalc.ops.convolution import Conv
    >>> section(Conv, "Source")
    ('https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html',)
    """
    text = inspect.getdoc(op if isinstance(op, type) else type(op)) or ""
    lines = iter(text.splitlines())
    if not any(line == f"{title}:" for line in lines):
        return ()
    found = []
    for line in lines:
        if line and not line.startswith(" "):
            break
        if line.strip():
            found.append(line.strip())
    return tuple(found)
