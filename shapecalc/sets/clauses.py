"""A set of one size as people say it: `a multiple of 16, at least 64`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import islpy as isl

from shapecalc.sets.facts import (
    Fact,
    both,
    either,
    listed,
    none_of,
    one_of,
    remainder_facts,
    within,
)
from shapecalc.sets.periodic import Pattern, Run, halves, parsed, patterns
from shapecalc.sets.size_set import SizeSet

_TOO_LONG = 40  # the weight beyond which a set is not said in words
_LONG = 6  # the weight from which on a shorter way is looked for
_FEW = 4  # numbers that are left out of a pattern one by one
_FIRST = 6  # numbers that stand for a set that is not said in words


@dataclass(frozen=True, slots=True)
class Clause:
    """One of the things that are true together of the sizes of a set, and of no others.

    `sizes` are all numbers of which `text` is true, those below 1 included; `words` take for
    granted that a size is at least 1.
    """

    text: str
    words: str
    sizes: SizeSet


def clauses(sizes: SizeSet) -> tuple[Clause, ...]:
    """Return the clauses that a set over one symbol, without open conditions, consists of.

    >>> [clause.text for clause in clauses(SizeSet.every(["H"], {"H": 75}))]
    ['H >= 75']
    """
    return said(sizes)[0]


def words(sizes: SizeSet) -> str:
    """Return a set over one symbol in words.

    >>> words(SizeSet.every(["H"])), words(SizeSet.every(["H"], {"H": 75}))
    ('any', 'at least 75')
    """
    return said(sizes)[1]


def formal(sizes: SizeSet) -> str:
    """Return a set over one symbol as a formula: `H mod 16 = 0 and H >= 16`."""
    return joined(clauses(sizes))


def joined(all_of: Sequence[Clause]) -> str:
    """Return the texts of clauses as one, those that say `or` in parentheses."""
    alone = len(all_of) == 1
    texts = (c.text if alone or " or " not in c.text else f"({c.text})" for c in all_of)
    return " and ".join(texts)


def said(sizes: SizeSet) -> tuple[tuple[Clause, ...], str]:
    """Return the clauses of a set over one symbol, and all of them in words.

    Of several ways to say it the shortest is taken that is equal to the set, as isl proves.
    """
    (name,) = sizes.names
    assert not sizes.open
    if sizes.points.is_empty():
        return (Clause(f"no {name} at all", "none", sizes),), "none"
    found = _shortest(name, sizes.points)
    if found is None or _weight(found) > _LONG:
        found = min(
            filter(None, (found, _in_halves(name, sizes.points))), key=_weight, default=None
        )
    if found is None:
        return _as_isl_has_it(name, sizes)
    facts, text = found
    return tuple(_clause(name, fact) for fact in facts), text


_Said = tuple[list[Fact], str]


def _shortest(name: str, points: isl.Set) -> _Said | None:
    """Return the shortest way to say a set, which is equal to it."""
    sayings = [saying for pattern in patterns(points) for saying in _sayings(name, pattern)]
    for saying in sorted(sayings, key=_weight):
        if _weight(saying) <= _TOO_LONG and _together(saying[0]).is_equal(points):
            return saying
    return None


def _in_halves(name: str, points: isl.Set) -> _Said | None:
    """Return how to say a set that has one pattern up to a number and another one from there."""
    said_of = [_shortest(name, half) for half in halves(points) if not half.is_empty()]
    sayings = [saying for saying in said_of if saying is not None]
    if len(sayings) < 2:
        return None
    fact = either([both(facts, text) for facts, text in sayings])
    text = "; or ".join(text.removesuffix(" only") for _, text in sayings)
    return ([replace(fact, options=(text,))], text) if _together([fact]).is_equal(points) else None


def _weight(saying: _Said) -> float:
    return sum(fact.weight for fact in saying[0])


def _clause(name: str, fact: Fact) -> Clause:
    points = parsed(fact.condition).set_dim_name(isl.dim_type.set, 0, name)
    return Clause(fact.text, fact.words, SizeSet([name], points, ()))


def _together(facts: Sequence[Fact]) -> isl.Set:
    points = parsed(facts[0].condition)
    for fact in facts[1:]:
        points = points.intersect(parsed(fact.condition))
    return points


def _as_isl_has_it(name: str, sizes: SizeSet) -> tuple[tuple[Clause, ...], str]:
    """Return one clause for a set that is beyond words: its first numbers, and isl's own text."""
    rest, first = sizes.points, list[str]()
    while len(first) < _FIRST and not rest.is_empty() and rest.dim_min_val(0).is_int():
        low = rest.dim_min_val(0)
        first.append(str(low))
        rest = rest.intersect(parsed(f"n > {low}"))
    start = ", ".join([*first, "..."])
    text = f"{name} in {{{start}}}, all of {sizes.points}"
    return (Clause(text, start, sizes),), start


