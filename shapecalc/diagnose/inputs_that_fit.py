"""Other sizes of the input at which a demand is met: feeding them is a repair, too."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.diagnose.edits import Feed
from shapecalc.diagnose.settle import settled
from shapecalc.diagnose.subject import Mistake
from shapecalc.sets import Part, SizeSet, parts
from shapecalc.trace.run import trace


def feed(m: Mistake, demands: Sequence[Condition] = ()) -> list[Feed]:
    """Return the sizes nearest to the case in hand that meet what a mistake demands.

    `demands` say more plainly what is needed, where there are any. The batch is left as it is: a
    demand on N is a mistake of another kind.
    """
    graph, case = m.subject.graph, m.subject.case
    wanted = list(demands) or [m.raw.condition] if m.raw.condition else list(demands)
    names = [name for name in case.sizes if name in graph.hint]
    spoken = {str(s) for condition in wanted for s in condition.symbols}
    if not wanted or not spoken <= set(names) or spoken <= {"N"}:
        return []
    contrary = [condition.negated() for condition in (*wanted, m.raw.condition) if condition]
    accepted = SizeSet.every(names)
    known = [p.condition for p in graph.premises if p.condition not in contrary]
    for condition in [*known, *wanted]:
        if {str(s) for s in condition.symbols} <= set(names) and not _failed(m, condition):
            accepted = accepted.where(condition)
    if "N" in names:
        accepted = accepted.where(Condition(dims.symbol("N"), "==", case.sizes["N"]))
    if accepted.open or accepted.is_empty():
        return []
    nearest = accepted.nearest(dict(case.sizes))
    if nearest is None:
        return []
    changed = {name: size for name, size in nearest.items() if size != case.sizes[name]}
    said = [part for part in parts(accepted) if set(part.names) & spoken]
    return [_feeding(changed, said)]


def feed_for_all(m: Mistake) -> list[Feed]:
    """Return sizes near the case in hand that meet what a mistake demands and what follows it.

    What a later layer demands of a size is only known once the first demand is met: each level
    of a U-Net asks that its own map has an even size.
    """
    if m.raw.condition is None:
        return []
    subject, case = m.subject, m.subject.case
    spoken = {str(s) for s in m.raw.condition.symbols} - {"N"}
    moved = _linked(m, spoken)
    if not spoken or not moved <= case.sizes.keys():
        return []
    fixed = {name: size for name, size in case.sizes.items() if name not in moved}
    graph = settled(
        lambda at: trace(subject.model, case.patterns, at, train=subject.train, recover=True),
        {name: subject.sizes[name] for name in case.symbols},
        fixed,
    )
    if any(raw.condition == m.raw.condition for raw in graph.findings):
        return []
    changed = {name: graph.hint[name] for name in moved if graph.hint[name] != case.sizes[name]}
    if any(2 * size < case.sizes[name] for name, size in changed.items()):
        return []  # a map of one pixel fits everything, and is not what anybody has
    accepted = SizeSet.every(sorted(moved))
    for premise in graph.premises:
        if {str(s) for s in premise.condition.symbols} <= moved:
            accepted = accepted.where(premise.condition)
    said = [] if accepted.open else list(parts(accepted))
    nearest = accepted.nearest({name: case.sizes[name] for name in moved}) if said else None
    if nearest is not None:
        changed = {name: size for name, size in nearest.items() if size != case.sizes[name]}
    return [_feeding(dict(sorted(changed.items())), said)] if changed else []


def _linked(m: Mistake, names: set[str]) -> set[str]:
    """Return the sizes that mistakes speak of together with some, directly or not."""
    known = m.subject.case.sizes.keys() - {"N"}
    spoken: dict[int | None, set[str]] = {}  # by the layer: one map has all of its sizes at once
    for raw in m.subject.graph.findings:
        if raw.condition is not None:
            symbols = {str(s) for s in raw.condition.symbols}
            spoken.setdefault(raw.index, set()).update(symbols & known)
    found = set(names)
    for _ in spoken:
        found |= {name for symbols in spoken.values() if symbols & found for name in symbols}
    return found


def _feeding(sizes: dict[str, int], said: list[Part]) -> Feed:
    """Return sizes to feed, with the words for all that would do."""
    allowed = "; ".join(
        _first(part.words) if len(part.names) > 1 else f"{part.names[0]} {part.words}"
        for part in said
    )
    listed = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    among = f" ({allowed})" if allowed else ""
    return Feed(sizes=sizes, text=f"feed {listed}{among}; nothing else changes")


def _first(words: str) -> str:
    """Return the first of many alternatives: far from the case in hand, the others help nobody.

    >>> _first("H and W both 28 to 31, or H = 14 and W 56, or H = 56 and W = 14")
    'H and W both 28 to 31, and others'
    """
    first, *others = words.split(", or ")
    return f"{first}, and others" if len(others) > 1 else words


def _failed(m: Mistake, condition: Condition) -> bool:
    """Tell whether a premise is the contrary of what some mistake demands."""
    return any(
        raw.condition is not None and raw.condition.negated() == condition
        for raw in m.subject.graph.findings
    )
