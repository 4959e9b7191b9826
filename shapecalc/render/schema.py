"""The JSON Schema of what `--format json` prints.

A reader of version 1 can rely on every key named here; later versions of shapecalc may add keys.
A change that takes one away or gives it another meaning raises the version.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _array(items: Schema, description: str = "") -> Schema:
    found: Schema = {"type": "array", "items": items}
    return {**found, "description": description} if description else found


def _said(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_PLACE: Schema = {"oneOf": [{"type": "null"}, _ref("location")]}
_SIZES: Schema = _array(_ref("size"), "one entry per axis")
_SHAPE: Schema = {
    "text": _said(_TEXT, "the shape as people write it"),
    "sizes": _SIZES,
}

_NUMBER: Schema = _ref("number")
_FIELDS: Schema = _array(
    _ref("receptive_field"), "of the first output that has any, one for each input"
)

_MAYBE_FIELD: Schema = {"oneOf": [{"type": "null"}, _ref("receptive_field")]}
_GIVEN: Schema = {
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
        **_object(**_SHAPE),
        "description": "with --at also `at`, the sizes with numbers for the symbols given there",
    },
    "nested": {
        "description": "a value in the model's own structure: arrays for tuples and lists, "
        '{"dict": ...} for mappings, a shape for each tensor, plain values as they are',
        "anyOf": [
            _ref("shape"),
            _object(dict={"type": "object", "additionalProperties": _ref("nested")}),
            _array(_ref("nested")),
            {"type": ["string", "integer", "boolean", "null"]},
        ],
    },
    "location": _object(file=_TEXT, line=_COUNT),
    "label": {
        "enum": ["proved", "probed", "unknown"],
        "description": "proved: follows from the rules of the ops; probed: measured at some "
        "sizes; unknown: nothing is claimed",
    },
    "equation": _array(
        _object(
            axis=_said(_TEXT, "the symbol of the axis in `general`: the size that reaches the op"),
            general=_said(_TEXT, "the formula in the parameters of the op"),
            parameters={"type": "object", "additionalProperties": _ref("size")},
            with_numbers=_said(_TEXT, "`general` with this layer's parameters"),
            size_in=_ref("size"),
            size_out=_ref("size"),
            arithmetic=_said(_MAYBE_TEXT, "the calculation at the sizes of --at"),
        ),
        "one entry per spatial axis; empty for an op without such a formula",
    ),
    "number": {
        "type": ["integer", "string", "null"],
        "description": "a number; a fraction such as 1/2 or a formula as text; null for none",
    },
    "receptive_field": _object(
        input=_said(_TEXT, "the input that is seen"),
        exact=_FLAG,
        bound=_said(_MAYBE_TEXT, "why the field is only an upper bound"),
        unknown=_said(_MAYBE_TEXT, "the op without a rule that ends all knowledge"),
        batch=_said(_MAYBE_TEXT, "the op that mixes the batch: every image of it is seen"),
        axes=_array(
            _object(
                axis=_said(_TEXT, "the axis of the input"),
                size=_said(_NUMBER, "how many elements the window spans, at most"),
                smallest=_said(_NUMBER, "how many at least, where it differs after an up-sampling"),
                stride=_said(_NUMBER, "elements of the input per element of the output"),
                padding=_said(_NUMBER, "output 0 sees inputs from -padding on"),
                centre=_said(_NUMBER, "of output 0: -padding + (size - 1)/2"),
                density=_said(_NUMBER, "the share of the window that is seen; 1 without holes"),
                whole=_said(_FLAG, "every output sees the whole axis"),
                widened=_said(_MAYBE_TEXT, "the op that made it the whole axis"),
                outputs=_array(_COUNT, "the axes of the output along which the window moves"),
                relation=_said(_MAYBE_TEXT, "from output to input indices, in isl's language"),
            ),
            "one entry per axis of positions; empty where the field is unknown",
        ),
    ),
    "seen_by": _object(
        count=_COUNT,
        total=_COUNT,
        axes=_array(
            _object(
                axis=_TEXT,
                outputs=_said(
                    {"oneOf": [{"type": "null"}, _array(_array(_COUNT))]},
                    "indices along the axes on which the field moves; null for every output",
                ),
            )
        ),
    ),
    "recurrence": _object(
        input=_TEXT,
        axes=_array(_TEXT, "the axes of the input for which it is the same"),
        operand=_object(name=_TEXT, size=_NUMBER, stride=_NUMBER, padding=_NUMBER),
        window=_object(
            kernel_size=_NUMBER,
            stride=_NUMBER,
            padding=_NUMBER,
            dilation=_NUMBER,
            transposed=_FLAG,
        ),
        formulas=_array(
            _object(name=_TEXT, formula=_TEXT, value=_NUMBER),
            "r is the size, j the stride, P the padding and c the centre",
        ),
    ),
    "input": _object(name=_TEXT, dtype=_TEXT, **_SHAPE),
    "layer": _object(
        index=_COUNT,
        name=_said(_TEXT, "the qualified name of the module, or of the op within its module"),
        op=_said(_TEXT, "the op as torch writes it: Conv2d, add"),
        function=_said(_TEXT, "the torch function that was called"),
        parameters=_said({"type": "object"}, "the parameters of the op, under torch's names"),
        inputs=_array(_ref("shape")),
        outputs=_array(_ref("shape")),
        sources=_array(
            {
                "oneOf": [
                    {"type": "null"},
                    _object(input=_TEXT),
                    _object(layer=_COUNT, output=_COUNT),
                ]
            },
            "where each input comes from, null for a constant of the model; after those of "
            "`inputs`, other tensors of the call",
        ),
        equation=_ref("equation"),
        receptive_fields=_FIELDS,
        label=_ref("label"),
        note=_TEXT,
        location=_PLACE,
        module=_said(_COUNT, "the index of the innermost module call around the op"),
    ),
    "module": _object(
        index=_COUNT,
        name=_TEXT,
        kind=_TEXT,
        inputs=_array(_ref("nested")),
        keywords={"type": "object", "additionalProperties": _ref("nested")},
        outputs=_ref("nested"),
        parent={"type": ["integer", "null"]},
        leaf=_said(_FLAG, "the module has no modules of its own"),
        finished=_said(_FLAG, "false for a call that a finding cut short"),
        layers=_array(_COUNT, "the first layer within the call, and the first after it"),
        parameters=_said(_COUNT, "elements of the module's own parameters"),
        receptive_fields=_FIELDS,
        location=_PLACE,
    ),
    "premise": _object(
        condition=_TEXT,
        kind={"enum": ["requirement", "branch"]},
        why=_TEXT,
        layer=_TEXT,
        location=_PLACE,
    ),
    "finding": _object(
        kind=_said(_TEXT, "shape, forward or data"),
        layer=_TEXT,
        message=_TEXT,
        condition=_said(_MAYBE_TEXT, "what other sizes would have to meet"),
        fix=_said(_MAYBE_TEXT, "the remedy, where it is certain"),
        location=_PLACE,
    ),
}


def _schema(title: str, /, **properties: Schema) -> Schema:
    heading = _object(format={"const": f"shapecalc/{title}"}, version={"const": 1}, **properties)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"shapecalc/{title}, version 1",
        **heading,
        "$defs": _DEFINITIONS,
    }


ANALYSIS: Schema = _schema(
    "analysis",
    name=_said(_TEXT, "the class of the model, or the name of the spec"),
    training=_FLAG,
    parameters=_said(_COUNT, "elements of all parameters, shared ones counted once"),
    symbols=_array(
        _TEXT,
        "the symbols of the inputs as they are written, then those of a spec's parameters",
    ),
    at=_said({"type": ["object", "null"]}, "the sizes given with --at"),
    inputs=_array(_ref("input")),
    inferred=_said(_FLAG, "the input patterns were inferred, not given"),
    output=_ref("nested"),
    layers=_array(_ref("layer"), "every op call, in order"),
    modules=_array(_ref("module"), "every module call, in the order of their beginning"),
    domain=_array(_TEXT, "the conditions under which the formulas hold; empty for all sizes"),
    premises=_array(_ref("premise"), "what `domain` is derived from, each with its origin"),
    findings=_array(_ref("finding")),
    notes=_array(_TEXT),
)
"""What `show --format json` prints."""

LAYER: Schema = _schema(
    "layer",
    layer=_TEXT,
    op=_TEXT,
    function=_TEXT,
    tensors=_array(_object(role=_TEXT, layout=_MAYBE_TEXT, **_SHAPE)),
    equation=_ref("equation"),
    receptive_fields=_FIELDS,
    recurrence=_array(_ref("recurrence"), "how the op's window extends the field of its operand"),
    rule=_array(_TEXT, "the rule in words"),
    source=_said(_TEXT, "where the rule comes from"),
    label=_ref("label"),
    location=_MAYBE_TEXT,
)
"""What `show --layer NAME --format json` prints."""

FIELDS: Schema = _schema(
    "receptive-fields",
    name=_TEXT,
    training=_FLAG,
    sizes=_GIVEN,
    pixel={"oneOf": [{"type": "null"}, _array(_COUNT)]},
    conventions=_array(_TEXT, "what the numbers mean"),
    rows=_array(
        _object(
            name=_TEXT,
            op=_TEXT,
            depth=_COUNT,
            field=_said(_ref("receptive_field"), "far from the borders, for every size"),
            at=_said(_MAYBE_FIELD, "at the sizes, borders counted"),
            seen_by=_said(
                {"oneOf": [{"type": "null"}, _ref("seen_by")]},
                "the outputs that see the pixel, of one channel of one image",
            ),
        ),
        "one entry for each row of the table and each input that reaches it",
    ),
    notes=_array(_TEXT),
    remarks=_array(_TEXT),
)
"""What `field --format json` prints."""

LAYER_FIELDS: Schema = _schema(
    "layer-fields",
    layer=_TEXT,
    sizes=_GIVEN,
    conventions=_array(_TEXT, "what the numbers mean"),
    calls=_array(
        _object(
            kind=_TEXT,
            output=_said(_TEXT, "the shape of the output"),
            receptive_fields=_FIELDS,
            holes=_said(
                {"type": "object", "additionalProperties": _array(_array(_COUNT))},
                "by input and axis: which elements of the window are not seen, from its first",
            ),
            at=_said({"oneOf": [{"type": "null"}, _FIELDS]}, "the same at the sizes"),
            recurrence=_array(_ref("recurrence")),
        )
    ),
)
"""What `field --layer NAME --format json` prints."""

ELEMENT_FIELD: Schema = _schema(
    "element-field",
    layer=_TEXT,
    sizes=_GIVEN,
    index=_array(_COUNT, "the output element, one index for each axis along which it moves"),
    calls=_array(
        _object(
            outputs=_array(_COUNT, "how many elements there are on each of these axes"),
            inputs=_array(
                _object(
                    input=_TEXT,
                    axes=_array(
                        _object(
                            axis=_TEXT,
                            index=_array(_COUNT),
                            size=_said(_COUNT, "elements of the input on the axis"),
                            seen=_array(_COUNT, "the indices that are seen, in order"),
                            window=_said(
                                {"oneOf": [{"type": "null"}, _array({"type": "integer"})]},
                                "first and last index of the window by the formula",
                            ),
                            before=_said(_COUNT, "elements of the window before the input"),
                            after=_said(_COUNT, "elements of the window after the input"),
                            centre=_NUMBER,
                        )
                    ),
                )
            ),
            notes=_array(_TEXT),
        )
    ),
)
"""What `field --layer NAME --at INDICES --format json` prints."""

VERIFICATION: Schema = _schema(
    "verification",
    verified=_FLAG,
    module_calls_compared=_COUNT,
    op_outputs_compared=_COUNT,
    seconds=_said({"type": "number"}, "how long the forward passes took"),
    runs=_array(
        _object(
            sizes={"type": "object", "additionalProperties": {"type": "integer"}},
            accepted=_FLAG,
            module_calls=_COUNT,
            op_outputs=_COUNT,
            not_compared=_COUNT,
            seconds={"type": "number"},
        )
    ),
    differences=_array(_object(sizes=_TEXT, layer=_TEXT, predicted=_TEXT, observed=_TEXT)),
    notes=_array(_TEXT),
)
"""What `verify --format json` prints."""
