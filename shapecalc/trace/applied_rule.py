"""What the rule of an op says of one call: its outcome, and all that does not fit.

A size that depends on data is a symbol of its own in the outcome. Where the trace goes on after
mistakes, so is a size that a mistake puts in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.errors import ShapeError
from shapecalc.op import Call, Outcome, infer
from shapecalc.trace import held, positions
from shapecalc.trace.channels_axis import channels_are_on_axis_one
from shapecalc.trace.layout import demand_order
from shapecalc.trace.recorder import Recorder
from shapecalc.trace.recovery import possible, recovered


def applied(
    record: Recorder,
    name: str,
    call: Call,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Outcome, tuple[ShapeError, ...]]:
    """Return the outcome of a call by the rule of that name, and what does not fit.

    Raises:
        ShapeError: the shapes do not fit, and the trace does not go on after that.
    """
    shapes = tuple(operand.shape for operand in call.operands)
    outcome, mistakes = _inferred(record, call, shapes)
    if outcome.data:
        counted = held.counted(record.path, func, name, args, kwargs)
        outcome = _without_data(record, outcome, name, counted, call.op.at_most(*shapes))
    return outcome, mistakes


def _inferred(
    record: Recorder, call: Call, shapes: tuple[Shape, ...]
) -> tuple[Outcome, tuple[ShapeError, ...]]:
    """Apply a rule; where the shapes do not fit and the trace goes on, what is assumed."""
    hint = record.path.hint
    try:
        return infer(call.op, shapes, hint), ()
    except ShapeError as error:
        if not record.mistakes.recover:
            raise
        first: Any = call.operands[0].source if call.operands else None
        known = channels_are_on_axis_one(record.layers, first)
        found = recovered(call.op, shapes, hint, error, channels_known=known)
        if found is None:
            raise
        outcome, mistakes = found
    made = tuple(Shape(_assumed(record, size) for size in shape) for shape in outcome.shapes)
    return replace(outcome, shapes=made), mistakes


def _assumed(record: Recorder, size: Dim) -> Dim:
    """Return a size, or a symbol of its own for one that is in doubt."""
    either = possible(size)
    if either is None:
        return size
    return record.mistakes.assumed_size(*(either[:1] or (1,)), *either)


def _without_data(
    record: Recorder,
    outcome: Outcome,
    name: str,
    counted: Sequence[Sequence[int]] | None,
    most: Mapping[Dim, Dim],
) -> Outcome:
    """Put a new symbol, or the number that was counted, in the place of every size of data."""
    sizes = dict[Dim, Dim]()
    if counted is not None:
        for shape, numbers in zip(outcome.shapes, counted, strict=True):
            pairs = zip(shape, map(dims.as_dim, numbers), strict=True)
            sizes.update((size, number) for size, number in pairs if size in outcome.data)
    for size in outcome.data:
        if size not in sizes:
            sizes[size] = record.path.fresh_size(name, minimum=1 if size.is_positive else 0)
            if size in most:
                record.path.most[sizes[size]] = most[size]
    shapes = tuple(Shape(dim.subs(sizes) for dim in shape) for shape in outcome.shapes)
    return replace(outcome, shapes=shapes, data=())


def beyond_table(
    record: Recorder, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[ShapeError, ...]:
    """Return the mistake of a look-up beyond the end of a table."""
    try:
        positions.demand(name, args, kwargs)
    except ShapeError as error:
        if not record.mistakes.recover:
            raise
        return (error,)
    return ()


def out_of_order(
    record: Recorder, func: Callable[..., Any], name: str, call: Call, outcome: Outcome
) -> tuple[ShapeError, ...]:
    """Return the mistake of a view that the order of the elements does not allow."""
    if func is not torch.Tensor.view:
        return ()
    source: Any = call.operands[0].source
    with record.path.choosing(name):
        error = demand_order(record, source, outcome.shapes[0], record.path.hint)
    if error is not None and not record.mistakes.recover:
        raise error
    return () if error is None else (error,)
