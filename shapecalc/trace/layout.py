"""The order of elements in memory, which shapes do not say and `view` depends on."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.graph import OutputRef, Source
from shapecalc.ops.axes import Permute
from shapecalc.trace.recorder import Recorder


def refuses_view(record: Recorder, source: Source, out: Shape, hint: Mapping[str, int]) -> bool:
    """Tell whether torch refuses to view a tensor as `out` since its axes were permuted before.

    The permutations are followed back to a tensor that is taken to lie in memory in order;
    whether it does is not known of every op, so that this is a warning and no finding.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    orders: list[tuple[int, ...]] = []
    base: Shape | None = None
    while isinstance(source, OutputRef):
        layer = record.layers[source.layer]
        if not isinstance(layer.op, Permute):
            break
        orders.append(tuple(map(int, layer.op.dims)))
        base, source = layer.in_shapes[0], layer.sources[0]
    if base is None:
        return False
    laid = torch.empty([dims.evaluate(dim, hint) for dim in base], device="meta")
    for order in reversed(orders):
        laid = laid.permute(order)
    sizes = [dims.evaluate(dim, hint) for dim in out]
    if math.prod(sizes) != laid.numel():  # a view as another type
        return False
    try:
        laid.view(sizes)
    except RuntimeError:
        return True
    return False
