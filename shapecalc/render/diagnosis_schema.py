"""The JSON Schema of what `shapecalc check --format json` prints."""

from __future__ import annotations

from shapecalc.render.schema import COUNT, FLAG, TEXT, Schema, array, record_of, said, schema_of

_SIZE: Schema = {"type": ["integer", "string"]}
_SHAPES: Schema = {"type": "object", "additionalProperties": array(_SIZE)}
_PLACE: Schema = {"oneOf": [{"type": "null"}, record_of(file=TEXT, line=COUNT)]}

_REPAIR: Schema = {
    "type": "object",
    "properties": {
        "text": said(TEXT, "the repair in words"),
        "layer": said(TEXT, "the layer to build differently"),
        "argument": said(TEXT, "the argument of its constructor"),
        "value": said({}, "what the argument has to be"),
        "input": said(_SHAPES, "the shapes to feed instead, by the name of the input"),
        "tried": said(TEXT, "what the analysis said once the repair was made"),
    },
    "required": ["text", "tried"],
    "oneOf": [
        {"required": ["layer", "argument", "value"], "not": {"required": ["input"]}},
        {"required": ["input"], "not": {"required": ["layer"]}},
        {"not": {"anyOf": [{"required": ["layer"]}, {"required": ["input"]}]}},
    ],
    "description": "with `layer` a layer is built differently, with `input` other shapes are fed, "
    "with neither a line of the source is written as `text` says",
}

_FINDING: Schema = record_of(
    code=said({"type": "string", "pattern": "^SC[0-9]{3}$"}, "`shapecalc rule CODE` explains it"),
    kind=TEXT,
    severity={"enum": ["error", "warning", "note"]},
    message=TEXT,
    layer=said(TEXT, "the qualified name of the module; empty where it is none's"),
    op=TEXT,
    argument=said(TEXT, "the argument of the op that does not fit; empty where it is none's"),
    got=said({}, "what arrives: mostly a number of elements, or a shape"),
    expected=said({}, "what would have to arrive"),
    because=array(TEXT, "how the numbers come about"),
    built=said(_PLACE, "the line of the constructor that builds the layer"),
    used=said(_PLACE, "the line at which it is called"),
    group=said(COUNT, "equal for findings that one change would repair"),
    rests_on=array(COUNT, "indices of findings; what is wrong there is taken to work as declared"),
    repairs=array(_REPAIR),
)

DIAGNOSIS: Schema = schema_of(
    "diagnosis",
    name=TEXT,
    training=FLAG,
    inputs=said(_SHAPES, "the case in hand: numbers as given, symbols for sizes left open"),
    clean=said(FLAG, "whether there is neither an error nor a warning"),
    findings=array(_FINDING, "errors first"),
)
"""What `check --format json` prints."""
