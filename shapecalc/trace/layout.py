"""The order of elements in memory, which shapes do not say and `view` depends on."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from shapecalc import dims
from shapecalc.conditions import decide
from shapecalc.dims import Shape
from shapecalc.errors import ShapeError
from shapecalc.graph import Layer, OutputRef, Source
from shapecalc.ops.axes import Permute
from shapecalc.trace.recorder import Recorder

# families of ops that hand on elements in order if they come in order; of attention and recurrent
# layers, for two, that depends on the machine
_KEEPING = {
    "activation", "adaptive_pooling", "convolution", "dropout", "joining", "layer_normalization",
    "linear", "matmul", "normalization", "padding", "pointwise", "pooling", "softmax", "sparse",
    "transposed_convolution", "view",
}  # fmt: skip

_ELEMENT_BY_ELEMENT = {"activation", "dropout", "pointwise"}


def demand_order(
    record: Recorder, source: Source, out: Shape, hint: Mapping[str, int]
) -> ShapeError | None:
    """Return the mistake of viewing a tensor as `out` after its axes were permuted, or None.

    The permutations are followed back to a tensor. Where that is known to lie in memory in
    order, torch is known to refuse the view; else that is noted. Axes of one element have no
    order, so that other sizes may pass.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    orders: list[tuple[int, ...]] = []
    base: Shape | None = None
    while isinstance(source, OutputRef):
        layer = record.layers[source.layer]
        if isinstance(layer.op, Permute):
            orders.append(tuple(map(int, layer.op.dims)))
            base = layer.in_shapes[0]
        elif not _keeps_strides(layer):
            break
        source = layer.sources[0]
    larger = {name: max(size, 3) for name, size in hint.items()}
    if base is None or not _refused(base, orders[::-1], out, larger):
        return None
    if not _in_order(record, source):
        record.note_here(
            "view of a tensor whose axes were permuted: torch refuses it unless the elements lie "
            "in memory in that order; reshape takes both"
        )
        return None
    for size in base:
        decide(size, "!=", 1, "view")
    if not _refused(base, orders[::-1], out, hint):
        return None
    return ShapeError(
        f"view cannot see {base} with its axes permuted as {out}: the elements do not lie in "
        "memory in that order",
        fix="use reshape, which copies them",
    )


def _refused(
    base: Shape, orders: list[tuple[int, ...]], out: Shape, hint: Mapping[str, int]
) -> bool:
    """Ask torch whether it views a tensor that lies in order, permuted, as `out`."""
    laid = torch.empty([dims.evaluate(dim, hint) for dim in base], device="meta")
    for order in orders:
        laid = laid.permute(order)
    sizes = [dims.evaluate(dim, hint) for dim in out]
    if math.prod(sizes) != laid.numel():  # a view as another type
        return False
    try:
        laid.view(sizes)
    except RuntimeError:
        return True
    return False


def _in_order(record: Recorder, source: Source) -> bool:
    """Tell whether a tensor is known to lie in memory in order, as an input does."""
    if not isinstance(source, OutputRef):
        return True
    ordered = record.ordered
    for layer in record.layers[len(ordered) : source.layer + 1]:
        ordered.append(_keeps_order(layer, ordered))
    return ordered[source.layer]


def _keeps_order(layer: Layer, ordered: list[bool]) -> bool:
    if _is_contiguous(layer):
        return True
    return _family(layer) in _KEEPING and all(
        ordered[source.layer] for source in layer.sources if isinstance(source, OutputRef)
    )


def _keeps_strides(layer: Layer) -> bool:
    """Tell whether what comes out of a layer lies as what came in."""
    alone = len(layer.sources) == 1 and not _is_contiguous(layer)
    return alone and _family(layer) in _ELEMENT_BY_ELEMENT


def _family(layer: Layer) -> str:
    return type(layer.op).__module__.rpartition(".")[2]


def _is_contiguous(layer: Layer) -> bool:
    return layer.function.rpartition(".")[2] == "contiguous"
