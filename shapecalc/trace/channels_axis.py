"""Where the channels of a tensor are, as far as the layers before it tell."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.graph import Layer, OutputRef, Source
from shapecalc.ops.axes import Permute

# families of ops that put or leave the channels on axis 1
_ON_AXIS_ONE = {
    "adaptive_pooling", "convolution", "normalization", "pooling", "transposed_convolution",
}  # fmt: skip
# families that hand the axes on as they come
_CARRYING = {"activation", "dropout", "joining", "padding", "pointwise", "softmax"}


def channels_are_on_axis_one(layers: Sequence[Layer], source: Source) -> bool:
    """Tell whether a tensor is known to have its channels on axis 1: a convolution made it.

    Rows of features that a flatten made have them there, too. Of an input nothing is known, nor
    of what was permuted or viewed after the convolution.
    """
    while isinstance(source, OutputRef):
        layer = layers[source.layer]
        family = type(layer.op).__module__.rpartition(".")[2]
        rows = bool(layer.in_shapes) and len(layer.in_shapes[0]) > len(layer.out_shape) == 2
        if family in _ON_AXIS_ONE or (family == "view" and rows):
            return True
        if isinstance(layer.op, Permute) or family not in _CARRYING:
            return False
        source = next((each for each in layer.sources if each is not None), None)
    return False
