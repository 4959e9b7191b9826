"""Calls of torch's functions: the module that does what a call does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

_VIEWS = ("flatten", "reshape", "Tensor.view", "unflatten", "squeeze", "unsqueeze", "ravel")
_PLAIN: Mapping[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "sigmoid": nn.Sigmoid,
    "logsigmoid": nn.LogSigmoid,
    "tanh": nn.Tanh,
    "tanhshrink": nn.Tanhshrink,
    "softsign": nn.Softsign,
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "selu": nn.SELU,
}


def _max_pool(kind: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    def made(
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> nn.Module:
        # an empty stride is that of the kernel, as torch itself passes it on
        return kind(kernel_size, stride or None, padding, dilation, return_indices, ceil_mode)

    return made


def _interpolate(
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> nn.Module | None:
    if antialias or mode == "area":
        return None
    return nn.Upsample(size, scale_factor, mode, align_corners, recompute_scale_factor)


_MADE: Mapping[str, Callable[..., nn.Module | None]] = {
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "celu": nn.CELU,
    "hardtanh": nn.Hardtanh,
    "softplus": nn.Softplus,
    "gelu": nn.GELU,
    "softmax": lambda dim=None, *_, **__: nn.Softmax(dim),
    "log_softmax": lambda dim=None, *_, **__: nn.LogSoftmax(dim),
    "max_pool1d": _max_pool(nn.MaxPool1d),
    "max_pool2d": _max_pool(nn.MaxPool2d),
    "max_pool3d": _max_pool(nn.MaxPool3d),
    "max_pool1d_with_indices": _max_pool(nn.MaxPool1d),
    "max_pool2d_with_indices": _max_pool(nn.MaxPool2d),
    "max_pool3d_with_indices": _max_pool(nn.MaxPool3d),
    "avg_pool1d": nn.AvgPool1d,
    "avg_pool2d": nn.AvgPool2d,
    "avg_pool3d": nn.AvgPool3d,
    "adaptive_avg_pool1d": nn.AdaptiveAvgPool1d,
    "adaptive_avg_pool2d": nn.AdaptiveAvgPool2d,
    "adaptive_avg_pool3d": nn.AdaptiveAvgPool3d,
    "interpolate": _interpolate,
}

FUNCTIONS = (*_PLAIN, *_MADE, *_VIEWS)
"""The functions whose calls can be explained."""


def stand_in(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> nn.Module | None:
    """Return the module that does what a call of a function does; None where there is none.

    `args` and `kwargs` are what it is called with after the input.
    """
    if name in _VIEWS:  # what a view is explained by are the two shapes
        return nn.Flatten()
    if name in _PLAIN:
        return _PLAIN[name]()
    if name not in _MADE:
        return None
    try:
        return _MADE[name](*args, **kwargs)
    except TypeError:  # other arguments than those of torch.nn.functional
        return None
