"""The JSON Schema of what `--format json` prints.

A reader of version 1 can rely on every key named here; later versions of shapecalc may add keys.
A change that takes one away or gives it another meaning raises the version.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]


def record_of(**properties: Schema) -> Schema:
    """Return the schema of an object that has all of these keys."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def array(items: Schema, description: str = "") -> Schema:
    """Return the schema of an array."""
    found: Schema = {"type": "array", "items": items}
    return {**found, "description": description} if description else found


def said(schema: Schema, description: str) -> Schema:
    """Return a schema with a description."""
    return {**schema, "description": description}


def ref(name: str) -> Schema:
    """Return a reference to one of the definitions."""
    return {"$ref": f"#/$defs/{name}"}


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_PLACE: Schema = {"oneOf": [{"type": "null"}, ref("location")]}
_SIZES: Schema = array(ref("size"), "one entry per axis")
_SHAPE: Schema = {
    "text": said(TEXT, "the shape as people write it"),
    "sizes": _SIZES,
}

NUMBER: Schema = ref("number")
RECEPTIVE_FIELDS: Schema = array(
    ref("receptive_field"), "of the first output that has any, one for each input"
)

MAYBE_FIELD: Schema = {"oneOf": [{"type": "null"}, ref("receptive_field")]}
GIVEN: Schema = {
    "type": ["object", "null"],
    "additionalProperties": {"type": "integer"},
    "description": "the size of every symbol",
}

_DEFINITIONS: dict[str, Schema] = {
    "size": {
        "type": ["integer", "string"],
        "description": "a number of elements, or a formula in the symbols of the inputs",
    },
    "shape": {
        **record_of(**_SHAPE),
        "description": "with --at also `at`, the sizes with numbers for the symbols given there",
    },
    "nested": {
        "description": "a value in the model's own structure: arrays for tuples and lists, "
        '{"dict": ...} for mappings, a shape for each tensor, plain values as they are',
        "anyOf": [
            ref("shape"),
            record_of(dict={"type": "object", "additionalProperties": ref("nested")}),
            array(ref("nested")),
            {"type": ["string", "integer", "boolean", "null"]},
        ],
    },
    "location": record_of(file=TEXT, line=COUNT),
    "label": {
        "enum": ["proved", "probed", "unknown"],
        "description": "proved: follows from the rules of the ops; probed: measured at some "
        "sizes; unknown: nothing is claimed",
    },
    "equation": array(
        record_of(
            axis=said(TEXT, "the symbol of the axis in `general`: the size that reaches the op"),
            general=said(TEXT, "the formula in the parameters of the op"),
            parameters={"type": "object", "additionalProperties": ref("size")},
            with_numbers=said(TEXT, "`general` with this layer's parameters"),
            size_in=ref("size"),
            size_out=ref("size"),
            arithmetic=said(_MAYBE_TEXT, "the calculation at the sizes of --at"),
        ),
        "one entry per spatial axis; empty for an op without such a formula",
    ),
    "number": {
        "type": ["integer", "string", "null"],
        "description": "a number; a fraction such as 1/2 or a formula as text; null for none",
    },
    "receptive_field": record_of(
        input=said(TEXT, "the input that is seen"),
        exact=FLAG,
        bound=said(_MAYBE_TEXT, "why the field is only an upper bound"),
        unknown=said(_MAYBE_TEXT, "the op without a rule that ends all knowledge"),
        batch=said(_MAYBE_TEXT, "the op that mixes the batch: every image of it is seen"),
        axes=array(
            record_of(
                axis=said(TEXT, "the axis of the input"),
                size=said(NUMBER, "how many elements the window spans, at most"),
                smallest=said(NUMBER, "how many at least, where it differs after an up-sampling"),
                stride=said(NUMBER, "elements of the input per element of the output"),
                padding=said(NUMBER, "output 0 sees inputs from -padding on"),
                centre=said(NUMBER, "of output 0: -padding + (size - 1)/2"),
                density=said(NUMBER, "the share of the window that is seen; 1 without holes"),
                whole=said(FLAG, "every output sees the whole axis"),
                widened=said(_MAYBE_TEXT, "the op that made it the whole axis"),
                outputs=array(COUNT, "the axes of the output along which the window moves"),
                relation=said(_MAYBE_TEXT, "from output to input indices, in isl's language"),
            ),
            "one entry per axis of positions; empty where the field is unknown",
        ),
    ),
    "seen_by": record_of(
        count=COUNT,
        total=COUNT,
        axes=array(
            record_of(
                axis=TEXT,
                outputs=said(
                    {"oneOf": [{"type": "null"}, array(array(COUNT))]},
                    "indices along the axes on which the field moves; null for every output",
                ),
            )
        ),
    ),
    "recurrence": record_of(
        input=TEXT,
        axes=array(TEXT, "the axes of the input for which it is the same"),
        operand=record_of(name=TEXT, size=NUMBER, stride=NUMBER, padding=NUMBER),
        window=record_of(
            kernel_size=NUMBER,
            stride=NUMBER,
            padding=NUMBER,
            dilation=NUMBER,
            transposed=FLAG,
        ),
        formulas=array(
            record_of(name=TEXT, formula=TEXT, value=NUMBER),
            "r is the size, j the stride, P the padding and c the centre",
        ),
    ),
    "input": record_of(name=TEXT, dtype=TEXT, **_SHAPE),
    "layer": record_of(
        index=COUNT,
        name=said(TEXT, "the qualified name of the module, or of the op within its module"),
        op=said(TEXT, "the op as torch writes it: Conv2d, add"),
        function=said(TEXT, "the torch function that was called"),
        parameters=said({"type": "object"}, "the parameters of the op, under torch's names"),
        inputs=array(ref("shape")),
        outputs=array(ref("shape")),
        sources=array(
            {
                "oneOf": [
                    {"type": "null"},
                    record_of(input=TEXT),
                    record_of(layer=COUNT, output=COUNT),
                ]
            },
            "where each input comes from, null for a constant of the model; after those of "
            "`inputs`, other tensors of the call",
        ),
        equation=ref("equation"),
        receptive_fields=RECEPTIVE_FIELDS,
        label=ref("label"),
        note=TEXT,
        location=_PLACE,
        module=said(COUNT, "the index of the innermost module call around the op"),
    ),
    "module": record_of(
        index=COUNT,
        name=TEXT,
        kind=TEXT,
        inputs=array(ref("nested")),
        keywords={"type": "object", "additionalProperties": ref("nested")},
        outputs=ref("nested"),
        parent={"type": ["integer", "null"]},
        leaf=said(FLAG, "the module has no modules of its own"),
        finished=said(FLAG, "false for a call that a finding cut short"),
        layers=array(COUNT, "the first layer within the call, and the first after it"),
        parameters=said(COUNT, "elements of the module's own parameters"),
        receptive_fields=RECEPTIVE_FIELDS,
        location=_PLACE,
    ),
    "premise": record_of(
        condition=TEXT,
        kind={"enum": ["requirement", "branch"]},
        why=TEXT,
        layer=TEXT,
        location=_PLACE,
    ),
    "finding": record_of(
        kind=said(TEXT, "shape, forward or data"),
        layer=TEXT,
        message=TEXT,
        condition=said(_MAYBE_TEXT, "what other sizes would have to meet"),
        fix=said(_MAYBE_TEXT, "the remedy, where it is certain"),
        location=_PLACE,
    ),
}


