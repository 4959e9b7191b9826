"""Mistakes of attention and of transformers."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from shapecalc import dims
from shapecalc.diagnose.cause import name_of, setter
from shapecalc.diagnose.edits import Candidate, Rebuild
from shapecalc.diagnose.inputs_that_fit import feed
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.rules.recurrent import resized
from shapecalc.diagnose.subject import Mistake
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Layer
from shapecalc.ops.attention import ScaledDotProductAttention
from shapecalc.ops.multihead_attention import MultiheadAttention

_OPERANDS = ("query", "key", "value")


@mistake("SC170", "attn_divisibility")
def attn_divisibility(m: Mistake) -> Draft | None:
    """The features cannot be shared out evenly among the heads of an attention.

    Every head works on embed_dim / num_heads of the features, so `num_heads` has to divide
    `embed_dim`. nn.MultiheadAttention says so when it is built; code that splits the heads by
    itself, with `x.view(N, T, heads, C // heads)`, fails where it is called.

    Wrong:
        nn.MultiheadAttention(embed_dim=100, num_heads=8)
    Right:
        nn.MultiheadAttention(embed_dim=96, num_heads=8)
    """
    if m.raw.kind == "constructor":
        return _refused(m) if "divisible by num_heads" in m.raw.message else None
    layer = m.layer
    if layer is None or layer.kind not in ("view", "reshape", "Unflatten", "unflatten"):
        return None
    x, out = layer.in_shapes[0], tuple(getattr(layer.op, "shape", layer.out_shape))
    kept = len(x) - 1
    if len(x) < 3 or len(out) - kept not in (2, 3) or tuple(out[:kept]) != tuple(x[:kept]):
        return None
    *parts, heads, size = map(m.subject.number, out[kept:])  # parts: query, key and value at once
    features, left = divmod(m.subject.number(x[-1]), math.prod(parts))
    if left or heads < 2 or features % heads == 0 or size != features // heads:
        return None
    return Draft(
        message=f"{features} features do not divide into {heads} heads: "
        f"{heads}*{size} = {heads * size}",
        argument="num_heads",
        got=heads,
        expected=_dividing(features, heads),
        because=(f"what is split is {m.subject.shape(x)}", _said(features, heads)),
        root=("heads", layer.index),
    )


def _refused(m: Mistake) -> Draft:
    """Return what is said of a MultiheadAttention that torch refuses to build."""
    features, heads = (m.raw.arguments.get(name) for name in ("embed_dim", "num_heads"))
    if not isinstance(features, int) or not isinstance(heads, int) or min(features, heads) < 1:
        return Draft(message=m.raw.message, argument="num_heads")
    fitting = _dividing(features, heads)
    return Draft(
        message=f"{m.op} has num_heads = {heads}, which does not divide embed_dim = {features}",
        argument="num_heads",
        got=heads,
        expected=fitting,
        because=(_said(features, heads), "transformer layers call them nhead and d_model"),
        candidates=(Rebuild(layer=m.raw.layer, argument="num_heads", value=fitting),),
    )


def _dividing(features: int, heads: int) -> int:
    """Return the number of heads next to `heads` that the features divide into."""
    fitting = [n for n in range(1, features + 1) if features % n == 0]
    return min(fitting, key=lambda n: abs(n - heads))


def _said(features: int, heads: int) -> str:
    return f"{features} = {heads}*{features // heads} + {features % heads}"


@mistake("SC171", "attn_embed_dim")
def attn_embed_dim(m: Mistake) -> Draft | None:
    """An attention or a transformer layer is built for another number of features.

    Attention compares vectors of `embed_dim` numbers (`d_model` in the transformer layers): the
    last axis of query, key and value. Where keys or values have another size than queries, the
    layer is built with `kdim` or `vdim`.

    Wrong:
        x = nn.Embedding(1000, 128)(tokens)
        nn.TransformerEncoderLayer(d_model=64, nhead=4, batch_first=True)(x)
    Right:
        x = nn.Embedding(1000, 128)(tokens)
        nn.TransformerEncoderLayer(d_model=128, nhead=4, batch_first=True)(x)
    """
    layer = m.layer
    if layer is None or not layer.in_shapes:
        return None
    call = m.subject.graph.calls[layer.call]
    module = m.subject.modules.get(call.name)
    if isinstance(module, nn.Transformer) and m.raw.call is not None:
        return _of_transformer(m, layer, module)
    if not isinstance(layer.op, MultiheadAttention) or m.raw.demand is None:
        return None
    built = (layer.op.embed_dim, layer.op.kdim, layer.op.vdim)
    for place, (operand, expected) in enumerate(zip(_OPERANDS, built, strict=True)):
        size = layer.in_shapes[place][-1]
        if (m.raw.demand.left, m.raw.demand.right) == (size, dims.as_dim(expected)):
            return _drafted(m, call.name, module, place, operand, size, dims.as_dim(expected))
    return None


def _drafted(
    m: Mistake, name: str, module: Any, place: int, operand: str, size: Dim, expected: Dim
) -> Draft:
    assert m.layer is not None
    subject = m.subject
    argument = "embed_dim"
    if isinstance(module, nn.MultiheadAttention) and not module._qkv_same_embed_dim:
        argument = ("embed_dim", "kdim", "vdim")[place]
    name, op, argument = _outermost(m, name, argument)
    got, wanted = subject.number(size), subject.number(expected)
    source = m.layer.sources[place]
    found: list[Candidate] = [*feed(m)]
    heads = getattr(module, "num_heads", 1)
    if argument in ("kdim", "vdim") or got % heads == 0:
        found.append(Rebuild(layer=name, argument=argument, value=got))
    found += resized(m, source, size, wanted)
    given = [*subject.graph.calls[m.layer.call].inputs[place : place + 1], None][0]
    shape = subject.shape(given if isinstance(given, Shape) else m.layer.in_shapes[place])
    if op != "MultiheadAttention":  # people pass a source or a memory to a transformer
        crossing = operand != "query" and "Decoder" in op
        operand = "memory" if crossing else "input"
    because = [f"the {operand} is {shape}; the last axis is the features"]
    if got % heads and argument in ("embed_dim", "d_model"):
        because.append(f"{got} cannot be shared out among {heads} heads")
    origin = name_of(subject, setter(subject, source, size))
    return Draft(
        message=f"{op} expects {argument} = {wanted}, receives {got}",
        argument=argument,
        got=got,
        expected=wanted,
        because=tuple(because),
        candidates=tuple(found),
        root=("size", origin, got, wanted),
        layer=name,
        op=op,
    )


def _outermost(m: Mistake, name: str, argument: str) -> tuple[str, str, str]:
    """Return the transformer of torch that an attention is a part of: its name, kind, argument."""
    kind = "MultiheadAttention"
    parent = name
    while parent:
        parent = parent.rpartition(".")[0]
        module = m.subject.modules.get(parent)
        if type(module).__module__ == "torch.nn.modules.transformer":
            name, kind, argument = parent, type(module).__name__, "d_model"
    return name, kind, argument


def _of_transformer(m: Mistake, layer: Layer, module: nn.Transformer) -> Draft | None:
    shapes = layer.in_shapes[:2]
    off = next((s for s in shapes if m.subject.number(s[-1]) != module.d_model), None)
    if off is None:
        return None
    got = m.subject.number(off[-1])
    return Draft(
        message=f"Transformer expects d_model = {module.d_model}, receives {got}",
        argument="d_model",
        got=got,
        expected=module.d_model,
        because=(_received(m, layer, ("src", "tgt")),),
        op="Transformer",
    )


def _received(m: Mistake, layer: Layer, names: tuple[str, ...]) -> str:
    shapes = zip(names, layer.in_shapes, strict=False)
    return "it receives " + ", ".join(f"{name} {m.subject.shape(shape)}" for name, shape in shapes)


@mistake("SC173", "attn_sizes")
def attn_sizes(m: Mistake) -> Draft | None:
    """Query, key, value or mask of an attention do not fit together.

    Every query is compared with every key, so both have the same features and the same batch; every
    key has a value, so both have the same length. A mask has a row for each query and a column for
    each key, [L, S]; a key_padding_mask has an entry for each key, [N, S].

    Wrong:
        attention(query, key, value[:, 1:])
    Right:
        attention(query, key, value)
    """
    layer = m.layer
    if layer is None:
        return None
    call = m.subject.graph.calls[layer.call]
    if isinstance(m.subject.modules.get(call.name), nn.Transformer) and m.raw.call is not None:
        return Draft(
            message=f"Transformer: {m.raw.message}",
            because=(_received(m, layer, ("src", "tgt")),),
            op="Transformer",
        )
    if not isinstance(layer.op, (MultiheadAttention, ScaledDotProductAttention)):
        return None
    masks = getattr(layer.op, "masks", ("attn_mask",))
    name = call.name if isinstance(layer.op, MultiheadAttention) else m.raw.layer
    message = m.raw.message
    if m.raw.demand is not None:
        got, wanted = (m.subject.size(d) for d in (m.raw.demand.left, m.raw.demand.right))
        what = message.partition("expected ")[2].partition(",")[0].rsplit(" ", 1)[0]
        message = f"expected {what} {wanted}, got {got}" if what else message
    return Draft(
        message=f"{layer.op.kind}: {message}",
        got=m.subject.number(m.raw.demand.left) if m.raw.demand else None,
        expected=m.subject.number(m.raw.demand.right) if m.raw.demand else None,
        because=(_received(m, layer, (*_OPERANDS, *masks)),),
        candidates=tuple(feed(m)),
        layer=name,
        op=layer.op.kind,
        root=("attention", layer.index),
    )
