"""Every builder of a spec layer against the module of torch that it stands for."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn

import shapecalc.ops  # noqa: F401  # registers the builders
from shapecalc.conditions import Hint
from shapecalc.dims import Shape, evaluate, symbol
from shapecalc.op import infer
from shapecalc.registry import LAYERS

C, D, H, N, W = (symbol(name) for name in "CDHNW")
SIZES = {"N": 2, "C": 4, "D": 8, "H": 12, "W": 14}

# constructor arguments off their defaults, and the shape that goes in
WINDOWED: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    ("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "stride": 2, "groups": 2}, (N, 4, W)),
    ("Conv2d", {"in_channels": 4, "out_channels": 6, "kernel_size": (3, 2), "padding": "same", "bias": False}, (N, 4, H, W)),
    ("Conv3d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "padding": 2, "dilation": 2, "padding_mode": "circular"}, (N, 4, D, H, W)),
    ("LazyConv2d", {"out_channels": 6, "kernel_size": 3, "stride": 2, "padding": 1}, (N, 4, H, W)),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "stride": 2, "output_padding": 1, "groups": 2}, (N, 4, W)),
    ("ConvTranspose2d", {"in_channels": 4, "out_channels": 6, "kernel_size": 4, "stride": 2, "padding": 1}, (N, 4, H, W)),
    ("ConvTranspose3d", {"in_channels": 4, "out_channels": 6, "kernel_size": 2, "dilation": 2, "bias": False}, (N, 4, D, H, W)),
    ("LazyConvTranspose2d", {"out_channels": 6, "kernel_size": 3}, (N, 4, H, W)),
    ("Unfold", {"kernel_size": 3, "stride": 2}, (N, C, H, W)),
    ("Fold", {"output_size": 4, "kernel_size": 2}, (N, 12, 9)),
    ("MaxPool1d", {"kernel_size": 3, "ceil_mode": True}, (N, C, W)),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "return_indices": True}, (N, C, H, W)),
    ("MaxPool3d", {"kernel_size": 3, "padding": 1, "dilation": 2}, (N, C, D, H, W)),
    ("AvgPool1d", {"kernel_size": 3, "ceil_mode": True}, (N, C, W)),
    ("AvgPool2d", {"kernel_size": 3, "stride": 4, "count_include_pad": False}, (N, C, H, W)),
    ("AvgPool3d", {"kernel_size": 3, "padding": 1}, (C, D, H, W)),
    ("LPPool1d", {"norm_type": 2, "kernel_size": 3}, (N, C, W)),
    ("LPPool2d", {"norm_type": 2, "kernel_size": 3, "ceil_mode": True}, (N, C, H, W)),
    ("LPPool3d", {"norm_type": 2, "kernel_size": 3, "stride": 2}, (N, C, D, H, W)),
    ("AdaptiveAvgPool1d", {"output_size": 5}, (N, C, W)),
    ("AdaptiveAvgPool2d", {"output_size": (5, None)}, (N, C, H, W)),
    ("AdaptiveMaxPool3d", {"output_size": 5, "return_indices": True}, (N, C, D, H, W)),
    ("FractionalMaxPool2d", {"kernel_size": 2, "output_ratio": (0.5, 0.75)}, (N, C, H, W)),
    ("FractionalMaxPool3d", {"kernel_size": 2, "output_size": 4}, (N, C, D, H, W)),
    *((f"{kind}Pad{axes}d", {"padding": 2}, (N, C, *(D, H, W)[3 - axes:]))
      for kind in ("Zero", "Reflection", "Replication", "Circular") for axes in (1, 2, 3)),
    ("ZeroPad2d", {"padding": (1, 2, 3, -4)}, (C, H, W)),
    ("ConstantPad2d", {"padding": (1, 2, 3, -4), "value": 2.0}, (C, H, W)),
    ("BatchNorm1d", {"num_features": 4}, (N, 4)),
    ("BatchNorm2d", {"num_features": 4, "affine": False}, (N, 4, H, W)),
    ("LazyBatchNorm3d", {"track_running_stats": False}, (N, 4, D, H, W)),
    ("SyncBatchNorm", {"num_features": 4}, (N, 4, W)),
    ("InstanceNorm1d", {"num_features": 4, "affine": True}, (4, W)),
    ("InstanceNorm2d", {"num_features": 4}, (N, 4, H, W)),
    ("LazyInstanceNorm3d", {}, (N, 4, D, H, W)),
    ("LayerNorm", {"normalized_shape": (4, 6), "bias": False}, (N, 4, 6)),
    ("RMSNorm", {"normalized_shape": 6}, (N, 4, 6)),
    ("GroupNorm", {"num_groups": 2, "num_channels": 4}, (N, 4, H, W)),
    ("LocalResponseNorm", {"size": 3}, (N, C, W)),
    ("CrossMapLRN2d", {"size": 3}, (N, C, H, W)),
    *((name, {}, (N, C)) for name in (
        "ReLU", "ReLU6", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "LeakyReLU", "RReLU",
        "Hardtanh", "Hardsigmoid", "Hardswish", "Hardshrink", "Softshrink", "Softplus",
        "LogSigmoid", "Sigmoid", "Tanh", "Softsign", "Tanhshrink", "Identity", "Dropout",
        "AlphaDropout", "FeatureAlphaDropout", "Dropout1d",
    )),
    ("Threshold", {"threshold": 1.0, "value": 2.0}, (N, C)),
    ("PReLU", {"num_parameters": 4}, (N, 4, W)),
    ("GLU", {"dim": 1}, (N, 4, W)),
    ("Softmax", {"dim": 1}, (N, C)),
    ("Softmin", {"dim": 1}, (N, C)),
    ("LogSoftmax", {"dim": 1}, (N, C)),
    ("Softmax2d", {}, (C, H, W)),
    ("Dropout2d", {"p": 0.2}, (N, C, H, W)),
    ("Dropout3d", {"p": 0.2}, (N, C, D, H, W)),
    ("PixelShuffle", {"upscale_factor": 2}, (N, 12, H, W)),
    ("PixelUnshuffle", {"downscale_factor": 2}, (N, 3, H, W)),
    ("ChannelShuffle", {"groups": 2}, (N, 4, H)),
    ("Upsample", {"scale_factor": 1.5, "mode": "bilinear"}, (N, C, H, W)),
    ("UpsamplingNearest2d", {"scale_factor": 2}, (N, C, H, W)),
    ("UpsamplingBilinear2d", {"size": (5, 6)}, (N, C, H, W)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "x"), WINDOWED, ids=str)
def test_builder_agrees_with_the_module(
    name: str, arguments: dict[str, Any], x: tuple[Any, ...]
) -> None:
    shape = Shape(x)
    built = LAYERS[name].build(name, (shape,), **arguments)
    module = getattr(nn, name)(**arguments).eval()
    with torch.no_grad():
        real = module(torch.rand([evaluate(dim, SIZES) for dim in shape]))
    outcome = infer(built.op, (shape,), Hint(SIZES))
    got = [tuple(evaluate(dim, SIZES) for dim in out) for out in outcome.shapes]
    assert got == [tuple(out.shape) for out in (real if isinstance(real, tuple) else (real,))]
    parameters = {key: Shape(value.shape) for key, value in module.named_parameters()}
    assert built.parameters == parameters


@pytest.mark.parametrize("name", sorted({name for name, _, _ in WINDOWED}))
def test_builder_has_the_constructor_of_the_module(name: str) -> None:
    real = inspect.signature(getattr(nn, name).__init__).parameters
    ours = inspect.signature(LAYERS[name].build).parameters
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ignored = ("self", "device", "dtype", "min_value", "max_value")
    expected = [p for p in real.values() if p.kind not in variable and p.name not in ignored]
    got = list(ours.values())[2:]
    assert [(p.name, p.default) for p in got] == [(p.name, p.default) for p in expected]
