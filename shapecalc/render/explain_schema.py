"""The JSON Schema of what `shapecalc explain --format json` prints."""

from __future__ import annotations

from shapecalc.render.schema import (
    COUNT,
    FLAG,
    TEXT,
    Schema,
    array,
    record_of,
    said,
    schema_of,
)

_NUMBER: Schema = {
    "type": ["number", "string"],
    "description": "a number; inf, -inf or nan as text",
}
_NUMBERS: Schema = array(_NUMBER)
_MAYBE_NUMBERS: Schema = {"oneOf": [{"type": "null"}, _NUMBERS]}
_SUM: Schema = record_of(
    kind={"const": "sum"},
    name=TEXT,
    terms=array(
        record_of(
            name=TEXT,
            value=_NUMBER,
            weight=said({"type": ["number", "string", "null"]}, "what the value is multiplied by"),
            left_out=said(COUNT, "for how many terms this one stands, which is their sum"),
        )
    ),
    total=_NUMBER,
)
_PATCH: Schema = record_of(
    kind={"const": "patch"},
    name=TEXT,
    axes=array(TEXT),
    indices=array(array({"type": "integer"}), "those on each axis; outside of it is padding"),
    values=said(_NUMBERS, "row by row, as are the other arrays"),
    weights=_MAYBE_NUMBERS,
    products=_MAYBE_NUMBERS,
    padding=array(FLAG),
    chosen=said({"type": ["integer", "null"]}, "the place in `values` of the one that wins"),
    sum={"oneOf": [{"type": "null"}, _SUM]},
)
_STEP: Schema = record_of(
    kind={"const": "step"},
    name=TEXT,
    formula=TEXT,
    values={"type": "object", "additionalProperties": _NUMBER},
    value=_NUMBER,
    meaning=TEXT,
)

EXPLANATION: Schema = schema_of(
    "explanation",
    model=TEXT,
    layer=TEXT,
    op=TEXT,
    sizes={"type": "object", "additionalProperties": COUNT},
    input=said(TEXT, "where the numbers of the input are from"),
    in_shape=array(COUNT),
    out_shape=array(COUNT),
    element=array(COUNT, "the index of the element in the output"),
    equation=array(
        record_of(
            axis=TEXT,
            general=TEXT,
            with_numbers=TEXT,
            arithmetic={"type": ["string", "null"]},
        ),
        "one entry per spatial axis; empty for a layer without such a formula",
    ),
    reads=array(
        record_of(
            axis=TEXT,
            size=COUNT,
            indices=array({"type": "integer"}, "those outside of the size are in the padding"),
        ),
        "one entry for each axis of the input",
    ),
    parts=array({"oneOf": [_PATCH, _SUM, _STEP]}, "how the value is made, in order"),
    value=said(_NUMBER, "by hand, in float64"),
    torch=said(_NUMBER, "what torch has"),
    agrees=FLAG,
    weights=array(
        record_of(layer=TEXT, general=TEXT, formula=TEXT, count=COUNT),
        "of a convolution, and of other layers between the same two tensors",
    ),
    notes=array(TEXT),
)
"""What `explain --format json` prints."""
