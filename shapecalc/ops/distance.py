"""Distance functions: https://pytorch.org/docs/stable/nn.functional.html#distance-functions."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import (
    WHOLE,
    Access,
    Element,
    Range,
    Reads,
    everything,
    placed,
    reduced,
    shifted,
)
from shapecalc.conditions import require_same
from shapecalc.dims import Shape
from shapecalc.dtypes import promote
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.ops.pointwise import broadcast
from shapecalc.ops.promotion import as_floating
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance(Op):
    """A distance or similarity of two operands along one axis of what they broadcast to.

    Shapes:
        x1, x2: any shapes that broadcast
        output: the shape they broadcast to, without axis `dim`, or with 1 in its place

    Raises:
        RankError: there is no axis `dim`.
        DimMismatchError: the operands do not broadcast.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
    """

    function: str
    dim: int = -1
    keepdim: bool = False

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x1: Shape, x2: Shape) -> OutShape:
        """Broadcast, then drop the axis."""
        both = broadcast(x1, x2)
        axis = axis_index(self.dim, len(both))
        kept = (dims.ONE,) if self.keepdim else ()
        return (*both[:axis], *kept, *both[axis + 1 :]) if both else ()

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read both vectors along the axis."""
        rank = max(map(len, inputs))
        axis = axis_index(self.dim, rank)
        return [reduced(x, out, [axis], keepdim=self.keepdim, rank=rank) for x in inputs]


@reader("cosine_similarity")
def read_cosine_similarity(x1: Operand, x2: Operand, dim: int = 1, eps: float = 1e-8) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html"""
    dtype = promote(x1.dtype, x2.dtype)
    return Call(Distance(function="cosine_similarity", dim=dim), (x1, x2), dtype)


@reader("pairwise_distance")
def read_pairwise_distance(
    x1: Operand, x2: Operand, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html"""
    dtype = promote(x1.dtype, x2.dtype)
    op = Distance(function="pairwise_distance", keepdim=keepdim)
    return Call(op, (x1, x2), as_floating(dtype))


@layer("CosineSimilarity")
def build_cosine_similarity(
    name: str, inputs: tuple[Shape, ...], dim: int = 1, eps: float = 1e-8
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html"""
    return Built(Distance(function="cosine_similarity", dim=dim))


@layer("PairwiseDistance")
def build_pairwise_distance(
    name: str,
    inputs: tuple[Shape, ...],
    p: float = 2.0,
    eps: float = 1e-6,
    keepdim: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html"""
    return Built(Distance(function="pairwise_distance", keepdim=keepdim))


@dataclass(frozen=True, slots=True, kw_only=True)
class CDist(Op):
    """The distances of all pairs of rows of two operands.

    Shapes:
        x1: (*, P, M)
        x2: (*, R, M)
        output: (*, P, R), the batches broadcast

    Raises:
        RankError: an operand has fewer than 2 axes.
        DimMismatchError: the rows differ in length, or the batches do not broadcast.

    Source:
        https://pytorch.org/docs/stable/generated/torch.cdist.html
    """

    def out_shape(self, x1: Shape, x2: Shape) -> OutShape:
        """Pair the rows."""
        for shape in (x1, x2):
            if len(shape) < 2:
                raise RankError(f"expected at least 2 dimensions (*, P, M), got {shape}")
        *batch1, rows1, features1 = x1
        *batch2, rows2, features2 = x2
        require_same(features2, features1, "elements in a row of the second operand")
        return (*broadcast(Shape(batch1), Shape(batch2)), rows1, rows2)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a row of each operand."""
        reads = []
        for x, row in zip(inputs, (len(out) - 2, len(out) - 1), strict=True):
            batch = range(len(out) - len(x), len(out) - 2)
            reads.append(placed(x, out, [*batch, row, None]))
        return reads

    def __str__(self) -> str:
        return "cdist"


@reader("cdist")
def read_cdist(
    x1: Operand,
    x2: Operand,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cdist.html"""
    return Call(CDist(), (x1, x2), promote(x1.dtype, x2.dtype))


MOST_ROWS = 64  # up to which `pdist` lists its pairs of rows


@dataclass(frozen=True, slots=True, kw_only=True)
class PDist(Op):
    """The distances of all pairs of different rows of one operand.

    Shapes:
        input: (N, M)
        output: (N*(N - 1)/2)

    Raises:
        RankError: the input is not a matrix.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
    """

    def out_shape(self, input: Shape) -> OutShape:
        """Count the pairs."""
        require_rank(input, 2, layout="(N, M)")
        rows, _ = input
        return (dims.floordiv(dims.mul(rows, rows - 1), 2),)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read two rows; the pairs stand in order of the first row, then of the second."""
        rows = dims.as_int(inputs[0][0])
        if rows is None or rows > MOST_ROWS:
            return [everything(inputs[0], bound="which rows make a pair is no linear formula")]
        reads, start = list[Access](), 0
        for row in range(rows - 1):
            stop = start + rows - 1 - row
            when = (Range(axis=0, start=dims.as_dim(start), stop=dims.as_dim(stop)),)
            for entry in (Element(dims.as_dim(row)), shifted(0, row + 1 - start)):
                reads.append(Access((entry, WHOLE), when=when))
            start = stop
        return [reads or None]

    def __str__(self) -> str:
        return "pdist"


@reader("pdist")
def read_pdist(input: Operand, p: float = 2.0) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html"""
    return Call(PDist(), (input,))
