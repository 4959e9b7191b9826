"""The functions that have a rule, and the calls of a model that have none, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapecalc import dims
from shapecalc.coverage import Family, Missing
from shapecalc.graph import Layer
from shapecalc.render.schema import FLAG, TEXT, Schema, array, record_of, said, schema_of
from shapecalc.render.writing import VERSION, Json, write

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_COUNT: Schema = {"type": "integer", "minimum": 0}
_MAYBE: Schema = {"type": ["string", "null"]}
_CALL: Schema = record_of(
    layer=TEXT,
    file=_MAYBE,
    line={"type": ["integer", "null"]},
    out_shapes=array(array(TEXT, "one formula for each axis")),
    label=said(TEXT, "probed: fits all that was measured; unknown: symbols of their own"),
    how=said(TEXT, "how the size was found"),
)

KNOWN: Schema = schema_of(
    "ops",
    families=array(
        record_of(
            name=TEXT,
            heading=said(TEXT, "what PyTorch's reference is about there"),
            source=TEXT,
            functions=array(TEXT, "functions of torch that have a rule"),
            modules=array(TEXT, "modules of torch.nn that a spec may name"),
            lines=said(_COUNT, "lines of the family's file"),
        )
    ),
)
"""What `ops --format json` prints."""

MISSING: Schema = schema_of(
    "missing",
    name=TEXT,
    complete=said(FLAG, "whether the model ran to its end"),
    functions=array(record_of(function=TEXT, count=_COUNT, calls=array(_CALL))),
)
"""What `ops --missing MODEL --format json` prints."""


def known(families: Sequence[Family]) -> str:
    """Return every family with its functions."""
    entries = [
        {
            "name": family.name,
            "heading": family.heading,
            "source": family.source,
            "functions": list(family.functions),
            "modules": list(family.modules),
            "lines": family.lines,
        }
        for family in families
    ]
    return write({"format": "shapecalc/ops", "version": VERSION, "families": entries})


def unruled(analysis: Analysis, found: Sequence[Missing]) -> str:
    """Return the functions that have no rule, with every call."""
    return write(
        {
            "format": "shapecalc/missing",
            "version": VERSION,
            "name": analysis.graph.name,
            "complete": not analysis.graph.findings,
            "functions": [
                {
                    "function": entry.function,
                    "count": len(entry.calls),
                    "calls": [_call(layer) for layer in entry.calls],
                }
                for entry in found
            ],
        }
    )


def _call(layer: Layer) -> Json:
    where = layer.location
    return {
        "layer": layer.name,
        "file": where.file if where else None,
        "line": where.line if where else None,
        "out_shapes": [[dims.format_dim(dim) for dim in shape] for shape in layer.out_shapes],
        "label": str(layer.label),
        "how": layer.note,
    }
