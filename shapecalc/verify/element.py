"""One element of an output: where it lies, and the window that it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shapecalc import dims
from shapecalc.errors import InputError
from shapecalc.graph import Input, LayerGraph, OutputRef
from shapecalc.ops.convolution import Conv
from shapecalc.ops.layer_normalization import LayerNorm
from shapecalc.ops.linear import Linear
from shapecalc.receptive_field import ReceptiveField
from shapecalc.receptive_field.at_sizes import output_axes, seen_by, window_at
from shapecalc.receptive_field.axes import roles

Interval: TypeAlias = tuple[int, int]  # the first and the last element


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element of an output at given sizes.

    `index` is its index on `axes` of the output, which are its positions; there are `counts` of
    them. `box` is its window on
    each axis of the input; it may reach beyond the borders.
    """

    graph: LayerGraph
    source: OutputRef
    axes: tuple[int, ...]
    index: tuple[int, ...]
    counts: tuple[int, ...]
    box: tuple[Interval, ...]
    exact: bool


def chosen_output(
    field: ReceptiveField, at: Sequence[int] | None, sizes: Mapping[str, int]
) -> Element:
    """Return the element at `at`, or else the one in the middle.

    Raises:
        InputError: there is no such element, or it sees nothing.
    """
    here = field.at(**sizes)
    graph, source, name = here.record.home.graph, here._source, field.record.name
    assert graph is not None
    if not isinstance(source, OutputRef):
        raise InputError(f"{name or 'the model'} returns its input as it is")
    moving = output_axes(here)
    axes = moving or _positions(graph, source)
    shape = graph.layers[source.layer].out_shapes[source.output]
    counts = [dims.evaluate(shape[axis], sizes) for axis in axes]
    index = _middle(here, axes, counts, sizes) if at is None else _given(at, counts)
    windows = window_at(field, index if moving else (), sizes)
    if any(not window.seen for window in windows):
        place = ", ".join(map(str, index))
        raise InputError(f"output ({place}) of {name} sees nothing of the input but its padding")
    box = tuple(window.window or (window.seen[0], window.seen[-1]) for window in windows)
    return Element(
        graph=graph,
        source=source,
        axes=axes,
        index=index,
        counts=tuple(counts),
        box=box,
        exact=here.exact,
    )


def _given(at: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    shape = " x ".join(map(str, counts)) or "one element"
    if len(at) != len(counts):
        wanted = "1 index" if len(counts) == 1 else f"{len(counts)} indices"
        raise InputError(f"expected {wanted}, for an output of {shape}, got {len(at)}")
    for index, count in zip(at, counts, strict=True):
        if not 0 <= index < count:
            raise InputError(f"there is no output {index}: the output is {shape}, counted from 0")
    return tuple(at)


def _middle(
    here: ReceptiveField, axes: Sequence[int], counts: Sequence[int], sizes: Mapping[str, int]
) -> tuple[int, ...]:
    """Return the element in the middle; of a row of patches, one that sees the middle pixel."""
    found = {axis: count // 2 for axis, count in zip(axes, counts, strict=True)}
    centre = [int(axis.size) // 2 for axis in here.per_axis]
    for shared in axes:
        along = [n for n, axis in enumerate(here.per_axis) if axis.outputs == (shared,)]
        if len(along) > 1:
            places = seen_by(here, centre, sizes).places
            common = set.intersection(*(set(places[n] or ()) for n in along))
            if common:
                (found[shared],) = sorted(common)[len(common) // 2]
    return tuple(found.values())


def _positions(graph: LayerGraph, source: OutputRef) -> tuple[int, ...]:
    """Return the axes of an output that are positions, where no field moves to tell."""
    shape = graph.layers[source.layer].out_shapes[source.output]
    channels = _channels(graph, source)
    if channels is None:
        return roles(Input(name="output", shape=shape)).spatial
    return tuple(axis for axis in range(1, len(shape)) if axis != channels)


def _channels(graph: LayerGraph, source: OutputRef) -> int | None:
    """Return the axis of the channels, as the op says from which an output comes."""
    shape = graph.layers[source.layer].out_shapes[source.output]
    pending, seen = [source], set[OutputRef]()
    while pending:
        here = pending.pop()
        layer = graph.layers[here.layer]
        if here in seen or layer.out_shapes[here.output] != shape:
            continue
        seen.add(here)
        match layer.op:
            case Linear() | LayerNorm():
                return len(shape) - 1
            case Conv():
                return 1
        pending += [one for one in layer.sources if isinstance(one, OutputRef)]
    return None
