"""What torch does not raise: a view where axes have to change places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import prod
from typing import Any

from shapecalc import dims
from shapecalc.diagnose.axis_parts import Axis, is_batch, is_features
from shapecalc.diagnose.edits import Rewrite
from shapecalc.diagnose.rule import Draft, warning
from shapecalc.diagnose.subject import Subject
from shapecalc.dims import Shape
from shapecalc.graph import Layer
from shapecalc.ops.view import View


@warning("SC211", "reshape_order")
def reshape_order(subject: Subject) -> Iterator[Draft]:
    """A view is used to exchange axes, which leaves the elements where they are.

    A view cuts the same row of elements into other pieces. To make [N, C, T] of [N, T, C] it puts
    the first numbers of all features into the first channel: a mixture of times and features.
    `transpose` and `permute` move axes; a view only splits one axis into several, or makes one of
    neighbours.

    Wrong:
        x.view(N, C, T)  # of [N, T, C]
    Right:
        x.transpose(1, 2)
    """
    for layer in subject.graph.layers:
        if not isinstance(layer.op, View) or layer.rests_on:
            continue
        given, made = layer.in_shapes[0], layer.out_shape
        exchanged = moved(subject, layer)
        if exchanged is None:
            continue
        place, goal, before = exchanged
        order = [axis for axis in range(len(made)) if axis != place]
        order.insert(goal, place)  # the axes of the output, as they lie in memory
        yield Draft(
            message=f"{layer.kind} makes {subject.shape(made)} of {subject.shape(given)}: that "
            f"does not move the axis of {subject.size(given[before])}, it mixes its elements "
            "with others",
            argument="shape",
            got=subject.shape(made),
            because=(
                f"two steps of {subject.size(given[before])} are "
                f"{subject.size(dims.product(given[before + 1 :]))} elements apart before",
                f"and {subject.size(dims.product(made[place + 1 :]))} after: the elements stay "
                "where they are",
            ),
            candidates=(_permuting(subject, layer, order),),
            at=layer,
        )


def moved(subject: Subject, layer: Layer) -> tuple[int, int, int] | None:
    """Return the axis of a view that was another axis, where it lies in memory, and which it was.

    Where positions alone are cut anew the view may well be meant: distances are made of pairs
    of positions so. An exchange with features, or with the batch, never is.
    """
    axes = subject.axes.operands(layer)[0]
    if axes is None or subject.axes.in_doubt(layer):
        return None
    given, made = map(subject.axes.numbers, (layer.in_shapes[0], layer.out_shape))
    first = last = 0
    while first < min(len(given), len(made)) and given[first] == made[first]:
        first += 1
    while last < min(len(given), len(made)) - first and given[-1 - last] == made[-1 - last]:
        last += 1
    inner, fitting = range(first, len(given) - last), range(first, len(made) - last)
    left, right = [given[axis] for axis in inner], [made[axis] for axis in fitting]
    for axis in inner:
        size = given[axis]
        if left.count(size) != 1 or right.count(size) != 1 or not _is_one(axes[axis]):
            continue
        place = fitting[right.index(size)]
        inside = prod(given[axis + 1 :])
        goal = None if inside == prod(made[place + 1 :]) else _goal(made, place, inside)
        others = [axes[other] for other in inner if other != axis and axes[other]]
        if goal is not None and others and _is_no_exchange(axes[axis], others):
            return place, goal, axis
    return None


def _is_no_exchange(axis: Axis, others: Sequence[Axis]) -> bool:
    """Tell whether an axis and others hold such different things that no view is meant to mix."""
    if is_batch(axis):
        return True
    if is_features(axis):
        return all(part.role == "positions" for other in others for part in other)
    return any(map(is_features, others))


def _is_one(axis: Axis) -> bool:
    """Tell whether an axis is one axis from the first, all of it."""
    return len(axis) == 1 and not axis[0].cut


def _goal(made: Sequence[int], place: int, inside: int) -> int | None:
    """Return where an axis has to stand for so many elements to lie within it."""
    rest = [size for axis, size in enumerate(made) if axis != place]
    fitting = (goal for goal in range(len(rest) + 1) if prod(rest[goal:]) == inside)
    return next(fitting, None)


def _permuting(subject: Subject, layer: Layer, order: Sequence[int]) -> Rewrite:
    """Return the view that cuts along the axes, and the axes in their places after it."""
    index, made = layer.index, layer.out_shape
    back = tuple(order.index(axis) for axis in range(len(order)))
    given, numbers = map(subject.axes.numbers, (layer.in_shapes[0], made))
    whole = [numbers[axis] for axis in order] == given
    sizes = ", ".join(_written(subject, layer, axis) for axis in order)
    cut = "" if whole else f".reshape({sizes})"
    return Rewrite(
        index=index,
        text=f"write x{cut}.permute{back}",
        rewriting=partial(_permuted, tuple(order), back, whole),
    )


def _written(subject: Subject, layer: Layer, axis: int) -> str:
    """Return a size as a line of code has it: the batch is asked for."""
    size, given = layer.out_shape[axis], layer.in_shapes[0]
    wanted = subject.axes.numbers(Shape((size,)))
    for place, number in enumerate(subject.axes.numbers(given)):
        batch = str(given[place]) == subject.axes.batch
        if batch and [number] == wanted:
            return f"x.size({place})"
    return subject.size(size)


def _permuted(
    order: tuple[int, ...],
    back: tuple[int, ...],
    whole: bool,
    func: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    x, *sizes = args
    if whole:
        return x.permute(back)
    given = list(kwargs.get("shape") or sizes)
    given = list(given[0]) if isinstance(given[0], (tuple, list)) else given
    return x.reshape([given[axis] for axis in order]).permute(back)
