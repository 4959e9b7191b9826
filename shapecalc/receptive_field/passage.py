"""The step of a reach over one access of one operand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from shapecalc.access import Access, Interval, Range, Same, Whole, Window
from shapecalc.dims import Dim, Shape
from shapecalc.receptive_field.digits import Digit, Layout
from shapecalc.receptive_field.isl import NotAffine, domain_of
from shapecalc.receptive_field.reach import (
    SYMBOLS,
    Hidden,
    Image,
    Joined,
    Reach,
    as_whole,
    revealed,
    tidied,
    total,
    union_of,
    whole,
)
from shapecalc.receptive_field.setting import Setting
from shapecalc.receptive_field.writer import Writer
from shapecalc.sets import relation


@dataclass(slots=True)
class Passage:
    """One access of one operand, as it turns reaches of the operand into those of the output.

    `layout` is that of the operand, `out` of the output as this operand alone would have it.
    """

    access: Access
    shape: Shape
    layout: Layout
    out_shape: Shape
    setting: Setting
    out: Layout = field(init=False)
    unchanged: bool = field(init=False)  # every element is read where it is, and nothing else
    hollow: tuple[int, ...] = field(init=False)  # axes on which some outputs read padding alone

    def __post_init__(self) -> None:
        spelled: dict[int, tuple[Dim, ...]] = {}
        for axis, entry in enumerate(self.access.axes):
            if isinstance(entry, Same) and len(self.layout[axis]) > 1:
                spelled.setdefault(entry.axis, self.layout[axis])
        here = self.shape == self.out_shape and all(
            isinstance(entry, Same) and entry.axis == axis
            for axis, entry in enumerate(self.access.axes)
        )
        self.unchanged = here and not self.access.when and not self.access.bound
        self.out = tuple(spelled.get(axis, (size,)) for axis, size in enumerate(self.out_shape))
        self.hollow = () if not self.setting.concrete or self.unchanged else tuple(self._hollow())

    def _hollow(self) -> Iterator[int]:
        for axis, entry in enumerate(self.access.axes):
            if isinstance(entry, (Window, Interval)):
                writer = Writer(self)
                writer.entry(entry, "__m", self.shape[axis], moving=False)
                if not relation(writer.text("__m")).is_total(
                    domain_of(tuple(writer.digits), self.out, tuple(writer.digits))
                ):
                    yield axis

    def carry(self, reach: Reach, image: Image, name: str) -> Reach:
        """Return how the output reaches the axis that the operand reaches by `reach`."""
        if self.unchanged:
            return reach
        axes = {digit.axis for digit in reach.digits}
        beside = [axis for axis in self.hollow if axis not in axes]
        if not self.access.when and not beside and all(map(self._kept, axes)):
            return self._renamed(reach, image, name)
        if isinstance(reach, Joined):
            return self._joined(reach, image, name)
        try:
            return self._composed(reach, image, name)
        except NotAffine:
            bound = reach.bound or self.access.bound
            hidden = None if bound else self._passed_on(reach, image)
            return whole(image, name, bound or SYMBOLS, hidden)

    def _joined(self, reach: Joined, image: Image, name: str) -> Reach:
        """Carry the parts one by one: over the axis that they lie on, they are united."""
        axis = reach.chooser.axis
        entry = self.access.axes[axis]
        if self.access.when or not (isinstance(entry, Whole) or self._kept(axis)):
            return self.carry(reach.as_one(), image, name)
        carried = [self.carry(part.reach, image, name) for part in reach.parts]
        if isinstance(entry, Same):
            whole_parts = zip(reach.parts, carried, strict=True)
            parts = [part._replace(reach=now) for part, now in whole_parts]
            return Joined.of(Digit(entry.axis, 0), parts, self.out)
        return union_of(carried, image, self.out)

    def _kept(self, axis: int) -> bool:
        """Tell whether an axis is as it was, with all of its elements."""
        entry = self.access.axes[axis]
        if not isinstance(entry, Same):
            return False
        before, after = self.layout[axis], self.out[entry.axis]
        return (before == after or len(before) == len(after) == 1) and self.setting.equal(
            self.out_shape[entry.axis], self.shape[axis]
        )

    def _renamed(self, reach: Reach, image: Image, name: str) -> Reach:
        hidden = reach.hidden
        if hidden is not None:
            entries = [self.access.axes[axis] for axis in hidden.axes]
            if all(isinstance(entry, Whole) for entry in entries) and not self.access.bound:
                return revealed(hidden, image, name)
            same = [entry.axis for entry in entries if isinstance(entry, Same)]
            kept = len(same) == len(entries) and all(map(self._kept, hidden.axes))
            moved = hidden._replace(axes=frozenset(same)) if kept else None
            reach = replace(reach, hidden=moved)
        names = {
            digit: Digit(entry.axis, digit.place)
            for digit in reach.digits
            if isinstance(entry := self.access.axes[digit.axis], Same)
        }
        return reach.bounded(self.access.bound).renamed(names)

    def _passed_on(self, reach: Reach, image: Image) -> Hidden | None:
        """Return what the outputs see together, where each element goes to one of them."""
        axes = set[int]()
        for axis in {digit.axis for digit in reach.digits}:
            entry = self.access.axes[axis]
            match entry:
                case Same(target) if self.setting.equal(self.out_shape[target], self.shape[axis]):
                    axes.add(target)
                case Window(axis=target) if self._laid(entry, self.shape[axis]):
                    axes.add(target)
                case _:
                    return None
        if any(range_.axis not in axes for range_ in self.access.when):
            return None
        found = total(reach, self.layout, image)
        return None if found is None else Hidden(frozenset(axes), found)

    def _laid(self, entry: Window, size: Dim) -> bool:
        """Tell whether all elements of an axis are laid into a longer one, as `cat` does it."""
        ranges = [range_ for range_ in self.access.when if range_.axis == entry.axis]
        return entry == Window(axis=entry.axis, padding=entry.padding) and ranges == [
            Range(axis=entry.axis, start=entry.padding, stop=entry.padding + size)
        ]

    # ------------------------------------------------------------------ composition

    def _composed(self, reach: Reach, image: Image, name: str) -> Reach:
        writer = Writer(self, {digit: f"__m{n}" for n, digit in enumerate(reach.digits)})
        moving_axes = {digit.axis for digit in reach.moving}
        for axis in dict.fromkeys(digit.axis for digit in reach.digits):
            writer.read(axis, reach.digits, moving=axis in moving_axes)
        axes = {digit.axis for digit in reach.digits}
        for axis in self.hollow:
            if axis not in axes:
                writer.exists(axis)
        for range_ in self.access.when:
            writer.only(range_.axis, range_.start, range_.stop, range_.step)
        over = writer.whole and not writer.moving
        within = image.text if over and image.entire is not None else ""
        old = ", ".join(f"__m{n}" for n in range(len(reach.digits)))
        found = reach.relation.through(writer.text(old), within)
        made = Reach(
            digits=tuple(writer.digits),
            relation=found,
            moving=frozenset(writer.moving),
            bound=reach.bound or self.access.bound or writer.bound,
            widened=reach.widened,
        )
        made = tidied(made, self.out)
        return as_whole(made, image, name) if writer.whole else made
