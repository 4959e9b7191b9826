"""Sets of lost indices in words: the last ones, every second one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.receptive_field.isl import head
from shapecalc.receptive_field.remarks import words
from shapecalc.sets import Relation, isl_text, relation, united

# sizes at which a pattern is looked for, before it is proved for all: the first of as many
_SAMPLES, _MANY = (256, 160, 64), 64

Sample: TypeAlias = dict[int, list[int]]
"""What is lost at each size of a sample."""


@dataclass(frozen=True, slots=True)
class Last:
    """The last indices of an axis; how many depends on a symbol modulo `len(counts)`."""

    symbol: str
    counts: tuple[int, ...]

    def text(self, axis: str) -> str:
        """Return the indices in words: `the last H mod 4 rows`."""
        if len(set(self.counts)) == 1:
            return f"the last {words.several(self.counts[0], axis)}"
        some = [n for n, count in enumerate(self.counts) if count]
        if len({self.counts[n] for n in some}) == 1:
            where = words.remainders(self.symbol, len(self.counts), some)
            return f"the last {words.several(self.counts[some[0]], axis)} (where {where})"
        shift = self._shift()
        if shift is not None:
            added, taken = shift
            number = f"({self.symbol} + {added})" if added else self.symbol
            number = f"{number} mod {len(self.counts)}"
            if not taken:
                return f"the last {number} {words.lines(axis)}"
            return f"the last {number} - {taken} {words.lines(axis)} (where that is positive)"
        few, many = min(self.counts[n] for n in some), max(self.counts)
        where = words.remainders(self.symbol, len(self.counts), some)
        return f"the last {few} to {many} {words.lines(axis)} (where {where})"

    def _shift(self) -> tuple[int, int] | None:
        """Return (a, b) where the count is (symbol + a) mod m - b, or none where that is < 0."""
        divisor = len(self.counts)
        for taken in range(divisor):
            for added in range(divisor):
                found = (max(0, (n + added) % divisor - taken) for n in range(divisor))
                if tuple(found) == self.counts:
                    return added, taken
        return None


@dataclass(frozen=True, slots=True)
class First:
    """The first indices of an axis."""

    count: int

    def text(self, axis: str) -> str:
        """Return the indices in words: `the first 2 rows`."""
        return f"the first {words.several(self.count, axis)}"


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


@dataclass(frozen=True, slots=True)
class Other:
    """Indices that have no short description with symbols: as isl writes them, or listed."""

    lost: Relation

    def text(self, axis: str) -> str:
        """Return the indices, in words as far as there are."""
        if not self.lost.parameters:
            found = self.lost.image(())
            return words.at(axis, words.ranges(found), len(found))
        found_ = str(self.lost).partition("{ ")[2].removesuffix(" }").replace("[] -> ", "")
        return f"the {words.lines(axis)} {found_}"


def pattern(lost: Relation, size: Dim, context: str) -> tuple[First | Last | Every | Other, ...]:
    """Return what a set of indices of an axis looks like, for all sizes in `context`.

    >>> H = dims.symbol("H")
    >>> lost = relation("[H] -> { [] -> [j] : 4*floor(H/4) <= j < H }")
    >>> [part.text("H") for part in pattern(lost, H, "{ : true }")]
    ['the last H mod 4 rows']
    >>> odd = relation("[H] -> { [] -> [j] : 0 <= j < H and j mod 2 = 1 }")
    >>> [part.text("H") for part in pattern(odd, H, "{ : true }")]
    ['every second row (1, 3, 5, ...)']
    """
    if len(lost.parameters) != 1 or isl_text(size, {}) is None:
        return (Other(lost),)
    (symbol,) = lost.parameters
    last = _last(lost, size, symbol, context)
    if last is not None:
        return (last,)
    begun = _beginning(lost, size, symbol)
    if begun is None or not lost.complement(begun[1]).given(context).is_empty():
        return (Other(lost),)
    first, held = begun
    rest = held.complement(lost).given(context)
    if rest.is_empty():
        return (first,)
    last = _last(rest, size, symbol, context)
    return (Other(lost),) if last is None else (first, last)


def _sample(lost: Relation, symbol: str) -> Sample:
    """Return what is lost at some sizes, if it is anything at any of them."""
    found: Sample = {}
    for first in _SAMPLES:
        found = {n: lost.at(**{symbol: n}).image(()) for n in range(first, first + _MANY)}
        if any(found.values()):
            break
    return found


def _last(lost: Relation, size: Dim, symbol: str, context: str) -> Last | None:
    sample = _sample(lost, symbol)
    sizes = {n: dims.evaluate(size, {symbol: n}) for n in sample}
    if any(at and at != list(range(sizes[n] - len(at), sizes[n])) for n, at in sample.items()):
        return None
    for divisor in range(1, _MANY // 2 + 1):
        counts = {n % divisor: len(found) for n, found in sample.items()}
        if all(counts[n % divisor] == len(found) for n, found in sample.items()):
            last = Last(symbol, tuple(counts[n] for n in range(divisor)))
            return last if _all(last, size, symbol).equals(lost, context) else None
    return None


def _all(last: Last, size: Dim, symbol: str) -> Relation:
    """Return the last indices of an axis as a set."""
    end, divisor = isl_text(size, {}), len(last.counts)
    parts = (
        f"{symbol} mod {divisor} = {n} and {end} - {count} <= j < {end}"
        for n, count in enumerate(last.counts)
    )
    return united([relation(f"[{symbol}] -> {{ [] -> [j] : {part} }}") for part in parts])


def _beginning(lost: Relation, size: Dim, symbol: str) -> tuple[First | Every, Relation] | None:
    """Return what the first half of an axis loses, at a sample of sizes, with all its indices."""
    n, found = next(iter(_sample(lost, symbol).items()))
    half, bounds = dims.evaluate(size, {symbol: n}) // 2, f"0 <= j < {isl_text(size, {})}"
    indices = [j for j in found if j < half]
    if indices == list(range(len(indices))):
        held = f"{bounds} and j < {len(indices)}"
        return First(len(indices)), relation(f"{head(size)}{{ [] -> [j] : {held} }}")
    for period in range(2, half // 2 + 1):
        left = sorted({j % period for j in indices})
        if all((j in indices) == (j % period in left) for j in range(half)):
            any_of = " or ".join(f"j mod {period} = {n}" for n in left)
            held = f"{bounds} and ({any_of})"
            every = Every(period, tuple(left))
            return every, relation(f"{head(size)}{{ [] -> [j] : {held} }}")
    return None
