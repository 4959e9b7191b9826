"""What is said of one size: bounds, numbers, and remainders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shapecalc.sets.periodic import Run, divisors, runs_of

_MANY = 1_024  # the largest modulus whose divisors are tried one with another


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is true of some numbers, and false of all others.

    `options` are the alternatives of which it consists, in words; `condition` is what isl calls
    it for a number n. `weight` says how much there is to take in.
    """

    text: str
    options: tuple[str, ...]
    condition: str
    weight: float

    @property
    def words(self) -> str:
        """The fact in words."""
        return listed(self.options, "or")


def listed(options: Sequence[str], link: str) -> str:
    """Return `1, 4 or 9`, with a comma before the last one where the options are no single words.

    >>> listed(["5 to 7", "at least 12"], "or")
    '5 to 7, or at least 12'
    """
    if len(options) == 1:
        return options[0]
    comma = "," if any(" " in option for option in options) else ""
    return f"{', '.join(options[:-1])}{comma} {link} {options[-1]}"


# ---------------------------------------------------------------------------- bounds and numbers


def one_of(name: str, numbers: Sequence[int]) -> Fact:
    """Return that a size is one of some numbers."""
    braces = ", ".join(map(str, numbers))
    text = f"{name} = {braces}" if len(numbers) == 1 else f"{name} in {{{braces}}}"
    condition = " or ".join(f"n = {number}" for number in numbers)
    return Fact(text, tuple(map(str, numbers)), f"({condition})", len(numbers))


def none_of(name: str, numbers: Sequence[int]) -> Fact:
    """Return that a size is none of some numbers."""
    braces = ", ".join(map(str, numbers))
    text = f"{name} != {braces}" if len(numbers) == 1 else f"{name} not in {{{braces}}}"
    condition = " and ".join(f"n != {number}" for number in numbers)
    options = (f"not {listed(list(map(str, numbers)), 'or')}",)
    return Fact(text, options, f"({condition})", 0.5 + 1.25 * len(numbers))


def within(name: str, run: Run) -> Fact:
    """Return that a size is within a run."""
    if run.last is None:
        condition = f"n >= {run.first}"
        return Fact(f"{name} >= {run.first}", (f"at least {run.first}",), condition, 1.5)
    if run.last == run.first:
        return one_of(name, [run.first])
    text = f"{run.first} <= {name} <= {run.last}"
    condition = f"(n >= {run.first} and n <= {run.last})"
    return Fact(text, (f"{run.first} to {run.last}",), condition, 2)


def either(facts: Sequence[Fact]) -> Fact:
    """Return that at least one of some facts is true."""
    texts = (f"({f.text})" if " and " in f.text and len(facts) > 1 else f.text for f in facts)
    return Fact(
        " or ".join(texts),
        tuple(option for fact in facts for option in fact.options),
        f"({' or '.join(fact.condition for fact in facts)})",
        sum(fact.weight for fact in facts),
    )


def both(facts: Sequence[Fact], words: str) -> Fact:
    """Return that all of some facts are true, which is called `words`."""
    texts = (f"({f.text})" if " or " in f.text else f.text for f in facts)
    return Fact(
        " and ".join(texts),
        (words,),
        f"({' and '.join(fact.condition for fact in facts)})",
        sum(fact.weight for fact in facts),
    )


# ---------------------------------------------------------------------------- remainders


def remainder_facts(name: str, modulus: int, remainders: Sequence[int]) -> tuple[Fact, ...]:
    """Return what is said of a size whose remainder is one of some, nothing for the modulus 1.

    Two facts may stand for one where that is shorter: a multiple of 7, and 0 to 7 more than a
    multiple of 32.
    """
    if modulus == 1:
        return ()
    ways: list[tuple[Fact, ...]] = [(remainder_fact(name, modulus, remainders),)]
    if ways[0][0].weight > 2.5 and modulus <= _MANY:
        ways += _split(name, modulus, set(remainders))
        ways.append((_united(name, modulus, set(remainders)),))
    return min(ways, key=lambda way: sum(fact.weight for fact in way))


def remainder_fact(name: str, modulus: int, remainders: Sequence[int]) -> Fact:
    """Return that the remainder of a size is one of some, in order."""
    if len(remainders) == 1:
        return _one_of(name, modulus, remainders)
    others = sorted(set(range(modulus)) - set(remainders))
    said, denied = _one_of(name, modulus, remainders), _none_of(name, modulus, others)
    return min(said, denied, key=lambda fact: fact.weight)


