"""Other sizes of the input at which a demand is met: feeding them is a repair, too."""

from __future__ import annotations

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.diagnose.edits import Feed
from shapecalc.diagnose.subject import Mistake
from shapecalc.sets import SizeSet, parts


def feed(m: Mistake) -> list[Feed]:
    """Return the sizes nearest to the case in hand that meet what a mistake demands.

    The batch is left as it is: a demand on N is a mistake of another kind.
    """
    wanted = m.raw.condition
    graph, case = m.subject.graph, m.subject.case
    if wanted is None:
        return []
    names = [name for name in case.sizes if name in graph.hint]
    spoken = {str(s) for s in wanted.symbols}
    if not spoken <= set(names) or spoken == {"N"}:
        return []
    contrary = wanted.negated()
    accepted = SizeSet.every(names)
    for condition in [p.condition for p in graph.premises if p.condition != contrary] + [wanted]:
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
    allowed = "; ".join(
        part.words if len(part.names) > 1 else f"{part.names[0]} {part.words}" for part in said
    )
    sizes = ", ".join(f"{name} = {size}" for name, size in changed.items())
    return [Feed(sizes=changed, text=f"feed {sizes} ({allowed}); nothing else changes")]


def _failed(m: Mistake, condition: Condition) -> bool:
    """Tell whether a premise is the contrary of what some mistake demands."""
    return any(
        raw.condition is not None and raw.condition.negated() == condition
        for raw in m.subject.graph.findings
    )
