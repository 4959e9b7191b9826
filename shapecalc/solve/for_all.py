"""Parameters that make something true for all accepted input sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.graph import LayerGraph
from shapecalc.sets import SizeSet
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.solve.forms import forms
from shapecalc.solve.solution import Trial
from shapecalc.solve.trial import LARGEST, box, spoken, try_for_all
from shapecalc.solve.view import View, narrowed

_KEPT, _INPUTS = 10_000, 256  # values that are tried, at most


@dataclass(frozen=True, slots=True)
class ForAll:
    """Values of the symbols that are kept, or what was tried where nothing is proved."""

    sets: tuple[SizeSet, ...] = ()
    forms: tuple[str, ...] = ()
    trial: Trial | None = None


def for_all(
    accepted: AcceptedSizes,
    views: Sequence[View],
    names: Sequence[str],
    least: Mapping[str, int],
) -> ForAll:
    """Return the values of `names` and of the parameters for which all inputs are solutions.

    There has to be an accepted input for them. `views` say what the question means for the
    accepted sizes.
    """
    inputs = {str(s) for piece in accepted.pieces for s in piece.graph.symbols}
    kept = [n for n in accepted.symbols if n in names or n not in inputs]
    others = [n for n in accepted.symbols if n not in kept]
    derived = _derived(accepted, views, kept, others, least)
    decided = _by_projection(accepted, views, kept)
    if decided is None and derived is None:
        return ForAll(trial=_tried(accepted, views, names, kept, others, least))
    conditions: tuple[Condition, ...] = ()
    if decided is None:
        assert derived is not None
        found, conditions = derived
    else:
        found = decided
        if derived is not None and not derived[0].open and derived[0].matches(decided):
            conditions = derived[1]
    sets = () if found.is_empty() else (found,)
    symbols = [dims.symbol(name, minimum=least[name]) for name in names]
    return ForAll(sets, forms(conditions, symbols) if sets else ())


def _by_projection(
    accepted: AcceptedSizes, views: Sequence[View], kept: Sequence[str]
) -> SizeSet | None:
    """Return what isl finds: the values that some accepted size has, and no failing one."""
    if any(piece.sizes.open for piece in accepted.pieces):
        return None
    solved = SizeSet.none(accepted.symbols)
    for view in views:
        for case in view.cases:
            part = narrowed(view.sizes, case)
            if part.open:
                return None
            solved = solved.union(part)
    every = accepted.proved
    return every.onto(kept).minus(every.minus(solved).onto(kept))


# ---------------------------------------------------------------------------- by algebra


def _derived(
    accepted: AcceptedSizes,
    views: Sequence[View],
    kept: Sequence[str],
    others: Sequence[str],
    least: Mapping[str, int],
) -> tuple[SizeSet, tuple[Condition, ...]] | None:
    """Return what algebra finds, with the conditions that it comes to.

    Where every requirement that speaks of input sizes is met by all large ones, a polynomial in
    those is 0 for all accepted ones just where all its coefficients are.
    """
    if len(accepted.pieces) != 1 or len(views) != 1 or len(views[0].cases) != 1:
        return None
    asked = views[0].cases[0]
    fixed = {c.left: c.right for c in asked if c.relation == "==" and _is_value(c)}
    premises = [_at(p.condition, fixed) for p in accepted.pieces[0].graph.premises]
    about_inputs = [c for c in premises if spoken([c]) & set(others)]
    if not all(_met_by_large(condition, others) for condition in about_inputs):
        return None
    found: dict[Condition, None] = {}
    for condition in asked:
        placed = condition if _is_value(condition) else _at(condition, fixed)
        gap = dims.expand(placed.left - placed.right)
        free = tuple(s for s in dims.symbols_of((gap,)) if str(s) in others)
        factors = dims.coefficients(gap, free)
        if factors is None or (free and condition.relation != "=="):
            return None
        found.update(dict.fromkeys(Condition(f, condition.relation, 0) for f in factors))
    sizes = SizeSet.every(kept, least)
    for condition in (*(c for c in premises if c not in about_inputs), *found):
        sizes = sizes.where(condition)
    return sizes, tuple(found)


def _is_value(condition: Condition) -> bool:
    """Tell whether a condition compares a symbol with a number."""
    return bool(condition.left.is_Symbol and condition.right.is_Integer)


def _at(condition: Condition, fixed: Mapping[Dim, Dim]) -> Condition:
    """Return a condition with numbers in the place of symbols."""
    left, right = (dims.expand(side.xreplace(fixed)) for side in (condition.left, condition.right))
    return Condition(left, condition.relation, right)


def _met_by_large(condition: Condition, names: Sequence[str]) -> bool:
    """Tell whether a condition is met where the sizes of some names are large enough."""
    match condition.relation:
        case ">=" | ">":
            return _grows(condition.left - condition.right, names)
        case "<=" | "<":
            return _grows(condition.right - condition.left, names)
    return False


def _grows(dim: Dim, names: Sequence[str]) -> bool:
    """Tell whether a size grows beyond every bound with the sizes of some names."""
    terms = dims.expand(dim).as_ordered_terms()
    moving = [term for term in terms if _speaks(term, names)]
    return bool(moving) and all(_term_grows(term, names) for term in moving)


def _term_grows(term: Dim, names: Sequence[str]) -> bool:
    factors = term.as_ordered_factors()
    return all(_factor_grows(f, names) if _speaks(f, names) else f.is_positive for f in factors)


def _factor_grows(factor: Dim, names: Sequence[str]) -> bool:
    if factor.is_Symbol:
        return True
    if factor.is_Function and factor.func.__name__ == "floor":
        return _grows(factor.args[0], names)
    return False


def _speaks(dim: Dim, names: Iterable[str]) -> bool:
    return any(str(symbol) in names for symbol in dim.free_symbols)


# ---------------------------------------------------------------------------- by trying


def _tried(
    accepted: AcceptedSizes,
    views: Sequence[View],
    names: Sequence[str],
    kept: Sequence[str],
    others: Sequence[str],
    least: Mapping[str, int],
) -> Trial:
    conditions = [c for view in views for case in view.cases for c in case]
    premises = [p.condition for piece in accepted.pieces for p in piece.graph.premises]
    about = spoken(conditions) | set(names)
    asked = _linked(about, premises)
    outer = box([name for name in kept if name in asked], others, _KEPT)
    inner = box([name for name in others if name in about], others, _INPUTS)
    # input sizes that the question does not speak of have one size that is large enough
    large = {name: LARGEST for name in others if name in asked - about}

    def needed(graph: LayerGraph) -> list[Condition]:
        """Return the premises on the symbols that are tried; the others do not depend on them."""
        return [p.condition for p in graph.premises if spoken([p.condition]) <= asked]

    paths = [needed(piece.graph) for piece in accepted.pieces]
    meanings = [(needed(view.meaning.graph), view.cases) for view in views]

    def is_accepted(at: Mapping[str, int]) -> bool:
        return any(_hold(path, at) for path in paths)

    def solves(at: Mapping[str, int]) -> bool:
        return any(
            _hold(path, at) and any(_hold(case, at) for case in cases) for path, cases in meanings
        )

    return try_for_all(is_accepted, solves, outer, inner, large, least)


def _hold(conditions: Iterable[Condition], at: Mapping[str, int]) -> bool:
    return all(condition.holds(at) for condition in conditions)


def _linked(names: set[str], conditions: Iterable[Condition]) -> set[str]:
    """Return the symbols that conditions link with some others."""
    groups = [spoken([condition]) for condition in conditions]
    while True:
        more = names.union(*(group for group in groups if group & names))
        if more == names:
            return names
        names = more
