"""The JSON Schema of what `shapecalc field --format json` prints."""

from __future__ import annotations

from shapecalc.render.schema import (
    COUNT,
    FLAG,
    GIVEN,
    MAYBE_FIELD,
    NUMBER,
    RECEPTIVE_FIELDS,
    TEXT,
    Schema,
    array,
    record_of,
    ref,
    said,
    schema_of,
)

FIELDS: Schema = schema_of(
    "receptive-fields",
    name=TEXT,
    training=FLAG,
    sizes=GIVEN,
    pixel={"oneOf": [{"type": "null"}, array(COUNT)]},
    conventions=array(TEXT, "what the numbers mean"),
    rows=array(
        record_of(
            name=TEXT,
            op=TEXT,
            depth=COUNT,
            field=said(ref("receptive_field"), "far from the borders, for every size"),
            at=said(MAYBE_FIELD, "at the sizes, borders counted"),
            seen_by=said(
                {"oneOf": [{"type": "null"}, ref("seen_by")]},
                "the outputs that see the pixel, of one channel of one image",
            ),
        ),
        "one entry for each row of the table and each input that reaches it",
    ),
    notes=array(TEXT),
    remarks=array(
        record_of(
            kind=said(
                TEXT,
                "holes, gaps, misaligned, off-centre, unseen, larger than the image, widened "
                "or batch",
            ),
            layers=array(TEXT, "where it begins, then what else has a part in it"),
            input=TEXT,
            axes=array(TEXT, "the axes of the input that it is about"),
            text=said(TEXT, "the remark in words"),
            numbers=said(
                {"type": "object"},
                "the numbers in it by their names; of unseen elements, by axis, the indices at "
                "the sizes, or the set of them in isl's language",
            ),
        ),
        "what else stands out; none with a pixel",
    ),
)
"""What `field --format json` prints."""

LAYER_FIELDS: Schema = schema_of(
    "layer-fields",
    layer=TEXT,
    sizes=GIVEN,
    conventions=array(TEXT, "what the numbers mean"),
    calls=array(
        record_of(
            kind=TEXT,
            output=said(TEXT, "the shape of the output"),
            receptive_fields=RECEPTIVE_FIELDS,
            holes=said(
                {
                    "type": "object",
                    "additionalProperties": array({"oneOf": [{"type": "null"}, array(COUNT)]}),
                },
                "by input and axis: which elements of the window are not seen, from its first; "
                "null where that is not known",
            ),
            at=said({"oneOf": [{"type": "null"}, RECEPTIVE_FIELDS]}, "the same at the sizes"),
            recurrence=array(ref("recurrence")),
        )
    ),
)
"""What `field --layer NAME --format json` prints."""

ELEMENT_FIELD: Schema = schema_of(
    "element-field",
    layer=TEXT,
    sizes=GIVEN,
    index=array(COUNT, "the output element, one index for each axis along which it moves"),
    calls=array(
        record_of(
            outputs=array(COUNT, "how many elements there are on each of these axes"),
            inputs=array(
                record_of(
                    input=TEXT,
                    axes=array(
                        record_of(
                            axis=TEXT,
                            index=array(COUNT),
                            size=said(COUNT, "elements of the input on the axis"),
                            seen=array(COUNT, "the indices that are seen, in order"),
                            window=said(
                                {"oneOf": [{"type": "null"}, array({"type": "integer"})]},
                                "first and last index of the window by the formula",
                            ),
                            before=said(COUNT, "elements of the window before the input"),
                            after=said(COUNT, "elements of the window after the input"),
                            centre=NUMBER,
                        )
                    ),
                )
            ),
            notes=array(TEXT),
        )
    ),
)
"""What `field --layer NAME --at INDICES --format json` prints."""
