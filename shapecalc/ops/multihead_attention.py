"""Attention layers: https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.access import WHOLE, Access, AxisAccess, Interval, Reads, Same, index, only
from shapecalc.conditions import require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import SizeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.attention import MASKED, attended, through_softmax
from shapecalc.ops.linear import features_fix
from shapecalc.ops.matmul import require_shape
from shapecalc.registry import Built, layer, reader


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

    With `is_causal` the mask is the causal one, and the operand itself is not read.

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
    is_causal: bool = False

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
        for name, own, built in (("key", features_k, self.kdim), ("value", features_v, self.vdim)):
            if (own, built) != (features, self.embed_dim):  # else it was said of the query
                require_same(own, built, f"features of the {name}")
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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all features of one place of the query and of the places that it attends to."""
        query, key, _, *masks = inputs
        batch, row = self._places(len(query), out, output)
        keys, rows = attended(row, out[row], is_causal=self.is_causal)
        bound = MASKED if masks and not self.is_causal else ""
        of_query, of_keys = self._laid_out(Same(row), batch), self._laid_out(keys, batch)
        total = self._sizes(key)[1] + self.added
        found = [
            through_softmax(Access(of_query, rows, bound), total),
            through_softmax(Access(of_keys, rows, bound), total),
            Access(of_keys, bound=bound) if output == 0 else None,
        ]
        hidden = MASKED if len(masks) > 1 or total == 1 else ""  # one mask may hide the other
        heads = self._heads(batch, row, output)
        of_batch = WHOLE if batch is None else Same(batch)
        for name, mask in zip(self.masks, masks, strict=True):
            of_rows = (of_batch,) if name == "key_padding_mask" else (heads, Same(row))
            entries = (*of_rows, WHOLE)[-len(mask) :]
            found.append(None if self.is_causal else Access(entries, bound=hidden))
        return found

    def _places(self, rank: int, out: Shape, output: int) -> tuple[int | None, int]:
        """Return the axes of the batch, if there is one, and of the query in an output."""
        batched = rank == 3
        if output == 1:
            return (0 if batched else None), len(out) - 2
        if not batched:
            return None, 0
        return (0, 1) if self.batch_first else (1, 0)

    def _laid_out(self, sequence: AxisAccess, batch: int | None) -> tuple[AxisAccess, ...]:
        """Return the entries of (L, N, features), (N, L, features) or (L, features)."""
        if batch is None:
            return (sequence, WHOLE)
        leading = (Same(batch), sequence)
        return (*(leading if self.batch_first else leading[::-1]), WHOLE)

    def _heads(self, batch: int | None, row: int, output: int) -> AxisAccess:
        """Return the entry of an axis N*num_heads: the head of the weights, or all heads."""
        first = dims.ZERO if batch is None else dims.mul(index(batch), self.num_heads)
        if output == 1 and not self.average_attn_weights:
            return only(first + index(row - 1))
        return Interval(first, first + self.num_heads - 1)

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
    # only then torch takes the mask for the causal one without a look at it
    fast = is_causal and not need_weights and key_padding_mask is None
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
        is_causal=bool(fast),
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
