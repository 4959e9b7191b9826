"""Mistakes where branches are added: shortcuts around layers, and sums of maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from shapecalc.diagnose.cause import name_of, setter
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.inputs_that_fit import feed_for_all
from shapecalc.diagnose.paths import (
    Path,
    asked_channels,
    block_of,
    channel_axis,
    enlarged,
    is_constant,
    module_of,
    padded,
    parted,
    strided,
    way,
)
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.dims import Shape
from shapecalc.graph import Layer, Source
from shapecalc.ops.pointwise import Pointwise
from shapecalc.trace.tracer import Rewriting

_WIDTHS = ("out_channels", "out_features", "embedding_dim")
_LONGEST_SHORTCUT = 3  # ops: a convolution, its norm, a pooling


@mistake("SC135", "residual_channels")
def residual_channels(m: Mistake) -> Draft | None:
    """A shortcut is added to a branch with another number of channels.

    `x + branch(x)` adds number to number, so both sides need the same channels. Where the branch
    changes them, the shortcut gets a convolution with `kernel_size=1` (a Linear, for vectors) that
    makes as many, with the stride of the branch.

    Wrong:
        x + nn.Conv2d(64, 128, 3, padding=1)(x)
    Right:
        nn.Conv2d(64, 128, 1)(x) + nn.Conv2d(64, 128, 3, padding=1)(x)
    """
    merge = _merge(m)
    if merge is None or merge.channels not in merge.axes:
        return None
    subject, axis = m.subject, merge.channels
    counts = [subject.number(shape[axis]) for shape in merge.shapes]
    names = [block_of(subject, side) for side in merge.sides]
    word = "channels" if axis == 1 and len(merge.shapes[0]) > 2 else "features"
    because = []
    for name, side, shape in zip(names, merge.sides, merge.shapes, strict=True):
        origin = name_of(subject, setter(subject, side, shape[axis]))
        by = f", its {word} set by {origin}" if origin != name else ""
        because.append(f"{name} is {subject.shape(shape)}{by}")
    short = merge.short
    built = _widened(m, merge, short, counts[1 - short])
    candidates: list[Candidate] = built or _projected(m, merge)
    candidates += _widened(m, merge, 1 - short, counts[short])
    return Draft(
        message=f"{m.function} expects the same number of {word} on both sides: "
        f"{names[0]} has {counts[0]}, {names[1]} has {counts[1]}",
        argument="other",
        got=counts[1],
        expected=counts[0],
        because=tuple(because),
        candidates=tuple(candidates),
        root=("merge", merge.layer.index),
        layer=merge.layer.name,
    )


@mistake("SC136", "residual_spatial")
def residual_spatial(m: Mistake) -> Draft | None:
    """A shortcut is added to a branch whose maps have another height or width.

    `x + branch(x)` adds number to number, so both sides need the same size. A stride that only
    one of them has halves that one; a convolution without `padding` loses its border. The
    shortcut gets the branch's stride, or the branch the padding that keeps the size.

    Wrong:
        x + nn.Conv2d(64, 64, 3)(x)
    Right:
        x + nn.Conv2d(64, 64, 3, padding=1)(x)
    """
    merge = _merge(m)
    if merge is None or not merge.of_sizes(m.subject) or not _is_shortcut(merge):
        return None
    left, right = merge.paths
    candidates: list[Candidate] = [*padded(m.subject, (*left, *right))]
    if not merge.paths[merge.short]:
        candidates += _projected(m, merge)
    candidates += strided(m.subject, left, right)
    return _of_sizes(m, merge, (*candidates, *feed_for_all(m)))


@mistake("SC134", "add_spatial")
def add_spatial(m: Mistake) -> Draft | None:
    """Maps of different height or width are added.

    Maps that are added, or multiplied, need one height and one width. Where a size is halved and
    doubled again, an odd one does not come back: 15 becomes 7, and 7 becomes 14.

    Wrong:
        up + skip  # up is 14x14, skip is 15x15
    Right:
        nn.functional.interpolate(up, size=skip.shape[2:]) + skip
    """
    merge = _merge(m)
    if merge is None or not merge.of_sizes(m.subject) or len(merge.shapes[0]) < 3:
        return None
    candidates: list[Candidate] = [*feed_for_all(m)]
    made = [enlarged(path) for path in merge.paths]
    names = [block_of(m.subject, side) for side in merge.sides]
    if any(made) and merge.channels == 1:
        small = 0 if made[0] else 1
        candidates.append(
            Rewrite(
                index=merge.layer.index,
                text=f"resize what {names[small]} gives to height and width of "
                f"{names[1 - small]}: F.interpolate(up, size=skip.shape[2:])",
                rewriting=_with_operand(small, _resized),
            )
        )
    else:
        left, right = merge.paths
        candidates += [*padded(m.subject, (*left, *right)), *strided(m.subject, left, right)]
    return _of_sizes(m, merge, tuple(candidates))


# ---------------------------------------------------------------------------- the two sides


@dataclass(frozen=True)
class _Merge:
    """Two tensors that are added: where they come from, and on which axes they differ."""

    layer: Layer
    sides: tuple[Source, Source]
    shapes: tuple[Shape, Shape]
    paths: tuple[Path, Path]
    axes: tuple[int, ...]
    channels: int  # the axis

    @property
    def short(self) -> int:
        """Which side is the shortcut: the one with fewer layers of its own."""
        return 0 if len(self.paths[0]) < len(self.paths[1]) else 1

    def of_sizes(self, subject: Subject) -> bool:
        """Tell whether the sides have the same channels, and neither is a constant."""
        constant = any(is_constant(subject, side) for side in self.sides)
        return self.channels not in self.axes and not constant


def _merge(m: Mistake) -> _Merge | None:
    """Return the merge that a mistake is in, None where tensors of other kinds meet."""
    layer, subject = m.layer, m.subject
    if layer is None or not isinstance(layer.op, Pointwise) or len(layer.in_shapes) != 2:
        return None
    left, right = layer.in_shapes
    sides = layer.sources[0], layer.sources[1]
    if len(left) != len(right):
        return None
    sizes = [(subject.number(a), subject.number(b)) for a, b in zip(left, right, strict=True)]
    axes = tuple(axis for axis, (a, b) in enumerate(sizes) if a != b and 1 not in (a, b))
    if not axes or 0 in axes:
        return None
    paths = parted(subject, *sides)
    channels = channel_axis(subject, sides[0] if paths[0] else sides[1], len(left))
    return _Merge(layer, sides, (left, right), paths, axes, channels)


def _is_shortcut(merge: _Merge) -> bool:
    """Tell whether one side leads past the layers of the other."""
    shortest = min(len(path) for path in merge.paths)
    maps = len(merge.shapes[0]) > 2 and merge.channels == 1
    return maps and shortest <= _LONGEST_SHORTCUT and not any(map(enlarged, merge.paths))


def _of_sizes(m: Mistake, merge: _Merge, candidates: tuple[Candidate, ...]) -> Draft:
    """Return what is said of two sides whose sizes differ."""
    subject = m.subject
    names = [block_of(subject, side) for side in merge.sides]
    sizes = ["x".join(_spatial(subject, merge, shape)) for shape in merge.shapes]
    return Draft(
        message=f"{m.function} expects the same size on both sides: "
        f"{names[0]} is {sizes[0]}, {names[1]} is {sizes[1]}",
        argument="other",
        got=sizes[1],
        expected=sizes[0],
        because=tuple(way(subject, side, merge.axes[0]) for side in merge.sides),
        candidates=candidates,
        root=("merge", merge.layer.index),
        layer=merge.layer.name,
    )


def _spatial(subject: Subject, merge: _Merge, shape: Shape) -> list[str]:
    return [
        subject.size(size) for axis, size in enumerate(shape) if axis not in (0, merge.channels)
    ]


# ---------------------------------------------------------------------------- repairs


def _widened(m: Mistake, merge: _Merge, side: int, channels: int) -> list[Candidate]:
    """Return the change by which the last layer of a side makes so many channels."""
    for layer in reversed(merge.paths[side]):
        declared = next(
            (
                name
                for name in ("out_channels", "out_features", "embedding_dim")
                if hasattr(layer.op, name)
            ),
            None,
        )
        if declared is not None:
            module = module_of(m.subject, layer)
            return [Rebuild(layer=module[0], argument=declared, value=channels)] if module else []
        if asked_channels(layer) is not None:
            return []  # a norm after it would have to be rebuilt, too
    return []


def _projected(m: Mistake, merge: _Merge) -> list[Candidate]:
    """Return the shortcut with a layer of its own, which makes the shape of the other side."""
    subject, short = m.subject, merge.short
    if is_constant(subject, merge.sides[short]):
        return []
    given = [subject.number(size) for size in merge.shapes[short]]
    wanted = [subject.number(size) for size in merge.shapes[1 - short]]
    channels = wanted[merge.channels]
    if merge.channels == len(given) - 1:
        if merge.axes != (merge.channels,):
            return []
        text = f"nn.Linear({given[-1]}, {channels})"
        way_through = _through(channels, 0, 1)
    else:
        spatial = list(zip(given[2:], wanted[2:], strict=True))
        strides = [s for s in range(1, 9) if all((a - 1) // s + 1 == b for a, b in spatial)]
        if not strides:
            return []
        stride = strides[0]
        step = f", stride={stride}" if stride > 1 else ""
        text = f"nn.Conv{len(spatial)}d({given[1]}, {channels}, 1{step})"
        way_through = _through(channels, len(spatial), stride)
    return [
        Rewrite(
            index=merge.layer.index,
            text=f"give the shortcut a layer of its own before it is added: {text}",
            rewriting=_with_operand(short, way_through),
        )
    ]


def _through(channels: int, axes: int, stride: int) -> Callable[[Any, Any], Any]:
    """Return what a projection to so many channels does, of a size where there are axes."""

    def projection(x: Any, other: Any) -> Any:
        inner = int(x.shape[1] if axes else x.shape[-1])
        weight = torch.zeros((channels, inner, *(1 for _ in range(axes))), dtype=x.dtype)
        weight = weight.to(x.device)
        if not axes:
            return functional.linear(x, weight)
        return getattr(functional, f"conv{axes}d")(x, weight, stride=stride)

    return projection


def _resized(x: Any, other: Any) -> Any:
    return functional.interpolate(x, size=other.shape[2:])


def _with_operand(side: int, way_through: Callable[[Any, Any], Any]) -> Rewriting:
    """Return a call of two tensors whose first or second one is changed before."""

    def rewriting(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        pair = list(args[:2]) if len(args) > 1 else [args[0], kwargs.pop("other")]
        pair[side] = way_through(pair[side], pair[1 - side])
        return func(*pair, *args[2:], **kwargs)

    return rewriting
