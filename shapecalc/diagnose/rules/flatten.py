"""Mistakes of a flatten: between the maps and the Linear layers, once, in the right place."""

from __future__ import annotations

from typing import Any

import torch

from shapecalc.diagnose.cause import ancestors, name_of, producer
from shapecalc.diagnose.edits import Rewrite
from shapecalc.diagnose.flattened import (
    following_linear,
    is_map,
    numbers_of_a_sample,
    with_flatten,
    with_layer_kept,
)
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.graph import Layer
from shapecalc.ops.joining import Cat
from shapecalc.ops.linear import Linear
from shapecalc.ops.view import Flatten, View
from shapecalc.trace.run import trace
from shapecalc.trace.tracer import Rewriting


@mistake("SC151", "flatten_too_early")
def flatten_too_early(m: Mistake) -> Draft | None:
    """A convolution or pooling comes after a flatten, so that it receives rows instead of maps.

    A flatten makes one row of numbers of each sample; height and width are gone. Convolutions and
    poolings need them, so they come first, then the flatten, then the Linear layers.

    Wrong:
        nn.Sequential(nn.Flatten(), nn.Conv2d(1, 8, 3), nn.Linear(8 * 26 * 26, 10))
    Right:
        nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
    """
    subject, layer = m.subject, _windowed_behind(m)
    if layer is None:
        return None
    rank = len(layer.op.kernel_size) + 2  # type: ignore[attr-defined]
    flat = _flattening(subject, layer, rank)
    if flat is None:
        return None
    axes = ", ".join("DHW"[-(rank - 2) :])
    place = next(raw.layer for raw in subject.graph.findings if raw.index == layer.index)
    return Draft(
        message=f"{layer.kind} expects maps with {rank} dimensions (N, C, {axes}), receives rows "
        f"{subject.shape(layer.in_shapes[0])}: the flatten at {flat.name} comes too early",
        argument="input",
        got=len(layer.in_shapes[0]),
        expected=rank,
        because=(
            f"{flat.name} makes {subject.shape(flat.out_shape)} of "
            f"{subject.shape(flat.in_shapes[0])}",
        ),
        candidates=(_later(m, flat, following_linear(subject, layer)),),
        root=("flatten", flat.index),
        layer=place,
        op=layer.kind,
        used=layer.location,
    )


@mistake("SC157", "view_folds_batch")
def flatten_of_the_batch(m: Mistake) -> Draft | None:
    """A flatten runs over the batch as well, so that all samples become one row.

    `x.flatten()` makes one row of everything, the samples included; so does `x.view(-1)`. The
    batch is kept with `x.flatten(1)`, or `nn.Flatten()`, which begins with axis 1.

    Wrong:
        nn.Linear(8 * 26 * 26, 10)(torch.zeros(4, 8, 26, 26).flatten())
    Right:
        nn.Linear(8 * 26 * 26, 10)(torch.zeros(4, 8, 26, 26).flatten(1))
    """
    layer, subject = m.layer, m.subject
    if layer is None or not isinstance(layer.op, Linear) or m.raw.demand is None:
        return None
    flat = producer(subject, layer.sources[0]) if len(layer.in_shapes[0]) == 1 else None
    if flat is None or not isinstance(flat.op, (Flatten, View)) or len(flat.in_shapes[0]) < 2:
        return None
    shape = flat.in_shapes[0]
    numbers, expected = numbers_of_a_sample(subject, shape), subject.number(layer.op.in_features)
    text = f"keep the batch in {flat.name}: x.flatten(1)"
    also: dict[int, Rewriting] = {}
    if numbers != expected:
        also[layer.index] = with_flatten(features=numbers)
        text += f", and build {m.raw.layer} with in_features={numbers}"
    return Draft(
        message=f"{flat.kind} makes one row of {subject.size(flat.out_shape[0])} numbers of "
        f"{subject.shape(shape)}, the batch included; {m.op} expects {expected} for each sample",
        argument="start_dim",
        got=0,
        expected=1,
        because=(f"a sample has {numbers} = {'*'.join(map(subject.size, shape[1:]))} numbers",),
        candidates=(
            Rewrite(
                index=flat.index,
                text=text,
                rewriting=lambda func, args, kwargs: torch.flatten(args[0], 1),
                also=also,
            ),
        ),
        root=("flatten", flat.index),
        layer=flat.name,
        op=flat.kind,
        used=flat.location,
    )


