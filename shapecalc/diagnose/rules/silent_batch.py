"""What torch does not raise: the batch that is folded into an axis, or written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.diagnose.axis_parts import Axis, has_batch, is_batch
from shapecalc.diagnose.edits import Feed, Rewrite
from shapecalc.diagnose.inputs_that_fit import feed
from shapecalc.diagnose.rule import Draft, warning
from shapecalc.diagnose.rules.silent_dropped import takes_batch_for_another
from shapecalc.diagnose.rules.silent_order import moved
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.graph import Finding as Raw
from shapecalc.graph import Layer, OutputRef, Premise, Source
from shapecalc.ops.pointwise import Pointwise
from shapecalc.ops.view import Flatten, Unflatten, View

_SEVERAL = range(1, 257)  # batches at which a condition on the batch is looked at


@warning("SC201", "view_folds_batch")
def view_folds_batch(subject: Subject) -> Iterator[Draft]:
    """A view makes one axis of the batch and of features, and nothing takes them apart again.

    With `view(-1, 400)` torch makes as many rows of 400 numbers as there are. Where a sample has
    1600 numbers, that is four rows a sample: the model runs, and returns 4*N rows for N samples.
    Name the batch instead, as in `x.flatten(1)` or `x.view(x.size(0), -1)`: then a number of
    features that does not fit is an error.

    Wrong:
        x.view(-1, 400)  # of [N, 16, 10, 10]: 4*N rows
    Right:
        x.flatten(1)  # [N, 1600]
    """
    for layer in _behind(subject):
        operands = subject.axes.operands(layer)
        if not isinstance(layer.op, (View, Flatten, Unflatten)) or not operands[0]:
            continue
        if layer.rests_on or any(map(_folded, operands[0])):
            continue
        given, made = layer.in_shapes[0], layer.out_shape
        cut = layer.index in subject.axes.scrambled
        folded = [axis for axis in subject.axes.layers[layer.index][0] if _folded(axis)]
        if cut:
            rows = subject.axes.numbers(made)[:1] != subject.axes.numbers(given)[:1]
            lost = is_batch(operands[0][0]) and rows and moved(subject, layer) is None
        else:
            lost = bool(folded) and _stays(subject, layer)
        if not lost:
            continue
        yield Draft(
            message=f"{layer.kind} makes {subject.shape(made)} of {subject.shape(given)}, "
            f"which mixes the batch with what belongs to one sample",
            argument="shape",
            got=subject.shape(made),
            because=_folding(subject, layer),
            candidates=_fitting(subject, layer),
            at=layer,
        )


def _behind(subject: Subject) -> list[Layer]:
    """Return the layers that the outputs of the model hang on, in order."""
    layers = subject.graph.layers
    waiting = list(_outputs(subject))
    found: dict[int, Layer] = {}
    while waiting:
        source = waiting.pop()
        if isinstance(source, OutputRef) and source.layer not in found:
            found[source.layer] = layers[source.layer]
            waiting += layers[source.layer].sources
    return [found[index] for index in sorted(found)]


def _outputs(subject: Subject) -> Sequence[Source]:
    return subject.graph.calls[0].out_sources if subject.graph.calls else ()


def _folded(axis: Axis) -> bool:
    """Tell whether an axis has the batch, and features or a piece of an image or sequence."""
    others = [part for part in axis if part.role != "batch"]
    return has_batch(axis) and any(part.role == "features" or part.cut for part in others)


def _stays(subject: Subject, layer: Layer) -> bool:
    """Tell whether what a layer folds is still folded in an output of the model."""
    parts = {
        part
        for axis in subject.axes.layers[layer.index][0]
        if _folded(axis)
        for part in axis
        if part.role != "batch"
    }
    found = [subject.axes.of(source) for source in _outputs(subject)]
    return any(
        _folded(axis) and parts.intersection(axis) for axes in found if axes for axis in axes
    )


def _folding(subject: Subject, layer: Layer) -> tuple[str, ...]:
    given, made = layer.in_shapes[0], layer.out_shape
    sample, row = dims.product(given[1:]), dims.product(made[1:])
    return (
        f"a sample of {subject.shape(given[1:])} has {subject.size(sample)} numbers",
        f"a row of {subject.shape(made)} has {subject.size(row)}",
        f"so {subject.size(given[0])} samples become {subject.size(made[0])} rows",
    )


def _fitting(subject: Subject, layer: Layer) -> tuple[Feed, ...]:
    """Return sizes of which a sample is as long as the row that is asked for."""
    rows, *row = layer.op.shape if isinstance(layer.op, View) else (None,)
    if rows != -1:
        return ()
    whole = Condition(dims.product(layer.in_shapes[0][1:]), "==", dims.product(row))
    raw = Raw(message="", index=layer.index, condition=whole)
    return tuple(feed(Mistake(subject, 0, raw, layer), (whole,)))


@warning("SC202", "view_hardcoded_batch")
def view_hardcoded_batch(subject: Subject) -> Iterator[Draft]:
    """The size of the batch is written into the model: it is right for that size alone.

    A number such as the 8 in `x.view(8, -1)` holds as long as every batch has 8 samples. The last
    batch of an epoch is often smaller, and a single image is a batch of 1. Ask the tensor for its
    batch instead: `x.size(0)`.

    Wrong:
        x.view(8, -1)
    Right:
        x.view(x.size(0), -1)
    """
    batch = subject.axes.batch
    demands = [finding.demand for finding in subject.graph.findings if finding.demand]
    if any(batch in map(str, demand.symbols) for demand in demands):
        return  # an error already says so
    for premise in subject.graph.premises:
        if not _counts_on(premise, subject) or _is_unbatched(premise, subject):
            continue
        layer = _writes(subject) or _place(premise, subject)
        if layer is None or (isinstance(layer.op, Pointwise) and None not in layer.sources):
            continue  # see silent_broadcast
        number = subject.number(dims.symbol(batch))
        several = [n for n in _SEVERAL if premise.condition.holds({**subject.sizes, batch: n})]
        only = f"{batch} = {number}" if len(several) == 1 else str(premise.condition)
        yield Draft(
            message=f"{layer.kind} is right only where {only}: "
            f"the size of the batch is written into the model",
            argument="shape",
            got=number,
            because=(
                f"it makes {subject.shape(layer.out_shape)} of {subject.shape(layer.in_shapes[0])}"
                if layer.in_shapes
                else f"it makes {subject.shape(layer.out_shape)}",
                f"{premise.op or 'the model'} needs {premise.condition}",
            ),
            candidates=_asking(layer),
            root=("batch", layer.index),
            at=layer,
        )
        return


def _counts_on(premise: Premise, subject: Subject) -> bool:
    """Tell whether a premise allows few sizes of the batch, whatever other sizes are."""
    condition, batch = premise.condition, subject.axes.batch
    names = {str(s) for s in condition.symbols}
    if condition.relation != "==" or batch not in names:
        return False
    if not names <= {batch, *subject.case.sizes}:
        return False
    allowed = [n for n in _SEVERAL if condition.holds({**subject.case.sizes, batch: n})]
    if len(allowed) == len(_SEVERAL):
        return False
    if premise.assumption.kind == "branch":  # the model asks, but for a view, which compares
        layer = _place(premise, subject)
        if layer is None or not isinstance(layer.op, View):
            return False
        # sizes of 1 are all equal, unless the 1 is written down
        return allowed != [1] or _writes(subject) is not None
    return True


def _writes(subject: Subject) -> Layer | None:
    """Return the first view whose first size is a number where the batch is."""
    for layer in subject.graph.layers:
        if isinstance(layer.op, View) and layer.op.shape and layer.in_shapes[0]:
            number = dims.as_int(layer.op.shape[0])
            leads = str(layer.in_shapes[0][0]) == subject.axes.batch
            rest = {str(s) for s in dims.symbols_of(layer.op.shape[1:])}
            literal = leads and number == subject.number(layer.in_shapes[0][0])
            if literal and subject.axes.batch not in rest:
                return layer
    return None


def _place(premise: Premise, subject: Subject) -> Layer | None:
    """Return the layer at which a premise was made."""
    wanted = (premise.location, premise.op)
    layers = subject.graph.layers
    return next((each for each in layers if (each.location, each.function) == wanted), None)


def _asking(layer: Layer) -> tuple[Rewrite, ...]:
    """Return the view that asks the tensor for its batch."""
    if not isinstance(layer.op, View):
        return ()
    rest = ", ".join(map(dims.format_dim, layer.op.shape[1:]))
    return (
        Rewrite(
            index=layer.index,
            text=f"write x.{layer.kind}(x.size(0), {rest})",
            rewriting=_with_own_batch,
        ),
    )


def _with_own_batch(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    x, *sizes = args
    sizes = list(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    return x.reshape(x.shape[0], *(sizes or kwargs.get("shape") or kwargs["size"])[1:])


def _is_unbatched(premise: Premise, subject: Subject) -> bool:
    layer = _place(premise, subject)
    return layer is not None and takes_batch_for_another(layer, subject)
