"""How the elements of a tensor reach one axis of an input, and the union of two ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.receptive_field.digits import Digit, Layout, size_of
from shapecalc.receptive_field.isl import bounds_of, domain_of, head, lifting, listed, variables
from shapecalc.sets import Relation, isl_text, relation, united

SYMBOLS = "the relation cannot be written with symbols"
FIRST = Digit(0, 0)
NOTHING = relation("{ [] -> [j] : false }")


class Hidden(NamedTuple):
    """What all elements along some axes of a tensor reach together, exactly.

    The tokens of an image in a row, with a class token before them, see a patch each. Which one
    cannot be written with a symbolic width; but whoever reads all tokens sees all patches.
    """

    axes: frozenset[int]
    total: Relation


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Which indices on one axis of an input an element of a tensor depends on.

    `relation` goes from `digits` of the element's index to indices on the axis. Along `moving`
    digits the image moves; the others only choose, as a channel does after a `cat`. `bound`
    says why more may be listed than is reached, `widened` which op made it the whole axis, and
    `hidden` what is known all the same of a bound that symbols could not be written in.
    """

    digits: tuple[Digit, ...]
    relation: Relation
    moving: frozenset[Digit] = frozenset()
    bound: str = ""
    widened: str = ""
    hidden: Hidden | None = None

    def bounded(self, why: str) -> Reach:
        """Return the reach as an upper bound, if there is a reason."""
        return replace(self, bound=self.bound or why, hidden=None) if why else self

    def renamed(self, names: Mapping[Digit, Digit]) -> Reach:
        """Return the reach with other names for digits: where an axis comes to stand."""
        digits = tuple(names.get(digit, digit) for digit in self.digits)
        if digits == self.digits:
            return self
        moving = frozenset(names.get(digit, digit) for digit in self.moving)
        relation_, kept = self.relation, tuple(dict.fromkeys(digits))
        if kept != digits:  # a diagonal: two axes have become one
            relation_ = self.relation.through(lifting(kept, digits))
        return Reach(kept, relation_, moving, self.bound, self.widened)

    def as_one(self) -> Reach:
        """Return the reach with one relation for all."""
        return self

    def ordered(self, digits: Sequence[Digit], layout: Layout) -> Relation:
        """Return the relation from some digits, in this order, whatever the others are."""
        if tuple(digits) == self.digits:
            return self.relation
        gone = [digit for digit in self.digits if digit not in digits]
        names = variables(*digits, *self.digits)
        declared, bounds = bounds_of(gone, layout, names)
        rest = f" : {' and '.join(bounds)}" if bounds else ""
        access = f"{{ {listed(digits, names)} -> {listed(self.digits, names)}{rest} }}"
        return self.relation.through(declared + access)


class Part(NamedTuple):
    """The outputs from `start` up to `stop` on an axis, and what they reach."""

    start: Dim
    stop: Dim
    reach: Reach


@dataclass(frozen=True, slots=True, eq=False)
class Joined(Reach):
    """Parts that lie one after the other on an axis, as `cat` leaves them.

    They are kept apart as long as nothing moves along that axis, because most often the next op
    reads the whole of it: then their union is all that is needed.
    """

    chooser: Digit = FIRST
    parts: tuple[Part, ...] = ()

    @staticmethod
    def of(chooser: Digit, parts: Sequence[Part], layout: Layout) -> Reach:
        """Return parts as one reach; just one reach for all of the axis is that one."""
        parts = _merged(parts)
        if len(parts) == 1 and parts[0][:2] == (dims.ZERO, size_of(chooser, layout)):
            return parts[0].reach
        digits = dict.fromkeys(digit for part in parts for digit in part.reach.digits)
        return Joined(
            digits=(*digits, chooser),
            relation=NOTHING,
            moving=frozenset().union(*(part.reach.moving for part in parts)),
            bound=next((part.reach.bound for part in parts if part.reach.bound), ""),
            widened=next((part.reach.widened for part in parts if part.reach.widened), ""),
            chooser=chooser,
            parts=tuple(parts),
        )

    def bounded(self, why: str) -> Reach:
        """Return the reach as an upper bound, if there is a reason."""
        if not why:
            return self
        parts = [part._replace(reach=part.reach.bounded(why)) for part in self.parts]
        return replace(self, bound=self.bound or why, parts=tuple(parts))

    def renamed(self, names: Mapping[Digit, Digit]) -> Reach:
        """Return the reach with other names for digits."""
        digits = tuple(names.get(digit, digit) for digit in self.digits)
        if digits == self.digits:
            return self
        if len(set(digits)) < len(digits):
            return self.as_one().renamed(names)
        return replace(
            self,
            digits=digits,
            moving=frozenset(names.get(digit, digit) for digit in self.moving),
            chooser=names.get(self.chooser, self.chooser),
            parts=tuple(p._replace(reach=p.reach.renamed(names)) for p in self.parts),
        )

    def as_one(self) -> Reach:
        """Return the reach with one relation for all."""
        relations, bound, names = [], self.bound, variables(*self.digits)
        for start, stop, reach in self.parts:
            ends = isl_text(start, {}), isl_text(stop, {})
            within = "" if None in ends else f" : {ends[0]} <= {names[self.chooser]} < {ends[1]}"
            bound = bound if within else bound or SYMBOLS
            kept = listed(reach.digits, names)
            access = f"{{ {listed(self.digits, names)} -> {kept}{within} }}"
            relations.append(reach.as_one().relation.through(head(start, stop) + access))
        return Reach(self.digits, united(relations), self.moving, bound, self.widened)


def _merged(parts: Sequence[Part]) -> list[Part]:
    """Return neighbours that reach the same as one part."""
    found = [parts[0]]
    for part in parts[1:]:
        last = found[-1]
        if part.reach is last.reach and part.start == last.stop:
            found[-1] = last._replace(stop=part.stop)
        else:
            found.append(part)
    return found


