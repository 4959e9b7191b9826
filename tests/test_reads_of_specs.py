"""The access rules of layers that only a spec has whole; traced, they are many calls."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from shapecalc.dims import ZERO, Shape, as_dim
from shapecalc.op import Op
from shapecalc.ops.multihead_attention import MultiheadAttention
from shapecalc.ops.recurrent import Recurrent
from shapecalc.ops.transformer import Transformer
from tests.reached import reached, slab, slabs, tensors_in
from tests.test_reads import predicted

EIGHT, TWO = as_dim(8), as_dim(2)


def transformer(name: str, *args: Any, batch_first: bool) -> tuple[Op, nn.Module]:
    with warnings.catch_warnings(action="ignore"):  # batch_first=True is faster
        layer = getattr(nn, name)(8, 2, *args, batch_first=batch_first)
    return Transformer(function=name, d_model=EIGHT, nhead=TWO, batch_first=batch_first), layer


def attention(*, batch_first: bool) -> tuple[Op, nn.Module]:
    sizes = dict.fromkeys(("embed_dim", "kdim", "vdim", "out_features"), EIGHT)
    op = MultiheadAttention(num_heads=TWO, batch_first=batch_first, **sizes)
    return op, nn.MultiheadAttention(8, 2, batch_first=batch_first)


def lstm(*, batch_first: bool) -> tuple[Op, nn.Module]:
    op = Recurrent(
        function="LSTM",
        input_size=EIGHT,
        hidden_size=TWO,
        batch_first=batch_first,
        bidirectional=True,
        proj_size=ZERO,
    )
    return op, nn.LSTM(8, 2, batch_first=batch_first, bidirectional=True)


LAYERS = {
    "encoder": (lambda **o: transformer("TransformerEncoderLayer", 16, **o), 1),
    "decoder": (lambda **o: transformer("TransformerDecoderLayer", 16, **o), 2),
    "transformer": (lambda **o: transformer("Transformer", 1, 1, 16, **o), 2),
    "attention": (attention, 3),
    "lstm": (lstm, 1),
}


@pytest.mark.parametrize("batch", ["first", "second", "none"])
@pytest.mark.parametrize(("make", "count"), LAYERS.values(), ids=LAYERS)
def test_access_is_what_reaches_the_output(
    make: Callable[..., tuple[Op, nn.Module]], count: int, batch: str
) -> None:
    torch.manual_seed(1)
    op, layer = make(batch_first=batch == "first")
    layer = layer.double().eval()
    shapes = {"first": [(2, 3, 8), (2, 4, 8)], "second": [(3, 2, 8), (4, 2, 8)]}
    found = shapes.get(batch, [(3, 8), (4, 8)])
    tensors = [torch.rand(found[min(n, 1)], dtype=torch.float64) for n in range(count)]
    inputs = tuple(Shape(tensor.shape) for tensor in tensors)
    outs = op.out_shape(*inputs)
    outs = [Shape(out) for out in (outs if isinstance(outs, list) else [outs])]
    rules = [op.reads(inputs, out, number) for number, out in enumerate(outs)]

    def call(values: Any) -> list[torch.Tensor]:
        with torch.no_grad():
            return tensors_in(layer(*values))

    for operand, tensor in enumerate(tensors):
        for axis, at in slabs(tensor.shape):
            masks = reached(call, tensors, operand, slab(tensor, axis, at))
            for mask, out, rule in zip(masks, outs, rules, strict=True):
                assert rule is not None
                want, bound = predicted(rule[operand], inputs[operand], out, axis, at)
                assert not bound
                assert (want == mask.numpy()).all(), (operand, axis, at)
