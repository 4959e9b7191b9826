"""Sets of sizes as JSON that the page decides membership with."""

from __future__ import annotations

from shapecalc.render.page.formulas import Formulas
from shapecalc.render.writing import Json
from shapecalc.sets import SizeSet, conjunctions

_MOST = 64  # conjunctions of one set; beyond, the page leaves the question open


def membership(sizes: SizeSet, formulas: Formulas) -> Json:
    """Return a set as conjunctions of linear constraints and open conditions; None for too many."""
    found = conjunctions(sizes, _MOST)
    if found is None:
        return None
    parts = [
        {
            "quotients": [[list(each.row), each.divisor] for each in part.quotients],
            "zeros": [list(row) for row in part.zeros],
            "positives": [list(row) for row in part.positives],
        }
        for part in found
    ]
    return {"names": list(sizes.names), "any": parts, "open": formulas.conditions(sizes.open)}
