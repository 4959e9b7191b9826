"""How the elements of a tensor reach one axis of an input, and how an op carries that on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from shapecalc import dims
from shapecalc.access import (
    INDEX,
    Access,
    AxisAccess,
    Element,
    Interval,
    Same,
    Whole,
    Window,
    index,
)
from shapecalc.dims import Dim, Shape
from shapecalc.receptive_field.digits import (
    Block,
    Digit,
    Layout,
    digit_of,
    number,
    size_of,
)
from shapecalc.sets import Relation, isl_text, relation, united

LARGEST_TABLE = 64  # outputs on an axis, for which a formula is written out one by one
SYMBOLS = "the relation cannot be written with symbols"
FIRST = Digit(0, 0)
NOTHING = relation("{ [] -> [j] : false }")


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Which indices on one axis of an input an element of a tensor depends on.

    `relation` goes from `digits` of the element's index to indices on the axis. Along `moving`
    digits the image moves; the others only choose, as a channel does after a `cat`. `bound`
    says why more may be listed than is reached, `widened` which op made it the whole axis.
    """

    digits: tuple[Digit, ...]
    relation: Relation
    moving: frozenset[Digit] = frozenset()
    bound: str = ""
    widened: str = ""

    def bounded(self, why: str) -> Reach:
        """Return the reach as an upper bound, if there is a reason."""
        return replace(self, bound=self.bound or why) if why else self

    def renamed(self, names: Mapping[Digit, Digit]) -> Reach:
        """Return the reach with other names for digits: where an axis comes to stand."""
        digits = tuple(names.get(digit, digit) for digit in self.digits)
        if digits == self.digits:
            return self
        moving = frozenset(names.get(digit, digit) for digit in self.moving)
        relation_, kept = self.relation, tuple(dict.fromkeys(digits))
        if kept != digits:  # a diagonal: two axes have become one
            relation_ = self.relation.through(_lifting(kept, digits))
        return Reach(kept, relation_, moving, self.bound, self.widened)

    def as_one(self) -> Reach:
        """Return the reach with one relation for all."""
        return self

    def ordered(self, digits: Sequence[Digit], layout: Layout) -> Relation:
        """Return the relation from some digits, in this order, whatever the others are."""
        if tuple(digits) == self.digits:
            return self.relation
        gone = [digit for digit in self.digits if digit not in digits]
        declared, bounds = _bounds(gone, layout)
        rest = f" : {' and '.join(bounds)}" if bounds else ""
        access = f"{{ [{_names(digits)}] -> [{_names(self.digits)}]{rest} }}"
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
        whole_axis = Part(dims.ZERO, size_of(chooser, layout), parts[0].reach)
        if list(parts) == [whole_axis]:
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
        relations, bound = [], self.bound
        for start, stop, reach in self.parts:
            ends = isl_text(start, {}), isl_text(stop, {})
            within = "" if None in ends else f" : {ends[0]} <= {self.chooser.name} < {ends[1]}"
            bound = bound if within else bound or SYMBOLS
            access = f"{{ [{_names(self.digits)}] -> [{_names(reach.digits)}]{within} }}"
            relations.append(reach.as_one().relation.through(head(start, stop) + access))
        return Reach(self.digits, united(relations), self.moving, bound, self.widened)


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
        return Image(size, context, relation(f"{head(size)}{{ [] -> [j] : 0 <= j < {text} }}"))

    @property
    def text(self) -> str:
        """The indices of the axis as a set, in isl's language."""
        return f"{head(self.size)}{{ [j] : 0 <= j < {isl_text(self.size, {})} }}"


def head(*sizes: Dim) -> str:
    """Return the declaration of the symbols of sizes, in isl's language."""
    names = sorted({str(s) for s in dims.symbols_of(sizes) if not str(s).startswith(INDEX)})
    return f"[{', '.join(names)}] -> " if names else ""


class NotAffine(Exception):  # noqa: N818
    """A relation has no form in isl's language, because symbols would multiply."""


