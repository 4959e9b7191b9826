"""Accesses written as relations in isl's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapecalc import dims
from shapecalc.access import (
    INDEX,
    AxisAccess,
    Element,
    Interval,
    Same,
    Whole,
    Window,
    index,
)
from shapecalc.dims import Dim
from shapecalc.receptive_field.digits import Digit, digit_of, number, places, size_of
from shapecalc.receptive_field.isl import NotAffine, head
from shapecalc.receptive_field.reach import SYMBOLS
from shapecalc.sets import isl_text

if TYPE_CHECKING:
    from shapecalc.receptive_field.passage import Passage

LARGEST_TABLE = 64  # outputs on an axis, for which a formula is written out one by one


@dataclass(slots=True)
class Writer:
    """Writes the relation from output digits to operand digits in isl's language."""

    passage: Passage
    old: Mapping[Digit, str] = field(default_factory=dict)  # the variables of the operand's digits
    digits: dict[Digit, str] = field(default_factory=dict)  # and those of the output's
    moving: set[Digit] = field(default_factory=set)
    constraints: list[str] = field(default_factory=list)
    sizes: list[Dim] = field(default_factory=list)
    whole: bool = False
    bound: str = ""

    def text(self, old: str) -> str:
        """Return the relation, from the digits found to the variables `old` of the operand."""
        new = ", ".join(self.digits.values())
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
                self.between(self.old[digit], size_of(digit, passage.layout))
            return
        if isinstance(entry, Same) and passage.out[entry.axis] == sizes:
            for digit in own:
                new = Digit(entry.axis, digit.place)
                self.use(new, moving=moving)
                self.constraints.append(f"{self.old[digit]} = {self.digits[new]}")
            return
        if len(sizes) == 1:
            self.entry(entry, self.old[own[0]], passage.shape[axis], moving=moving)
            return
        self.entry(entry, "__n", passage.shape[axis], moving=moving)
        inner = [f"exists __n : {self.constraints.pop()}"]
        for digit in own:
            value = digit_of("__n", digit.place, sizes)
            if value is None:
                raise NotAffine
            inner.append(f"{self.old[digit]} = {value}")
        self.constraints.append(f"({' and '.join(inner)})")

    def exists(self, axis: int) -> None:
        """Demand an element on another axis, where the output may meet padding alone.

        An output of `unfold` whose column is padding reads nothing, on no row.
        """
        entry, size = self.passage.access.axes[axis], self.passage.shape[axis]
        self.entry(entry, "__e", size, moving=False)
        self.constraints[-1] = f"(exists __e : {self.constraints[-1]})"

    def use(self, digit: Digit, *, moving: bool) -> None:
        """Let the output depend on a digit of its index."""
        self.digits.setdefault(digit, f"__d{len(self.digits)}")
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
        if any(weight is None for weight in places(sizes)):
            raise NotAffine
        for digit in own:
            self.use(digit, moving=moving)
        text = number([self.digits[digit] for digit in own], sizes)
        assert text is not None
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
        if self.passage.setting.concrete and not isinstance(entry, Same):
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
        beyond = self.passage.setting.concrete and entry.mode != "zeros"
        inner = "__q" if beyond else target
        step, t = ("", "") if k == "1" else (f" + {d}*__t", f"exists __t : 0 <= __t < {k} and ")
        ends = (inner, i) if not entry.transposed else (i, inner)
        text = f"{t}{ends[0]} = {s}*{ends[1]} - {p}{step}"
        if not beyond:
            return f"({text})" if t else text
        return f"(exists __q : ({text}) and {_beyond(entry.mode, target, self.affine(size))})"

    def parameter(self, dim: Dim) -> str:
        """Return a number that an index is multiplied by."""
        number = dims.as_int(dim)
        if number is None:
            raise NotAffine
        return str(number)

    def interval(self, entry: Interval, target: str, *, moving: bool) -> str:
        """Return the constraint of an interval, in the best form that can be written."""
        away = entry.away if not self.passage.setting.concrete else None
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
    inside = f"0 <= __q < {size} and {target} = __q"
    match mode:
        case "circular":
            low, high = f"{target} = __q + {size}", f"{target} = __q - {size}"
        case "reflect":
            low, high = f"{target} = -__q", f"{target} = 2*({size} - 1) - __q"
        case _:
            low, high = f"{target} = 0", f"{target} = {size} - 1"
    return f"(({inside}) or (__q < 0 and {low}) or (__q >= {size} and {high}))"
