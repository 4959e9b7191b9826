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
from shapecalc.verify.choose import choose_field_sizes, single
from shapecalc.verify.compare import real_model
from shapecalc.verify.double import double_by_default, in_double, initialized, plain_kernels
from shapecalc.verify.perturbed import Masks, RealRuns, RunError, Slice
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

    `accepted` are sizes that the model takes; they are `stated`, or else others may be chosen.

    Units:
        seconds: how long it may take; each size has an equal share of what is left.
    """
    if not any(roles(tensor).spatial for tensor in analysis.inputs):
        return
    deadline = time.perf_counter() + seconds
    if stated:
        alone = {tuple(single(analysis, at).items()): None for at in accepted}
        by_size = sorted(map(dict, alone), key=lambda at: math.prod(at.values()))
        sizes = [(at, "") for at in by_size]
    else:
        sizes = list(choose_field_sizes(analysis, accepted))
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
            for begin in range(0, len(every), chunk):
                if begin and time.perf_counter() > until:
                    break
                part = every[begin : begin + chunk]
                _compare(compared, part, real, run.text, found)
                changed += len(part)
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
    faint: dict[int, list[tuple[Probe, torch.Tensor]]] = {}
    for number, (one, masks) in enumerate(zip(part, real.changed(part), strict=True)):
        for probe in watched:
            axis = probe.axes.get((one.input, one.axis))
            seen, said = _seen(masks, probe, axis), _said(axis, one)
            _note(found, probe, axis, one, seen & ~said, at, seen=True)
            missing = said & ~seen
            if missing.any() and axis is not None and not axis.field.reach.bound:
                faint.setdefault(number, []).append((probe, missing))
    if not faint:
        return
    traces = real.traces([part[number] for number in faint])
    for place, (number, unseen) in enumerate(faint.items()):
        for probe, missing in unseen:
            axis = probe.axes[part[number].input, part[number].axis]
            wrong = torch.zeros_like(missing)
            if traces is not None and traces[place].all_come_out(probe.source):
                wrong = missing & ~_seen(traces[place].masks, probe, axis)
            found.not_seen += int((missing & ~wrong).sum())
            _note(found, probe, axis, part[number], wrong, at, seen=False)


def _seen(masks: Masks, probe: Probe, axis: ProbedAxis | None) -> torch.Tensor:
    """Return which elements along the axes on which a field moves are in a mask."""
    mask = masks[probe.source]
    moving = () if axis is None else axis.field.outputs
    rest = [n for n in range(mask.dim()) if n not in moving]
    for n in reversed(rest):
        mask = mask.any(n)
    return mask


def _said(axis: ProbedAxis | None, one: Slice) -> torch.Tensor:
    """Return which of these elements see a slice, as predicted."""
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
