"""The arguments that a layer of torch was built with, as far as the layer tells them."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

_RECURRENT = (
    "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional",
)  # fmt: skip
_NOT_TOLD = ("self", "device", "dtype", "args", "kwargs")


def arguments(module: nn.Module) -> dict[str, Any]:
    """Return the arguments by their names.

    >>> arguments(nn.GRU(3, 4, bidirectional=True))["bidirectional"]
    True
    """
    match module:
        case nn.RNNBase():
            extra = {nn.LSTM: ("proj_size",), nn.RNN: ("nonlinearity",)}.get(type(module), ())
            return {name: getattr(module, name) for name in (*_RECURRENT, *extra)}
        case nn.MultiheadAttention():
            return _of_attention(module)
        case nn.TransformerEncoderLayer() | nn.TransformerDecoderLayer():
            return _of_transformer_layer(module)
    found: dict[str, Any] = {}
    for name in inspect.signature(type(module).__init__).parameters:
        if name not in _NOT_TOLD and hasattr(module, name):
            value = getattr(module, name)
            if isinstance(value, nn.Parameter) or (value is None and name == "bias"):
                value = value is not None
            found[name] = value
    return found


def _of_attention(module: nn.MultiheadAttention) -> dict[str, Any]:
    found = {
        "embed_dim": module.embed_dim,
        "num_heads": module.num_heads,
        "dropout": module.dropout,
        "bias": module.in_proj_bias is not None,
        "add_bias_kv": module.bias_k is not None,
        "add_zero_attn": module.add_zero_attn,
        "batch_first": module.batch_first,
    }
    # these are embed_dim where nobody says otherwise, and change with it
    own = {"kdim": module.kdim, "vdim": module.vdim}
    return found | {name: size for name, size in own.items() if size != module.embed_dim}


def _of_transformer_layer(
    module: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer,
) -> dict[str, Any]:
    return {
        "d_model": module.self_attn.embed_dim,
        "nhead": module.self_attn.num_heads,
        "dim_feedforward": module.linear1.out_features,
        "dropout": module.dropout.p,
        "activation": module.activation,
        "layer_norm_eps": module.norm1.eps,
        "batch_first": module.self_attn.batch_first,
        "norm_first": module.norm_first,
        "bias": module.linear1.bias is not None,
    }
