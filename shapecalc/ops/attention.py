"""Attention: https://pytorch.org/docs/stable/nn.functional.html#attention-mechanisms."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import (
    WHOLE,
    Access,
    AxisAccess,
    Interval,
    Range,
    Reads,
    Same,
    broadcast_axes,
    index,
    only,
)
from shapecalc.conditions import decide, require, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.matmul import require_expands
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader

MASKED = "the values of the mask decide"


def attended(row: int, rows: Dim, *, is_causal: bool) -> tuple[AxisAccess, tuple[Range, ...]]:
    """Return the keys that an output reads, by its index on axis `row`, and where these weigh.

    The one key of the first row of a causal attention weighs 1, whatever it is.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    if not is_causal:
        return WHOLE, ()
    return Interval(dims.ZERO, index(row)), (Range(axis=row, start=dims.ONE, stop=rows),)


def through_softmax(access: Access, keys: Dim) -> Access | None:
    """Return what is read of a query or of keys to weigh `keys` of these: a single one weighs 1."""
    return None if keys == 1 and not access.bound else access


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledDotProductAttention(Op):
    """softmax(query key^T) value; with `enable_gqa`, several heads of the query share a key.

    Shapes:
        query: (*, L, E)
        key: (*, S, E)
        value: (*, S, Ev)
        attn_mask: any shape that broadcasts to (*, L, S), with at least 2 axes if * has 2
        output: (*, L, Ev), the batches broadcast; that of the query where L is 0 or the value empty

    Raises:
        RankError: an operand has too few axes.
        DimMismatchError: E, S or the batches disagree, or the mask does not fit.
        SizeError: the heads of a key or value do not divide those of the query.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """

    enable_gqa: bool = False
    is_causal: bool = False

    def out_shape(
        self, query: Shape, key: Shape, value: Shape, attn_mask: Shape | None = None
    ) -> OutShape:
        """Broadcast the batches."""
        least = 3 if self.enable_gqa else 2
        for name, shape in (("query", query), ("key", key), ("value", value)):
            if len(shape) < least:
                raise RankError(f"expected at least {least} dimensions in {name}, got {shape}")
        if self.enable_gqa:
            key, value = _repeat_heads(query, key, "key"), _repeat_heads(query, value, "value")
        *batch_q, length, features = query
        *batch_k, sources, features_k = key
        *batch_v, sources_v, features_v = value
        require_same(features_k, features, "features of the key, as in the query,")
        require_same(sources_v, sources, "sequence length of the value, as in the key,")
        batch = broadcast(Shape(batch_q), Shape(batch_k))
        if attn_mask is not None:
            if len(attn_mask) < 2 and len(query) == len(key) == len(value) == 4:  # not fused
                raise RankError(f"expected a mask of at least 2 dimensions, got {attn_mask}")
            require_expands(attn_mask, Shape((*batch, length, sources)), "attn_mask")
        whole = broadcast(batch, Shape(batch_v))
        # torch then compares no batches either; ones that do not broadcast stay refused here
        if whole != Shape(batch_q) and any(
            decide(size, "==", 0, "nothing to attend to") for size in (length, *value)
        ):
            whole = Shape(batch_q)
        return (*whole, length, features_v)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a row of the query, the keys, and a column of the values that it attends to."""
        query, key, value, *masks = inputs
        if any(size == 0 for size in (query[-2], *value)):
            return [None] * len(inputs)
        row, column = Same(len(out) - 2), Same(len(out) - 1)
        bound = MASKED if masks else ""
        keys, rows = attended(row.axis, out[-2], is_causal=self.is_causal)
        of_query = Access((*self._batch(query, out), row, WHOLE), rows, bound)
        of_key = Access((*self._batch(key, out), keys, WHOLE), rows, bound)
        return [
            through_softmax(of_query, key[-2]),
            through_softmax(of_key, key[-2]),
            Access((*self._batch(value, out), keys, column), bound=bound),
            *(self._mask(mask, out) for mask in masks),
        ]

    def _batch(self, x: Shape, out: Shape) -> tuple[AxisAccess, ...]:
        entries = broadcast_axes(Shape(x[:-2]), Shape(out[:-2]))
        if self.enable_gqa and x[-3] not in (1, out[-3]):
            shared = dims.floordiv(out[-3], x[-3])
            entries = (*entries[:-1], only(dims.floordiv(index(len(out) - 3), shared)))
        return entries

    @staticmethod
    def _mask(mask: Shape, out: Shape) -> Access:
        entries = (*broadcast_axes(Shape(mask[:-1]), Shape(out[:-1])), WHOLE)
        one_for_all = mask[-1:] in ((), (1,))  # added to every key alike, it does nothing
        return Access(entries[: len(mask)], bound=MASKED if one_for_all else "")


def _repeat_heads(query: Shape, x: Shape, name: str) -> Shape:
    heads, own = query[-3], x[-3]
    text = f"{dims.format_dim(own)} heads of the {name} do not divide {dims.format_dim(heads)}"
    require(dims.mod(heads, own), "==", 0, text)
    return Shape((*x[:-3], heads, *x[-2:]))


@reader("scaled_dot_product_attention")
def read_scaled_dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html"""
    masks = () if attn_mask is None else (attn_mask,)
    op = ScaledDotProductAttention(enable_gqa=bool(enable_gqa), is_causal=bool(is_causal))
    return Call(op, (query, key, value, *masks))
