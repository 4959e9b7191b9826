"""The sizes that a model accepts, in words and as sets that the page decides with, as JSON."""

from __future__ import annotations

from shapecalc.render import sizes_sheet as sheet
from shapecalc.render.page import mathml
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.page.sets import membership
from shapecalc.render.sizes_reasons import reasons, refusals, sentence
from shapecalc.render.writing import Json
from shapecalc.sizes import AcceptedSizes

_REASONS = 200  # rejections that a page tells by their sizes


def accepted(found: AcceptedSizes, formulas: Formulas) -> Json:
    """Return what is accepted and why not more; `complete` where every size is answered for."""
    never, sometimes = ([], []) if found.pieces else refusals(found)
    return {
        "complete": found.complete,
        "every": bool(found.symbols) and bool(found.pieces) and sheet.is_every(found),
        "none": not found.pieces,
        "sets": [
            [
                [tree for text in sheet.formal(sizes) for tree in mathml.conditions(text)],
                [] if sizes.open else sheet.in_words(sizes),
            ]
            for sizes in found.sets
        ],
        "reasons": [[mathml.condition(r.clause), r.cause] for r in reasons(found)],
        "refusals": [*never, *sometimes],
        "rejections": [
            {
                "set": membership(rejection.sizes, formulas),
                "text": sentence(rejection, found.every),
                "sides": None
                if rejection.condition is None
                else formulas.condition(rejection.condition),
            }
            for rejection in found.rejections[:_REASONS]
        ],
    }
