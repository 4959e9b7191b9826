"""Parameter sharing in numbers: a convolution beside layers without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.explain.explanation import Weights
from shapecalc.graph import Layer

_AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}


def sharing(records: Sequence[Layer], sizes: Mapping[str, int]) -> tuple[Weights, ...]:
    """Return the weights of a convolution, and of other layers between the same two tensors.

    A locally connected layer has a kernel of its own for every place, a dense layer a weight for
    every pair of elements. Biases are not counted. Empty for other layers.
    """
    op: Any = next((record.op for record in records if record.kind.startswith("Conv")), None)
    if op is None:
        return ()
    axes = len(op.kernel_size)
    before, after = records[0].in_shapes[0][-axes - 1 :], records[-1].out_shape[-axes - 1 :]
    transposed = op.kind.startswith("ConvTranspose")
    kernel = "*".join(f"k{axis}" for axis in _AXES[axes])
    places = "*".join(_AXES[axes] if transposed else (f"{axis}_out" for axis in _AXES[axes]))
    of_input = "*".join(("C_in", *_AXES[axes]))
    of_output = "*".join(("C_out", *(f"{axis}_out" for axis in _AXES[axes])))
    own = "C_in*(C_out/groups)" if transposed else "C_out*(C_in/groups)"
    many, few = (op.in_channels, op.out_channels)[:: 1 if transposed else -1]
    kernels = [many, dims.floordiv(few, op.groups), *op.kernel_size]
    repeated = before[1:] if transposed else after[1:]
    return (
        _weights("this layer", f"{own}*{kernel}", kernels, sizes),
        _weights("locally connected", f"{places} * {own}*{kernel}", [*repeated, *kernels], sizes),
        _weights("dense", f"{of_input} * {of_output}", [*before, *after], sizes),
    )


def _weights(
    layer: str, general: str, factors: Sequence[Dim | int], sizes: Mapping[str, int]
) -> Weights:
    count = 1
    for factor in factors:
        count *= dims.evaluate(dims.as_dim(factor), sizes)
    return Weights(
        layer=layer, general=general, factors=tuple(map(dims.as_dim, factors)), count=count
    )
