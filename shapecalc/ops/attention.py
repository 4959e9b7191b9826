"""Attention: https://pytorch.org/docs/stable/nn.functional.html#attention-mechanisms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.conditions import decide, require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.linear import features_fix
from shapecalc.ops.matmul import require_expands, require_shape
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import Built, layer, reader


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
    op = ScaledDotProductAttention(enable_gqa=bool(enable_gqa))
    return Call(op, (query, key, value, *masks))


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiheadAttention(Op):
    """Attention of several heads between a sequence and another, projections included.

    Shapes:
        query: (L, N, embed_dim), (N, L, embed_dim) with `batch_first`, or (L, embed_dim)
        key: (S, N, kdim); value: (S, N, vdim), laid out as the query
        attn_mask: (L, S) or (N*num_heads, L, S)
        key_padding_mask: (N, S) or (S)
        output: that of the query
        weights: (N, L, S) or, not averaged, (N, num_heads, L, S); S counts what is added to it

    Units:
        added: elements, what a bias of keys and `add_zero_attn` put at the end of S.

    Raises:
        RankError: an operand has another number of axes.
        DimMismatchError: two sizes that have to agree do not.
        SizeError: `embed_dim` is not a multiple of `num_heads`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """

    embed_dim: Dim
    num_heads: Dim
    kdim: Dim
    vdim: Dim
    out_features: Dim
    added: int = 0
    batch_first: bool = False
    need_weights: bool = True
    average_attn_weights: bool = True
    masks: tuple[str, ...] = ()

    def out_shape(self, query: Shape, key: Shape, value: Shape, *masks: Shape) -> OutShape:
        """Check every operand against the query, then lay the outputs out."""
        require_rank(query, 2, 3, layout="(L, N, embed_dim) in the query")
        batched = len(query) == 3
        for name, shape in (("key", key), ("value", value)):
            require_rank(shape, len(query), layout=f"in the {name}, as in the query")
        batch, length, features = self._sizes(query)
        batch_k, sources, features_k = self._sizes(key)
        batch_v, sources_v, features_v = self._sizes(value)
        fix = features_fix(features, self.embed_dim, "embed_dim")
        require_same(features, self.embed_dim, "features of the query", fix=fix)
        heads = dims.format_dim(self.num_heads)
        text = f"embed_dim {dims.format_dim(self.embed_dim)} is not a multiple of {heads} heads"
        require(dims.mod(self.embed_dim, self.num_heads), "==", 0, text)
        require_same(features_k, self.kdim, "features of the key")
        require_same(features_v, self.vdim, "features of the value")
        require_same(sources_v, sources, "sequence length of the value, as in the key,")
        require_same(batch_k, batch, "batch of the key, as in the query,")
        require_same(batch_v, batch, "batch of the value, as in the query,")
        for name, mask in zip(self.masks, masks, strict=True):
            if name == "key_padding_mask":
                require_shape(mask, Shape((batch, sources) if batched else (sources,)), name)
            elif len(mask) == 3:
                heads_of_all = dims.mul(batch, dims.as_dim(self.num_heads))
                require_shape(mask, Shape((heads_of_all, length, sources)), name)
            else:
                require_shape(mask, Shape((length, sources)), name)
        output = (*query[:-1], self.out_features)
        if not self.need_weights:
            return [output]
        heads_axis = () if self.average_attn_weights else (self.num_heads,)
        weights = (*heads_axis, length, sources + self.added)
        return [output, (batch, *weights) if batched else weights]

    def _sizes(self, x: Shape) -> tuple[Dim, Dim, Dim]:
        if len(x) == 2:
            return dims.ONE, x[0], x[1]
        first, second, features = x
        return (first, second, features) if self.batch_first else (second, first, features)


@reader("nn.functional.multi_head_attention_forward")
def read_multi_head_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    embed_dim_to_check: IntoDim,
    num_heads: IntoDim,
    in_proj_weight: Operand | None,
    in_proj_bias: Operand | None,
    bias_k: Operand | None,
    bias_v: Operand | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Operand,
    out_proj_bias: Operand | None,
    training: bool = True,
    key_padding_mask: Operand | None = None,
    need_weights: bool = True,
    attn_mask: Operand | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Operand | None = None,
    k_proj_weight: Operand | None = None,
    v_proj_weight: Operand | None = None,
    static_k: Operand | None = None,
    static_v: Operand | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html"""
    if static_k is not None or static_v is not None:
        raise NotImplementedError("attention with static keys or values")
    if is_causal and attn_mask is None:
        raise SizeError("attention with is_causal=True needs an attn_mask")
    embed_dim = dims.as_dim(embed_dim_to_check)
    kdim = k_proj_weight.shape[1] if use_separate_proj_weight and k_proj_weight else embed_dim
    vdim = v_proj_weight.shape[1] if use_separate_proj_weight and v_proj_weight else embed_dim
    masks = {"attn_mask": attn_mask, "key_padding_mask": key_padding_mask}
    given = {name: mask for name, mask in masks.items() if mask is not None}
    op = MultiheadAttention(
        embed_dim=embed_dim,
        num_heads=dims.as_dim(num_heads),
        kdim=kdim,
        vdim=vdim,
        out_features=out_proj_weight.shape[0],
        added=(bias_k is not None) + bool(add_zero_attn),
        need_weights=bool(need_weights),
        average_attn_weights=bool(average_attn_weights),
        masks=tuple(given),
    )
    return Call(op, (query, key, value, *given.values()), query.dtype, _with_weights)


def _with_weights(found: list[Any]) -> tuple[Any, Any]:
    return (found[0], found[1] if len(found) > 1 else None)


@layer("MultiheadAttention")
def build_multihead_attention(
    name: str,
    inputs: tuple[Shape, ...],
    embed_dim: IntoDim | None,
    num_heads: IntoDim,
    dropout: float = 0.0,
    bias: bool = True,
    add_bias_kv: bool = False,
    add_zero_attn: bool = False,
    kdim: IntoDim | None = None,
    vdim: IntoDim | None = None,
    batch_first: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html"""
    embed = inputs[0][-1] if embed_dim is None else dims.as_dim(embed_dim)
    k, v = (embed if size is None else dims.as_dim(size) for size in (kdim, vdim))
    op = MultiheadAttention(
        embed_dim=embed,
        num_heads=dims.as_dim(num_heads),
        kdim=k,
        vdim=v,
        out_features=embed,
        added=add_bias_kv + add_zero_attn,
        batch_first=batch_first,
    )
    if k == embed and v == embed:
        parameters = {"in_proj_weight": Shape((3 * embed, embed))}
    else:
        sizes = {"q_proj_weight": embed, "k_proj_weight": k, "v_proj_weight": v}
        parameters = {weight: Shape((embed, size)) for weight, size in sizes.items()}
    parameters["out_proj.weight"] = Shape((embed, embed))
    if bias:
        parameters |= {"in_proj_bias": Shape((3 * embed,)), "out_proj.bias": Shape((embed,))}
    if add_bias_kv:
        parameters |= {"bias_k": Shape((1, 1, embed)), "bias_v": Shape((1, 1, embed))}
    return Built(op, parameters)