@dataclass(slots=True)
class Passage:
    """One access of one operand, as it turns reaches of the operand into those of the output.

    `layout` is that of the operand, `out` of the output as this operand alone would have it.
    """

    access: Access
    shape: Shape
    layout: Layout
    out_shape: Shape
    concrete: bool
    out: Layout = field(init=False)
    unchanged: bool = field(init=False)  # every element is read where it is, and nothing else

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

    def carry(self, reach: Reach, image: Image, name: str) -> Reach:
        """Return how the output reaches the axis that the operand reaches by `reach`."""
        if self.unchanged:
            return reach
        axes = {digit.axis for digit in reach.digits}
        if not self.access.when and all(map(self._kept, axes)):
            return self._renamed(reach)
        if isinstance(reach, Joined):
            return self._joined(reach, image, name)
        try:
            return self._composed(reach, image, name)
        except NotAffine:
            return whole(image, name, reach.bound or self.access.bound or SYMBOLS)

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
        found = carried[0]
        for other in carried[1:]:
            found = union(found, other, image, self.out)
        return found

    def _kept(self, axis: int) -> bool:
        """Tell whether an axis is as it was, with all of its elements."""
        entry = self.access.axes[axis]
        return (
            isinstance(entry, Same)
            and self.out[entry.axis] == self.layout[axis]
            and self.out_shape[entry.axis] == self.shape[axis]
        )

    def _renamed(self, reach: Reach) -> Reach:
        names = {
            digit: Digit(entry.axis, digit.place)
            for digit in reach.digits
            if isinstance(entry := self.access.axes[digit.axis], Same)
        }
        return reach.bounded(self.access.bound).renamed(names)

    # ------------------------------------------------------------------ composition

    def _composed(self, reach: Reach, image: Image, name: str) -> Reach:
        writer = _Writer(self)
        moving_axes = {digit.axis for digit in reach.moving}
        for axis in dict.fromkeys(digit.axis for digit in reach.digits):
            writer.read(axis, reach.digits, moving=axis in moving_axes)
        for range_ in self.access.when:
            writer.only(range_.axis, range_.start, range_.stop, range_.step)
        over = writer.whole and not writer.moving
        within = image.text if over and image.entire is not None else ""
        found = reach.relation.through(writer.text(reach.digits), within)
        made = Reach(
            digits=tuple(writer.digits),
            relation=found,
            moving=frozenset(writer.moving),
            bound=reach.bound or self.access.bound or writer.bound,
            widened=reach.widened,
        )
        made = tidied(made, self.out)
        return as_whole(made, image, name) if writer.whole else made


