"""Tensors and elements repeated: https://pytorch.org/docs/stable/generated/torch.tile.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product
from typing import Any

from shapecalc import dims
from shapecalc.access import (
    FIRST,
    Access,
    AxisAccess,
    Range,
    Reads,
    Same,
    along,
    element_number,
    everything,
    index,
    only,
    shifted,
)
from shapecalc.conditions import decide, require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import DATA, Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.view import as_dims, as_sizes
from shapecalc.registry import reader

FEW = 8  # copies up to which each is an access of its own
BY_REPEATS = "the values of repeats decide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Op):
    """The whole tensor `repeats` times along every axis; new axes come in front.

    Shapes:
        x: any shape of at most len(repeats) axes
        output: its sizes times `repeats`

    Raises:
        RankError: `x` has more axes than `repeats`.
        SizeError: a number of repeats is negative.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
    """

    repeats: tuple[Dim, ...]
    function: str = field(default="repeat", repr=False)

    @property
    def kind(self) -> str:
        """`repeat` or `tile`."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Multiply axis by axis, from the last one."""
        new = len(self.repeats) - len(x)
        if new < 0:
            raise RankError(f"{len(self.repeats)} repeats for {len(x)} dimensions: {x}")
        for times in self.repeats:
            require(times, ">=", 0, f"{dims.format_dim(times)} repeats are negative")
        ones = (dims.ONE,) * new
        return tuple(dims.mul(s, t) for s, t in zip((*ones, *x), self.repeats, strict=True))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, counted again from 0 in every copy."""
        (x,) = inputs
        new = len(out) - len(x)
        axes = zip(range(new, len(out)), x, self.repeats[new:], strict=True)
        accesses = list[Access]()
        for copies in product(*(_copies(axis, size, times) for axis, size, times in axes)):
            when = chain.from_iterable(ranges for _, ranges in copies)
            accesses.append(Access(tuple(entry for entry, _ in copies), tuple(when)))
        return [accesses]


def _copies(axis: int, size: Dim, times: Dim) -> list[tuple[AxisAccess, tuple[Range, ...]]]:
    """Return the entries of an axis that is repeated, and the output indices of each.

    A few copies of a symbolic size have an entry each, as a remainder by it is not affine.
    """
    if times == 1 or size == 0:
        return [(Same(axis), ())]
    if size == 1:
        return [(FIRST, ())]
    count = dims.as_int(times)
    if dims.as_int(size) is not None or count is None or count > FEW:
        return [(only(dims.mod(index(axis), size)), ())]
    starts = [dims.mul(dims.as_dim(n), size) for n in range(count)]
    return [
        (shifted(axis, -start), (Range(axis=axis, start=start, stop=start + size),))
        for start in starts
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatInterleave(Op):
    """Every element `repeats` times along axis `dim`; None, as often as a tensor says.

    Shapes:
        x: any shape
        repeats: (), (1,) or (x[dim],), where it is a tensor
        output: that shape with the size times `repeats`, or ?, at `dim`; flattened for dim=None

    Raises:
        RankError: there is no axis `dim`.
        DimMismatchError: there is neither one entry of `repeats` nor one for each element.

    Source:
        https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html
    """

    repeats: Dim | None
    dim: int | None = None
    output_size: Dim | None = None

    def out_shape(self, x: Shape, *repeats: Shape) -> OutShape:
        """Multiply the size of the axis."""
        if self.dim is None:
            x, axis = Shape((dims.product(x),)), 0
        else:
            axis = axis_index(self.dim, len(x))
        if self.repeats is not None:
            message = f"{dims.format_dim(self.repeats)} repeats are negative"
            require(self.repeats, ">=", 0, message)
            size = dims.mul(x[axis], self.repeats)
        else:
            size = DATA if self.output_size is None else self.output_size
        for shape in repeats:
            if len(shape) > 1:
                raise RankError(f"repeats have at most 1 dimension, got {shape}")
            if shape and shape[0] != x[axis] and not decide(shape[0], "==", 1, "repeats"):
                require_same(shape[0], x[axis], "the number of repeats to be")
        return (*x[:axis], size, *x[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element that stands in the place of its copies."""
        x, *repeats = inputs
        if self.repeats is None:
            chosen = everything(x) if self.dim is None else along(len(x), [self.dim])
            return [
                replace(chosen, bound=BY_REPEATS),
                *(everything(r, BY_REPEATS) for r in repeats),
            ]
        if self.repeats == 0:
            return [None]
        if self.dim is None:
            return [element_number(dims.floordiv(index(0), self.repeats), x)]
        axis = axis_index(self.dim, len(x))
        return [along(len(x), [axis], only(dims.floordiv(index(axis), self.repeats)))]


# ---------------------------------------------------------------------------- readers


@reader("Tensor.repeat")
def read_repeat(input: Operand, *sizes: Any, repeats: Sequence[IntoDim] | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html"""
    return Call(Repeat(repeats=as_dims(as_sizes(sizes) if repeats is None else repeats)), (input,))


@reader("tile")
def read_tile(input: Operand, *reps: Any, dims: Sequence[IntoDim] | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.tile.html"""
    repeats = as_dims(as_sizes(reps) if dims is None else dims)
    missing = as_dims([1] * (input.ndim - len(repeats)))
    return Call(Repeat(repeats=(*missing, *repeats), function="tile"), (input,))


@reader("repeat_interleave")
def read_repeat_interleave(
    input: Operand,
    repeats: IntoDim | Operand | None = None,
    dim: int | None = None,
    *,
    output_size: IntoDim | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html"""
    size = None if output_size is None else dims.as_dim(output_size)
    if repeats is None:  # the only tensor is the repeats: how often each number occurs
        return Call(RepeatInterleave(repeats=None, output_size=size), (input,))
    if isinstance(repeats, Operand):
        op = RepeatInterleave(repeats=None, dim=dim, output_size=size)
        return Call(op, (input, repeats))
    return Call(RepeatInterleave(repeats=dims.as_dim(repeats), dim=dim), (input,))
