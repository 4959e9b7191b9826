"""Sliding blocks as columns and back: https://pytorch.org/docs/stable/nn.html#fold."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.conditions import require, require_positive, require_same
from shapecalc.dims import Dim, Shape, format_dim, window_count
from shapecalc.op import Call, Op, Operand, OutShape, per_axis, require_rank
from shapecalc.ops.window import (
    Pairs,
    PerAxis,
    as_pairs,
    require_elements,
    require_fits,
    require_window,
)
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfold(Op):
    """Every sliding block of an image as a column.

    Shapes:
        x: (N, C, H, W) or (C, H, W)
        output: (N, C * product(kernel_size), L), L blocks

    Units:
        kernel_size, stride, dilation: elements, one entry per spatial axis.
        padding: elements, a pair (low, high) per spatial axis.

    Raises:
        RankError: `x` is not (N, C, H, W).
        SizeError: a block is larger than the padded image.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """

    kernel_size: tuple[Dim, ...]
    dilation: tuple[Dim, ...] = (1,)
    padding: Pairs = ((0, 0),)
    stride: tuple[Dim, ...] = (1,)

    def out_shape(self, x: Shape) -> OutShape:
        """Count the blocks."""
        require_rank(x, 4, 3, layout="(N, C, H, W)")
        require_elements(x, 3)
        *batch, channels, height, width = x
        column = dims.product((channels, *self.kernel_size))
        return (*batch, column, block_count((height, width), self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold(Op):
    """The image of which columns are the sliding blocks; where they overlap, they are added.

    Shapes:
        x: (N, C * product(kernel_size), L) or (C * product(kernel_size), L), L blocks
        output: (N, C, *output_size)

    Units:
        output_size, kernel_size, stride, dilation: elements, one entry per spatial axis.
        padding: elements, a pair (low, high) per spatial axis.

    Raises:
        RankError: `x` is not (N, C * product(kernel_size), L).
        DimMismatchError: L is not the number of blocks of such an image.
        SizeError: a column does not divide into blocks, or a block is larger than the image.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """

    output_size: tuple[Dim, ...]
    kernel_size: tuple[Dim, ...]
    dilation: tuple[Dim, ...] = (1,)
    padding: Pairs = ((0, 0),)
    stride: tuple[Dim, ...] = (1,)

    def out_shape(self, x: Shape) -> OutShape:
        """Divide the columns into channels."""
        require_rank(x, 3, 2, layout="(N, C * product(kernel_size), L)")
        require_elements(x, 2)
        for size in self.output_size:
            require_positive(size, "a size of the output")
        *batch, column, blocks = x
        area = dims.product(self.kernel_size)
        message = f"columns of {format_dim(column)} elements do not divide into blocks of "
        require(dims.mod(column, area), "==", 0, message + format_dim(area))
        require_same(blocks, block_count(self.output_size, self), "number of blocks")
        return (*batch, dims.floordiv(column, area), *self.output_size)


def block_count(spatial: tuple[Dim, ...], op: Unfold | Fold) -> Dim:
    """Return how many blocks an image of that size has."""
    counts = []
    sizes = zip(spatial, op.kernel_size, op.stride, op.padding, op.dilation, strict=True)
    for size, k, s, p, d in sizes:
        require_fits(size, kernel_size=k, padding=p, dilation=d)
        counts.append(window_count(size, kernel_size=k, stride=s, padding=p, dilation=d))
    return dims.product(counts)


@reader("nn.functional.unfold")
def read_unfold(
    input: Operand,
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html"""
    op = build_unfold("Unfold", (), kernel_size, dilation, padding, stride).op
    return Call(op, (input,))


@reader("nn.functional.fold")
def read_fold(
    input: Operand,
    output_size: PerAxis,
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html"""
    op = build_fold("Fold", (), output_size, kernel_size, dilation, padding, stride).op
    return Call(op, (input,))


@layer("Unfold")
def build_unfold(
    name: str,
    inputs: tuple[Shape, ...],
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html"""
    op = Unfold(
        kernel_size=per_axis(kernel_size, 2),
        dilation=per_axis(dilation, 2),
        padding=as_pairs(padding, 2),
        stride=per_axis(stride, 2),
    )
    _require_blocks(op)
    return Built(op)


@layer("Fold")
def build_fold(
    name: str,
    inputs: tuple[Shape, ...],
    output_size: PerAxis,
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Fold.html"""
    op = Fold(
        output_size=per_axis(output_size, 2),
        kernel_size=per_axis(kernel_size, 2),
        dilation=per_axis(dilation, 2),
        padding=as_pairs(padding, 2),
        stride=per_axis(stride, 2),
    )
    _require_blocks(op)
    return Built(op)


def _require_blocks(op: Unfold | Fold) -> None:
    require_window(
        kernel_size=op.kernel_size, stride=op.stride, padding=op.padding, dilation=op.dilation
    )
