"""What torch does not raise: operands that are stretched to a matrix that nobody meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from shapecalc.conditions import Path, following
from shapecalc.diagnose.axis_parts import Axes, is_batch
from shapecalc.diagnose.edits import Rewrite
from shapecalc.diagnose.rule import Draft, warning
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer
from shapecalc.ops.loss import Loss
from shapecalc.ops.pointwise import Pointwise, broadcast

_OF_ELEMENTS = ("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "kl_div", "poisson_nll_loss")


@warning("SC221", "silent_broadcast")
def silent_broadcast(subject: Subject) -> Iterator[Draft]:
    """Every sample is combined with every other, because axes were lined up from the right.

    torch compares shapes from their last axes and stretches a size of 1. Of (N, 1) and (N,) it
    makes (N, N): all pairs of samples. A loss of these is a number like any other, and the model
    learns little. Give both tensors the same number of axes.

    Wrong:
        F.mse_loss(model(x), y)  # (N, 1) and (N,)
    Right:
        F.mse_loss(model(x).squeeze(-1), y)
    """
    for layer in subject.graph.layers:
        if not _stretches(layer) or len(layer.in_shapes) < 2:
            continue
        ranks = {len(shape) for shape in layer.in_shapes[:2]}
        operands = subject.axes.operands(layer)[:2]
        if len(ranks) == 1 or layer.rests_on or None in operands:
            continue
        places = [_places(axes or (), max(ranks)) for axes in operands]
        if not all(places) or places[0] & places[1]:
            continue
        shorter = 0 if len(layer.in_shapes[0]) < len(layer.in_shapes[1]) else 1
        yield _matrix(subject, layer, shorter)


def _stretches(layer: Layer) -> bool:
    """Tell whether a layer lines its operands up and stretches sizes of 1."""
    if isinstance(layer.op, Loss):
        return layer.op.function in _OF_ELEMENTS
    return isinstance(layer.op, Pointwise)


def _places(axes: Axes, rank: int) -> set[int]:
    """Return where the batch stands, counted in an output of so many axes."""
    return {axis + rank - len(axes) for axis, parts in enumerate(axes) if is_batch(parts)}


def _matrix(subject: Subject, layer: Layer, shorter: int) -> Draft:
    shapes = layer.in_shapes[:2]
    missing = len(shapes[1 - shorter]) - len(shapes[shorter])
    left, right = map(subject.shape, shapes)
    with following(Path(subject.graph.hint)):
        made = subject.shape(broadcast(*shapes))
    added = "".join([".unsqueeze(-1)"] * missing)
    longer, lesser = (left, right) if shorter else (right, left)
    message = f"{layer.kind} makes {made} of {left} and {right}: "
    if made == longer:
        message += f"the batch of {lesser} meets the last axes of {longer}, not its batch"
    else:
        message += "every sample is combined with every other"
    return Draft(
        message=message,
        got=[left, right],
        because=(
            "axes are lined up from the right, and a size of 1 is stretched",
            "so the batch of one meets another axis of the other",
        ),
        candidates=(
            Rewrite(
                index=layer.index,
                text=f"give both {len(shapes[1 - shorter])} axes: "
                f"y{added} for the {('first', 'second')[shorter]}, y",
                rewriting=partial(_with_axes, shorter, missing),
            ),
        ),
        at=layer,
    )


def _with_axes(
    place: int, missing: int, func: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    given = list(args)
    for _ in range(missing):
        given[place] = given[place].unsqueeze(-1)
    return func(*given, **kwargs)