@dataclass(frozen=True, slots=True)
class Image:
    """One axis of an input."""

    size: Dim
    context: str  # the sizes that the model accepts, in isl's language
    entire: Relation | None  # all of the axis; None where its size cannot be written

    @staticmethod
    def of(size: Dim, context: str) -> Image:
        """Return the axis of that size."""
        text = isl_text(size, {})
        if text is None:
            return Image(size, context, None)
        return Image(size, context, relation(f"{head(size)}{{ [] -> [__j] : 0 <= __j < {text} }}"))

    @property
    def text(self) -> str:
        """The indices of the axis as a set, in isl's language."""
        return f"{head(self.size)}{{ [__j] : 0 <= __j < {isl_text(self.size, {})} }}"


# ---------------------------------------------------------------------------- whole axes


def whole(image: Image, name: str, bound: str, hidden: Hidden | None = None) -> Reach:
    """Return the bound that is all of the axis, or all that is reached together."""
    if hidden is not None:
        return replace(revealed(hidden, image, name), bound=bound, hidden=hidden)
    everything = image.entire or relation("{ [] -> [j] : 0 <= j }")
    return Reach((), everything, bound=bound, widened=name)


def revealed(hidden: Hidden, image: Image, name: str) -> Reach:
    """Return the reach of an output that reads all elements along hidden axes."""
    return as_whole(Reach((), hidden.total), image, name)


def total(reach: Reach, layout: Layout, image: Image) -> Relation | None:
    """Return what all elements of a tensor reach together; None where that is not exact."""
    if reach.bound:
        return None if reach.hidden is None else reach.hidden.total
    found = reach.as_one().ordered((), layout)
    return found if image.entire is None else found.within(image.text)


def _hidden(one: Reach, other: Reach, image: Image, layout: Layout) -> Hidden | None:
    totals = [total(reach, layout, image) for reach in (one, other)]
    axes = [
        {digit.axis for digit in reach.digits} | (reach.hidden.axes if reach.hidden else set())
        for reach in (one, other)
    ]
    if totals[0] is None or totals[1] is None:
        return None
    return Hidden(frozenset(axes[0] | axes[1]), totals[0].union(totals[1]))


def as_whole(reach: Reach, image: Image, name: str) -> Reach:
    """Name the op that widened a reach; share one relation among all that are the whole axis."""
    if reach.moving:
        return reach
    widened = reach.widened or name
    entire = image.entire
    if not reach.digits and entire is not None and reach.relation.equals(entire, image.context):
        return replace(reach, relation=entire, widened=widened)
    return replace(reach, widened=widened)


def union_of(reaches: Sequence[Reach], image: Image, layout: Layout) -> Reach:
    """Return what any of several reaches; most often they are all plain and of the same digits."""
    found = reaches[0]
    if all(_plain(reach, found.digits) for reach in reaches):
        both = found.relation
        for other in reaches[1:]:
            both = both.union(other.relation)
        if both is found.relation:
            return found
        return tidied(replace(found, relation=both), layout)
    for other in reaches[1:]:
        found = union(found, other, image, layout)
    return found


def _plain(reach: Reach, digits: tuple[Digit, ...]) -> bool:
    return reach.digits == digits and not reach.bound and not isinstance(reach, Joined)


def union(one: Reach, other: Reach, image: Image, layout: Layout) -> Reach:
    """Return what either reaches; both are spelled in the digits of one layout.

    Where one holds the other it is the union, and no more of a bound than it was.
    """
    for all_, part in ((one, other), (other, one)):
        if all_.relation is image.entire and not all_.bound:
            return all_
        if not all_.digits and part.digits and image.entire is not None:
            domain = domain_of(part.digits, layout, part.digits)
            kept = part.as_one().relation.on(domain).within(image.text)
            if all_.relation.through(lifting(part.digits, ())).holds(kept):
                return all_
    one, other = one.as_one(), other.as_one()
    digits = tuple(dict.fromkeys((*one.digits, *other.digits)))
    first, second = (
        part.relation
        if part.digits == digits
        else part.relation.through(lifting(digits, part.digits))
        for part in (one, other)
    )
    both = first.union(second)
    if (both is first and not one.bound) or (both is second and not other.bound):
        bound = ""
    else:
        bound = one.bound or other.bound
    if both is one.relation and bound == one.bound and one.hidden is other.hidden:
        return one
    moving, widened = one.moving | other.moving, one.widened or other.widened
    hidden = _hidden(one, other, image, layout) if bound else None
    return tidied(Reach(digits, both, moving, bound, widened, hidden), layout)


def tidied(reach: Reach, layout: Layout) -> Reach:
    """Return a reach without digits that make no difference, and without what is always so.

    Nothing is taken for granted of the first digit of an axis along which the field moves: its
    relation goes on beyond both ends, which is how it repeats itself. At given sizes, and where
    channels choose what is seen, there are pieces enough without what is beyond.
    """
    if len(reach.digits) < 2:
        return reach
    inner = [digit for digit in reach.digits if digit.place or digit not in reach.moving]
    numbers = all(dims.as_int(size_of(digit, layout)) is not None for digit in reach.digits)
    if numbers and not reach.moving.issuperset(reach.digits):
        inner = list(reach.digits)
    found = reach.relation.simplified(domain_of(reach.digits, layout, inner))
    involved = found.involved()
    if len(involved) == len(reach.digits):
        return replace(reach, relation=found)
    kept = tuple(reach.digits[n] for n in involved)
    relation_ = found.through(lifting(kept, reach.digits))
    return replace(reach, digits=kept, relation=relation_, moving=reach.moving & set(kept))
