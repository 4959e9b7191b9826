"""Another type, device or memory: https://pytorch.org/docs/stable/tensors.html."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shapecalc.op import Call, Operand
from shapecalc.ops.pointwise import pointwise
from shapecalc.ops.promotion import is_type
from shapecalc.registry import reader

_TYPES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "char": "int8",
    "byte": "uint8",
    "bool": "bool",
    "cfloat": "complex64",
    "cdouble": "complex128",
    "chalf": "complex32",
}


@reader(*(f"Tensor.{name}" for name in _TYPES), named=True)
def read_typed(function: str, input: Operand, memory_format: str | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.float.html"""
    return pointwise(function, [input], _TYPES[function.rpartition(".")[2]])


@reader("Tensor.to")
def read_to(input: Operand, *args: Any, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.to.html"""
    # a type, a device, both, or a tensor that has both; then flags
    dtype = input.dtype
    for value in (*args, options.get("other"), options.get("dtype")):
        if isinstance(value, Operand):
            dtype = value.dtype
        elif isinstance(value, str) and is_type(value):
            dtype = value
    return pointwise("to", [input], dtype)


@reader("type_as")
def read_type_as(input: Operand, other: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.type_as.html"""
    return replace(pointwise("type_as", [input], other.dtype), unread=(other,))


@reader("clone", "contiguous", "detach", "cpu", "cuda", "pin_memory", "Tensor.data", named=True)
def read_same(function: str, input: Operand, *args: Any, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.clone.html"""
    return pointwise(function, [input], input.dtype)
