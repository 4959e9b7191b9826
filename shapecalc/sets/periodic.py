"""Sets of whole numbers as isl holds them, taken apart into remainders and ranges.

Such a set is periodic from some number on: divisions by fixed numbers are all that it can speak
of besides bounds. The period is a common multiple of the divisors, and what is said of it is
decided by isl.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import islpy as isl

_SET, _DIV = isl.dim_type.set, isl.dim_type.div
_LONGEST = 20_000  # the longest period, and the longest list of numbers, that is looked at
_WINDOW = 4_096  # how many numbers are looked through at once, to begin with


@dataclass(frozen=True, slots=True)
class Run:
    """All numbers from `first` to `last`, that one included; without end where it is None."""

    first: int
    last: int | None

    def __len__(self) -> int:
        assert self.last is not None
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Pattern:
    """The numbers within `runs` whose remainder modulo `modulus` is one of `remainders`.

    `extra` are numbers besides, whatever their remainder. With the modulus 1 the runs are all
    there is.
    """

    modulus: int
    remainders: tuple[int, ...]
    runs: tuple[Run, ...]
    extra: tuple[Run, ...] = ()

    @property
    def hull(self) -> Run:
        """From the first number within the runs to the last one."""
        return Run(self.runs[0].first, self.runs[-1].last)

    def members(self, first: int, last: int) -> Iterator[int]:
        """Yield the numbers of the pattern from `first` to `last`, in the runs or not."""
        base = first - first % self.modulus
        for start in range(base, last + 1, self.modulus):
            for remainder in self.remainders:
                if first <= start + remainder <= last:
                    yield start + remainder

    def after(self, number: int) -> int:
        """Return the least number of the pattern that is not below `number`."""
        return next(self.members(number, number + self.modulus))

    def few(self, run: Run, most: int) -> list[int] | None:
        """Return what is in a run, or None where that is more than `most`."""
        if run.last is None:
            return None
        found = list(itertools.islice(self.members(run.first, run.last), most + 1))
        return found if len(found) <= most else None

    def missing(self, most: int) -> list[int] | None:
        """Return what the pattern has between the runs, or None where that is more than `most`."""
        found: list[int] = []
        for run, following in itertools.pairwise(self.runs):
            assert run.last is not None
            found += itertools.islice(self.members(run.last + 1, following.first - 1), most + 1)
            if len(found) > most:
                return None
        return found


def patterns(points: isl.Set) -> Iterator[Pattern]:
    """Yield ways to take a set with a least number apart; none where it is beyond words."""
    low, high = points.dim_min_val(0), points.dim_max_val(0)
    period = _period(points)
    if not low.is_int():
        return
    first = low.to_python()
    if period > _LONGEST:
        yield from _regular(points, first)
        return
    if not high.is_int():
        yield from _endless(points, first, period)
        return
    last = high.to_python()
    if last - first >= 2 * period > 2:  # long, and perhaps all of one pattern
        window = _runs(_between(points, first, first + period))
        modulus, remainders = _shortest(period, {n % period for n in _numbers(window or ())})
        whole = Pattern(modulus, remainders, (Run(first, last),))
        if pattern_set(whole).is_equal(points):
            yield whole
            if last - first >= 8 * period:
                return
    runs = _runs(points)
    if runs is not None:
        yield Pattern(1, (0,), tuple(runs))
        if period > 1 and sum(map(len, runs)) <= _LONGEST:
            numbers = _numbers(runs)
            modulus, remainders = _shortest(period, {n % period for n in numbers})
            if modulus > 1:
                yield _within(modulus, remainders, numbers, last + 1, endless=False)


def pattern_set(pattern: Pattern) -> isl.Set:
    """Return a pattern as a set."""
    m = pattern.modulus
    remainders = [f"n mod {m} = {r}" for r in pattern.remainders]
    runs = [in_run("n", run) for run in pattern.runs]
    extra = "".join(f" or {in_run('n', run)}" for run in pattern.extra)
    return parsed(f"(({' or '.join(remainders)}) and ({' or '.join(runs)})){extra}")


def in_run(name: str, run: Run) -> str:
    """Return what isl calls being within a run."""
    return f"{name} >= {run.first}" + ("" if run.last is None else f" and {name} <= {run.last}")


@lru_cache(1 << 12)
def parsed(text: str) -> isl.Set:
    """Return the numbers n of which a text in isl's language is true."""
    return isl.Set(f"{{ [n] : {text} }}")


def runs_of(numbers: Iterable[int]) -> list[Run]:
    """Return numbers, in order, as runs."""
    found: list[Run] = []
    for number in numbers:
        if found and found[-1].last == number - 1:
            found[-1] = Run(found[-1].first, number)
        else:
            found.append(Run(number, number))
    return found


def _regular(points: isl.Set, first: int) -> Iterator[Pattern]:
    """Yield the pattern of a set whose numbers are at one distance from each other."""
    rest = points.intersect(parsed(f"n > {first}"))
    high = points.dim_max_val(0)
    if not rest.is_empty():
        step = rest.dim_min_val(0).to_python() - first
        run = Run(first, high.to_python() if high.is_int() else None)
        pattern = Pattern(step, (first % step,), (run,))
        if pattern_set(pattern).is_equal(points):
            yield pattern


