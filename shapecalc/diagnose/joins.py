"""What a cat joins, and what it could: along which axis, and with which map of which level."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.diagnose.cause import ancestors, producer, setter, shape_of
from shapecalc.diagnose.edits import Rebuild
from shapecalc.diagnose.paths import asked_channels, module_of, readers
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Layer, OutputRef, Source
from shapecalc.op import axis_index
from shapecalc.ops.joining import Cat


def cat_of(m: Mistake) -> Layer | None:
    """Return the cat that a mistake is in, or that what arrives comes from unchanged in rank."""
    layer = m.layer
    if layer is None or m.raw.demand is None:
        return None
    if isinstance(layer.op, Cat):
        return layer
    if asked_channels(layer) is None or not layer.in_shapes:
        return None
    for before in ancestors(m.subject, layer.sources[0]):
        if isinstance(before.op, Cat):
            return before
        if asked_channels(before) or len(before.out_shape) != len(layer.in_shapes[0]):
            return None
    return None


def fitting_axis(subject: Subject, cat: Layer, reader: Layer | None) -> int | None:
    """Return the only other axis that tensors can be joined along, as their reader wants it."""
    rank, op = len(cat.out_shape), cat.op
    assert isinstance(op, Cat)
    if any(len(shape) != rank for shape in cat.in_shapes):
        return None
    given = axis_index(op.dim, rank)
    wrong = {axis for axis in range(rank) if axis != given and not _equal(subject, cat, axis)}
    if reader is not None and reader is not cat:
        asked = asked_channels(reader)
        assert asked is not None
        along = asked[1] % rank
        total = sum(subject.number(shape[along]) for shape in cat.in_shapes)
        fits = along != given and not wrong - {along} and _equal(subject, cat, given)
        return along if fits and total == subject.number(asked[2]) else None
    images = rank > 3
    fitting = wrong == {1} or (wrong == {2} and not images)
    return next(iter(wrong)) if fitting and _equal(subject, cat, given) else None


def _equal(subject: Subject, cat: Layer, axis: int) -> bool:
    return len({subject.number(shape[axis]) for shape in cat.in_shapes}) == 1


def differing(subject: Subject, cat: Layer) -> set[int]:
    """Return the axes, but for that of the cat, on which the tensors differ."""
    rank = len(cat.in_shapes[0])
    if any(len(shape) != rank for shape in cat.in_shapes):
        return set()
    along = axis_index(cat.op.dim, rank)  # type: ignore[attr-defined]
    return {axis for axis in range(rank) if axis != along and not _equal(subject, cat, axis)}


def differ(subject: Subject, cat: Layer, one: int, other: int) -> bool:
    """Tell whether two tensors of a cat do not fit each other."""
    shapes = cat.in_shapes[one], cat.in_shapes[other]
    return any(subject.number(shapes[0][a]) != subject.number(shapes[1][a])
               for a in differing(subject, cat))  # fmt: skip


# ---------------------------------------------------------------------------- channels


def joined_at(subject: Subject, reader: Layer) -> Layer | None:
    """Return the cat that makes the channels that a layer receives, None where none does."""
    asked = asked_channels(reader)
    if asked is None or not reader.in_shapes or len(reader.in_shapes[0]) < abs(asked[1]):
        return None
    arriving = reader.in_shapes[0][asked[1]]
    cat = producer(subject, setter(subject, reader.sources[0], arriving))
    if cat is None or not isinstance(cat.op, Cat):
        return None
    along = axis_index(cat.op.dim, len(cat.out_shape))
    return cat if cat.out_shape[along] == arriving else None


def branches(subject: Subject, cat: Layer) -> list[tuple[Dim, Source]]:
    """Return how much every tensor adds to a cat, and where that size was set."""
    along = axis_index(cat.op.dim, len(cat.out_shape))  # type: ignore[attr-defined]
    return [
        (shape[along], setter(subject, source, shape[along]))
        for shape, source in zip(cat.in_shapes, cat.sources, strict=False)
    ]


def alone_in_mistakes(subject: Subject, cat: Layer) -> tuple[tuple[Dim, Source], int] | None:
    """Return the only branch of a cat that is in no sum that some layer expects.

    Of several sums that it makes wrong, the first one tells. With it comes how many there are.
    """
    fitting, wrong = set[Source](), list[Layer]()
    for layer in subject.graph.layers:
        other = joined_at(subject, layer)
        asked = asked_channels(layer)
        if other is None or asked is None:
            continue
        if subject.number(layer.in_shapes[0][asked[1]]) == subject.number(asked[2]):
            fitting |= {origin for _, origin in branches(subject, other)}
        else:
            wrong.append(other)
    ours = branches(subject, cat)
    for other in wrong:
        left = [branch for branch in branches(subject, other) if branch[1] not in fitting]
        if fitting and len(left) == 1 and left[0] in ours:
            return left[0], sum(left[0] in branches(subject, each) for each in wrong)
    return None


def widened(subject: Subject, origin: Source, width: int) -> list[Rebuild]:
    """Return the change by which a layer makes so many channels."""
    layer = producer(subject, origin)
    module = module_of(subject, layer) if layer is not None else None
    names = ("out_channels", "out_features")
    declared = [name for name in names if layer is not None and hasattr(layer.op, name)]
    if module is None or not declared:
        return []
    return [Rebuild(layer=module[0], argument=declared[0], value=width)]


# ---------------------------------------------------------------------------- levels


@dataclass(frozen=True)
class Misplaced:
    """A cat that joins `kept` with `wrong` where `right` would fit, which `partner` reads."""

    cat: Layer
    kept: Source
    wrong: Source
    right: OutputRef
    partner: Layer | None


def misplaced(subject: Subject, cat: Layer) -> Misplaced | None:
    """Return what a cat of maps of two levels should join, None where no other map fits."""
    axes = differing(subject, cat) if len(cat.in_shapes) == 2 else set()
    if not axes or min(axes) < 2 or axis_index(cat.op.dim, len(cat.in_shapes[0])) != 1:  # type: ignore[attr-defined]
        return None
    for kept, wrong in (cat.sources[:2], cat.sources[1::-1]):
        right = _of_the_same_level(subject, cat, kept, wrong)
        if right is not None:
            swapped = [
                layer
                for layer in readers(subject, subject.graph.layers[right.layer])
                if isinstance(layer.op, Cat) and layer is not cat and isinstance(wrong, OutputRef)
            ]
            return Misplaced(cat, kept, wrong, right, swapped[0] if swapped else None)
    return None


def _of_the_same_level(
    subject: Subject, cat: Layer, kept: Source, wrong: Source
) -> OutputRef | None:
    """Return the map that fits one side of a cat in the place of the other, None without one.

    It comes from before the smallest map on the way to `kept`, and gives the layer that reads
    the cat the channels that it wants.
    """
    level, other = shape_of(subject, kept), shape_of(subject, wrong)
    way_there = [layer for layer in ancestors(subject, kept) if len(layer.out_shape) > 2]
    if level is None or other is None or not way_there:
        return None
    smallest = min(way_there, key=lambda layer: (subject.number(layer.out_shape[2]), layer.index))
    channels = subject.number(other[1])
    asked = next(filter(None, map(asked_channels, readers(subject, cat))), None)
    if asked is not None:
        channels = subject.number(asked[2]) - subject.number(level[1])
    for layer in reversed(subject.graph.layers[: smallest.index]):
        for source in layer.out_sources:
            shape = shape_of(subject, source) or Shape()
            fits = len(shape) == len(level) and subject.number(shape[1]) == channels
            if fits and all(
                subject.number(a) == subject.number(b)
                for a, b in zip(shape[2:], level[2:], strict=True)
            ):
                assert isinstance(source, OutputRef)
                return source
    return None
