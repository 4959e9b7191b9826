"""The effective receptive field: which of the elements that an output can see matter to it.

The receptive field says what an output can depend on. How much it does depend on each of those
elements is a matter of the weights: the gradient of the output with respect to the input. Luo et
al. found that it falls off from the centre like a Gaussian, so that most of the window hardly
counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from shapecalc.errors import InputError, RejectedInput
from shapecalc.graph import Layer, ModuleCall
from shapecalc.receptive_field.axes import roles
from shapecalc.receptive_field.sizes import complete_sizes
from shapecalc.verify.compare import real_model
from shapecalc.verify.element import Interval, chosen_output
from shapecalc.verify.gradient import Probe, gradient

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

Record: TypeAlias = Layer | ModuleCall

IMAGES = 12  # random inputs, over which dead units and lost maxima even out
_SIDES = {1: 224, 2: 224, 3: 48}  # of an input, by its number of axes of positions
THRESHOLD = 1 - 0.9545  # of the maximum: two standard deviations, if the field is a Gaussian


@dataclass(frozen=True, kw_only=True)
class EffectiveField:
    """How strongly one output element depends on each position of an input.

    `output` is the index of the element on the axes of the output that are positions, `outputs`
    how many there are; the channels are added up. `box` is the theoretical window on each axis of
    the input, which may reach beyond its borders; it is an upper bound unless `exact`.

    Units:
        box, size, half: elements of the input; indices count from zero.

    Source:
        Luo, Li, Urtasun & Zemel, "Understanding the Effective Receptive Field in Deep
        Convolutional Neural Networks", NIPS 2016, https://arxiv.org/abs/1701.04128.
    """

    model: str
    layer: str
    kind: str
    output: tuple[int, ...]
    outputs: tuple[int, ...]
    input: str
    axes: tuple[str, ...]
    sizes: tuple[int, ...]
    box: tuple[Interval, ...]
    exact: bool
    images: int
    weights: str  # a word for them, such as `initial`, where it is known
    signed: bool  # the channels were added with random signs: their plain sum is constant
    tensor: torch.Tensor = field(repr=False, compare=False)

    @property
    def heat(self) -> Any:
        """The mean |gradient| at every position, the channels added up, as nested lists."""
        return self.tensor.tolist()

    @property
    def size(self) -> tuple[int, ...]:
        """The size of the theoretical window on each axis."""
        return tuple(high - low + 1 for low, high in self.box)

    @property
    def half(self) -> tuple[Interval, ...]:
        """The box around the same centre that is half as long on each axis.

        Half of 7 is 3. Half of 9 is 5, since 4 elements have no element at their centre.
        """
        return tuple(_half(interval) for interval in self.box)

    @cached_property
    def inside(self) -> float:
        """The share of the gradient inside the theoretical window: 1 unless that is wrong."""
        return self._share(self.box)

    @cached_property
    def inside_half(self) -> float:
        """The share of the gradient inside `half`."""
        return self._share(self.half)

    @cached_property
    def effective_size(self) -> float:
        """The side of a square, or cube, of as many elements as count.

        Those count whose gradient is above 4.55 % of the maximum: on a Gaussian, these are the
        elements within about two standard deviations.
        """
        count = int((self.tensor > THRESHOLD * self.tensor.max()).sum())
        return float(count ** (1 / self.tensor.dim()))

    @cached_property
    def theoretical_size(self) -> float:
        """The side of a square, or cube, of as many elements as the theoretical window has."""
        return float(math.prod(self.size) ** (1 / len(self.size)))

    @property
    def image(self) -> list[list[float]]:
        """Rows of numbers from 0 to 1 for a picture; of three axes, the first is added up."""
        flat = self.tensor
        while flat.dim() > 2:
            flat = flat.sum(0)
        flat = flat.reshape(-1, flat.shape[-1])
        rows: list[list[float]] = (flat / flat.max()).tolist()
        return rows

    def _share(self, box: Sequence[Interval]) -> float:
        part = self.tensor
        for axis, (low, high) in enumerate(box):
            low = max(low, 0)
            part = part.narrow(axis, low, max(min(high + 1, part.shape[axis]) - low, 0))
        return float(part.sum() / self.tensor.sum())


def _half(interval: Interval) -> Interval:
    low, high = interval
    size = high - low + 1
    half = size // 2
    half += (size - half) % 2
    begin = low + (size - half) // 2
    return begin, begin + half - 1


def effective_field(
    analysis: Analysis,
    layer: str | None = None,
    at: Sequence[int] | None = None,
    *,
    images: int = IMAGES,
    weights: str = "",
    **sizes: int,
) -> EffectiveField:
    """Measure the effective receptive field of one output element of an op or module.

    Without `layer` it is the last one that does not see the whole input; without `at`, the
    element in the middle. `at` has an index for each axis of the output that is a position.
    Without sizes, the input is 224 long on each axis. The gradient is averaged over random
    `images`, in evaluation mode. `weights` is a word for the picture, such as `trained`.

    Raises:
        InputError: there is no such layer or element, its field is unknown, it has no gradient,
            or the model cannot be run at these sizes.
        RejectedInput: the model does not accept these sizes.
    """
    record = last_local(analysis) if layer is None else _record(analysis, layer)
    symbolic = record.receptive_field
    if symbolic.unknown:
        raise InputError(
            f"the receptive field of {record.name} is unknown: {symbolic.unknown} has no rule"
        )
    complete = default_sizes(analysis, sizes)
    output = chosen_output(symbolic, at, complete)
    probe = Probe(
        graph=output.graph,
        name=record.name,
        source=output.source,
        element=dict(zip(output.axes, output.index, strict=True)),
        input=symbolic.input,
    )
    model = real_model(analysis, complete, "cpu")
    found = gradient(model, analysis.patterns, probe, complete, images)
    (own,) = [tensor for tensor in output.graph.inputs if tensor.name == symbolic.input]
    spatial = roles(own).spatial
    others = [axis for axis in range(found.magnitude.dim()) if axis not in spatial]
    heat = found.magnitude.sum(others) if others else found.magnitude
    if not float(heat.max()) > 0:
        place = ", ".join(map(str, output.index))
        raise InputError(
            f"the gradient of {record.name or 'the output'} at ({place}) is 0 for {images} random "
            f"input{'' if images == 1 else 's'}: nothing is seen"
        )
    return EffectiveField(
        model=output.graph.name,
        layer=record.name,
        kind=record.kind,
        output=output.index,
        outputs=output.counts,
        input=symbolic.input,
        axes=symbolic.axes,
        sizes=tuple(heat.shape),
        box=output.box,
        exact=output.exact,
        images=images,
        weights=weights,
        signed=found.signed,
        tensor=heat,
    )


def _record(analysis: Analysis, name: str) -> Record:
    try:
        return analysis[name]
    except KeyError:
        known = [layer.name for layer in analysis.layers]
        known += [call.name for call in analysis.modules]
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no layer {name!r}{hint}") from None


def last_local(analysis: Analysis) -> Record:
    """Return the last op that does not see the whole input, or the module that ends with it.

    Its output has an axis for each axis of the input, as images have: rows of patches or of
    flattened pixels are left to those who ask for them.

    Raises:
        InputError: there is none.
    """
    for layer in reversed(analysis.layers):
        try:
            found = layer.receptive_field
        except InputError:  # no input reaches it
            continue
        moving = [axis.outputs for axis in found.per_axis if not axis.whole]
        own = all(len(outputs) == 1 for outputs in moving) and len(set(moving)) == len(moving)
        if moving and own and len(moving) == len(found.per_axis):
            for call in analysis.modules:  # the outermost first
                if call.name and call.out_sources == layer.out_sources:
                    return call
            return layer
    raise InputError("no layer sees less than the whole input: name the one to measure")


def default_sizes(analysis: Analysis, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes for all symbols: those that are given, and the usual ones for the others.

    Raises:
        InputError: a size is unknown or not positive.
        RejectedInput: the model does not accept these sizes.
    """
    graph = analysis.graph
    of_inputs = [roles(tensor) for tensor in graph.inputs]
    batches = {
        str(tensor.shape[role.batch])
        for tensor, role in zip(graph.inputs, of_inputs, strict=True)
        if role.batch is not None
    }
    positions: dict[str, int] = {
        str(tensor.shape[axis]): _SIDES.get(len(role.spatial), 1)
        for tensor, role in zip(graph.inputs, of_inputs, strict=True)
        for axis in role.spatial
    }
    rest = [name for name in analysis.symbols if name not in sizes and name not in batches]
    traced = {name: graph.hint[name] for name in rest}
    usual = traced | {name: positions[name] for name in rest if name in positions}
    complete = complete_sizes(graph, {**usual, **sizes})
    try:
        analysis.at(**complete)
    except RejectedInput:
        if usual == traced:
            raise
        complete = complete_sizes(graph, {**traced, **sizes})
        analysis.at(**complete)
    return complete
