"""Ops: what one call does to shapes.

An `Op` is a frozen dataclass of parameters under torch's own names, with two rules: `out_shape`,
the shapes that come out, and `reads`, the elements of the operands that each of them depends on.
A rule knows shapes and parameters only. A reader, registered in `registry.py`, makes a `Call`
of it: the op, and the tensors that it is applied to, each seen as an `Operand`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

from shapecalc import dims
from shapecalc.access import Reads
from shapecalc.conditions import Assumption, Path, following
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.dtypes import is_floating
from shapecalc.errors import DataDependentError, DTypeError, RankError

OutShape: TypeAlias = Sequence[IntoDim] | list[Sequence[IntoDim]]


def data(number: int, *, minimum: int = 0) -> Dim:
    """Return the first, second, ... of the sizes of one call that depend on data."""
    return dims.symbol(f"?{number}" if number else "?", minimum=minimum)


DATA: Dim = data(0)
"""A size that depends on data: the tracer puts a new symbol in its place, one for each call."""


class Op:
    """What one call does to shapes. Subclasses are frozen dataclasses of torch's parameters."""

    __slots__ = ()

    @property
    def kind(self) -> str:
        """The name of the op as torch writes it: `Conv2d`, `add`."""
        return type(self).__name__

    def out_shape(self, *inputs: Any, **named: Any) -> OutShape:
        """Return the shape that comes out; a list of shapes where the op has several outputs."""
        raise NotImplementedError

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads | None:
        """Return what an element of output number `output`, of shape `out`, reads.

        One entry for every operand. None is an op of which nothing is known.
        """
        return None

    def at_most(self, *inputs: Shape) -> Mapping[Dim, Dim]:
        """Return the greatest that sizes which depend on data can be, as `data` makes them."""
        return {}

    def general(self) -> tuple[Dim, Mapping[str, Dim]] | None:
        """Return the size formula of one spatial axis in general symbols, and their values here.

        None for an op that has no such formula. The input size is the symbol `H`.
        """
        return None

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(format_parameters(self))})"


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor as a reader sees it: no values, only its sizes and its type.

    `source` says where it comes from; None is a constant, such as a parameter of the model.
    `first` is the one value that is known of some tensors of integers, as it is a size: their
    first. Packed sequences keep the batch there.
    """

    shape: Shape
    dtype: str = "float32"
    source: object = None
    first: Dim | None = None

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __index__(self) -> int:
        """Refuse: where torch takes a tensor for a number, the number depends on data."""
        raise DataDependentError("the value of a tensor is needed, which no shape determines")


@dataclass(frozen=True, slots=True)
class SizeFloat:
    """A Python float computed from sizes, as `h / 2` or `float(h)`: no size, even where whole."""

    value: Dim

    def __str__(self) -> str:
        return dims.format_dim(self.value)


@dataclass(frozen=True, slots=True)
class Call:
    """An op applied to operands: what a reader returns.

    `dtype` is that of the outputs, one for all or one each; by default the operands' own.
    `pack` puts several outputs into the structure that torch returns. `firsts` are the first
    values of the outputs where those are sizes, for the last outputs if there are fewer. Of the
    tensors in `unread` only the shape or the type is taken.
    """

    op: Op
    operands: tuple[Operand, ...]
    dtype: str | tuple[str, ...] | None = None
    pack: Callable[[list[Any]], Any] = tuple
    firsts: tuple[Dim | None, ...] = ()
    unread: tuple[Operand, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The shapes that come out of an op, and what had to be assumed for them.

    `data` are the sizes in them that depend on data, as `data` made them.
    """

    shapes: tuple[Shape, ...]
    several: bool
    assumptions: tuple[Assumption, ...] = ()
    data: tuple[Dim, ...] = ()


def infer(op: Op, inputs: tuple[Shape, ...], hint: Mapping[str, int]) -> Outcome:
    """Apply a rule at a hint; remembered per op, shapes and choices.

    Raises:
        ShapeError: the op does not take these shapes.
    """
    outcomes = _outcomes(op, inputs)
    for outcome in outcomes:
        if all(assumption.condition.holds(hint) for assumption in outcome.assumptions):
            return outcome
    with following(Path(hint)) as path:
        out = op.out_shape(*inputs)
    several = isinstance(out, list)
    shapes = tuple(map(_normal, out)) if several else (_normal(out),)
    of_data = (name for name in dims.symbols_of(chain(*shapes)) if name.name.startswith("?"))
    outcomes.append(Outcome(shapes, several, tuple(path.assumptions), tuple(of_data)))
    return outcomes[-1]


