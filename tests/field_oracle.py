"""Predicted receptive fields beside what really reaches the output of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

import shapecalc
from shapecalc import dims
from shapecalc.receptive_field import ReceptiveField, fields, receptive_fields
from tests.reached import reached, slab, tensors_in


def positive(model: nn.Module) -> nn.Module:
    """Return the model in float64 with positive weights, so that no ReLU is dead."""
    generator = torch.Generator().manual_seed(1)
    model = model.double()
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.is_floating_point():
            spread = torch.rand(tensor.shape, generator=generator, dtype=torch.float64)
            least = 0.5 if "var" in name else 0.05
            tensor.data = least + 0.3 * spread / max(tensor[0].numel() if tensor.dim() else 1, 1)
    return model


def inputs_of(analysis: shapecalc.Analysis, sizes: Mapping[str, int]) -> list[torch.Tensor]:
    """Return random inputs of the model at sizes."""
    generator = torch.Generator().manual_seed(2)
    made = []
    for tensor in analysis.inputs:
        shape = [dims.evaluate(size, sizes) for size in tensor.shape]
        if tensor.dtype.startswith("float"):
            made.append(torch.rand(shape, generator=generator, dtype=torch.float64) + 0.1)
        else:
            made.append(torch.randint(0, 2, shape, generator=generator))
    return made


def shares(analysis: shapecalc.Analysis) -> dict[str, int]:
    """Count the op outputs by how their field is known; those that see no input left out."""
    counts = {"exact": 0, "bound": 0, "unknown": 0}
    for outputs in fields(analysis.graph).layers:
        for field in outputs:
            bound = any(reach.bound for key, reach in field.reaches.items() if key.axis > 1)
            if field.unknown or field.reaches:
                counts["unknown" if field.unknown else "bound" if bound else "exact"] += 1
    return counts


def seen(field: ReceptiveField, axis: int, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return for every input index on an axis which outputs see it, as predicted."""
    per_axis = field.per_axis[axis]
    table = np.zeros((int(per_axis.size), *(shape[n] for n in per_axis.outputs)), bool)
    for index in np.ndindex(table.shape[1:]):
        table[(per_axis.relation.image(index), *index)] = True
    return table


def differences(
    model: nn.Module, pattern: Any, sizes: Mapping[str, int], *, all_modules: bool = False
) -> list[str]:
    """Return where the field of the output differs from what reaches it: nowhere, if it is exact.

    A field that is labelled as a bound may only be too large.
    """
    patterns = pattern if isinstance(pattern, list) else [pattern]
    analysis = shapecalc.analyze(model, *patterns)
    assert not analysis.graph.findings, analysis.graph.findings[0]
    names = [call.name for call in analysis.modules if call.out_sources] if all_modules else [""]
    records = {name: analysis.calls(name)[-1] for name in dict.fromkeys(names)}
    model = positive(model).eval()
    modules = dict(model.named_modules())
    outputs: dict[str, list[torch.Tensor]] = {}

    def watch(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            outputs[name] = [tensor.clone() for tensor in tensors_in(output)]  # before any write

        return hook

    handles = [modules[name].register_forward_hook(watch(name)) for name in records]

    def call(tensors: Any) -> list[torch.Tensor]:
        torch.manual_seed(3)  # the same random windows every time
        with torch.no_grad():
            model(*tensors)
        return [outputs[name][0] for name in records]

    inputs = inputs_of(analysis, sizes)
    found: list[str] = []
    try:
        for number, tensor in enumerate(analysis.inputs):
            found_fields = {
                name: receptive_fields(record)[tensor.name].at(**sizes)
                for name, record in records.items()
                if tensor.name in receptive_fields(record)
            }
            found += _compare(call, inputs, number, found_fields, list(records))
    finally:
        for handle in handles:
            handle.remove()
    return found


def _compare(
    call: Any,
    inputs: list[torch.Tensor],
    number: int,
    fields: Mapping[str, ReceptiveField],
    names: list[str],
) -> list[str]:
    found = []
    axes = {a.axis: n for f in fields.values() for n, a in enumerate(f.per_axis)}
    before = call(inputs)
    tables = {
        (name, n): seen(field, n, tuple(before[names.index(name)].shape))
        for name, field in fields.items()
        for n in axes.values()
    }
    for axis, n in axes.items():
        for index in range(inputs[number].shape[axis]):
            masks = reached(call, inputs, number, slab(inputs[number], axis, index))
            for name, mask in zip(names, masks, strict=True):
                field = fields.get(name)
                if not mask.numel():
                    continue  # there is no output to speak of
                if field is None:
                    if mask.any():
                        found.append(f"{name}: reached, which is denied")
                    continue
                moving = field.per_axis[n].outputs
                rest = [axis for axis in range(mask.dim()) if axis not in moving]
                real = mask.numpy().any(axis=tuple(rest)) if rest else mask.numpy()
                said = tables[name, n][index]
                missed, extra = real & ~said, said & ~real
                bound = field.per_axis[n].reach.bound
                if missed.any() or (extra.any() and not bound):
                    kind = "denied" if missed.any() else "claimed"
                    at = np.argwhere(missed if missed.any() else extra)[:4].tolist()
                    found.append(
                        f"{name or 'output'}: input {index} on axis {axis} {kind} for {at}"
                    )
    return found