def schema_of(title: str, /, **properties: Schema) -> Schema:
    """Return the schema of a document with its heading."""
    heading = record_of(format={"const": f"shapecalc/{title}"}, version={"const": 1}, **properties)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"shapecalc/{title}, version 1",
        **heading,
        "$defs": _DEFINITIONS,
    }


ANALYSIS: Schema = schema_of(
    "analysis",
    name=said(TEXT, "the class of the model, or the name of the spec"),
    training=FLAG,
    parameters=said(COUNT, "elements of all parameters, shared ones counted once"),
    symbols=array(
        TEXT,
        "the symbols of the inputs as they are written, then those of a spec's parameters",
    ),
    at=said({"type": ["object", "null"]}, "the sizes given with --at"),
    inputs=array(ref("input")),
    inferred=said(FLAG, "the input patterns were inferred, not given"),
    output=ref("nested"),
    layers=array(ref("layer"), "every op call, in order"),
    modules=array(ref("module"), "every module call, in the order of their beginning"),
    domain=array(TEXT, "the conditions under which the formulas hold; empty for all sizes"),
    premises=array(ref("premise"), "what `domain` is derived from, each with its origin"),
    findings=array(ref("finding")),
    notes=array(TEXT),
)
"""What `show --format json` prints."""

LAYER: Schema = schema_of(
    "layer",
    layer=TEXT,
    op=TEXT,
    function=TEXT,
    tensors=array(record_of(role=TEXT, layout=_MAYBE_TEXT, **_SHAPE)),
    equation=ref("equation"),
    receptive_fields=RECEPTIVE_FIELDS,
    recurrence=array(ref("recurrence"), "how the op's window extends the field of its operand"),
    rule=array(TEXT, "the rule in words"),
    source=said(TEXT, "where the rule comes from"),
    label=ref("label"),
    location=_MAYBE_TEXT,
)
"""What `show --layer NAME --format json` prints."""

VERIFICATION: Schema = schema_of(
    "verification",
    verified=FLAG,
    module_calls_compared=COUNT,
    op_outputs_compared=COUNT,
    seconds=said({"type": "number"}, "how long the forward passes took"),
    runs=array(
        record_of(
            sizes={"type": "object", "additionalProperties": {"type": "integer"}},
            accepted=FLAG,
            module_calls=COUNT,
            op_outputs=COUNT,
            not_compared=COUNT,
            seconds={"type": "number"},
        )
    ),
    differences=array(record_of(sizes=TEXT, layer=TEXT, predicted=TEXT, observed=TEXT)),
    field_runs=array(
        record_of(
            sizes={"type": "object", "additionalProperties": {"type": "integer"}},
            ops=said(COUNT, "whose receptive fields were compared"),
            outputs=said(COUNT, "elements of their outputs, those of one channel and one image"),
            slices=said(COUNT, "of the input that were changed: all elements with one index"),
            left_out=said(COUNT, "slices for which there was no time"),
            not_seen=said(COUNT, "reads that are predicted and that no output shows"),
            unknown=said(COUNT, "outputs whose fields are unknown, and were not compared"),
            seconds={"type": "number"},
            error=said(_MAYBE_TEXT, "why nothing was compared"),
        ),
        "receptive fields beside what reaches the outputs; empty with --no-fields",
    ),
    field_differences=array(
        record_of(
            sizes=TEXT,
            layer=TEXT,
            input=TEXT,
            axis=TEXT,
            output=array(COUNT, "an element, one index for each axis along which it moves"),
            index=said(COUNT, "on the axis of the input"),
            seen=said(FLAG, "whether the real model sees it; the prediction is the opposite"),
            predicted=array(COUNT, "the indices that the element was said to see"),
            count=said(COUNT, "pairs of an element and an index, of which this is the first"),
        )
    ),
    notes=array(TEXT),
)
"""What `verify --format json` prints."""
