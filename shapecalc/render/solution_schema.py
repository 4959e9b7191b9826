"""The JSON Schema of what `shapecalc solve --format json` prints."""

from __future__ import annotations

from shapecalc.render.schema import FLAG, TEXT, Schema, array, record_of, said, schema_of

_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_NUMBERS: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
_SET: Schema = record_of(
    text=said(TEXT, "the sizes as formulas"),
    words=said(TEXT, "the same as people say it"),
    set=said(TEXT, "the same in isl's language"),
    open=array(TEXT, "conditions besides `set` that isl cannot write"),
)
_TRIAL: Schema = record_of(
    largest=said(_NUMBERS, "all sizes up to these were tried"),
    fixed=said(_NUMBERS, "symbols that had one value"),
    found=array(_NUMBERS, "some of those that answer the question"),
    count=said({"type": ["integer", "null"]}, "how many there are; null where not all were sought"),
)

SOLUTION: Schema = schema_of(
    "solution",
    name=TEXT,
    training=FLAG,
    question=TEXT,
    **{"for": array(TEXT, "the symbols of --for")},
    symbols=array(TEXT, "those that the solutions have values for"),
    formulas=array(
        record_of(
            sizes=_SET,
            values=said(
                {"type": "object", "additionalProperties": array(TEXT)},
                "what the question speaks of: one formula, or one for each axis",
            ),
        ),
        "one entry for each path of the model's code",
    ),
    solutions=array(_SET, "sizes answer the question where one of these sets holds them"),
    every_accepted_size=said(FLAG, "whether the solutions are all accepted sizes"),
    none=said(FLAG, "whether it is proved that there are no solutions"),
    reason=said(_MAYBE_TEXT, "why there are none"),
    forms=array(TEXT, "a symbol in terms of others"),
    example=said({**_NUMBERS, "type": ["object", "null"]}, "a solution near usual sizes"),
    undecided=said(_MAYBE_TEXT, "why the answer is not known, or not wholly"),
    tried={"oneOf": [{"type": "null"}, _TRIAL]},
    not_accepted=array(_SET, "solutions that the model rejects, for what arrives at a layer"),
    not_explored=array(_SET, "sizes of which nothing is known"),
    notes=array(TEXT),
)
"""What `solve --format json` prints."""
