"""What the elements of an output see on one axis of an input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.receptive_field.digits import Layout, size_of
from shapecalc.receptive_field.extent import Extent, extent, unsteady
from shapecalc.receptive_field.isl import NotAffine
from shapecalc.receptive_field.reach import Image, Joined, Reach, union_of
from shapecalc.receptive_field.respelling import respelled
from shapecalc.receptive_field.span import Span
from shapecalc.receptive_field.walk import Fields
from shapecalc.sets import Relation


@dataclass(frozen=True, eq=False)
class AxisField:
    """What the elements of an output see on one axis of an input.

    `outputs` are the axes of the output along which the field moves, counted from the front;
    none where every element sees the same. `reach` holds the relation, from the digits of the
    output's index to indices on the axis.
    """

    axis: int
    name: str
    image: Image
    layout: Layout
    reach: Reach
    whole: bool
    span: tuple[int, Span] | None = None  # with symbols as parameters: the axis, and formulas

    @property
    def size(self) -> Dim:
        """The size of the input's axis."""
        return self.image.size

    @property
    def bound(self) -> str:
        """Why the field is only an upper bound here; empty where it is exact."""
        return "" if self.span is not None else self.reach.bound

    @property
    def place(self) -> int | None:
        """The one axis of the output along which the field moves, where there is just one."""
        if self.span is not None:
            return self.span[0]
        return self.outputs[0] if len(self.outputs) == 1 else None

    @property
    def spelling(self) -> tuple[object, ...]:
        """What two fields have in common that differ in the order of the output's axes alone."""
        reach = self.reach
        places = sorted({digit.axis for digit in reach.digits})
        digits = (
            (places.index(digit.axis), digit.place, self.layout[digit.axis], digit in reach.moving)
            for digit in reach.digits
        )
        if isinstance(reach, Joined):
            return (self.relation, *self.counts)
        return (reach.relation, *digits)

    @property
    def outputs(self) -> tuple[int, ...]:
        """The axes of the output along which the field moves."""
        return tuple(sorted({digit.axis for digit in self._united.moving}))

    @property
    def relation(self) -> Relation:
        """The relation from the output's indices along `outputs` to indices on the axis.

        Where an axis is a number of several digits that symbols keep from being put together,
        it is the relation from those digits.
        """
        return self._spelled[0]

    @property
    def counts(self) -> list[int | None]:
        """How many values each index of the relation takes; None for a symbol."""
        return self._spelled[1]

    @cached_property
    def _united(self) -> Reach:
        """What all channels together see: where one of them sees the whole axis, nothing moves."""
        reach = self.reach
        if isinstance(reach, Joined) and reach.chooser not in reach.moving:
            reach = union_of([part.reach for part in reach.parts], self.image, self.layout)
        return reach.as_one()

    @cached_property
    def _spelled(self) -> tuple[Relation, list[int | None]]:
        reach, layout = self._united, list(self.layout)
        for axis in self.outputs:
            sizes = layout[axis]
            if len(sizes) > 1:
                try:
                    reach = respelled(reach, axis, sizes, (dims.product(sizes),))
                except NotAffine:
                    break
                layout[axis] = (dims.product(sizes),)
        digits = sorted(reach.moving)
        names = ["i"] if len(digits) == 1 else [f"i{n}" for n in range(len(digits))]
        counts = [dims.as_int(size_of(digit, tuple(layout))) for digit in digits]
        return reach.ordered(digits, tuple(layout)).named(names), counts

    def extent(self, found: Fields) -> Extent:
        """Return the window of the relation, found once for all fields of a graph."""
        key = self.spelling
        if key not in found.windows:
            if len(self.outputs) == 1 and self.relation.rank == 1:
                (n,) = self.outputs
                count = dims.as_int(dims.product(self.layout[n]))
                found.windows[key] = extent(self.relation, found.context, count)
            else:
                found.windows[key] = unsteady(self.relation, found.context, self.counts)
        return found.windows[key]
