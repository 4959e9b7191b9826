"""Mistakes of view and reshape: the same elements under other sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.diagnose.cause import ancestors, derivation, name_of, producer, setter
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.flattened import (
    following_linear,
    numbers_of_a_sample,
    rows,
    with_flatten,
)
from shapecalc.diagnose.inputs_that_fit import feed
from shapecalc.diagnose.joins import differing
from shapecalc.diagnose.paths import is_constant, module_of
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.dims import Dim
from shapecalc.graph import Layer
from shapecalc.ops.joining import Cat
from shapecalc.ops.linear import Linear
from shapecalc.ops.view import View


@mistake("SC153", "view_hardcoded_batch")
def view_hardcoded_batch(m: Mistake) -> Draft | None:
    """The size of one batch is written into a view as a number.

    `x.view(32, -1)` holds for batches of 32 only: the last batch of an epoch, or a single image,
    fails, or its samples are cut up and mixed. The batch is read from the tensor, or left to
    `flatten(1)`, which keeps the first axis.

    Wrong:
        x.view(32, -1)
    Right:
        x.view(x.size(0), -1)
    """
    subject, layer = m.subject, m.layer
    view = _view_behind(m)
    if layer is None or view is None or not isinstance(view.op, View):
        return None
    shape, sizes = view.in_shapes[0], view.op.shape
    if len(shape) < 2 or len(sizes) < 2 or not sizes[0].is_Integer or int(sizes[0]) < 2:
        return None
    batch, written = subject.number(shape[0]), int(sizes[0])
    numbers = numbers_of_a_sample(subject, shape)
    rest = [subject.number(size) for size in sizes[1:]]
    whole = dims.as_int(dims.product(map(dims.as_dim, rest))) or 0
    fits = numbers % -whole == 0 if -1 in rest and whole else whole == numbers
    if batch == written or not fits:
        return None
    if layer is not view:
        asked = subject.number(getattr(layer.op, "in_features", dims.ZERO))
        if len(sizes) != 2 or asked not in (numbers, rest[0]):
            return None
    short = len(sizes) == 2
    text = "x.flatten(1)" if short else rows(subject, view, first="x.size(0)")
    return Draft(
        message=f"{rows(subject, view)} is written for a batch of {written}, "
        f"the batch is {subject.size(shape[0])}",
        argument="size",
        got=batch,
        expected=written,
        because=(
            f"what arrives is {subject.shape(shape)}, {numbers} numbers a sample",
            f"as {written} rows it comes out as {subject.shape(view.out_shape)}",
        )[: 1 if layer is view else 2],
        candidates=(
            Rewrite(
                index=view.index,
                text=f"take the batch from the tensor: {text}",
                rewriting=_with_batch,
            ),
        ),
        root=("view", view.index),
        layer=view.name,
        op=view.kind,
        used=view.location,
    )


@mistake("SC152", "view_size")
def view_size(m: Mistake) -> Draft | None:
    """A view asks for another number of elements than the tensor has.

    A view keeps every number and only counts them otherwise, so the sizes have to multiply to as
    many. The numbers in `view(-1, 16 * 5 * 5)` hold for one size of the image, and for the
    paddings and strides before it; -1 stands for what is left, which has to be whole.

    Wrong:
        torch.zeros(4, 16, 4, 4).view(-1, 16 * 5 * 5)
    Right:
        torch.zeros(4, 16, 4, 4).view(-1, 16 * 4 * 4)
    """
    layer, subject = m.layer, m.subject
    if layer is None or not isinstance(layer.op, View) or m.raw.demand is None:
        return None
    shape, sizes, source = layer.in_shapes[0], layer.op.shape, layer.sources[0]
    if len(shape) < 2 or len(sizes) < 2:
        return None
    kept = sizes[0] == -1 or sizes[0] == shape[0]
    counted, asked = (shape[1:], sizes[1:]) if kept else (shape, sizes)
    got = subject.number(dims.product(counted))
    expected = subject.number(dims.product(size for size in asked if size != -1))
    product = "*".join(map(subject.size, counted))
    shown = f"{got} = {product}" if len(counted) > 1 else str(got)
    wanted = "a multiple of " if -1 in asked or (sizes[0] == -1 and not kept) else ""
    because = [f"what {name_of(subject, source)} gives is {subject.shape(shape)}"]
    for axis in range(2, len(shape)):
        if axis == 2 or subject.number(shape[axis]) != subject.number(shape[2]):
            because += derivation(subject, source, axis)
    candidates = _of_that_size(m, layer, dims.product(counted), expected) if not wanted else []
    linear = following_linear(subject, layer)
    if kept and len(sizes) == 2 and linear is not None and len(linear.in_shapes[0]) == 2:
        candidates.append(
            Rewrite(
                index=layer.index,
                text=f"x.flatten(1) in the place of {rows(subject, layer)}, "
                f"and build {linear.name} with in_features={got}",
                rewriting=lambda func, args, kwargs: torch.flatten(args[0], 1),
                also={linear.index: with_flatten(features=got)},
            )
        )
    return Draft(
        message=f"{rows(subject, layer)} needs {wanted}{expected} numbers"
        f"{' a sample' if kept else ''}, receives {shown}",
        argument="size",
        got=got,
        expected=expected,
        because=tuple(dict.fromkeys(because)),
        candidates=tuple(candidates),
        root=("view", layer.index),
    )


@mistake("SC158", "view_hardcoded_batch")
def batch_in_constant(m: Mistake) -> Draft | None:
    """A constant that is joined with the samples is made for the size of one batch.

    A class token or a start state belongs to every sample alike. It is kept for one, and
    expanded to as many as there are: `token.expand(x.size(0), -1, -1)`.

    Wrong:
        torch.cat([torch.zeros(32, 1, 64), torch.zeros(8, 10, 64)], dim=1)
    Right:
        torch.cat([torch.zeros(1, 1, 64).expand(8, -1, -1), torch.zeros(8, 10, 64)], dim=1)
    """
    layer, subject = m.layer, m.subject
    if layer is None or not isinstance(layer.op, Cat) or len(layer.in_shapes) != 2:
        return None
    fixed = [is_constant(subject, source) for source in layer.sources[:2]]
    sizes = [subject.number(shape[0]) for shape in layer.in_shapes if len(shape) > 1]
    if fixed[0] == fixed[1] or len(sizes) != 2 or sizes[0] == sizes[1]:
        return None
    if differing(subject, layer) != {0}:
        return None
    side = fixed.index(True)

    def expanding(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors, rest = list(args[0]), args[1:]
        batch = tensors[1 - side].shape[0]
        tensors[side] = tensors[side][:1].expand(batch, *tensors[side].shape[1:])
        return func(tensors, *rest, **kwargs)

    return Draft(
        message=f"a constant made for a batch of {sizes[side]} is joined with a batch of "
        f"{subject.size(layer.in_shapes[1 - side][0])}",
        argument="tensors",
        got=sizes[1 - side],
        expected=sizes[side],
        because=(f"cat joins {' and '.join(map(subject.shape, layer.in_shapes))}",),
        candidates=(
            Rewrite(
                index=layer.index,
                text="make it for one sample, and expand it: constant.expand(x.size(0), ...)",
                rewriting=expanding,
            ),
        ),
        root=("cat", layer.index),
        layer=layer.name,
    )


@mistake("SC156", "view_order")
def view_order(m: Mistake) -> Draft | None:
    """A view is taken of a tensor whose axes were permuted before.

    `view` counts the same numbers in the order in which they lie in memory. `permute` and
    `transpose` change the order of the axes and leave the numbers where they are, so that most
    views are refused then. `reshape` puts the numbers in the new order first.

    Wrong:
        torch.zeros(2, 3, 4).transpose(1, 2).view(2, -1)
    Right:
        torch.zeros(2, 3, 4).transpose(1, 2).reshape(2, -1)
    """
    layer, subject = m.layer, m.subject
    if layer is None or not isinstance(layer.op, View) or "permuted" not in m.raw.message:
        return None
    return Draft(
        message=f"{rows(subject, layer)} is refused: the axes of "
        f"{subject.shape(layer.in_shapes[0])} were permuted, so its numbers do not lie in order",
        argument="",
        because=(f"{name_of(subject, layer.sources[0])} permutes the axes",),
        candidates=(
            Rewrite(
                index=layer.index,
                text="reshape in the place of view, which copies the numbers",
                rewriting=_reshaping,
            ),
        ),
        root=("view", layer.index),
    )


# ---------------------------------------------------------------------------- the parts


def _of_that_size(m: Mistake, view: Layer, numbers: Dim, expected: int) -> list[Candidate]:
    """Return the inputs, and the Linear before, that give a view the numbers it asks for."""
    subject = m.subject
    wanted = replace(m.raw, condition=Condition(numbers, "==", expected))
    origin = producer(subject, setter(subject, view.sources[0], view.in_shapes[0][-1]))
    module = module_of(subject, origin) if origin is not None else None
    rebuilt = len(view.in_shapes[0]) == 2 and origin is not None and isinstance(origin.op, Linear)
    if not rebuilt or module is None:
        return [*feed(replace(m, raw=wanted))]
    return [Rebuild(layer=module[0], argument="out_features", value=expected)]


def _view_behind(m: Mistake) -> Layer | None:
    """Return the view that a mistake is in, or whose rows a Linear does not take."""
    if m.layer is None or m.raw.demand is None:
        return None
    if isinstance(m.layer.op, View):
        return m.layer
    if not isinstance(m.layer.op, Linear):
        return None
    for before in ancestors(m.subject, m.layer.sources[0]):
        if isinstance(before.op, View):
            return before
        if before.in_shapes[:1] != (before.out_shape,):
            return None
    return None


def _with_batch(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a view with the batch that the tensor has."""
    x, *given = args
    given += [kwargs[name] for name in ("size", "shape") if name in kwargs]
    sizes = list(given[0]) if len(given) == 1 and not isinstance(given[0], int) else given
    return x.reshape(x.shape[0], *sizes[1:])


def _reshaping(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0].reshape(*args[1:], *kwargs.values())
