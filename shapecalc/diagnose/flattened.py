"""What is flattened for a Linear, and calls that flatten elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from shapecalc import dims
from shapecalc.diagnose.cause import ancestors
from shapecalc.diagnose.subject import Subject
from shapecalc.dims import Shape
from shapecalc.graph import InputRef, Layer, OutputRef, Source
from shapecalc.ops.axes import Permute
from shapecalc.ops.linear import Linear
from shapecalc.ops.view import View
from shapecalc.trace.tracer import Rewriting


def numbers_of_a_sample(subject: Subject, shape: Shape) -> int:
    """Return how many numbers a tensor has for each sample."""
    return subject.number(dims.product(shape[1:]))


def is_map(subject: Subject, source: Source) -> bool:
    """Tell whether a tensor holds maps: a window slid over all of its axes but two."""
    if isinstance(source, InputRef):
        return False
    for layer in ancestors(subject, source):
        window = getattr(layer.op, "kernel_size", None)
        if isinstance(window, tuple):
            return len(window) == len(layer.out_shape) - 2
        if isinstance(layer.op, (Linear, Permute, View)):
            return False
        if layer.in_shapes and len(layer.in_shapes[0]) != len(layer.out_shape):
            return False
    return False


def following_linear(subject: Subject, layer: Layer) -> Layer | None:
    """Return the first Linear that what a layer gives arrives at."""
    reached = {layer.index}
    for later in subject.graph.layers[layer.index + 1 :]:
        if any(isinstance(s, OutputRef) and s.layer in reached for s in later.sources):
            if isinstance(later.op, Linear):
                return later
            reached.add(later.index)
    return None


def rows(subject: Subject, view: Layer, *, first: str = "") -> str:
    """Return the call of a view as it is written, with the numbers of the case."""
    op = view.op
    assert isinstance(op, View)
    sizes = [subject.size(size) for size in op.shape]
    return f"{op.kind}({', '.join([first, *sizes[1:]] if first else sizes)})"


def with_flatten(*, pooled: bool = False, features: int | None = None) -> Rewriting:
    """Return a Linear's call with its input flattened, or pooled, and with so many features."""

    def rewriting(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x, weight, *rest = args
        axes = tuple(range(2, x.dim()))
        x = x.mean(axes) if pooled else torch.flatten(x, 1)
        if features is not None and not pooled and weight.shape[1] != features:
            weight = weight.new_zeros((weight.shape[0], features))
        return func(x, weight, *rest, **kwargs)

    return rewriting


def with_layer_kept(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Hand the tensor of a call on as it is; what comes after keeps its number."""
    return args[0].clone()
