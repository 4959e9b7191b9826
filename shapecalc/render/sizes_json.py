"""Accepted sizes as JSON, in version 1 of the schema in `shapecalc.render.sizes_schema`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.graph import LayerGraph, Location, Premise
from shapecalc.render import sizes_reasons
from shapecalc.render import sizes_sheet as sheet
from shapecalc.render.sizes_sheet import Budget
from shapecalc.render.writing import VERSION, Json, write
from shapecalc.sets import SizeSet
from shapecalc.sets.parts import parts
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.agreement import agreements
from shapecalc.sizes.because import Because
from shapecalc.sizes.exploration import Rejection
from shapecalc.sizes.verdict import Verdict

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


def document(analysis: Analysis, found: AcceptedSizes, spent: Budget) -> str:
    """Return what is accepted, why not more, and along which paths."""
    return write(
        {
            "format": "shapecalc/accepted-sizes",
            "version": VERSION,
            "name": analysis.graph.name,
            "training": analysis.train,
            "symbols": list(found.symbols),
            "every_size": sheet.is_every(found),
            "complete": found.complete,
            "exact": found.exact,
            "traces": spent.traces,
            "seconds": round(spent.seconds, 3),
            "accepts": [{"parts": _parts(sizes), **_set(sizes)} for sizes in found.sets],
            "because": [_because(each) for each in found.because] if found.pieces else [],
            "requirements": [_requirement(premise) for premise in sheet.requirements(found)],
            "paths": [
                {
                    "sizes": [_set(piece.sizes) for piece in agreement.pieces],
                    "layers": len(agreement.graph.layers),
                    "output": _output(agreement.graph),
                    "ends": sheet.end(agreement.graph) or None,
                }
                for agreement in agreements(found.pieces)
            ],
            "rejections": [
                {"sizes": _set(rejection.sizes), **_rejection(rejection)}
                for rejection in found.rejections
            ],
            "not_explored": [_set(sizes) for sizes in found.unexplored],
            "undecided": [_set(sizes) for sizes in found.undecided],
        }
    )


def checked(
    analysis: Analysis,
    found: AcceptedSizes,
    answers: Sequence[tuple[Verdict, Sequence[str]]],
) -> str:
    """Return for some sizes whether they are accepted, why not, and which ones near by are."""
    return write(
        {
            "format": "shapecalc/checked-sizes",
            "version": VERSION,
            "name": analysis.graph.name,
            "training": analysis.train,
            "symbols": list(found.symbols),
            "checks": [_verdict(answer, found, reasons) for answer, reasons in answers],
        }
    )


def _verdict(answer: Verdict, found: AcceptedSizes, reasons: Sequence[str]) -> Json:
    return {
        "sizes": dict(answer.sizes),
        "accepted": answer.accepted,
        "for": None if answer.others is None else _set(answer.others),
        "failures": [
            {
                **_rejection(failure.rejection),
                "left_at": None if failure.sides is None else failure.sides[0],
                "right_at": None if failure.sides is None else failure.sides[1],
                "text": sizes_reasons.failed(failure, answer.sizes, found.every),
            }
            for failure in answer.failures
        ],
        "reasons": list(reasons),
        "nearest": None if answer.nearest is None else dict(answer.nearest),
        "larger": None if answer.larger is None else dict(answer.larger),
        "smaller": None if answer.smaller is None else dict(answer.smaller),
    }


# ---------------------------------------------------------------------------- the parts


def _set(sizes: SizeSet) -> Json:
    return {
        "text": ", ".join(sheet.formal(sizes)),
        "set": str(sizes.points),
        "open": [str(condition) for condition in sizes.open],
    }


def _parts(sizes: SizeSet) -> Json:
    return [
        {
            "symbols": list(part.names),
            "text": part.text,
            "words": part.words,
            "clauses": [{"text": c.text, "words": c.words} for c in part.clauses],
        }
        for part in parts(sizes)
    ]


def _because(because: Because) -> Json:
    decisive = because.decisive
    return {
        "clause": because.clause.text,
        "causes": [_rejection(cause) for cause in because.causes],
        "decisive": None if decisive is None else because.causes.index(decisive),
    }


def _rejection(rejection: Rejection) -> Json:
    return {
        "layer": rejection.layer,
        "op": rejection.op,
        "location": _location(rejection.location),
        **_condition(rejection.condition),
        "message": rejection.message,
    }


def _requirement(premise: Premise) -> Json:
    return {
        "layer": premise.layer,
        "op": premise.op,
        "location": _location(premise.location),
        **_condition(premise.condition),
        "message": premise.assumption.why,
    }


def _condition(condition: Condition | None) -> Json:
    if condition is None:
        return {"needs": None, "left": None, "relation": None, "right": None}
    return {
        "needs": str(condition),
        "left": _size(condition.left),
        "relation": condition.relation,
        "right": _size(condition.right),
    }


def _size(dim: Dim) -> Json:
    number = dims.as_int(dim)
    return dims.format_dim(dim) if number is None else number


def _location(location: Location | None) -> Json:
    return None if location is None else {"file": location.file, "line": location.line}


def _output(graph: LayerGraph) -> Json:
    return None if graph.findings else sheet.output(graph)
