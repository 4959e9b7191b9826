"""Sets of lost indices in words: the first, the last, every second one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.receptive_field.isl import head
from shapecalc.receptive_field.remarks import words
from shapecalc.sets import Relation, isl_text, relation, united

# sizes at which a pattern is looked for, before it is proved for all: the first of as many
_SAMPLES, _MANY = (256, 160, 64), 64
_LARGE = 64  # elements, from where on the two ends of an axis are apart
_BORDER = 32  # elements, beyond which indices are no longer at the border
_FEW = 8  # remainders, of which a set can be made in no time
_SHORT = 80  # characters of a set that can be read

Sample: TypeAlias = dict[int, list[int]]
"""What is lost at each size of a sample."""


@dataclass(frozen=True, slots=True)
class First:
    """Some of the first indices of an axis."""

    indices: tuple[int, ...]

    def text(self, axis: str) -> str:
        """Return the indices in words: `the first 2 rows`."""
        count = len(self.indices)
        if self.indices == tuple(range(count)):
            return f"the first {words.some(count, axis)}"
        return words.at(axis, words.ranges(self.indices), count)

    def holds(self, index: int) -> bool:
        """Tell whether an index is one of them."""
        return index in self.indices

    def all(self, size: Dim) -> Relation:
        """Return the indices as a set."""
        any_of = " or ".join(f"j = {n}" for n in self.indices)
        return _within(size, any_of or "false")


@dataclass(frozen=True, slots=True)
class Every:
    """The indices that leave one of some remainders when divided by `period`."""

    period: int
    remainders: tuple[int, ...]

    def text(self, axis: str) -> str:
        """Return the indices in words: `every second row (1, 3, 5, ...)`."""
        shown = [n + p for p in range(0, 3 * self.period, self.period) for n in self.remainders]
        listed = f"({', '.join(map(str, shown[:3]))}, ...)"
        if len(self.remainders) == 1:
            return f"every {words.ordinal(self.period)} {words.lines(axis, 1)} {listed}"
        return f"{len(self.remainders)} of every {self.period} {words.lines(axis)} {listed}"

    def holds(self, index: int) -> bool:
        """Tell whether an index is one of them."""
        return index % self.period in self.remainders

    def all(self, size: Dim) -> Relation:
        """Return the indices as a set."""
        others = sorted(set(range(self.period)) - set(self.remainders))
        if len(others) < len(self.remainders):
            return _within(size, _leaves(self.period, others)).complement(_within(size, "true"))
        return _within(size, _leaves(self.period, self.remainders))


@dataclass(frozen=True, slots=True)
class Last:
    """Some of the last indices of an axis, by the remainder that a symbol leaves.

    `ends` says, for each remainder, how far from the end they are; 1 is the very last one.
    """

    symbol: str
    ends: tuple[tuple[int, ...], ...]

    def text(self, axis: str) -> str:
        """Return the indices in words: `the last H mod 4 rows`."""
        divisor, counts = len(self.ends), tuple(map(len, self.ends))
        some = [n for n, count in enumerate(counts) if count]
        where = "" if len(some) == divisor else words.remainders(self.symbol, divisor, some)
        where = f" (where {where})" if where else ""
        if any(end != tuple(range(1, len(end) + 1)) for end in self.ends):
            furthest = max(map(max, filter(None, self.ends)))
            return f"some of the last {words.some(furthest, axis)}{where}"
        if len({counts[n] for n in some}) == 1:
            return f"the last {words.some(counts[some[0]], axis)}{where}"
        shift = self._shift(counts)
        if shift is None:
            few, many = min(counts[n] for n in some), max(counts)
            return f"the last {few} to {many} {words.lines(axis)}{where}"
        added, taken = shift
        number = f"{f'({self.symbol} + {added})' if added else self.symbol} mod {divisor}"
        if not taken:
            return f"the last {number} {words.lines(axis)}"
        return f"the last {number} - {taken} {words.lines(axis)} (where that is positive)"

    @staticmethod
    def _shift(counts: tuple[int, ...]) -> tuple[int, int] | None:
        """Return (a, b) where the count is (symbol + a) mod m - b, or none where that is < 0."""
        divisor = len(counts)
        for taken in range(divisor):
            for added in range(divisor):
                found = (max(0, (n + added) % divisor - taken) for n in range(divisor))
                if tuple(found) == counts:
                    return added, taken
        return None

    def all(self, size: Dim) -> Relation:
        """Return the indices as a set."""
        end, parts = isl_text(size, {}), [_within(size, "false")]
        for n, distances in enumerate(self.ends):
            if distances:
                any_of = " or ".join(f"j = {end} - {distance}" for distance in distances)
                remainder = f"{self.symbol} mod {len(self.ends)} = {n}"
                parts.append(_within(size, f"{remainder} and ({any_of})"))
        return united(parts)


@dataclass(frozen=True, slots=True)
class Other:
    """Indices that have no short description with symbols: as isl writes them, or an example."""

    lost: Relation
    example: str = ""

    def text(self, axis: str) -> str:
        """Return the indices, in words as far as there are."""
        if not self.lost.parameters:
            found = self.lost.image(())
            return words.at(axis, words.ranges(found), len(found))
        found_ = str(self.lost).partition("{ ")[2].removesuffix(" }").replace("[] -> ", "")
        if len(found_) > _SHORT and self.example:
            return f"some {words.lines(axis)} ({self.example})"
        return f"the {words.lines(axis)} {found_}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a set of indices is made of; `least` is the size from which on it is that, or none."""

    parts: tuple[First | Every | Last | Other, ...]
    symbol: str = ""
    least: int = 0

    def text(self, axis: str) -> str:
        """Return the set in words."""
        found = " and ".join(part.text(axis) for part in self.parts)
        return f"{found} (for {self.symbol} >= {self.least})" if self.least else found


