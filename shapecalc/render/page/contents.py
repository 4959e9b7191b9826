"""All that the page knows, as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from shapecalc.errors import InputError
from shapecalc.render.page.accepted import accepted
from shapecalc.render.page.by_hand import by_hand
from shapecalc.render.page.findings import findings
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.page.paths import all_paths, divided, elsewhere, embedded
from shapecalc.render.summary import branches, known, notes, sums, validity
from shapecalc.render.text import title
from shapecalc.render.writing import Json

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.diagnose import Finding
    from shapecalc.sizes import AcceptedSizes


def contents(analysis: Analysis, sizes: Mapping[str, int], *, explain: bool = False) -> Json:
    """Return the document; `sizes` are those that stand in the boxes at first.

    With `explain` the model is run, and layers are explained with its numbers.
    """
    first = {**first_sizes(analysis), **sizes}
    formulas, found = Formulas(), _sizes(analysis)
    held, others = divided(all_paths(analysis, found))
    return {
        "title": title(analysis),
        "symbols": list(analysis.symbols),
        "least": dict.fromkeys(getattr(analysis.source, "paddings", ()), 0),
        "sizes": first,
        "sums": list(sums(analysis)),
        "parameters": analysis.parameters,
        "validity": validity(analysis),
        "notes": [*known(analysis), *notes(analysis)],
        "branches": [
            [list(b.conditions), b.why, PurePath(b.location).name] for b in branches(analysis)
        ],
        "paths": embedded(analysis, held, formulas),
        "elsewhere": elsewhere(others, formulas),
        "accepted": None if found is None else accepted(found, formulas),
        "findings": findings(findings_of(analysis)),
        "by_hand": by_hand(analysis, first) if explain else {},
        "formulas": formulas.entries,
    }


def _sizes(analysis: Analysis) -> AcceptedSizes | None:
    try:
        return analysis.sizes
    except InputError:  # there is no model to trace again
        return None


def first_path(analysis: Analysis) -> Analysis:
    """Return the analysis with the formulas that the page shows at first."""
    return replace(analysis, graph=all_paths(analysis, _sizes(analysis))[0].graph)


def findings_of(analysis: Analysis) -> tuple[Finding, ...]:
    """Return what is wrong with the model, as far as there is a model to ask."""
    try:
        return analysis.findings
    except InputError:
        return ()


def first_sizes(analysis: Analysis) -> dict[str, int]:
    """Return sizes to begin with: one image, and square where the path allows for it."""
    found = {name: analysis.graph.hint[name] for name in analysis.symbols}
    square = dict.fromkeys(("H", "W"), found["H"]) if {"H", "W"} <= found.keys() else {}
    single = {name: 1 for name in found if name in ("N", "B")}
    for wish in (square, single):
        if analysis.graph.holds({**found, **wish}):
            found |= wish
    return found
