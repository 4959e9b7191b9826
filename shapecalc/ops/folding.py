"""Sliding blocks as columns and back: https://pytorch.org/docs/stable/nn.html#fold."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, NamedTuple

from shapecalc import dims
from shapecalc.access import WHOLE, Access, Interval, Range, Reads, Same, index, only
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
        return (*batch, column, dims.product(block_counts((height, width), self)))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the one element that stands at this place of this block."""
        rank = len(out)
        within, block = index(rank - 2), index(rank - 1)
        height, width = self.kernel_size
        rows, columns = block_counts(inputs[0][-2:], self)
        channel = dims.floordiv(within, dims.mul(height, width))
        places = dims.mod(dims.floordiv(within, width), height), dims.mod(within, width)
        blocks = dims.floordiv(block, columns), dims.mod(block, columns)
        axes = zip(places, blocks, (rows, columns), *_parameters(self), strict=True)
        spatial = []
        for place, number, count, _, s, (p, _), d in axes:
            inside = dims.mul(place, d) - p
            at, last = dims.mul(number, s) + inside, dims.mul(count - 1, s) + inside
            spatial.append(Interval(at, at, bound=(inside, last)))
        batch = map(Same, range(rank - 2))
        return [Access((*batch, only(channel), *spatial))]


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
        count = dims.product(block_counts(self.output_size, self))
        require_same(blocks, count, "number of blocks")
        return (*batch, dims.floordiv(column, area), *self.output_size)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of every block that covers this place."""
        rank, (height, width) = len(inputs[0]), self.kernel_size
        batch = tuple(map(Same, range(rank - 2)))
        first = dims.product((index(rank - 2), height, width))
        counts = block_counts(self.output_size, self)
        axes = enumerate(zip(counts, *_parameters(self), strict=True), rank - 1)
        rows, columns = (covers(axis, *parameters) for axis, parameters in axes)
        if not rows or not columns or len(rows) * len(columns) > MOST:
            block = Interval(first, first + dims.mul(height, width) - 1)
            return [Access((*batch, block, WHOLE), bound="a block for every place in a block")]
        accesses = []
        for row, column in itertools.product(rows, columns):
            place = first + dims.mul(row.place, width) + column.place
            number = dims.mul(row.number, counts[1]) + column.number
            when = (row.when, column.when)
            accesses.append(Access((*batch, only(place), only(number)), when=when))
        return [accesses]


MOST = 100  # accesses of one operand


class Cover(NamedTuple):
    """How a block covers the output elements `when`: they are at that place of that block."""

    place: Dim
    number: Dim
    when: Range


def covers(
    axis: int,
    count: Dim,
    kernel_size: Dim,
    stride: Dim,
    padding: tuple[Dim, Dim],
    dilation: Dim,
) -> list[Cover]:
    """Return all ways in which `count` blocks cover an axis of the output; none if not known.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """
    at, low = index(axis) + padding[0], -padding[0]
    length = dims.mul(count, stride)
    if dilation == 1 and dims.divides(kernel_size, stride):  # the same for every element
        overlap = dims.as_int(dims.floordiv(kernel_size, stride)) or 0
        place, number = dims.mod(at, stride), dims.floordiv(at, stride)
        starts = [low + t * stride for t in range(overlap)]
        return [
            Cover(
                place + t * stride, number - t, Range(axis=axis, start=start, stop=start + length)
            )
            for t, start in enumerate(starts)
        ]
    starts = [low + place * dilation for place in range(dims.as_int(kernel_size) or 0)]
    return [
        Cover(
            dims.as_dim(place),
            dims.floordiv(index(axis) - start, stride),
            Range(axis=axis, start=start, stop=start + length, step=stride),
        )
        for place, start in enumerate(starts)
    ]


def block_counts(spatial: tuple[Dim, ...], op: Unfold | Fold) -> tuple[Dim, ...]:
    """Return how many blocks an image of that size has on each of its axes."""
    counts = []
    for size, k, s, p, d in zip(spatial, *_parameters(op), strict=True):
        require_fits(size, kernel_size=k, padding=p, dilation=d)
        counts.append(window_count(size, kernel_size=k, stride=s, padding=p, dilation=d))
    return tuple(counts)


def _parameters(op: Unfold | Fold) -> tuple[tuple[Any, ...], ...]:
    return op.kernel_size, op.stride, op.padding, op.dilation


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
