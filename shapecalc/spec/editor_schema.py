"""The JSON Schema of specs, with which editors complete and check them.

Source:
    https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from typing import Any

from shapecalc.spec.functions import functions
from shapecalc.spec.parameters import Parameter, Signature, module_signature, modules

_NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
_REF = r"^[A-Za-z][A-Za-z0-9_]*(\.[0-9]+)?$"
_FORMULA = r"^[A-Za-z0-9_+*/%() -]+$"
_BLOCK_NAME = r"^[a-z][a-z0-9_]*$"


def editor_schema() -> dict[str, Any]:
    """Return the JSON Schema of specs, in draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A model as a list of layers, for shapecalc",
        "type": "object",
        "additionalProperties": False,
        "required": ["layers"],
        "oneOf": [{"required": ["input"]}, {"required": ["inputs"]}],
        "not": {"required": ["output", "outputs"]},
        "properties": {
            "name": {"type": "string", "pattern": _NAME, "description": "the class of the model"},
            "input": {"$ref": "#/$defs/pattern"},
            "inputs": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": _NAME},
                "additionalProperties": {"$ref": "#/$defs/pattern"},
            },
            "layers": _list_of("#/$defs/layer"),
            "output": {"$ref": "#/$defs/reference"},
            "outputs": {
                "anyOf": [
                    _list_of("#/$defs/reference"),
                    {"type": "object", "additionalProperties": {"$ref": "#/$defs/reference"}},
                ]
            },
            "blocks": {
                "type": "object",
                "propertyNames": {"pattern": _BLOCK_NAME},
                "additionalProperties": {"$ref": "#/$defs/block"},
            },
        },
        "$defs": {
            "pattern": {
                "description": "sizes of a tensor: N,3,H,W, or N,T:int64 with a type",
                "anyOf": [
                    {"type": ["string", "integer"]},
                    {"type": "array", "items": {"$ref": "#/$defs/size"}},
                ],
            },
            "size": {
                "description": "elements: a number, a symbol or a formula",
                "anyOf": [{"type": "integer"}, {"type": "string", "pattern": _FORMULA}],
            },
            "argument": {
                "description": "an argument of the block",
                "type": "string",
                "pattern": _NAME,
            },
            "reference": {
                "description": "a layer or input; `lstm.1` is the second output of `lstm`",
                "type": "string",
                "pattern": _REF,
            },
            "inputs": {
                "anyOf": [{"$ref": "#/$defs/reference"}, _list_of("#/$defs/reference")],
                "description": "the layers that are read, by default the one before",
            },
            "name": {"type": "string", "pattern": _NAME, "description": "the layer's own name"},
            "repeat": {
                "description": "how many copies in a chain",
                "anyOf": [
                    {"type": "integer", "minimum": 1},
                    {"type": "string", "pattern": _FORMULA},
                ],
            },
            "block": _BLOCK,
            "use": _USE,
            "layer": _layers(in_block=False),
            "layer_of_block": _layers(in_block=True),
            **{name: _type(signature, False) for name, signature in _signatures().items()},
            **{f"{n}_of_block": _type(signature, True) for n, signature in _signatures().items()},
        },
    }


def _list_of(ref: str) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": {"$ref": ref}}


_VALUE = {"type": ["string", "number", "boolean", "null", "array"]}

_COMMON = {key: {"$ref": f"#/$defs/{key}"} for key in ("name", "inputs", "repeat")}

_USE = {
    "description": "a block with its arguments",
    "anyOf": [
        {"type": "null"},
        _list_of("#/$defs/reference"),
        {"type": "object", "properties": _COMMON, "additionalProperties": _VALUE},
    ],
}

_BLOCK = {
    "type": "object",
    "additionalProperties": False,
    "required": ["layers"],
    "not": {"required": ["output", "outputs"]},
    "properties": {
        "inputs": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": _NAME}},
        "arguments": {
            "anyOf": [
                {"type": "array", "items": {"type": "string", "pattern": _NAME}},
                {
                    "type": "object",
                    "propertyNames": {"pattern": _NAME},
                    "additionalProperties": _VALUE,
                },
            ]
        },
        "layers": _list_of("#/$defs/layer_of_block"),
        "output": {"$ref": "#/$defs/reference"},
        "outputs": _list_of("#/$defs/reference"),
    },
}


def _signatures() -> dict[str, Signature]:
    layers = {name: module_signature(name) for name in sorted(modules())}
    return layers | {name: stub.signature for name, stub in functions().items()}


def _layers(*, in_block: bool) -> dict[str, Any]:
    suffix = "_of_block" if in_block else ""
    signatures = _signatures()
    alone = [name for name, signature in signatures.items() if not signature.required]
    return {
        "anyOf": [
            {"enum": alone},
            {"type": "string", "pattern": _BLOCK_NAME, "description": "a block"},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {name: {"$ref": f"#/$defs/{name}{suffix}"} for name in signatures},
                "patternProperties": {
                    f"^(?!({'|'.join(functions())})$){_BLOCK_NAME[1:]}": {"$ref": "#/$defs/use"}
                },
                "additionalProperties": False,
            },
        ]
    }


def _type(signature: Signature, in_block: bool) -> dict[str, Any]:
    mapping = {
        "type": "object",
        "additionalProperties": False,
        "required": list(signature.required),
        "properties": {
            **_COMMON,
            **{name: _value(entry, in_block) for name, entry in signature.parameters.items()},
        },
    }
    if signature.required:
        return mapping
    return {"anyOf": [mapping, {"type": "null"}, _list_of("#/$defs/reference")]}


def _value(entry: Parameter, in_block: bool) -> dict[str, Any]:
    choices = list[dict[str, Any]]()
    least = {} if entry.minimum is None else {"minimum": entry.minimum}
    if entry.accepts & {"size", "int"}:
        choices += [{"type": "integer", **least}, {"type": "string", "pattern": _FORMULA}]
    if "float" in entry.accepts:
        choices.append({"type": "number", **least})
    if "bool" in entry.accepts:
        choices.append({"type": "boolean"})
    if "null" in entry.accepts:
        choices.append({"type": "null"})
    if entry.choices:
        choices.append({"enum": list(entry.choices)})
    elif "str" in entry.accepts:
        choices.append({"type": "string"})
    if entry.several:
        choices.append({"type": "array", "items": {"anyOf": list(choices)}})
    if in_block:
        choices.append({"$ref": "#/$defs/argument"})
    value: dict[str, Any] = choices[0] if len(choices) == 1 else {"anyOf": choices}
    default = entry.default
    if isinstance(default, (bool, int, float, str)):
        value = {**value, "default": default}
    return value
