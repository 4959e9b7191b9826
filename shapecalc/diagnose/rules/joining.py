"""Mistakes where branches are joined: `torch.cat`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from shapecalc.diagnose.cause import name_of, shape_of
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.inputs_that_fit import feed_for_all
from shapecalc.diagnose.joins import (
    Misplaced,
    alone_in_mistakes,
    branches,
    cat_of,
    differ,
    differing,
    fitting_axis,
    joined_at,
    misplaced,
    widened,
)
from shapecalc.diagnose.paths import (
    asked_channels,
    block_of,
    enlarged,
    map_size,
    padded,
    parted,
    spread,
    strided,
    way,
)
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.dims import Shape
from shapecalc.graph import OutputRef
from shapecalc.ops.joining import Cat
from shapecalc.trace.tracer import Rewriting

_MOST_BRANCHES = 6  # that are listed


@mistake("SC132", "cat_dim")
def cat_dim(m: Mistake) -> Draft | None:
    """Tensors are joined along the wrong axis.

    `torch.cat` joins along `dim`, which is 0 unless it is given: then it puts one batch behind
    the other. Maps are joined by their channels with `dim=1`. Joined along another axis, all
    sizes but that one have to agree, and what comes out has the wrong channels.

    Wrong:
        torch.cat([torch.zeros(2, 64, 8, 8), torch.zeros(2, 32, 8, 8)])
    Right:
        torch.cat([torch.zeros(2, 64, 8, 8), torch.zeros(2, 32, 8, 8)], dim=1)
    """
    cat = cat_of(m)
    if cat is None:
        return None
    subject, shapes = m.subject, cat.in_shapes
    dim = fitting_axis(subject, cat, m.layer)
    if dim is None:
        return None
    given, listed = int(cat.op.dim), " and ".join(map(subject.shape, shapes))  # type: ignore[attr-defined]
    stacked = ", which puts one batch behind the other" if given == 0 else ""
    return Draft(
        message=f"cat joins {listed} along dim = {given}{stacked}; they fit along dim = {dim}",
        argument="dim",
        got=given,
        expected=dim,
        because=(f"all sizes but those of axis {dim} are equal",),
        candidates=(
            Rewrite(
                index=cat.index,
                text=f"join along the other axis: torch.cat(..., dim={dim})",
                rewriting=_joining(dim=dim),
            ),
        ),
        root=("cat", cat.index),
        layer=cat.name,
        op=cat.kind,
        used=cat.location,
    )


@mistake("SC133", "cat_misplaced")
def catmisplaced(m: Mistake) -> Draft | None:
    """A map is joined with a map of another level of the network.

    A decoder joins each map that it enlarges with the encoder's map of the same height and width.
    Where the maps are taken in another order, the sizes differ although every layer is right.

    Wrong:
        torch.cat([up_to_16x16, encoder_map_of_32x32], dim=1)
    Right:
        torch.cat([up_to_16x16, encoder_map_of_16x16], dim=1)
    """
    cat, subject = cat_of(m), m.subject
    if cat is None:
        return None
    others = (layer for layer in subject.graph.layers if isinstance(layer.op, Cat))
    found = misplaced(subject, cat)
    if found is None:  # a cat whose map another one has taken
        pairs = (each for other in others if (each := misplaced(subject, other)) is not None)
        found = next((each for each in pairs if each.partner == cat), None)
    if found is None:
        return None
    sides = (found.kept, found.wrong, found.right)
    kept, wrong, right = (block_of(subject, side) for side in sides)
    sizes = [map_size(subject, shape_of(subject, side) or Shape()) for side in sides]
    text = f"join {kept} with {right} in the place of {wrong}"
    if found.partner is not None:
        text += f", and use {wrong} where {right} is joined"
    return Draft(
        message=f"cat joins {kept} of {sizes[0]} with {wrong} of {sizes[1]}, "
        f"a map of another level; {right} is {sizes[2]}",
        argument="tensors",
        got=sizes[1],
        expected=sizes[0],
        because=tuple(way(subject, side, 2) for side in (found.kept, found.wrong)),
        candidates=_replacing(found, text),
        root=("cat", found.cat.index),
        layer=found.cat.name,
        op=found.cat.kind,
        used=found.cat.location,
    )


@mistake("SC131", "cat_spatial")
def cat_spatial(m: Mistake) -> Draft | None:
    """Maps of different height or width are joined.

    Maps that are joined by their channels need one height and one width. Where a size is halved
    and doubled again, an odd one does not come back: 15 becomes 7, and 7 becomes 14. Branches
    side by side need the paddings and strides that give all of them one size.

    Wrong:
        torch.cat([up, skip], dim=1)  # up is 14x14, skip is 15x15
    Right:
        up = nn.functional.interpolate(up, size=skip.shape[2:])
        torch.cat([up, skip], dim=1)
    """
    cat, subject = m.layer, m.subject
    if cat is None or not isinstance(cat.op, Cat):
        return None
    axes = differing(subject, cat)
    if not axes or min(axes) < 2:
        return None
    first = next(n for n in range(1, len(cat.in_shapes)) if differ(subject, cat, 0, n))
    sides = [cat.sources[n] for n in (0, first)]
    names = [block_of(subject, side) for side in sides]
    sizes = [map_size(subject, cat.in_shapes[n]) for n in (0, first)]
    left, right = parted(subject, *sides)
    candidates: list[Candidate] = [*feed_for_all(m)]
    made = [enlarged(left), enlarged(right)]
    if any(made):
        to = 0 if not made[0] else first
        candidates += spread(subject, right if to == 0 else left, cat.in_shapes[to])
        candidates.append(
            Rewrite(
                index=cat.index,
                text=f"resize what {names[0 if to else 1]} gives to height and width of "
                f"{names[1 if to else 0]}: F.interpolate(up, size=skip.shape[2:])",
                rewriting=_joining(resized_to=to),
            )
        )
    else:
        candidates += [*padded(subject, (*left, *right)), *strided(subject, left, right)]
    return Draft(
        message=f"cat joins maps of different sizes: {names[0]} is {sizes[0]}, "
        f"{names[1]} is {sizes[1]}",
        argument="tensors",
        got=sizes[1],
        expected=sizes[0],
        because=tuple(way(subject, side, min(axes)) for side in sides),
        candidates=tuple(candidates),
        root=("cat", cat.index),
    )


@mistake("SC130", "cat_channels")
def cat_channels(m: Mistake) -> Draft | None:
    """The layer after a cat is built for another number of channels than the branches have.

    What `torch.cat(..., dim=1)` gives has the channels of all branches together. The layer that
    follows has to take their sum, so it changes with every branch that is added or made wider.

    Wrong:
        nn.Conv2d(64, 64, 3)(torch.cat([torch.zeros(2, 64, 8, 8), torch.zeros(2, 32, 8, 8)], 1))
    Right:
        nn.Conv2d(96, 64, 3)(torch.cat([torch.zeros(2, 64, 8, 8), torch.zeros(2, 32, 8, 8)], 1))
    """
    layer, subject = m.layer, m.subject
    if layer is None or m.raw.demand is None or (asked := asked_channels(layer)) is None:
        return None
    cat = joined_at(subject, layer)
    if cat is None:
        return None
    argument, axis, wanted = asked
    got, expected = subject.number(layer.in_shapes[0][axis]), subject.number(wanted)
    if got == expected:
        return None
    sides = branches(subject, cat)
    counts = [subject.number(size) for size, _ in sides]
    listed = " + ".join(map(str, counts))
    shown = f"= {listed}" if len(counts) <= _MOST_BRANCHES else f"from {len(counts)} branches"
    candidates: list[Candidate] = []
    root: tuple[Any, ...] = ("joined", cat.index, got, expected)
    found, sums = alone_in_mistakes(subject, cat) or (None, 0)
    if found is not None:  # the branch is what changed, not all that read it
        size, origin = found
        made, meant = subject.number(size), subject.number(size) + expected - got
        root = ("size", name_of(subject, origin), made, meant)
        if meant > 0:
            candidates += widened(subject, origin, meant)
        sides = [found, *(side for side in sides if side != found)]
    if m.module is not None and not (sums > 1 and candidates):
        candidates.append(Rebuild(layer=m.raw.layer, argument=argument, value=got))
    because = [
        f"{subject.number(size)} from {name_of(subject, origin)}"
        for size, origin in sides[:_MOST_BRANCHES]
    ]
    if len(sides) > _MOST_BRANCHES:
        because.append(f"and {len(sides) - _MOST_BRANCHES} more")
    return Draft(
        message=f"{m.op} expects {argument} = {expected}, receives {got} {shown} joined by cat",
        argument=argument,
        got=got,
        expected=expected,
        because=tuple(because),
        candidates=tuple(candidates),
        root=root,
    )


# ---------------------------------------------------------------------------- other calls


def _joining(*, dim: int | None = None, resized_to: int | None = None) -> Rewriting:
    """Return how a cat is called along another axis, or with its maps resized to one of them."""

    def rewriting(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors, rest = _split(args, kwargs)
        if resized_to is not None:
            size = tensors[resized_to].shape[2:]
            tensors = [
                x if n == resized_to else torch.nn.functional.interpolate(x, size=size)
                for n, x in enumerate(tensors)
            ]
        return func(tensors, *rest) if dim is None else func(tensors, dim=dim)

    return rewriting


def _replacing(found: Misplaced, text: str) -> tuple[Rewrite, ...]:
    """Return how the tensors of a cat are replaced by what earlier calls give."""
    changes: dict[int, tuple[int, OutputRef]] = {}
    changes[found.cat.index] = found.cat.sources.index(found.wrong), found.right
    if found.partner is not None and isinstance(found.wrong, OutputRef):
        changes[found.partner.index] = found.partner.sources.index(found.right), found.wrong
    kept: dict[int, Any] = {}

    def remembering(index: int) -> Rewriting:
        def rewriting(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            kept[index] = made = func(*args, **kwargs)
            return made

        return rewriting

    def joining(place: int, source: OutputRef) -> Rewriting:
        def rewriting(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            tensors, rest = _split(args, kwargs)
            made = kept[source.layer]
            tensors[place] = made[source.output] if isinstance(made, (tuple, list)) else made
            return func(tensors, *rest)

        return rewriting

    ways = {source.layer: remembering(source.layer) for _, source in changes.values()}
    ways |= {index: joining(place, source) for index, (place, source) in changes.items()}
    first, *others = ways.items()
    return (Rewrite(index=first[0], text=text, rewriting=first[1], also=dict(others)),)


def _split(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return the tensors of a call of cat, and its other arguments."""
    given = [*args, *(kwargs[name] for name in ("tensors", "dim", "axis") if name in kwargs)]
    return list(given[0]), given[1:]