# ---------------------------------------------------------------------------- ways to say it


def _sayings(name: str, pattern: Pattern) -> Iterator[_Said]:
    """Yield ways to say a pattern: its facts, and all of them in words."""
    remainders = list(remainder_facts(name, pattern.modulus, pattern.remainders))
    kind = " and ".join(fact.words for fact in remainders)
    if pattern.extra and pattern.extra[-1].last is None:
        yield _up_to_an_end(name, pattern, remainders, kind)
    elif pattern.extra:
        fact = _apart(list(_mixed(name, pattern, remainders, kind)))
        yield [fact], fact.words
    elif len(pattern.runs) == 1:
        yield _of_one_run(name, pattern, remainders, kind)
    else:
        yield from _of_runs(name, pattern, remainders, kind)


def _of_one_run(name: str, pattern: Pattern, remainders: list[Fact], kind: str) -> _Said:
    """Return how to say numbers within bounds: `a multiple of 16, at least 64`."""
    (run,) = pattern.runs
    bound = within(name, run)
    if run.first == run.last:
        return [replace(bound, options=(f"{run.first} only",))], f"{run.first} only"
    if run.last == run.first + 1:
        fact = one_of(name, [run.first, run.last])
        return [fact], fact.words
    text = _in_words(kind, pattern)
    lone = text if not kind else "0 included" if text.endswith("0 included") else bound.words
    return [*remainders, replace(bound, options=(lone,))], text


def _of_runs(name: str, pattern: Pattern, remainders: list[Fact], kind: str) -> Iterator[_Said]:
    """Yield `5 to 7, or at least 9`, and `at least 5, but not 8`."""
    fact = either(list(_loose(name, pattern)))
    yield [*remainders, fact], f"{kind}: {fact.words}" if kind else fact.words
    without = pattern.missing(_FEW)
    if without:
        text = _in_words(kind, pattern, but=listed(list(map(str, without)), "or"))
        yield [*remainders, within(name, pattern.hull), none_of(name, without)], text


def _up_to_an_end(name: str, pattern: Pattern, remainders: list[Fact], kind: str) -> _Said:
    """Return how to say a pattern beyond which everything is in: `even, or at least 512`."""
    bound, end = within(name, pattern.hull), within(name, pattern.extra[-1])
    if _goes_without_saying(pattern):
        fact = _apart([both(remainders, kind), end])
        return [fact, bound], _in_words(fact.words, pattern)
    fact = _apart([both([*remainders, bound], f"{kind} from {pattern.hull.first} on"), end])
    return [fact], fact.words


def _in_words(kind: str, pattern: Pattern, *, but: str = "") -> str:
    """Return a kind of numbers within bounds, without the bound that goes without saying."""
    hull = pattern.hull
    bound = within("", hull).words
    if hull.last is None and _goes_without_saying(pattern):
        bound = ""
    elif hull.last is not None and hull.first == pattern.after(1):
        bound = f"at most {hull.last}"
    start = ", ".join(filter(None, (kind, bound))) or "any"
    if but:
        start = f"any but {but}" if start == "any" else f"{start}, but not {but}"
    return f"{start}, 0 included" if hull.first == 0 and hull.last is None else start


def _goes_without_saying(pattern: Pattern) -> bool:
    """Tell whether the runs begin where all sizes of the pattern do, with 0 or above."""
    return pattern.hull.first in (0, pattern.after(1))


def _apart(facts: Sequence[Fact]) -> Fact:
    """Return alternatives that are told apart: `5 to 7; or 1 more than a multiple of 4`."""
    fact = either(facts)
    if " more than " not in fact.words:
        return fact
    return replace(fact, options=("; or ".join(one.words for one in facts),))


def _loose(name: str, pattern: Pattern) -> Iterator[Fact]:
    """Yield the runs of a pattern, short ones as the numbers in them."""
    numbers: list[int] = []
    for run in pattern.runs:
        members = pattern.few(run, 2)
        if members is not None:
            numbers += members
            continue
        if numbers:
            yield one_of(name, numbers)
        numbers = []
        yield within(name, run)
    if numbers:
        yield one_of(name, numbers)


def _mixed(name: str, pattern: Pattern, remainders: list[Fact], kind: str) -> Iterator[Fact]:
    """Yield the runs of a pattern and what is besides, each by itself."""
    short, long = list(pattern.extra), list[Run]()
    for run in pattern.runs:
        members = pattern.few(run, 3)
        if members is None:
            long.append(run)
        else:
            short += [Run(number, number) for number in members]
    yield from _loose(name, Pattern(1, (0,), tuple(sorted(short, key=lambda run: run.first))))
    for run in long:
        if run.last is not None:
            words = f"{kind} from {run.first} to {run.last}"
        else:
            words = kind if run.first == pattern.after(1) else f"{kind} from {run.first} on"
        yield both([*remainders, within(name, run)], words)
