"""The field of a tensor: how it reaches every axis of every input, and the step over one op."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shapecalc.access import FIRST, Access, OperandAccess, Range, Reads, Regroup, Same, Window
from shapecalc.dims import Dim, Shape
from shapecalc.receptive_field.digits import Digit, Layout, blocks, plain
from shapecalc.receptive_field.isl import NotAffine
from shapecalc.receptive_field.passage import Passage
from shapecalc.receptive_field.reach import (
    SYMBOLS,
    Hidden,
    Image,
    Joined,
    Part,
    Reach,
    total,
    union,
    whole,
)
from shapecalc.receptive_field.respelling import regrouped, respelled
from shapecalc.receptive_field.setting import InputAxis, Setting


@dataclass(frozen=True, slots=True, eq=False)
class TensorField:
    """How each element of a tensor depends on the inputs.

    An axis that is not in `reaches` belongs to an input that the tensor does not depend on.
    `unknown` names the op without a rule that ends all knowledge, where there is one.
    """

    layout: Layout
    reaches: Mapping[InputAxis, Reach] = field(default_factory=dict)
    unknown: str = ""

    def bounded(self, why: str) -> TensorField:
        """Return the field as an upper bound."""
        reaches = {key: reach.bounded(why) for key, reach in self.reaches.items()}
        return replace(self, reaches=reaches)


def step(
    fields: Sequence[TensorField | None],
    shapes: Sequence[Shape],
    reads: Reads | None,
    out: Shape,
    name: str,
    setting: Setting,
) -> TensorField:
    """Return the field of what an op makes of operands; None is a constant.

    Operands beyond those that the op's rule names are read by it in a way that is not known:
    all of them, at most.
    """
    unknown = next((f.unknown for f in fields if f is not None and f.unknown), "")
    if unknown:
        return TensorField(plain(out), {}, unknown)
    if reads is None:
        if all(f is None or not f.reaches for f in fields):
            return TensorField(plain(out))
        return TensorField(plain(out), {}, name)
    joined = _joined(fields, shapes, reads, out, name, setting)
    if joined is not None:
        return joined
    parts = list[TensorField]()
    for n, operand in enumerate(fields):
        if operand is None or not operand.reaches:
            continue
        if n >= len(reads):
            parts.append(_unnamed(operand, out, name, setting))
            continue
        access = reads[n]
        if access is None:
            continue
        if isinstance(access, Regroup):
            parts.append(_regrouped(operand, out, name, setting))
            continue
        for one in [access] if isinstance(access, Access) else access:
            parts.append(_passed(operand, one, shapes[n], out, name, setting))
    if len(parts) == 1:
        return parts[0]
    return _merged(parts, out, name, setting)


def _passed(
    operand: TensorField, access: Access, shape: Shape, out: Shape, name: str, setting: Setting
) -> TensorField:
    passage = Passage(access, shape, operand.layout, out, setting)
    reaches = {
        key: passage.carry(reach, setting.images[key], name)
        for key, reach in operand.reaches.items()
    }
    if passage.out == operand.layout and all(
        reach is operand.reaches[key] for key, reach in reaches.items()
    ):
        return operand
    return TensorField(passage.out, reaches)


def _regrouped(operand: TensorField, out: Shape, name: str, setting: Setting) -> TensorField:
    groups = blocks(operand.layout, out, setting.hint, setting.equal)
    layout = list(plain(out))
    for group in groups or ():
        if len(group.after) == 1:
            (axis,) = group.after
            layout[axis] = tuple(operand.layout[d.axis][d.place] for d in group.before)
    reaches = dict[InputAxis, Reach]()
    for key, reach in operand.reaches.items():
        image, every = setting.images[key], frozenset(range(len(out)))
        try:
            if groups is None and reach.digits:
                raise NotAffine
            found = regrouped(reach, groups or (), operand.layout, out, tuple(layout))
            if found.hidden is not None:
                axes = frozenset(
                    axis
                    for group in groups or ()
                    if any(digit.axis in found.hidden.axes for digit in group.before)
                    for axis in group.after
                )
                found = replace(found, hidden=found.hidden._replace(axes=axes))
            reaches[key] = found
        except NotAffine:
            together = total(reach, operand.layout, image)
            hidden = None if together is None else Hidden(every, together)
            reaches[key] = whole(image, name, reach.bound or SYMBOLS, hidden)
    return TensorField(tuple(layout), reaches)


def _unnamed(operand: TensorField, out: Shape, name: str, setting: Setting) -> TensorField:
    why = "how the op reads this operand is not known"
    reaches = {key: whole(setting.images[key], name, why) for key in operand.reaches}
    return TensorField(plain(out), reaches)


# ---------------------------------------------------------------------------- joins


def _joined(
    fields: Sequence[TensorField | None],
    shapes: Sequence[Shape],
    reads: Reads,
    out: Shape,
    name: str,
    setting: Setting,
) -> TensorField | None:
    """Return the field of operands laid one after the other on an axis, as `cat` does it.

    None for any other op, and where something moves along that axis.
    """
    axis = _joint(reads[0]) if reads and len(fields) == len(reads) else None
    if axis is None or any(_joint(access) != axis for access in reads[1:]):
        return None
    layout = list[TensorField]()
    parts: dict[InputAxis, list[Part]] = {}
    chooser = Digit(axis, 0)
    for operand, shape, access in zip(fields, shapes, reads, strict=True):
        if operand is None or not operand.reaches:
            continue
        assert isinstance(access, Access)
        (range_,) = access.when
        passage = _beside(access, axis, operand, shape, out, setting)
        if passage is not None:
            layout.append(TensorField(passage.out))
        for key, reach in operand.reaches.items():
            inner = _parts_on(chooser, reach, range_)
            if inner is None:
                return None
            if passage is not None:
                image = setting.images[key]
                inner = [p._replace(reach=passage.carry(p.reach, image, name)) for p in inner]
            parts.setdefault(key, []).extend(inner)
    if any(part.layout != plain(out) for part in layout):
        return None
    reaches = {key: Joined.of(chooser, found, plain(out)) for key, found in parts.items()}
    return TensorField(plain(out), reaches)


def _beside(
    access: Access, axis: int, operand: TensorField, shape: Shape, out: Shape, setting: Setting
) -> Passage | None:
    """Return the passage on the other axes than the joint one; None where all of them stay."""
    stays = [
        n for n, entry in enumerate(access.axes) if isinstance(entry, Same) and entry.axis == n
    ]
    if len(out) == len(shape) == len(stays) + (axis not in stays) == len(operand.layout) and all(
        len(sizes) == 1 for sizes in operand.layout
    ):
        return None
    # nothing depends on the index along that axis, so that any entry does for it
    entries = tuple(
        entry if isinstance(entry, Same) and entry.axis != axis else FIRST for entry in access.axes
    )
    return Passage(Access(entries), shape, operand.layout, out, setting)


def _joint(access: OperandAccess) -> int | None:
    """Return the axis on which an access takes one stretch of the output as it is."""
    if not isinstance(access, Access) or len(access.when) != 1 or access.bound:
        return None
    (range_,) = access.when
    shift = Window(axis=range_.axis, padding=range_.start)
    rest = [entry for entry in access.axes if entry not in (shift, Same(range_.axis))]
    plain_ = all(isinstance(entry, Same) and entry.axis != range_.axis for entry in rest)
    return range_.axis if range_.step == 1 and plain_ else None


def _parts_on(chooser: Digit, reach: Reach, range_: Range) -> list[Part] | None:
    """Return what a stretch of the output reaches, part by part; None if it moves along it."""
    if isinstance(reach, Joined) and reach.chooser == chooser:
        start = range_.start
        return [Part(p.start + start, p.stop + start, p.reach) for p in reach.parts]
    if any(digit.axis == chooser.axis for digit in reach.digits):
        return None
    return [Part(range_.start, range_.stop, reach)]


# ---------------------------------------------------------------------------- merges


def _merged(parts: Sequence[TensorField], out: Shape, name: str, setting: Setting) -> TensorField:
    """Unite the fields of several operands; they may spell the same axis in other digits."""
    if not parts:
        return TensorField(plain(out))
    layout = tuple(_common(parts, axis, out[axis]) for axis in range(len(out)))
    reaches = dict[InputAxis, Reach]()
    for part in parts:
        for key, reach in part.reaches.items():
            image = setting.images[key]
            spelled = _in_layout(reach, part.layout, layout, image, name)
            known = reaches.get(key)
            reaches[key] = spelled if known is None else union(known, spelled, image, layout)
    first = parts[0]
    kept = first.layout == layout and len(first.reaches) == len(reaches)
    if kept and all(reach is first.reaches.get(key) for key, reach in reaches.items()):
        return first
    return TensorField(layout, reaches)


def _common(parts: Sequence[TensorField], axis: int, size: Dim) -> tuple[Dim, ...]:
    """Return the digits of an axis for all parts: the longest that any needs."""
    used = [
        part.layout[axis]
        for part in parts
        if any(digit.axis == axis for reach in part.reaches.values() for digit in reach.digits)
    ]
    return max(used, key=len, default=(size,))


def _in_layout(reach: Reach, old: Layout, new: Layout, image: Image, name: str) -> Reach:
    for axis in dict.fromkeys(digit.axis for digit in reach.digits):
        if old[axis] != new[axis]:
            try:
                reach = respelled(reach, axis, old[axis], new[axis])
            except NotAffine:
                return whole(image, name, reach.bound or SYMBOLS)
    return reach


def start(axis: int) -> tuple[Digit, ...]:
    """Return the digits of an input's own axis."""
    return (Digit(axis, 0),)
