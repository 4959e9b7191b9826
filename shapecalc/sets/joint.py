"""A set of sizes that hang together as people say it: `H = W, both a multiple of 16`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import islpy as isl

from shapecalc.sets.clauses import Clause, joined
from shapecalc.sets.conjunction import (
    Candidates,
    Saying,
    conjunction,
    diagonal,
    needed_of,
    of_symbol,
    relations_of,
    saying_of,
    together,
)
from shapecalc.sets.size_set import SizeSet

_SHOWN = 8  # alternatives that are written out


def joint(sizes: SizeSet) -> tuple[tuple[Clause, ...], str]:
    """Return the clauses of a set over several symbols that hang together, and all in words.

    Each clause speaks of all of the symbols; together they are the set, as isl proves.
    """
    pieces = _outside_a_box(sizes) or _pieces(sizes)
    if len(pieces) == 1:
        saying = conjunction(pieces[0], sizes.anything(), pieces[0])
    else:
        saying = _disjunction(sizes, pieces)
    if saying is not None:
        told = together(sizes.anything(), saying.clauses)
        if told.points.is_equal(sizes.points):
            return saying.clauses, saying.words("; " if " or " in saying.words() else ", ")
    text = str(sizes.points)
    return (Clause(text, text, sizes),), text


def _pieces(sizes: SizeSet) -> list[SizeSet]:
    """Return a set as sets without `or`."""
    basic = sizes.points.compute_divs().get_basic_sets()
    return [SizeSet(sizes.names, isl.Set.from_basic_set(piece), ()) for piece in basic]


def _disjunction(sizes: SizeSet, pieces: Sequence[SizeSet]) -> Saying | None:
    """Return the shortest way found to say alternatives."""
    few = len(pieces) <= _SHOWN + 1  # "or 1 more" is no shorter
    if few and all(map(_is_box, pieces)):
        pieces = _largest_boxes(sizes, pieces)
    pieces = sorted(pieces, key=_usual_first)
    if not few:
        return _first_of_many(sizes, pieces)
    ways = []
    for common in _commons(sizes, pieces):
        ways += [_all_but(sizes, common), _alternatives(sizes, pieces, common)]
    found = [way for way in ways if way is not None]
    return min(found, key=_length, default=None)


def _length(saying: Saying) -> tuple[int, int]:
    return len(saying.words()), max(len(clause.text) for clause in saying.clauses)


def _usual_first(piece: SizeSet) -> tuple[bool, list[int]]:
    """Return what alternatives are sorted by: those with a square first, then by least sizes.

    Those without end are sorted the other way round: `H >= 10 or W >= 10`.
    """
    square = not piece.intersect(diagonal(piece.names)).is_empty()
    count = range(len(piece.names))
    lows = [piece.points.dim_min_val(n) for n in count]
    endless = not all(piece.points.dim_max_val(n).is_int() for n in count)
    order = [low.to_python() if low.is_int() else 0 for low in lows]
    return not square, [-low for low in order] if endless else order


def _is_box(piece: SizeSet) -> bool:
    """Tell whether each symbol of a piece can be what it can be whatever the others are."""
    return piece.includes(_product([piece.onto([name]) for name in piece.names], piece))


def _product(factors: Iterable[SizeSet], sizes: SizeSet) -> SizeSet:
    product = sizes.anything()
    for factor in factors:
        product = product.also(factor)
    return product


def _largest_boxes(sizes: SizeSet, boxes: Sequence[SizeSet]) -> list[SizeSet]:
    """Return boxes that cover the same sizes, each as large as it can be, and none too many."""
    every = {name: sizes.onto([name]) for name in sizes.names}
    grown: list[SizeSet] = []
    for box in boxes:
        factors = {name: box.onto([name]) for name in sizes.names}
        for name in sizes.names:
            beyond = _product({**factors, name: every[name]}.values(), sizes).minus(sizes)
            factors[name] = every[name].minus(beyond.onto([name]))
        grown.append(_product(factors.values(), sizes))
    for box in grown[::-1]:
        others = [other for other in grown if other is not box]
        if others and _union(others).includes(box):
            grown = others
    return grown


def _union(all_of: Sequence[SizeSet]) -> SizeSet:
    found = all_of[0]
    for one in all_of[1:]:
        found = found.union(one)
    return found


def _outside_a_box(sizes: SizeSet) -> list[SizeSet]:
    """Return the sides of a set that is everything but one box, as N, H, W that are not all 1."""
    least = _least(sizes)
    if least is None:
        return []
    inside = _pieces(least.minus(sizes))
    if len(inside) != 1 or not _is_box(inside[0]):
        return []
    sides = [least.minus(least.also(inside[0].onto([name]))) for name in sizes.names]
    return [side for side in sides if not side.is_empty()]


def _least(sizes: SizeSet) -> SizeSet | None:
    """Return all sizes that are at least the least ones of a set without end, else None."""
    lows = [sizes.points.dim_min_val(n) for n in range(len(sizes.names))]
    highs = [sizes.points.dim_max_val(n) for n in range(len(sizes.names))]
    if not all(low.is_int() for low in lows) or all(high.is_int() for high in highs):
        return None
    values = [low.to_python() for low in lows]
    return SizeSet.every(sizes.names, dict(zip(sizes.names, values, strict=True)))


def _commons(sizes: SizeSet, pieces: Sequence[SizeSet]) -> Iterator[Candidates]:
    """Yield what may be said first: nothing, least sizes, or all that each symbol can be."""
    yield Candidates((), {})
    shared = {
        clause.text: clause
        for piece in pieces
        for clause in relations_of(piece)
        if clause.sizes.includes(sizes)
    }
    least = _least(sizes)
    for everything in (sizes,) if least is None else (least, sizes):
        alone = {name: of_symbol(everything, name) for name in sizes.names}
        yield Candidates(tuple(shared.values()), alone)


def _alternatives(sizes: SizeSet, pieces: Sequence[SizeSet], common: Candidates) -> Saying | None:
    """Return that sizes are in one of some pieces, after what those have in common."""
    context = together(sizes.anything(), common.clauses)
    sayings = [saying for piece in pieces if (saying := conjunction(piece, context, sizes))]
    if len(sayings) < len(pieces) or not all(saying.clauses for saying in sayings):
        return None
    sayings = _needed_of_any(sayings, context)
    union = _union([together(sizes.anything(), saying.clauses) for saying in sayings])
    texts, words = [joined(s.clauses) for s in sayings], [s.words(" and ") for s in sayings]
    either = Clause(_or(texts), _or(words), union)
    return _with_common(sizes, either, common)


def _needed_of_any(sayings: list[Saying], context: SizeSet) -> list[Saying]:
    """Return the alternatives without those that the others include."""
    held = [together(context, saying.clauses) for saying in sayings]
    found = list(range(len(sayings)))
    for n in reversed(range(len(sayings))):
        others = [held[other] for other in found if other != n]
        if others and _union(others).includes(held[n]):
            found.remove(n)
    return [sayings[n] for n in found]


def _all_but(sizes: SizeSet, common: Candidates) -> Saying | None:
    """Return that sizes are not in one relation, such as `H != W`, after what is common."""
    rest = together(sizes.anything(), common.clauses).minus(sizes)
    pieces = _pieces(rest)
    if not common.clauses or len(pieces) != 1:
        return None
    context = together(sizes.anything(), common.clauses)
    denied = conjunction(pieces[0], context, pieces[0])
    if denied is None or len(denied.clauses) != 1 or " = " not in denied.clauses[0].text:
        return None
    (clause,) = denied.clauses
    text = clause.text.replace(" = ", " != ")
    return _with_common(sizes, Clause(text, text, sizes.anything().minus(clause.sizes)), common)


def _with_common(sizes: SizeSet, clause: Clause, common: Candidates) -> Saying | None:
    needed = needed_of([clause, *common.clauses], sizes, sizes.anything())
    if needed is None:
        return None
    return saying_of(sizes, Candidates((clause, *common.relations), common.alone), needed)


def _first_of_many(sizes: SizeSet, pieces: Sequence[SizeSet]) -> Saying | None:
    """Return the first alternatives and how many more there are, all of them as one clause."""
    shown = [conjunction(piece, sizes.anything(), sizes) for piece in pieces[:_SHOWN]]
    sayings = [saying for saying in shown if saying is not None]
    if len(sayings) < len(shown):
        return None
    more = f"{len(pieces) - _SHOWN} more"
    texts, words = [joined(s.clauses) for s in sayings], [s.words(" and ") for s in sayings]
    clause = Clause(_or([*texts, more]), _or([*words, more]), sizes)
    return Saying((clause,), (clause.words,))


def _or(texts: Sequence[str]) -> str:
    """Return texts joined with `or`, after a comma where one of them is more than one clause."""
    comma = "," if any(" and " in text or ", " in text for text in texts) else ""
    return f"{comma} or ".join(texts)