def _normal(shape: Iterable[IntoDim]) -> Shape:
    return Shape(dims.expand(dims.as_dim(dim)) for dim in shape)


@lru_cache(1 << 14)
def _outcomes(op: Op, inputs: tuple[Shape, ...]) -> list[Outcome]:
    """Return the list of what was found for these arguments so far, to be added to."""
    return []


def forget_outcomes() -> None:
    """Forget what `infer` remembers, for a rule that was changed within a process."""
    _outcomes.cache_clear()


def require_rank(x: Shape, *ranks: int, layout: str) -> None:
    """Demand one of several numbers of axes; `layout` names them for the message.

    Raises:
        RankError: `x` has another number of axes.
    """
    if len(x) not in ranks:
        wanted = " or ".join(str(rank) for rank in ranks)
        raise RankError(f"expected {wanted} dimensions {layout}, got {len(x)}: {x}")


def require_floating(input: Operand, weight: Operand) -> None:
    """Demand an input that can meet a weight of fractions: torch never converts it by itself.

    Raises:
        DTypeError: the input holds integers or truths, the weight fractions.
    """
    if is_floating(weight.dtype) and not is_floating(input.dtype):
        raise DTypeError(
            f"expected input of type {weight.dtype}, got {input.dtype}",
            fix=f"convert the input: x.to(torch.{weight.dtype})",
        )


def per_axis(value: IntoDim | Sequence[IntoDim], axes: int) -> tuple[Dim, ...]:
    """Return one entry an axis of what torch takes as a number or a tuple.

    Raises:
        RankError: a tuple has neither one entry nor one an axis.

    >>> per_axis(3, 2)
    (3, 3)
    """
    if isinstance(value, Sequence):
        entries = tuple(dims.as_dim(entry) for entry in value)
        if len(entries) not in (1, axes):
            text = dims.format_shape(entries)
            raise RankError(f"expected one number or {axes}, one for each axis, got {text}")
        return entries * axes if len(entries) == 1 else entries
    return (dims.as_dim(value),) * axes


def axis_index(dim: int, ndim: int) -> int:
    """Return an axis counted from the front.

    Raises:
        RankError: there is no such axis.
    """
    axis, axes = int(dim), max(ndim, 1)
    if not -axes <= axis < axes:
        raise RankError(f"dim={axis} is not an axis of a tensor with {ndim} dimensions")
    return axis % axes


_PER_AXIS = {
    "kernel_size", "stride", "padding", "dilation", "output_padding", "output_size", "dim",
}  # fmt: skip


def format_parameters(op: Op) -> Iterable[str]:
    """Return the parameters of an op as `name=value`, without those at their default."""
    for entry in fields(op):  # type: ignore[arg-type]  # every concrete Op is a dataclass
        value = getattr(op, entry.name)
        usual = entry.default
        if isinstance(value, tuple) and isinstance(usual, tuple) and len(usual) == 1:
            usual = usual * len(value)  # a default is written for one axis
        if entry.repr and value != usual:
            shown = _as_one(value) if entry.name in _PER_AXIS else value
            yield f"{entry.name}={format_value(shown)}"


def _as_one(value: object) -> object:
    """Return the entry of a tuple whose entries are all equal."""
    if isinstance(value, tuple) and value and all(entry == value[0] for entry in value):
        return _as_one(value[0])
    return tuple(map(_as_one, value)) if isinstance(value, tuple) else value


def format_value(value: object) -> str:
    """Return a parameter as Python prints it."""
    if isinstance(value, tuple):
        entries = [format_value(entry) for entry in value]
        return f"({entries[0]},)" if len(entries) == 1 else f"({', '.join(entries)})"
    if hasattr(value, "free_symbols"):
        return dims.format_dim(value)
    return str(value)
