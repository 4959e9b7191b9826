"""Sizes that meet several conditions at once, as people say it: `H = W, both even`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import islpy as isl

from shapecalc.conditions import Condition
from shapecalc.sets.clauses import Clause, said
from shapecalc.sets.comparisons import conditions_of, equal_floors, in_words, written
from shapecalc.sets.facts import listed
from shapecalc.sets.size_set import SizeSet
from shapecalc.sets.text import isl_condition


@dataclass(frozen=True, slots=True)
class Saying:
    """Clauses that hold together, each over the same symbols, and what they come to in words."""

    clauses: tuple[Clause, ...]
    phrases: tuple[str, ...]

    def words(self, link: str = ", ") -> str:
        """Return all in words; what holds for every size is not said."""
        return link.join(self.phrases) or "any"


@dataclass(frozen=True, slots=True)
class Candidates:
    """What could be said of sizes: how they are related, and what each one can be alone."""

    relations: tuple[Clause, ...]
    alone: Mapping[str, Saying]

    @property
    def clauses(self) -> list[Clause]:
        """All that is said."""
        return [*self.relations, *(c for saying in self.alone.values() for c in saying.clauses)]


def conjunction(piece: SizeSet, context: SizeSet, sizes: SizeSet) -> Saying | None:
    """Return what holds for a piece without `or`, and in the context only for sizes of the set.

    The piece is in the set: what the set holds besides need not be excluded.
    """
    relations = relations_of(piece)
    alone = {name: of_symbol(piece, name) for name in piece.names}
    ties = [clause for clause in relations if " = " in clause.text]
    bounds = [clause for clause in relations if " = " not in clause.text]
    of_one = [clause for saying in alone.values() for clause in saying.clauses]
    needed = needed_of([*ties, *of_one, *bounds], sizes, context)
    return None if needed is None else saying_of(piece, Candidates(tuple(relations), alone), needed)


def saying_of(sizes: SizeSet, candidates: Candidates, needed: Sequence[Clause]) -> Saying:
    """Return the clauses that are needed, relations first, and all of them in words."""
    linked = [clause for clause in candidates.relations if clause in needed]
    words = [clause.words for clause in linked]
    phrases: dict[str, str] = {}
    for name, saying in candidates.alone.items():
        kept = [clause for clause in saying.clauses if clause in needed]
        whole = len(kept) == len(saying.clauses)
        text = saying.words() if whole else ", ".join(clause.words for clause in kept)
        if text and text != "any":
            phrases[name] = text
    if len(phrases) == 1 and diagonal(sizes.names).includes(sizes):
        words.append(f"{_all_of(sizes.names)} {next(iter(phrases.values()))}")
    elif phrases:
        words.append(_phrase(phrases, sizes.names))
    others = [clause for clause in needed if clause not in linked]
    order = [clause for clause in candidates.clauses if clause in others]
    return Saying((*linked, *order), tuple(words))


def relations_of(piece: SizeSet) -> list[Clause]:
    """Return the conditions on several symbols at once that a piece consists of.

    A box, where alone a symbol can have alternatives, has none.
    """
    basic, *more = piece.points.get_basic_sets()
    if more:
        return []
    found = [_relation(condition, piece.names) for condition in conditions_of(basic)]
    floors = [_relation(condition, piece.names) for condition in equal_floors(basic)]
    return [*(clause for clause in floors if clause.sizes.includes(piece)), *found]


def _relation(condition: Condition, names: tuple[str, ...]) -> Clause:
    points = isl.Set(f"{{ [{', '.join(names)}] : {isl_condition(condition, {})} }}")
    text = written(condition, names)
    return Clause(text, in_words(text), SizeSet(names, points, ()))


def of_symbol(sizes: SizeSet, name: str) -> Saying:
    """Return all that one symbol can be, as clauses over all symbols."""
    clauses, words = said(sizes.onto([name]))
    return Saying(tuple(_spread(clause, sizes) for clause in clauses), (words,))


def _spread(clause: Clause, sizes: SizeSet) -> Clause:
    return Clause(clause.text, clause.words, sizes.anything().also(clause.sizes))


def needed_of(clauses: Sequence[Clause], sizes: SizeSet, context: SizeSet) -> list[Clause] | None:
    """Return as few clauses as make the context the sizes, None where all are not enough."""
    found: list[Clause] = []
    rest = context
    for clause in clauses:
        if not clause.sizes.includes(rest):
            found.append(clause)
            rest = together(rest, [clause])
    if not sizes.includes(rest):
        return None
    for clause in found[::-1]:
        others = [other for other in found if other is not clause]
        if sizes.includes(together(context, others)):
            found = others
    return found


def diagonal(names: Sequence[str]) -> SizeSet:
    """Return all sizes that are equal to each other."""
    same = " and ".join(f"{one} = {other}" for one, other in itertools.pairwise(names))
    return SizeSet(names, isl.Set(f"{{ [{', '.join(names)}] : {same} }}"), ())


def _all_of(names: Sequence[str]) -> str:
    return "both" if len(names) == 2 else "all"


def _phrase(phrases: Mapping[str, str], names: Sequence[str]) -> str:
    """Return `H 28 to 31 and W 12 to 15`, or `H and W both 28 to 31`."""
    numbers = {name: text.removesuffix(" only") for name, text in phrases.items()}
    if len(phrases) == len(names) and len(set(phrases.values())) == 1:
        return f"{listed(list(names), 'and')} {_all_of(names)} {numbers[names[0]]}"
    each = [
        f"{name} {'' if numbers[name] == text else '= '}{numbers[name]}"
        for name, text in phrases.items()
    ]
    return " and ".join(each)


def together(context: SizeSet, clauses: Iterable[Clause]) -> SizeSet:
    """Return the sizes of a context that meet all clauses."""
    points = context.points
    for clause in clauses:
        points = points.intersect(clause.sizes.points)
    return SizeSet(context.names, points, ())
