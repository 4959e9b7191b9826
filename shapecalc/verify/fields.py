"""Predicted receptive fields beside what really reaches the outputs of a model.

Slices of the input are changed, one at a time, and every element of the watched outputs either
changes or does not. An element that changes although its field does not hold the slice proves
the field too small. The other direction needs more care: deep in a network with random weights,
what comes from the edge of a field can be smaller than the rounding of what comes from its
centre. So a NaN is sent through each slice that an output is said to see and that does not show
in it. Every arithmetic operation on a NaN gives a NaN, however small the weight and whatever a
ReLU or a maximum would have chosen: an element at which none comes out is computed without the
slice, and the field that holds it is too large. Where the NaN does come out, or an op on the way
may have lost it, such as a comparison, the read counts as `not seen`, and is no difference.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from shapecalc.graph import LayerGraph
from shapecalc.receptive_field.axes import roles
from shapecalc.trace.run import is_lazy
from shapecalc.verify.choose import choose_field_sizes
from shapecalc.verify.compare import real_model
from shapecalc.verify.double import double_by_default, in_double, initialized, plain_kernels
from shapecalc.verify.perturbed import RealRuns, RunError, Slice
from shapecalc.verify.probes import Probe, ProbedAxis, probes, slices, telling
from shapecalc.verify.report import FieldDifference, FieldRun

if TYPE_CHECKING:
    from torch import nn

    from shapecalc.analysis import Analysis

_COPIES = 8  # of the input in one run, at most
_POSITIONS = 1 << 16  # of all copies together


def verify_fields(
    analysis: Analysis,
    accepted: Sequence[Mapping[str, int]],
    *,
    stated: bool,
    seconds: float,
    progress: Callable[[str], None] | None = None,
) -> Iterator[tuple[FieldRun, list[FieldDifference]]]:
    """Compare the fields of some outputs with what really reaches them; nothing without positions.

    `accepted` are sizes that the model takes. The smallest are enough, since fields are derived
    for all; unless they are `stated`, long ones are added that show the ends of large fields.

    Units:
        seconds: how long it may take; each size has an equal share of what is left.
    """
    if not any(roles(tensor).spatial for tensor in analysis.inputs):
        return
    deadline = time.perf_counter() + seconds
    sizes = list(choose_field_sizes(analysis, accepted, stated=stated))
    for number, (at, axis) in enumerate(sizes):
        now = time.perf_counter()
        if number and now > deadline:
            return
        until = now + (deadline - now) / (len(sizes) - number)
        run, found = _one(analysis, at, axis, until)
        if progress is not None:
            progress(run.text)
        yield run, found


@dataclass
class _Found:
    """What was counted so far, and the first difference of each kind with its number."""

    differences: dict[tuple[str, str, str, bool], FieldDifference] = field(default_factory=dict)
    not_seen: int = 0


def _one(
    analysis: Analysis, sizes: Mapping[str, int], axis: str, until: float
) -> tuple[FieldRun, list[FieldDifference]]:
    began = time.perf_counter()
    graph = analysis.at(**sizes).graph
    candidates, unknown = probes(graph, sizes)
    watched = telling(candidates)
    run = FieldRun(sizes=sizes, unknown=unknown)
    if not watched:
        return run, []
    model = real_model(analysis, sizes, "cpu")
    if is_lazy(model):
        model = initialized(model, analysis.patterns, sizes)
    found, compared, changed = _Found(), list[Probe](), 0
    try:
        with contextlib.ExitStack() as stack:
            real = _real_runs(stack, analysis, graph, model, sizes, watched)
            compared = [probe for probe in watched if real.shapes.get(probe.source) == probe.shape]
            every = [Slice(*each) for each in slices(compared, axis)]
            chunk = _copies(analysis, sizes)
            if chunk > 1 and not real.keeps_copies_apart():
                chunk = 1
            took = 0.0
            for begin in range(0, len(every), chunk):
                now = time.perf_counter()
                if begin and now + took > until:
                    break
                part = every[begin : begin + chunk]
                _compare(compared, part, real, run.text, found)
                changed += len(part)
                took = time.perf_counter() - now
    except RunError as error:
        return FieldRun(sizes=sizes, unknown=unknown, error=str(error)), []
    run = FieldRun(
        sizes=sizes,
        ops=len(compared),
        outputs=sum(_elements(probe) for probe in compared),
        slices=changed,
        left_out=len(every) - changed,
        not_seen=found.not_seen,
        unknown=unknown,
        seconds=time.perf_counter() - began,
    )
    return run, list(found.differences.values())


def _real_runs(
    stack: contextlib.ExitStack,
    analysis: Analysis,
    graph: LayerGraph,
    model: nn.Module,
    sizes: Mapping[str, int],
    watched: Sequence[Probe],
) -> RealRuns:
    """Return runs in float64, or as the model is where it takes no float64."""
    sources = [probe.source for probe in watched]
    exact = in_double(model)
    if exact is not None:
        with contextlib.suppress(RunError), contextlib.ExitStack() as double:
            double.enter_context(double_by_default())
            found = RealRuns(exact, graph, analysis.patterns, sizes, sources, train=analysis.train)
            stack.push(double.pop_all())
            return found
    stack.enter_context(plain_kernels())
    return RealRuns(model, graph, analysis.patterns, sizes, sources, train=analysis.train)


def _copies(analysis: Analysis, sizes: Mapping[str, int]) -> int:
    """Return how many copies of the input one run should have."""
    shapes = analysis.at(**sizes).inputs
    positions = max(
        math.prod(shapes[tensor.name][axis] for axis in roles(tensor).spatial)
        for tensor in analysis.inputs
    )
    return max(1, min(_COPIES, _POSITIONS // max(positions, 1)))


def _elements(probe: Probe) -> int:
    """Return how many elements of an output there are, those along other axes not counted."""
    moving = {n for axis in probe.axes.values() for n in axis.field.outputs}
    return math.prod(probe.shape[n] for n in moving)


# ---------------------------------------------------------------------------- comparing


def _compare(
    watched: Sequence[Probe], part: Sequence[Slice], real: RealRuns, at: str, found: _Found
) -> None:
    """Compare what changes with each slice; send a NaN through those that do not show."""
    faint: dict[int, list[tuple[Probe, ProbedAxis]]] = {}
    changed = real.changed(part)
    for number, (one, masks) in enumerate(zip(part, changed, strict=True)):
        for probe in watched:
            axis = probe.axes.get((one.input, one.axis))
            mask, said = masks[probe.source], _said(axis, one)
            seen = _along(mask, () if axis is None else axis.field.outputs)
            _note(found, probe, axis, one, seen & ~said, at, seen=True)
            if axis is None or axis.field.reach.bound or not said.any():
                continue
            found.not_seen += int((said & ~seen).sum())
            if (_everywhere(said, probe, axis) & ~_along(mask, axis.told_apart)).any():
                faint.setdefault(number, []).append((probe, axis))
    traces = real.traces([part[number] for number in faint]) if faint else None
    if traces is None:
        return
    for trace, (number, unseen) in zip(traces, faint.items(), strict=True):
        for probe, axis in unseen:
            if not trace.all_come_out(probe.source):
                continue
            said = _said(axis, part[number])
            touched = changed[number][probe.source] | trace.masks[probe.source]
            wrong = _everywhere(said, probe, axis) & ~_along(touched, axis.told_apart)
            # an element along other axes is named by its place on those along which it moves
            rest = [n for n, place in enumerate(axis.told_apart) if place not in axis.field.outputs]
            refuted = _any(wrong, rest)
            shown = _along(changed[number][probe.source], axis.field.outputs)
            found.not_seen -= int((refuted & ~shown).sum())
            _note(found, probe, axis, part[number], refuted, at, seen=False)


def _along(mask: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """Return which elements along some axes are in a mask, wherever on the others."""
    return _any(mask, [n for n in range(mask.dim()) if n not in axes])


def _any(mask: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    for n in sorted(axes, reverse=True):
        mask = mask.any(n)
    return mask


def _everywhere(said: torch.Tensor, probe: Probe, axis: ProbedAxis) -> torch.Tensor:
    """Return a prediction for elements along more axes: it is the same all along these."""
    shape = [probe.shape[n] for n in axis.told_apart]
    own = [size if n in axis.field.outputs else 1
           for n, size in zip(axis.told_apart, shape, strict=True)]  # fmt: skip
    return said.reshape(own).expand(shape)


def _said(axis: ProbedAxis | None, one: Slice) -> torch.Tensor:
    """Return which elements along the axes on which a field moves see a slice, as predicted."""
    said = torch.zeros(axis.counts if axis is not None else (), dtype=torch.bool)
    for index in axis.seen_by(one.index) if axis is not None else ():
        said[index] = True
    return said


def _note(
    found: _Found,
    probe: Probe,
    axis: ProbedAxis | None,
    one: Slice,
    wrong: torch.Tensor,
    at: str,
    *,
    seen: bool,
) -> None:
    """Note a difference, once for each layer, axis and direction."""
    count = int(wrong.sum())
    if not count:
        return
    name = axis.field.name if axis is not None else f"axis {one.axis}"
    key = (probe.layer.name, one.input, name, seen)
    if key in found.differences:
        first = found.differences[key]
        found.differences[key] = first.counting(count)
        return
    index = tuple(map(int, wrong.nonzero()[0]))
    found.differences[key] = FieldDifference(
        sizes=at,
        layer=probe.layer.name,
        input=one.input,
        axis=name,
        output=index,
        index=one.index,
        seen=seen,
        predicted=tuple(axis.sees(index)) if axis is not None else (),
        count=count,
    )