@dataclass(slots=True)
class _Writer:
    """Writes the relation from output digits to operand digits in isl's language."""

    passage: Passage
    digits: dict[Digit, None] = field(default_factory=dict)
    moving: set[Digit] = field(default_factory=set)
    constraints: list[str] = field(default_factory=list)
    sizes: list[Dim] = field(default_factory=list)
    whole: bool = False
    bound: str = ""

    def text(self, before: Sequence[Digit]) -> str:
        """Return the relation, from the digits found to those of the operand."""
        old = ", ".join(f"m{digit.axis}_{digit.place}" for digit in before)
        new = ", ".join(digit.name for digit in self.digits)
        rest = " and ".join(self.constraints)
        return f"{head(*self.sizes)}{{ [{new}] -> [{old}]{f' : {rest}' if rest else ''} }}"

    def read(self, axis: int, digits: Sequence[Digit], *, moving: bool) -> None:
        """Constrain the digits of one axis of the operand by how it is accessed."""
        passage = self.passage
        entry, sizes = passage.access.axes[axis], passage.layout[axis]
        own = [digit for digit in digits if digit.axis == axis]
        if isinstance(entry, Whole):
            self.whole = self.whole or moving
            for digit in own:
                self.between(f"m{axis}_{digit.place}", size_of(digit, passage.layout))
            return
        if isinstance(entry, Same) and passage.out[entry.axis] == sizes:
            for digit in own:
                new = Digit(entry.axis, digit.place)
                self.use(new, moving=moving)
                self.constraints.append(f"m{axis}_{digit.place} = {new.name}")
            return
        if len(sizes) == 1:
            self.entry(entry, f"m{axis}_0", passage.shape[axis], moving=moving)
            return
        self.entry(entry, f"n{axis}", passage.shape[axis], moving=moving)
        inner = [f"exists n{axis} : " + self.constraints.pop()]
        for digit in own:
            value = digit_of(f"n{axis}", digit.place, sizes)
            if value is None:
                raise NotAffine
            inner.append(f"m{axis}_{digit.place} = {value}")
        self.constraints.append(f"({' and '.join(inner)})")

    def use(self, digit: Digit, *, moving: bool) -> None:
        """Let the output depend on a digit of its index."""
        self.digits[digit] = None
        if moving:
            self.moving.add(digit)

    def between(self, variable: str, size: Dim) -> None:
        """Keep a variable within an axis or digit."""
        text = isl_text(size, {})
        if text is None:  # a size that no bound can be written for
            self.bound = SYMBOLS
            self.constraints.append(f"0 <= {variable}")
        else:
            self.sizes.append(size)
            self.constraints.append(f"0 <= {variable} < {text}")

    def index(self, axis: int, *, moving: bool) -> str:
        """Return the index of the output on an axis as a number."""
        sizes = self.passage.out[axis]
        own = [Digit(axis, place) for place in range(len(sizes))]
        text = number([digit.name for digit in own], sizes) if len(own) > 1 else own[0].name
        if text is None:
            raise NotAffine
        for digit in own:
            self.use(digit, moving=moving)
        return text

    def only(self, axis: int, start: Dim, stop: Dim, step: Dim) -> None:
        """Keep the output's index on an axis within a range."""
        texts = [isl_text(bound, {}) for bound in (start, stop, step)]
        if None in texts or dims.as_int(step) is None:
            self.bound = SYMBOLS
            return
        self.sizes += [start, stop]
        i = self.index(axis, moving=False)
        self.constraints.append(f"{texts[0]} <= {i} < {texts[1]}")
        if step != 1:
            self.constraints.append(f"({i} - {texts[0]}) mod {texts[2]} = 0")

    def entry(self, entry: AxisAccess, target: str, size: Dim, *, moving: bool) -> None:
        """Constrain `target`, an index on an axis of that size, by its entry."""
        match entry:
            case Same(axis):
                text = f"{target} = {self.index(axis, moving=moving)}"
            case Element(at):
                text = f"{target} = {self.affine(at)}"
            case Window():
                text = self.window(entry, target, size, moving=moving)
            case Interval():
                text = self.interval(entry, target, moving=moving)
            case Whole():
                raise AssertionError("whole axes are read digit by digit")
        if self.passage.concrete and not isinstance(entry, Same):
            text = f"{text} and 0 <= {target} < {self.affine(size)}"
        self.constraints.append(text)

    def affine(self, dim: Dim) -> str:
        """Return a size in isl's language."""
        text = isl_text(dim, {})
        if text is None:
            raise NotAffine
        self.sizes.append(dim)
        return text

    def window(self, entry: Window, target: str, size: Dim, *, moving: bool) -> str:
        """Return the constraint of a sliding window."""
        i = self.index(entry.axis, moving=moving)
        k, s = self.affine(entry.kernel_size), self.parameter(entry.stride)
        p, d = self.affine(entry.padding), self.parameter(entry.dilation)
        beyond = self.passage.concrete and entry.mode != "zeros"
        inner = "q" if beyond else target
        step, t = ("", "") if k == "1" else (f" + {d}*t", f"exists t : 0 <= t < {k} and ")
        ends = (inner, i) if not entry.transposed else (i, inner)
        text = f"{t}{ends[0]} = {s}*{ends[1]} - {p}{step}"
        if not beyond:
            return f"({text})" if t else text
        return f"(exists q : ({text}) and {_beyond(entry.mode, target, self.affine(size))})"

    def parameter(self, dim: Dim) -> str:
        """Return a number that an index is multiplied by."""
        if dims.as_int(dim) is None:
            raise NotAffine
        return str(dim)

    def interval(self, entry: Interval, target: str, *, moving: bool) -> str:
        """Return the constraint of an interval, in the best form that can be written."""
        away = entry.away if not self.passage.concrete else None
        low, high = away or (entry.low, entry.high)
        text = self.ends(low, high, target, moving=moving)
        if text is None:
            text = self.table(low, high, target, moving=moving)
        if text is None and entry.bound is not None:
            self.bound = SYMBOLS
            text = self.ends(*entry.bound, target, moving=moving)
        if text is None:
            raise NotAffine
        return text

    def ends(self, low: Dim, high: Dim, target: str, *, moving: bool) -> str | None:
        """Return low <= target <= high, or None where these are not affine."""
        texts = isl_text(low, {}), isl_text(high, {})
        if None in texts:
            return None
        axes = self.axes_in(low, high)
        values = {axis: self.index(axis, moving=moving) for axis in axes}
        self.sizes += [low, high]
        first, last = (_with_indices(str(text), values) for text in texts)
        return f"{target} = {first}" if low == high else f"{first} <= {target} <= {last}"

    def table(self, low: Dim, high: Dim, target: str, *, moving: bool) -> str | None:
        """Return the same with a number for each index, for one short axis."""
        axes = self.axes_in(low, high)
        count = dims.as_int(self.passage.out_shape[axes[0]]) if len(axes) == 1 else None
        if count is None or count > LARGEST_TABLE:
            return None
        i = self.index(axes[0], moving=moving)
        cases = []
        for n in range(count):
            at = {index(axes[0]): dims.as_dim(n)}
            ends = [isl_text(dims.expand(end.subs(at)), {}) for end in (low, high)]
            if None in ends:
                return None
            cases.append(f"({i} = {n} and {ends[0]} <= {target} <= {ends[1]})")
        self.sizes += [low, high]
        return f"({' or '.join(cases)})"

    def axes_in(self, *formulas: Dim) -> list[int]:
        """Return the axes of the output whose index is in formulas."""
        names = {str(symbol) for symbol in dims.symbols_of(formulas)}
        return sorted(int(n.removeprefix(INDEX)) for n in names if n.startswith(INDEX))


