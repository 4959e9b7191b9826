"""The solutions of a question as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc import dims
from shapecalc.render import sizes_sheet as sheet
from shapecalc.render.writing import VERSION, Json, write
from shapecalc.sets import SizeSet
from shapecalc.solve.solution import Solution, Trial

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


def document(analysis: Analysis, found: Solution) -> str:
    """Return a question and all sizes that answer it."""
    return write(
        {
            "format": "shapecalc/solution",
            "version": VERSION,
            "name": analysis.graph.name,
            "training": analysis.train,
            "question": found.question,
            "for": list(found.for_),
            "symbols": list(found.symbols),
            "formulas": [
                {
                    "sizes": _set(reading.sizes),
                    "values": {
                        text: [dims.format_dim(value) for value in values]
                        for text, values in reading.formulas.items()
                    },
                }
                for reading in found.readings
            ],
            "solutions": [_set(sizes) for sizes in found.sizes],
            "every_accepted_size": found.every,
            "none": found.none,
            "reason": found.reason or None,
            "forms": list(found.forms),
            "example": None if found.example is None else dict(found.example),
            "undecided": found.undecided or None,
            "tried": None if found.trial is None else _trial(found.trial),
            "not_accepted": [_set(sizes) for sizes in found.rejected],
            "not_explored": [_set(sizes) for sizes in found.unexplored],
            "notes": list(found.notes),
        }
    )


def _set(sizes: SizeSet) -> Json:
    return {
        "text": ", ".join(sheet.formal(sizes)),
        "words": ", ".join(sheet.in_words(sizes)),
        "set": str(sizes.points),
        "open": [str(condition) for condition in sizes.open],
    }


def _trial(trial: Trial) -> Json:
    return {
        "largest": dict(trial.largest),
        "fixed": dict(trial.fixed),
        "found": [dict(at) for at in trial.found],
        "count": trial.count,
    }