def halves(points: isl.Set) -> list[isl.Set]:
    """Return a set without end below and from the number on from which it is periodic."""
    low, high, period = points.dim_min_val(0), points.dim_max_val(0), _period(points)
    if not low.is_int() or high.is_int() or period > _LONGEST:
        return []
    start = _start(points, low.to_python(), period)
    return [points.intersect(parsed(f"n {sign} {start}")) for sign in ("<", ">=")]


def _start(points: isl.Set, first: int, period: int) -> int:
    shifted = points.apply(isl.Map(f"{{ [n] -> [n - {period}] }}"))
    changes = points.subtract(shifted).union(shifted.subtract(points))
    changes = changes.intersect(parsed(f"n >= {first}"))
    return first if changes.is_empty() else int(changes.dim_max_val(0).to_python()) + 1


def _endless(points: isl.Set, first: int, period: int) -> Iterator[Pattern]:
    start = _start(points, first, period)
    tail = _runs(_between(points, start, start + period))
    head = _runs(_between(points, first, start))
    if tail is None or head is None:
        return
    modulus, remainders = _shortest(period, {n % period for n in _numbers(tail)})
    if modulus == 1:
        end = Run(start, None)
        yield Pattern(1, (0,), (*head, end))
        if period > 1 and 0 < sum(map(len, head)) <= _LONGEST:
            modulus, remainders = _shortest(period, {n % period for n in _numbers(head)})
            if modulus > 1:
                yield Pattern(modulus, remainders, (Run(first, None),), (end,))
    elif sum(map(len, head)) <= _LONGEST and (start - first) // modulus <= _LONGEST:
        yield _within(modulus, remainders, _numbers(head), start, endless=True)


def _within(
    modulus: int, remainders: tuple[int, ...], numbers: Sequence[int], stop: int, *, endless: bool
) -> Pattern:
    """Return a pattern that holds `numbers`, all below `stop`, and from there on all or nothing."""
    plain = Pattern(modulus, remainders, ())
    held = set(numbers)
    runs: list[Run] = []
    going = False
    for number in plain.members(min(numbers, default=stop), stop - 1):
        if number in held:
            first = runs.pop().first if going else number
            runs.append(Run(first, number))
        going = number in held
    if endless:
        first = runs.pop().first if going else plain.after(stop)
        runs.append(Run(first, None))
    residues = set(remainders)
    extra = runs_of(number for number in numbers if number % modulus not in residues)
    return Pattern(modulus, remainders, tuple(runs), tuple(extra))


def _period(points: isl.Set) -> int:
    """Return a number of which the period of a set, far from 0, is a divisor.

    floor((a*n + b*f(n) + c)/d) grows by a whole number when n grows by d times the period of f.
    """
    period = 1
    for piece in points.compute_divs().get_basic_sets():
        periods: list[int] = []
        for k in range(piece.dim(_DIV)):
            division = piece.get_div(k)
            inner = (p for j, p in enumerate(periods) if not _factor(division, j).is_zero())
            periods.append(division.get_denominator_val().to_python() * math.lcm(*inner))
        period = math.lcm(period, *periods)
    return period


def _factor(division: isl.Aff, k: int) -> isl.Val:
    return division.get_coefficient_val(_DIV, k)


def _shortest(period: int, remainders: set[int]) -> tuple[int, tuple[int, ...]]:
    """Return the least modulus, a divisor of `period`, that says the same of remainders."""
    for modulus in divisors(period):
        short = {remainder % modulus for remainder in remainders}
        if len(short) * (period // modulus) == len(remainders):
            return modulus, tuple(sorted(short))
    return period, tuple(sorted(remainders))


@lru_cache(1 << 10)
def divisors(number: int) -> tuple[int, ...]:
    """Return all divisors of a number, in order."""
    small = [d for d in range(1, math.isqrt(number) + 1) if number % d == 0]
    return tuple(dict.fromkeys((*small, *(number // d for d in reversed(small)))))


def _between(points: isl.Set, first: int, stop: int) -> isl.Set:
    return points.intersect(parsed(f"{first} <= n and n < {stop}"))


def _runs(points: isl.Set) -> list[Run] | None:
    """Return a bounded set as runs, or None where they are too many."""
    if points.is_empty():
        return []
    back, on = (isl.Map(f"{{ [n] -> [n {sign} 1] }}") for sign in "-+")
    firsts = _listed(points.subtract(points.apply(on)))
    lasts = _listed(points.subtract(points.apply(back)))
    if firsts is None or lasts is None:
        return None
    return [Run(one, other) for one, other in zip(firsts, lasts, strict=True)]


def _listed(points: isl.Set) -> list[int] | None:
    """Return the numbers of a bounded set in order, or None where they are too many."""
    found: list[int] = []
    first, last = points.dim_min_val(0).to_python(), points.dim_max_val(0).to_python()
    width = _WINDOW
    while first <= last:
        before = len(found)
        _between(points, first, first + width).foreach_point(
            lambda point: found.append(point.get_coordinate_val(_SET, 0).to_python())
        )
        if len(found) > _LONGEST:
            return None
        first += width
        if len(found) - before < _WINDOW // 16:
            width *= 2
    return sorted(found)


def _numbers(runs: Iterable[Run]) -> list[int]:
    return [n for run in runs for n in range(run.first, run.first + len(run))]