def _with_indices(text: str, values: Mapping[int, str]) -> str:
    for axis in sorted(values, reverse=True):
        text = text.replace(f"{INDEX}{axis}", values[axis])
    return text


def _beyond(mode: str, target: str, size: str) -> str:
    """Return which element stands at place q of a padded axis."""
    inside = f"0 <= q < {size} and {target} = q"
    match mode:
        case "circular":
            low, high = f"{target} = q + {size}", f"{target} = q - {size}"
        case "reflect":
            low, high = f"{target} = -q", f"{target} = 2*({size} - 1) - q"
        case _:
            low, high = f"{target} = 0", f"{target} = {size} - 1"
    return f"(({inside}) or (q < 0 and {low}) or (q >= {size} and {high}))"


# ---------------------------------------------------------------------------- whole axes


def whole(image: Image, name: str, bound: str) -> Reach:
    """Return the reach of the whole axis, whatever the index is."""
    everything = image.entire or relation("{ [] -> [j] : 0 <= j }")
    return Reach((), everything, bound=bound, widened=name)


def as_whole(reach: Reach, image: Image, name: str) -> Reach:
    """Name the op that widened a reach; share one relation among all that are the whole axis."""
    if reach.moving:
        return reach
    widened = reach.widened or name
    entire = image.entire
    if not reach.digits and entire is not None and reach.relation.equals(entire, image.context):
        return replace(reach, relation=entire, widened=widened)
    return replace(reach, widened=widened)


def union(one: Reach, other: Reach, image: Image, layout: Layout) -> Reach:
    """Return what either reaches; both are spelled in the digits of one layout.

    Where one holds the other it is the union, and no more of a bound than it was.
    """
    for all_, part in ((one, other), (other, one)):
        if all_.relation is image.entire and not all_.bound:
            return all_
        if not all_.digits and part.digits and image.entire is not None:
            kept = part.as_one().relation.on(_domain(part.digits, layout)).within(image.text)
            if all_.relation.through(_lifting(part.digits, ())).holds(kept):
                return all_
    one, other = one.as_one(), other.as_one()
    digits = tuple(dict.fromkeys((*one.digits, *other.digits)))
    first, second = (
        part.relation
        if part.digits == digits
        else part.relation.through(_lifting(digits, part.digits))
        for part in (one, other)
    )
    both = first.union(second)
    if (both is first and not one.bound) or (both is second and not other.bound):
        bound = ""
    else:
        bound = one.bound or other.bound
    if both is one.relation and bound == one.bound:
        return one
    moving, widened = one.moving | other.moving, one.widened or other.widened
    return tidied(Reach(digits, both, moving, bound, widened), layout)


def tidied(reach: Reach, layout: Layout) -> Reach:
    """Return a reach without digits that make no difference, and without what is always so."""
    if len(reach.digits) < 2:
        return reach
    found = reach.relation.simplified(_domain(reach.digits, layout))
    involved = found.involved()
    if len(involved) == len(reach.digits):
        return replace(reach, relation=found)
    kept = tuple(reach.digits[n] for n in involved)
    relation_ = found.through(_lifting(kept, reach.digits))
    return replace(reach, digits=kept, relation=relation_, moving=reach.moving & set(kept))


def _lifting(digits: Sequence[Digit], kept: Sequence[Digit]) -> str:
    """Return the relation that forgets all but some digits."""
    return f"{{ [{_names(digits)}] -> [{_names(kept)}] }}"


def _names(digits: Sequence[Digit]) -> str:
    return ", ".join(digit.name for digit in digits)