@mistake("SC150", "missing_flatten")
def missing_flatten(m: Mistake) -> Draft | None:
    """A Linear layer receives maps, with height and width, where it takes rows of numbers.

    A Linear multiplies the last axis, which is the width of a map. Between the last convolution
    and the first Linear the maps are flattened to one row for each sample: `x.flatten(1)`, or
    `nn.Flatten()`, makes [N, C, H, W] to [N, C*H*W]. After a global pooling that is [N, C].

    Wrong:
        nn.Sequential(nn.Conv2d(1, 8, 3), nn.Linear(8 * 26 * 26, 10))  # of 28x28
    Right:
        nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
    """
    layer, subject = m.layer, m.subject
    if layer is not None and isinstance(layer.op, Cat) and m.raw.demand is None:
        return _before_cat(m, layer)
    if layer is None or not isinstance(layer.op, Linear) or m.raw.demand is None:
        return None
    shape, source = layer.in_shapes[0], layer.sources[0]
    if len(shape) < 3:
        return None
    numbers, expected = numbers_of_a_sample(subject, shape), subject.number(layer.op.in_features)
    maps = is_map(subject, source)
    if not maps and numbers != expected:
        return None
    given = f"{numbers} = {'*'.join(map(subject.size, shape[1:]))}"
    text = f"flatten before {m.raw.layer}: x.flatten(1)"
    pooled = numbers != expected and subject.number(shape[1]) == expected
    if pooled:
        axes = ", ".join(str(axis) for axis in range(2, len(shape)))
        text = f"pool before {m.raw.layer}: x.mean(({axes},))".replace(",))", "))")
    elif numbers != expected:
        text += f", and build {m.raw.layer} with in_features={numbers}"
    missing = "a pooling and a flatten are" if pooled else "a flatten is"
    return Draft(
        message=f"{m.op} expects rows of in_features = {expected}, receives maps "
        f"{subject.shape(shape)}: {missing} missing",
        argument="input",
        got=subject.number(shape[-1]),
        expected=expected,
        because=(
            f"it takes the last axis, the width {subject.size(shape[-1])}, for features",
            f"what arrives has {given} numbers a sample",
        ),
        candidates=(
            Rewrite(
                index=layer.index,
                text=text,
                rewriting=with_flatten(pooled=pooled, features=numbers),
            ),
        ),
        root=("flatten", layer.index),
    )


# ---------------------------------------------------------------------------- the parts


def _before_cat(m: Mistake, cat: Layer) -> Draft | None:
    """Return what is said of maps that are joined with rows."""
    subject, shapes = m.subject, cat.in_shapes
    ranks = [len(shape) for shape in shapes]
    maps = [n for n, source in enumerate(cat.sources[: len(ranks)]) if is_map(subject, source)]
    if (
        2 not in ranks
        or not maps
        or any(rank != 2 and n not in maps for n, rank in enumerate(ranks))
    ):
        return None

    def flattening(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors, *rest = args
        return func([torch.flatten(x, 1) if x.dim() > 2 else x for x in tensors], *rest, **kwargs)

    listed = " and ".join(map(subject.shape, shapes))
    return Draft(
        message=f"cat joins {listed}, maps with rows: a flatten is missing",
        argument="tensors",
        got=max(ranks),
        expected=2,
        because=tuple(
            f"{name_of(subject, cat.sources[n])} gives maps, {subject.shape(shapes[n])}"
            for n in maps
        ),
        candidates=(
            Rewrite(
                index=cat.index,
                text="flatten the maps before they are joined: x.flatten(1)",
                rewriting=flattening,
            ),
        ),
        root=("flatten", cat.index),
    )


def _windowed_behind(m: Mistake) -> Layer | None:
    """Return the convolution or pooling that gets rows, also where a Linear follows from that."""
    layer, graph = m.layer, m.subject.graph
    if layer is None or not layer.in_shapes:
        return None
    if isinstance(layer.op, Linear) and m.raw.demand is not None:
        mistaken = {raw.index for raw in graph.findings if raw.demand is None}
        behind = (each for each in ancestors(m.subject, layer.sources[0]) if each.index in mistaken)
        layer = next(behind, None)
    elif m.raw.demand is not None:
        return None
    window = getattr(layer.op, "kernel_size", None) if layer is not None else None
    return layer if isinstance(window, tuple) else None


def _flattening(subject: Subject, layer: Layer, rank: int) -> Layer | None:
    """Return what made rows of maps on the way to a layer, None where something else did."""
    if len(layer.in_shapes[0]) >= rank - 1:
        return None
    for before in ancestors(subject, layer.sources[0]):
        inner = before.in_shapes[0] if before.in_shapes else ()
        if len(inner) == rank and len(before.out_shape) < rank:
            return before if isinstance(before.op, (Flatten, View)) else None
    return None


def _later(m: Mistake, flat: Layer, linear: Layer | None) -> Rewrite:
    """Return the flatten moved to the Linear that follows, built for what then arrives."""
    subject = m.subject
    also: dict[int, Rewriting] = {}
    text = f"leave out the flatten at {flat.name}"
    if linear is not None and isinstance(linear.op, Linear):
        moved = trace(
            subject.model, subject.case.patterns,
            {name: subject.sizes[name] for name in subject.case.symbols},
            train=subject.train, recover=True, rewritings={flat.index: with_layer_kept},
        )  # fmt: skip
        arriving = moved.layers[linear.index : linear.index + 1]
        features = 0
        if arriving and isinstance(arriving[0].op, Linear):
            features = numbers_of_a_sample(subject, arriving[0].in_shapes[0])
        also[linear.index] = with_flatten(features=features or None)
        text += f", flatten before {linear.name}"
        if features and features != subject.number(linear.op.in_features):
            text += f", and build {linear.name} with in_features={features}"
    return Rewrite(index=flat.index, text=text, rewriting=with_layer_kept, also=also)
