"""The builders of specs against the modules of torch: parameters, shapes, what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import nn

import shapecalc.ops  # noqa: F401  # registers the builders
from shapecalc.conditions import Hint
from shapecalc.dims import Shape
from shapecalc.errors import ShapeError
from shapecalc.op import infer
from shapecalc.registry import LAYERS

# module, its arguments without what is inferred, what is inferred, the shapes that reach it
ROWS = [
    ("Linear", {"out_features": 8}, {"in_features": 3}, [(2, 3)]),
    ("Linear", {"out_features": 8, "bias": False}, {"in_features": 3}, [(2, 5, 3)]),
    ("Bilinear", {"out_features": 8}, {"in1_features": 3, "in2_features": 4}, [(2, 3), (2, 4)]),
    ("Embedding", {"num_embeddings": 5, "embedding_dim": 7}, {}, [(2, 3)]),
    ("EmbeddingBag", {"num_embeddings": 5, "embedding_dim": 7, "mode": "sum"}, {}, [(2, 3)]),
    ("LSTM", {"hidden_size": 5}, {"input_size": 3}, [(7, 2, 3)]),
    ("LSTM", {"hidden_size": 5, "num_layers": 2, "bidirectional": True, "proj_size": 2}, {"input_size": 3}, [(7, 2, 3)]),
    ("GRU", {"hidden_size": 5, "num_layers": 2, "bidirectional": True, "batch_first": True}, {"input_size": 3}, [(7, 2, 3), (4, 7, 5)]),
    ("RNN", {"hidden_size": 5, "bias": False, "nonlinearity": "relu"}, {"input_size": 3}, [(7, 3)]),
    ("LSTMCell", {"hidden_size": 5}, {"input_size": 3}, [(2, 3)]),
    ("GRUCell", {"hidden_size": 5}, {"input_size": 3}, [(2, 3), (2, 5)]),
    ("RNNCell", {"hidden_size": 5, "bias": False, "nonlinearity": "relu"}, {"input_size": 3}, [(3,)]),
    ("MultiheadAttention", {"num_heads": 2}, {"embed_dim": 8}, [(5, 2, 8), (7, 2, 8), (7, 2, 8)]),
    ("MultiheadAttention", {"num_heads": 2, "batch_first": True, "bias": False}, {"embed_dim": 8}, [(5, 2, 8), (5, 3, 8), (5, 3, 8)]),
    ("MultiheadAttention", {"num_heads": 2, "kdim": 3, "vdim": 4, "add_bias_kv": True, "add_zero_attn": True}, {"embed_dim": 8}, [(5, 2, 8), (7, 2, 3), (7, 2, 4)]),
    ("TransformerEncoderLayer", {"nhead": 2, "dim_feedforward": 16}, {"d_model": 8}, [(5, 2, 8)]),
    ("TransformerEncoderLayer", {"nhead": 2, "dim_feedforward": 16, "bias": False}, {"d_model": 8}, [(5, 8)]),
    ("TransformerDecoderLayer", {"nhead": 2, "dim_feedforward": 16, "batch_first": True}, {"d_model": 8}, [(2, 5, 8), (2, 7, 8)]),
    ("Transformer", {"d_model": 8, "nhead": 2, "num_encoder_layers": 1, "num_decoder_layers": 2, "dim_feedforward": 16, "batch_first": True}, {}, [(2, 7, 8), (2, 5, 8)]),
    ("Transformer", {"d_model": 8, "nhead": 2, "num_encoder_layers": 1, "num_decoder_layers": 1, "dim_feedforward": 16, "bias": False}, {}, [(7, 2, 8), (5, 2, 8)]),
    ("CosineSimilarity", {"dim": 0}, {}, [(2, 3), (2, 3)]),
    ("PairwiseDistance", {"keepdim": True}, {}, [(2, 3), (2, 3)]),
    ("MSELoss", {"reduction": "none"}, {}, [(2, 3), (2, 3)]),
    ("CrossEntropyLoss", {"label_smoothing": 0.1, "reduction": "none"}, {}, [(2, 3, 4), (2, 4, "int64")]),
    ("CrossEntropyLoss", {"reduction": "none"}, {}, [(2, 3, 4), (2, 3, 4)]),
    ("NLLLoss", {"ignore_index": 0}, {}, [(2, 3), (2, "int64")]),
    ("BCEWithLogitsLoss", {"reduction": "none"}, {}, [(2, 3), (2, 3)]),
    ("TripletMarginLoss", {"margin": 2.0, "reduction": "none"}, {}, [(2, 3), (2, 3), (2, 3)]),
    ("CosineEmbeddingLoss", {"reduction": "none"}, {}, [(2, 3), (2, 3), (2,)]),
]  # fmt: skip

# the same, where the shapes do not fit
REFUSED = [
    ("Linear", {"in_features": 4, "out_features": 8}, [(2, 3)]),
    ("LSTM", {"input_size": 4, "hidden_size": 5}, [(7, 2, 3)]),
    ("GRU", {"input_size": 3, "hidden_size": 5}, [(7, 2, 3), (1, 3, 5)]),
    ("LSTMCell", {"input_size": 4, "hidden_size": 5}, [(2, 3)]),
    ("MultiheadAttention", {"embed_dim": 8, "num_heads": 2}, [(5, 2, 8), (7, 3, 8), (7, 3, 8)]),
    ("TransformerEncoderLayer", {"d_model": 8, "nhead": 2}, [(5, 2, 7)]),
    ("TransformerDecoderLayer", {"d_model": 8, "nhead": 2}, [(5, 2, 8), (5, 3, 8)]),
    ("CrossEntropyLoss", {}, [(2, 3), (3, "int64")]),
]


def _tensor(shape: tuple[Any, ...]) -> torch.Tensor:
    if shape[-1:] == ("int64",):
        return torch.zeros(shape[:-1], dtype=torch.int64)
    return torch.rand(shape)


def _module(name: str, arguments: dict[str, Any]) -> nn.Module:
    with warnings.catch_warnings(action="ignore"):
        module: nn.Module = getattr(nn, name)(**arguments)
    return module.eval()


def _shapes(value: Any) -> list[tuple[int, ...]]:
    if isinstance(value, torch.Tensor):
        return [tuple(value.shape)]
    return [shape for entry in value for shape in _shapes(entry)]


@pytest.mark.parametrize(("name", "arguments", "inferred", "shapes"), ROWS)
def test_a_builder_builds_what_torch_builds(
    name: str, arguments: dict[str, Any], inferred: dict[str, int], shapes: list[tuple[Any, ...]]
) -> None:
    module = _module(name, {**arguments, **inferred})
    tensors = [_tensor(shape) for shape in shapes]
    inputs = tuple(Shape(tensor.shape) for tensor in tensors)
    built = LAYERS[name].build(name, inputs, **dict.fromkeys(inferred), **arguments)
    theirs = {key: Shape(value.shape) for key, value in module.named_parameters()}
    assert dict(built.parameters) == theirs
    if "Embedding" in name and "Loss" not in name:
        tensors = [tensor.long() for tensor in tensors]
    with warnings.catch_warnings(action="ignore"):
        expected = _shapes(module(*tensors))
    assert list(infer(built.op, inputs, Hint()).shapes) == [Shape(shape) for shape in expected]


@pytest.mark.parametrize(("name", "arguments", "shapes"), REFUSED)
def test_a_builder_refuses_what_torch_refuses(
    name: str, arguments: dict[str, Any], shapes: list[tuple[Any, ...]]
) -> None:
    tensors = [_tensor(shape) for shape in shapes]
    inputs = tuple(Shape(tensor.shape) for tensor in tensors)
    with pytest.raises((RuntimeError, ValueError, AssertionError)):
        _module(name, arguments)(*tensors)
    with pytest.raises(ShapeError):
        infer(LAYERS[name].build(name, inputs, **arguments).op, inputs, Hint())
