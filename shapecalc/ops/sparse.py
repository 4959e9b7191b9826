"""Sparse layers, that is embeddings: https://pytorch.org/docs/stable/nn.html#sparse-layers."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import WHOLE, Access, Interval, Reads, Same, everything, index, same
from shapecalc.conditions import require_element, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError, ShapeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding(Op):
    """A row of a table for every index.

    Shapes:
        input: (*), integers
        weight: (num_embeddings, embedding_dim)
        output: (*, embedding_dim)

    Raises:
        SizeError: the table has no rows.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """

    num_embeddings: Dim
    embedding_dim: Dim

    def out_shape(self, input: Shape) -> OutShape:
        """Put the row behind the axes of the indices."""
        require_element(self.num_embeddings, input, "num_embeddings")
        return (*input, self.embedding_dim)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one index."""
        return [same(len(inputs[0]))]


def require_indices(indices: Operand, what: str) -> None:
    """Demand a type that indexes a table.

    Raises:
        ShapeError: the operand is of another type than int64 or int32.
    """
    if indices.dtype not in ("int64", "int32"):
        raise ShapeError(
            f"expected {what} of type int64 or int32, got {indices.dtype}",
            fix="pass indices of type torch.int64",
        )


@reader("nn.functional.embedding")
def read_embedding(
    input: Operand,
    weight: Operand,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html"""
    require_indices(input, "embedding indices")
    require_rank(weight.shape, 2, layout="(num_embeddings, embedding_dim) in the weight")
    num_embeddings, embedding_dim = weight.shape
    op = Embedding(num_embeddings=num_embeddings, embedding_dim=embedding_dim)
    return Call(op, (input,), weight.dtype)


@reader("embedding")
def read_torch_embedding(
    weight: Operand,
    indices: Operand,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html"""
    return read_embedding(indices, weight)


@layer("Embedding")
def build_embedding(
    name: str,
    inputs: tuple[Shape, ...],
    num_embeddings: IntoDim,
    embedding_dim: IntoDim,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html"""
    rows, columns = dims.as_dim(num_embeddings), dims.as_dim(embedding_dim)
    op = Embedding(num_embeddings=rows, embedding_dim=columns)
    return Built(op, {"weight": Shape((rows, columns))})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingBag(Op):
    """A sum, mean or maximum of rows of a table, one for every bag of indices.

    Shapes:
        input: (B, L), or (L) with `offsets`
        offsets: (B), or (B + 1) with `include_last_offset`
        per_sample_weights: that of the input
        output: (B, embedding_dim)

    Raises:
        RankError: the input has two axes and there are offsets, or one and there are none.
        DimMismatchError: the weights of the samples do not have the input's shape.
        SizeError: the bags are empty, or the table has no rows.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
    """

    num_embeddings: Dim
    embedding_dim: Dim
    include_last_offset: bool = False
    weighted: bool = False
    padding_idx: int | None = None

    def out_shape(self, input: Shape, *rest: Shape) -> OutShape:
        """Count the bags."""
        require_rank(input, 1, 2, layout="(B, L), or (L) with offsets")
        require_element(self.num_embeddings, input, "num_embeddings")
        if self.weighted:
            *rest_list, weights = rest
            require_rank(weights, len(input), layout="in per_sample_weights")
            for got, size in zip(weights, input, strict=True):
                require_same(got, size, "size of per_sample_weights")
            rest = tuple(rest_list)
        if len(input) == 2:
            if rest:
                raise RankError("offsets are for an input (L), the bags of (B, L) have one length")
            require_positive(input[1], "the length of a bag")
            return (input[0], self.embedding_dim)
        if not rest:
            raise RankError("an input (L) needs offsets, which say where the bags start")
        (offsets,) = rest
        require_rank(offsets, 1, layout="(B) in offsets")
        bags = offsets[0] - 1 if self.include_last_offset else offsets[0]
        return (bags, self.embedding_dim)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the indices and weights of one bag, and where it starts and ends."""
        padded = "" if self.padding_idx is None else "the weight of a padding index is not read"
        if len(inputs[0]) == 2:
            of_bag = (Same(0), WHOLE)
            return [Access(of_bag), Access(of_bag, bound=padded)][: len(inputs)]
        indices = everything(inputs[0], "the values of the offsets decide")
        offsets = Access((Interval(index(0), index(0) + 1),))
        return [indices, offsets, indices][: len(inputs)]


@reader("nn.functional.embedding_bag")
def read_embedding_bag(
    input: Operand,
    weight: Operand,
    offsets: Operand | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Operand | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html"""
    require_indices(input, "embedding indices")
    require_rank(weight.shape, 2, layout="(num_embeddings, embedding_dim) in the weight")
    num_embeddings, embedding_dim = weight.shape
    op = EmbeddingBag(
        num_embeddings=num_embeddings,
        embedding_dim=embedding_dim,
        include_last_offset=include_last_offset,
        weighted=per_sample_weights is not None,
        padding_idx=padding_idx,
    )
    optional = (tensor for tensor in (offsets, per_sample_weights) if tensor is not None)
    return Call(op, (input, *optional), weight.dtype)


@layer("EmbeddingBag")
def build_embedding_bag(
    name: str,
    inputs: tuple[Shape, ...],
    num_embeddings: IntoDim,
    embedding_dim: IntoDim,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html"""
    rows, columns = dims.as_dim(num_embeddings), dims.as_dim(embedding_dim)
    op = EmbeddingBag(
        num_embeddings=rows,
        embedding_dim=columns,
        include_last_offset=include_last_offset,
        padding_idx=padding_idx,
    )
    return Built(op, {"weight": Shape((rows, columns))})
