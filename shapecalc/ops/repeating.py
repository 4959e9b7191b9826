"""Tensors and elements repeated: https://pytorch.org/docs/stable/generated/torch.tile.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.conditions import require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import DATA, Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.view import as_dims, as_sizes
from shapecalc.registry import reader


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
            if shape and shape[0] != 1:
                require_same(shape[0], x[axis], "the number of repeats to be")
        return (*x[:axis], size, *x[axis + 1 :])


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
