"""The JSON Schemas of what `shapecalc sizes --format json` prints."""

from __future__ import annotations

from shapecalc.render.schema import (
    COUNT,
    FLAG,
    TEXT,
    Schema,
    array,
    record_of,
    ref,
    said,
    schema_of,
)

_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_MAYBE_SIZE: Schema = {"oneOf": [{"type": "null"}, ref("size")]}
_NUMBERS: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
_NEAR: Schema = said({**_NUMBERS, "type": ["object", "null"]}, "null where there are none")

_SET: dict[str, Schema] = {
    "text": said(TEXT, "the sizes as people write them"),
    "set": said(TEXT, "the same in isl's language"),
    "open": array(TEXT, "conditions besides `set` that isl cannot write"),
}
_REQUIREMENT: dict[str, Schema] = {
    "layer": said(TEXT, "the module in which the op is called; empty for the model itself"),
    "op": said(TEXT, "empty where the model's own code raises"),
    "location": {"oneOf": [{"type": "null"}, ref("location")]},
    "needs": said(_MAYBE_TEXT, "the condition; null where no input passes, or none is known"),
    "left": said(_MAYBE_SIZE, "the left side of the condition"),
    "relation": {"enum": ["==", "!=", "<", "<=", ">", ">=", None]},
    "right": said(_MAYBE_SIZE, "the right side of the condition"),
    "message": said(TEXT, "what is said where it fails"),
}
_SETS: Schema = array(record_of(**_SET))

ACCEPTED: Schema = schema_of(
    "accepted-sizes",
    name=TEXT,
    training=FLAG,
    symbols=array(TEXT, "the sizes of the inputs that are not numbers"),
    every_size=FLAG,
    complete=said(FLAG, "whether every size is known to be accepted or rejected"),
    exact=said(FLAG, "whether `accepts` is one set of isl, and all that there is"),
    traces=said(COUNT, "how often the model was traced, the first time included"),
    seconds={"type": "number"},
    accepts=array(
        record_of(
            parts=array(
                record_of(
                    symbols=array(TEXT),
                    text=TEXT,
                    words=TEXT,
                    clauses=array(record_of(text=TEXT, words=TEXT)),
                ),
                "groups of symbols whose values do not depend on each other",
            ),
            **_SET,
        ),
        "sizes are accepted where one of these sets holds them",
    ),
    because=array(
        record_of(
            clause=TEXT,
            causes=array(record_of(**_REQUIREMENT), "in the order of the model"),
            decisive=said(
                {"type": ["integer", "null"]}, "which of the causes explains the clause alone"
            ),
        ),
        "what excludes the other sizes",
    ),
    requirements=array(record_of(**_REQUIREMENT), "all that the ops on the paths need"),
    paths=array(
        record_of(
            sizes=array(record_of(**_SET), "one entry for each path; those in one list agree"),
            layers=said(COUNT, "op calls"),
            output=said(_MAYBE_TEXT, "what comes out"),
            ends=said(_MAYBE_TEXT, "where the path ends because data decide how it goes on"),
        )
    ),
    rejections=array(record_of(sizes=record_of(**_SET), **_REQUIREMENT)),
    not_explored=said(_SETS, "sizes of which nothing is known"),
    undecided=said(_SETS, "sizes none of which was found, or ruled out"),
)
"""What `sizes --format json` prints."""

CHECKED: Schema = schema_of(
    "checked-sizes",
    name=TEXT,
    training=FLAG,
    symbols=array(TEXT),
    checks=array(
        record_of(
            **{"for": {"oneOf": [{"type": "null"}, record_of(**_SET)]}},
            sizes=_NUMBERS,
            accepted=FLAG,
            failures=array(
                record_of(
                    **_REQUIREMENT,
                    left_at=said({"type": ["integer", "null"]}, "the left side at the sizes"),
                    right_at=said({"type": ["integer", "null"]}, "the right side at the sizes"),
                    text=TEXT,
                )
            ),
            reasons=array(TEXT, "why not, where no requirement is known to fail"),
            nearest=_NEAR,
            larger=said(_NEAR, "the nearest none of which is smaller"),
            smaller=said(_NEAR, "the nearest none of which is larger"),
        )
    ),
)
"""What `sizes --check SIZES --format json` prints."""