def pattern(lost: Relation, size: Dim, context: str) -> Pattern:
    """Return what a set of indices of an axis looks like, for all sizes in `context`.

    It is found at some sizes, and proved for all of them.

    >>> H = dims.symbol("H")
    >>> lost = relation("[H] -> { [] -> [j] : 4*floor(H/4) <= j < H }")
    >>> pattern(lost, H, "{ : true }").text("H")
    'the last H mod 4 rows'
    >>> odd = relation("[H] -> { [] -> [j] : 0 <= j < H and j mod 2 = 1 }")
    >>> pattern(odd, H, "{ : true }").text("H")
    'every second row (1, 3, 5, ...)'
    """
    if len(lost.parameters) != 1 or isl_text(size, {}) is None:
        return Pattern((Other(lost),))
    (symbol,) = lost.parameters
    sample = _sample(lost, symbol)
    sizes = {n: dims.evaluate(size, {symbol: n}) for n in sample}
    some = next(iter(sample))
    example = f"for example {len(sample[some])} of {sizes[some]} where {symbol} = {some}"
    begin = _begin(sample, sizes)
    parts = list[First | Every | Last]()
    if begin is not None:
        parts.append(begin)
        sample = {n: [j for j in at if not begin.holds(j)] for n, at in sample.items()}
    last = _last(sample, sizes, symbol)
    if last is not None:
        parts.append(last)
    if parts:
        found = united([part.all(size) for part in parts])
        for least in (0, _LARGE):
            large = f"[{symbol}] -> {{ : {symbol} >= {least} }}"
            if found.given(context).equals(lost.given(context), large):
                return Pattern(tuple(parts), symbol, least)
    return Pattern((Other(lost, example),))


def _within(size: Dim, condition: str) -> Relation:
    bounds = f"0 <= j < {isl_text(size, {})}"
    return relation(f"{head(size)}{{ [] -> [j] : {bounds} and ({condition}) }}")


def _leaves(divisor: int, remainders: Sequence[int]) -> str:
    return " or ".join(f"j mod {divisor} = {n}" for n in remainders) or "false"


def _sample(lost: Relation, symbol: str) -> Sample:
    """Return what is lost at some sizes, if it is anything at any of them."""
    found: Sample = {}
    for first in _SAMPLES:
        found = {n: lost.at(**{symbol: n}).image(()) for n in range(first, first + _MANY)}
        if any(found.values()):
            break
    return found


def _begin(sample: Sample, sizes: dict[int, int]) -> First | Every | None:
    """Return what the first half of an axis loses, at the first size of a sample."""
    n, found = next(iter(sample.items()))
    half = sizes[n] // 2
    indices = tuple(j for j in found if j < half)
    if not indices:
        return None
    if indices[-1] < _BORDER:
        return First(indices)
    for period in range(2, half // 2 + 1):
        left = sorted({j % period for j in indices})
        if all((j in indices) == (j % period in left) for j in range(half)):
            few = min(len(left), period - len(left)) <= _FEW
            return Every(period, tuple(left)) if few else None
    return None


def _last(sample: Sample, sizes: dict[int, int], symbol: str) -> Last | None:
    """Return the ends of an axis that are lost, by the smallest divisor that explains a sample."""
    if not any(sample.values()):
        return None
    ends = {n: tuple(sizes[n] - j for j in reversed(found)) for n, found in sample.items()}
    if any(end and end[-1] > _BORDER for end in ends.values()):
        return None
    for divisor in range(1, _MANY // 2 + 1):
        found = {n % divisor: end for n, end in ends.items()}
        if all(found[n % divisor] == end for n, end in ends.items()):
            return Last(symbol, tuple(found[n] for n in range(divisor)))
    return None