def _domain(digits: Sequence[Digit], layout: Layout) -> str:
    """Return all values of digits as a set, as far as their sizes can be written."""
    declared, bounds = _bounds(digits, layout)
    return f"{declared}{{ [{_names(digits)}] : {' and '.join(bounds)} }}"


def _bounds(digits: Sequence[Digit], layout: Layout) -> tuple[str, list[str]]:
    """Return the symbols in the sizes of digits, and the bounds of the digits, for isl."""
    sizes = [(digit.name, size_of(digit, layout)) for digit in digits]
    texts = [(name, size, isl_text(size, {})) for name, size in sizes]
    bounds = [f"0 <= {name}" + (f" < {text}" if text else "") for name, _, text in texts]
    return head(*(size for _, size, text in texts if text)), bounds


# ---------------------------------------------------------------------------- other spellings


def respelled(reach: Reach, axis: int, old: tuple[Dim, ...], new: tuple[Dim, ...]) -> Reach:
    """Return a reach with the digits `new` on an axis in the place of `old`.

    Raises:
        NotAffine: symbols would have to be multiplied or divided.
    """
    after = tuple(Digit(axis, place) for place in range(len(new)))
    before = tuple(Digit(axis, place) for place in range(len(old)))
    return _substituted(reach.as_one(), before, old, after, new)


def regrouped(
    reach: Reach, groups: Sequence[Block], layout: Layout, out: Shape, out_layout: Layout
) -> Reach:
    """Return a reach after a reshape.

    Raises:
        NotAffine: symbols would have to be multiplied or divided.
    """
    reach = reach.as_one()
    for digit in reach.digits:
        if size_of(digit, layout) == 1:
            reach = _fixed(reach, digit)
    # on their way from old places to new ones, digits stand on axes that no tensor has
    reach = reach.renamed({digit: _on_its_way(digit) for digit in reach.digits})
    arrived: dict[Digit, Digit] = {}
    for group in groups:
        before = tuple(map(_on_its_way, group.before))
        if len(group.after) == 1:
            (axis,) = group.after
            arrived |= {digit: Digit(axis, n) for n, digit in enumerate(before)}
            continue
        sizes = tuple(size_of(digit, layout) for digit in group.before)
        after = tuple(Digit(axis, 0) for axis in group.after)
        reach = _substituted(reach, before, sizes, after, tuple(out[axis] for axis in group.after))
    return tidied(reach.renamed(arrived), out_layout)


def _on_its_way(digit: Digit) -> Digit:
    return Digit(~digit.axis, digit.place)


def _fixed(reach: Reach, gone: Digit) -> Reach:
    """Return a reach without a digit that is always 0."""
    kept = tuple(digit for digit in reach.digits if digit != gone)
    values = ", ".join("0" if digit == gone else f"i{n}" for n, digit in enumerate(reach.digits))
    names = ", ".join(f"i{n}" for n, digit in enumerate(reach.digits) if digit != gone)
    found = reach.relation.through(f"{{ [{names}] -> [{values}] }}")
    return replace(reach, digits=kept, relation=found, moving=reach.moving - {gone})


def _substituted(
    reach: Reach,
    before: tuple[Digit, ...],
    sizes: tuple[Dim, ...],
    after: tuple[Digit, ...],
    new_sizes: tuple[Dim, ...],
) -> Reach:
    """Put the digits `after` of a number in the place of its digits `before`."""
    kept = tuple(digit for digit in reach.digits if digit not in before)
    if len(kept) == len(reach.digits):
        return reach
    names = {digit: f"a{n}" for n, digit in enumerate((*kept, *after))}
    whole_number = number([names[digit] for digit in after], new_sizes)
    if whole_number is None:
        raise NotAffine
    values = []
    for digit in reach.digits:
        if digit not in before:
            values.append(names[digit])
            continue
        value = (
            whole_number if len(before) == 1 else digit_of(whole_number, before.index(digit), sizes)
        )
        if value is None:
            raise NotAffine
        values.append(value)
    ranges = [
        f"0 <= {names[digit]} < {count}"
        for digit, size in zip(after[1:], new_sizes[1:], strict=True)
        if (count := dims.as_int(size)) is not None
    ]
    rest = f" : {' and '.join(ranges)}" if ranges else ""
    text = f"{{ [{', '.join(names.values())}] -> [{', '.join(values)}]{rest} }}"
    moves = any(digit in reach.moving for digit in before)
    moving = (reach.moving - set(before)) | (set(after) if moves else set())
    found = reach.relation.through(text)
    return replace(reach, digits=(*kept, *after), relation=found, moving=frozenset(moving))
