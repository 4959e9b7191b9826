"""Transformer layers for specs: https://pytorch.org/docs/stable/nn.html#transformer-layers.

A traced transformer arrives as the many calls it is made of; only a spec names it whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapecalc import dims
from shapecalc.access import Reads, along, everything
from shapecalc.conditions import require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Op, OutShape, require_rank
from shapecalc.ops.attention import MASKED
from shapecalc.ops.linear import features_fix
from shapecalc.registry import Built, layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer(Op):
    """Layers of attention and feed-forward networks, which keep the shape of their target.

    Shapes:
        target: (T, N, d_model), (N, T, d_model) with `batch_first`, or (T, d_model)
        other: (S, N, d_model), laid out alike: what the decoder attends to; of a whole
            `Transformer` it comes first, and is the source
        output: that of the target

    Raises:
        RankError: an operand has another number of axes, or there are too few operands.
        DimMismatchError: the features are not `d_model`, or the batches differ.
        SizeError: `d_model` is not a multiple of `nhead`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
    """

    function: str
    d_model: Dim
    nhead: Dim
    batch_first: bool = False

    @property
    def kind(self) -> str:
        """The name of the module."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Give the shape of the target."""
        count = 1 if "Encoder" in self.function else 2
        if len(inputs) < count:
            raise RankError(f"{self.function} takes {count} tensors, got {len(inputs)}")
        for shape in inputs[:count]:
            require_rank(shape, 2, 3, layout="(T, N, d_model) or (T, d_model)")
            require_rank(shape, len(inputs[0]), layout="in every tensor alike")
            fix = features_fix(shape[-1], self.d_model, "d_model")
            require_same(shape[-1], self.d_model, "features", fix=fix)
            if len(shape) == 3:
                batch = 0 if self.batch_first else 1
                require_same(shape[batch], inputs[0][batch], "batch, as in the first tensor,")
        text = f"d_model {dims.format_dim(self.d_model)} is not a multiple of {self.nhead} heads"
        require(dims.mod(self.d_model, self.nhead), "==", 0, text)
        return inputs[1] if self.function == "Transformer" else inputs[0]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all features of all places of both sequences, of one element of the batch."""
        rank = len(out)
        places = 1 if self.batch_first and rank == 3 else 0
        count = 1 if "Encoder" in self.function else 2
        bound = MASKED if len(inputs) > count else ""
        sequence = replace(along(rank, [places, -1]), bound=bound)
        return [*[sequence] * count, *(everything(mask, MASKED) for mask in inputs[count:])]


@layer("TransformerEncoderLayer", "TransformerDecoderLayer")
def build_transformer_layer(
    name: str,
    inputs: tuple[Shape, ...],
    d_model: IntoDim | None,
    nhead: IntoDim,
    dim_feedforward: IntoDim = 2048,
    dropout: float = 0.1,
    activation: str = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html"""
    model = inputs[0][-1] if d_model is None else dims.as_dim(d_model)
    op = Transformer(
        function=name, d_model=model, nhead=dims.as_dim(nhead), batch_first=batch_first
    )
    return Built(op, _parameters(name, model, dims.as_dim(dim_feedforward), bias=bias))


def _parameters(name: str, model: Dim, feedforward: Dim, *, bias: bool) -> dict[str, Shape]:
    """Return the parameters of one layer of an encoder or a decoder."""
    attentions = ("self_attn",) if "Encoder" in name else ("self_attn", "multihead_attn")
    found = dict[str, Shape]()
    for attention in attentions:
        found[f"{attention}.in_proj_weight"] = Shape((3 * model, model))
        found[f"{attention}.in_proj_bias"] = Shape((3 * model,))
        found[f"{attention}.out_proj.weight"] = Shape((model, model))
        found[f"{attention}.out_proj.bias"] = Shape((model,))
    found |= {"linear1.weight": Shape((feedforward, model)), "linear1.bias": Shape((feedforward,))}
    found |= {"linear2.weight": Shape((model, feedforward)), "linear2.bias": Shape((model,))}
    for number in range(len(attentions) + 1):
        found |= _norm(f"norm{number + 1}", model, bias=bias)
    return {key: shape for key, shape in found.items() if bias or not key.endswith("bias")}


def _norm(prefix: str, model: Dim, *, bias: bool) -> dict[str, Shape]:
    names = ("weight", "bias") if bias else ("weight",)
    return {f"{prefix}.{name}": Shape((model,)) for name in names}


@layer("Transformer")
def build_transformer(
    name: str,
    inputs: tuple[Shape, ...],
    d_model: IntoDim = 512,
    nhead: IntoDim = 8,
    num_encoder_layers: int = 6,
    num_decoder_layers: int = 6,
    dim_feedforward: IntoDim = 2048,
    dropout: float = 0.1,
    activation: str = "relu",
    custom_encoder: object = None,
    custom_decoder: object = None,
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html"""
    model, feedforward = dims.as_dim(d_model), dims.as_dim(dim_feedforward)
    found = dict[str, Shape]()
    for part, count in (("Encoder", num_encoder_layers), ("Decoder", num_decoder_layers)):
        one = _parameters(part, model, feedforward, bias=bias)
        for number in range(count):
            found |= {f"{part.lower()}.layers.{number}.{key}": one[key] for key in one}
        found |= _norm(f"{part.lower()}.norm", model, bias=bias)
    op = Transformer(
        function=name, d_model=model, nhead=dims.as_dim(nhead), batch_first=batch_first
    )
    return Built(op, found)
