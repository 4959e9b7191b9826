"""A set of several sizes as people say it: group by group of symbols that hang together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapecalc.conditions import Condition
from shapecalc.sets.clauses import Clause, joined, said
from shapecalc.sets.joint import joint
from shapecalc.sets.size_set import SizeSet

_SPLITTABLE = 6  # symbols, of which every division in two is tried


@dataclass(frozen=True, slots=True)
class Part:
    """What a set says of some symbols, whatever the others are."""

    names: tuple[str, ...]
    clauses: tuple[Clause, ...]
    text: str
    words: str

    @property
    def is_any(self) -> bool:
        """Whether nothing is said: every size there is will do."""
        return self.words in ("any", "any, 0 included")


def parts(sizes: SizeSet) -> tuple[Part, ...]:
    """Return a set as parts that are independent of each other, in the order of the symbols.

    A size meets the set where it meets every clause of every part.

    >>> from shapecalc import dims
    >>> every = SizeSet.every(["N", "H", "W"])
    >>> same = Condition(dims.symbol("H"), "==", dims.symbol("W"))
    >>> [part.text for part in parts(every.where(same))]
    ['N >= 1', 'H = W and H >= 1']
    """
    if not sizes.names:
        return ()
    if sizes.is_empty():
        none = Clause(f"no {', '.join(sizes.names)} at all", "none", sizes)
        return (Part(sizes.names, (none,), none.text, none.words),)
    if sizes.is_many:
        named = ", ".join(sizes.names)
        many = Clause(f"{named} in one of very many sets", f"{named} in very many ways", sizes)
        return (Part(sizes.names, (many,), many.text, many.words),)
    known = SizeSet(sizes.names, sizes.points, ())
    groups = list(_independent(known))
    return tuple(_part(known, names, inner, sizes.open) for names, inner in _linked(sizes, groups))


def _part(
    known: SizeSet,
    names: tuple[str, ...],
    groups: Sequence[SizeSet],
    open_: Sequence[Condition],
) -> Part:
    """Return what is said of some symbols: of independent groups, and what links those."""
    clauses, words = list[Clause](), list[str]()
    for group in groups:
        found, text = said(group) if len(group.names) == 1 else joint(group)
        clauses += found
        if len(names) == 1 or len(group.names) > 1:
            words.append(text)
        elif text != "any":
            words.append(f"{group.names[0]} {text}")
    for condition in open_:
        symbols = {str(symbol) for symbol in condition.symbols}
        if symbols <= set(names):
            every = known.onto(names).anything().points
            clause = Clause(str(condition), str(condition), SizeSet(names, every, (condition,)))
            clauses.insert(0, clause)
            words.insert(0, clause.words)
    return Part(names, tuple(clauses), joined(clauses), ", ".join(words))


def _independent(sizes: SizeSet) -> Iterator[SizeSet]:
    """Yield the smallest groups of symbols whose values do not depend on each other."""
    names = sizes.names
    alone = {name: sizes.onto([name]) for name in names}
    if _is_product(sizes, list(alone.values())):
        yield from alone.values()
        return
    rest = sizes
    for name in names:
        others = rest.onto([other for other in rest.names if other != name])
        if len(rest.names) > 2 and _is_product(rest, [alone[name], others]):
            yield alone[name]
            rest = others
    yield from _halves(rest)


def _halves(sizes: SizeSet) -> Iterator[SizeSet]:
    """Yield groups of at least two symbols each, as small as they can be."""
    names = sizes.names
    if 4 <= len(names) <= _SPLITTABLE:
        for count in range(2, len(names) // 2 + 1):
            for chosen in itertools.combinations(names, count):
                others = [name for name in names if name not in chosen]
                halves = [sizes.onto(chosen), sizes.onto(others)]
                if _is_product(sizes, halves):
                    yield from halves[:1] if count < 4 else _halves(halves[0])
                    yield from _halves(halves[1])
                    return
    yield sizes


def _is_product(sizes: SizeSet, factors: Sequence[SizeSet]) -> bool:
    """Tell whether a set, which is within the product of its projections, is all of that."""
    product = sizes.anything()
    for factor in factors:
        product = product.also(factor)
    return sizes.includes(product)


def _linked(
    sizes: SizeSet, groups: Sequence[SizeSet]
) -> Iterator[tuple[tuple[str, ...], list[SizeSet]]]:
    """Yield symbols that isl or an open condition links, each with the groups of isl in them."""
    bundles = [[group] for group in groups]
    for condition in sizes.open:
        symbols = {str(symbol) for symbol in condition.symbols}
        touched = [b for b in bundles if any(symbols & set(group.names) for group in b)]
        if len(touched) > 1:
            bundles = [b for b in bundles if b not in touched]
            bundles.append([group for bundle in touched for group in bundle])
    named = [({name for group in bundle for name in group.names}, bundle) for bundle in bundles]
    for names, bundle in sorted(named, key=lambda one: min(map(sizes.names.index, one[0]))):
        yield tuple(name for name in sizes.names if name in names), bundle