def _one_of(name: str, modulus: int, remainders: Sequence[int]) -> Fact:
    left = f"{name} mod {modulus}"
    runs = list(_long_runs(remainders))
    first, last = runs[0].first, runs[-1].last
    assert last is not None
    if len(remainders) == 1:
        text = f"{left} = {first}"
    elif len(runs) == 1 and first == 0:
        text = f"{left} < {last + 1}"
    elif len(runs) == 1 and last == modulus - 1:
        text = f"{left} >= {first}"
    elif len(runs) == 1:
        text = f"{left} in {first}..{last}"
    else:
        text = f"{left} in {{{_braces(runs)}}}"
    words = _more_than(modulus, runs)
    if modulus == 2:
        words = "odd" if first else "even"
    condition = " or ".join(_in_run(modulus, run) for run in runs)
    return Fact(text, (words,), f"({condition})", 1 + _length(runs))


def _none_of(name: str, modulus: int, remainders: Sequence[int]) -> Fact:
    left = f"{name} mod {modulus}"
    runs = list(_long_runs(remainders))
    one = len(remainders) == 1
    text = f"{left} != {remainders[0]}" if one else f"{left} not in {{{_braces(runs)}}}"
    condition = " and ".join(f"not ({_in_run(modulus, run)})" for run in runs)
    words = f"not {_more_than(modulus, runs)}"
    return Fact(text, (words,), f"({condition})", 1.25 + _length(runs))


def _long_runs(numbers: Iterable[int]) -> Iterator[Run]:
    """Yield numbers as runs, two neighbours apart: `1, 2` is no longer than `1..2`."""
    for run in runs_of(numbers):
        if len(run) == 2:
            yield from (Run(run.first, run.first), Run(run.first + 1, run.first + 1))
        else:
            yield run


def _length(runs: Sequence[Run]) -> float:
    return sum(1.0 if len(run) == 1 else 1.5 for run in runs)


def _braces(runs: Sequence[Run]) -> str:
    return ", ".join(str(r.first) if len(r) == 1 else f"{r.first}..{r.last}" for r in runs)


def _more_than(modulus: int, runs: Sequence[Run]) -> str:
    options = [str(r.first) if len(r) == 1 else f"{r.first} to {r.last}" for r in runs]
    above = "" if options == ["0"] else f"{listed(options, 'or')} more than "
    return f"{above}a multiple of {modulus}"


def _in_run(modulus: int, run: Run) -> str:
    return f"n mod {modulus} >= {run.first} and n mod {modulus} <= {run.last}"


def _split(name: str, modulus: int, remainders: set[int]) -> Iterator[tuple[Fact, ...]]:
    """Yield pairs of facts, one for a smaller modulus, that together say the remainders."""
    projected = {
        d: short
        for d in divisors(modulus)[1:]
        if len(short := {remainder % d for remainder in remainders}) < d
    }
    seconds = [*projected.items()]
    seconds.append((modulus, set(range(min(remainders), max(remainders) + 1))))
    for first, short in projected.items():
        lifted = {n for n in range(modulus) if n % first in short}
        one = remainder_fact(name, first, sorted(short))
        kept = set(range(modulus)) - (lifted - remainders)
        for second, others in (*seconds, (modulus, kept)):
            if first == modulus or second == first or len(others) in (0, second):
                continue
            if {n for n in lifted if n % second in others} == remainders:
                yield one, remainder_fact(name, second, sorted(others))


def _united(name: str, modulus: int, remainders: set[int]) -> Fact:
    """Return the alternatives, each for as small a modulus as can be, that say the remainders."""
    facts: list[Fact] = []
    covered: set[int] = set()
    for d in divisors(modulus)[1:]:
        found: list[int] = []
        for remainder in range(d):
            lifted = set(range(remainder, modulus, d))
            if lifted <= remainders and not lifted <= covered:
                found.append(remainder)
        covered |= {n for n in remainders if n % d in set(found)}
        if found:
            facts.append(remainder_fact(name, d, found))
    return replace(either(facts), options=(" or ".join(fact.words for fact in facts),))
