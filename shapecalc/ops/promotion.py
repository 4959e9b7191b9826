"""Which type comes out: https://pytorch.org/docs/stable/tensor_attributes.html."""

from __future__ import annotations

from collections.abc import Iterable

from shapecalc.dtypes import is_floating, promote
from shapecalc.op import Operand, SizeFloat

_COMPLEX_OF = {"float16": "complex32", "float32": "complex64", "float64": "complex128"}
_REAL_OF = {complex_: real for real, complex_ in _COMPLEX_OF.items()}

BYTES = {
    **dict.fromkeys(("bool", "uint8", "int8"), 1),
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16"), 2),
    **dict.fromkeys(("int32", "uint32", "float32", "complex32"), 4),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 8),
    "complex128": 16,
}
"""What one element of a type takes, in bytes."""


def is_type(name: str) -> bool:
    """Tell whether a name is that of a type, and not of a device."""
    return name in BYTES or name.startswith("float8")


def result_type(operands: Iterable[object]) -> str:
    """Return the type that torch computes in for these tensors and Python numbers.

    Tensors with axes count first, then those without, then numbers: a later group changes the
    type only where it is of a higher category (bool, integer, floating, complex).

    Source:
        https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc

    >>> result_type([True, 2, 2.5])
    'float32'
    """
    with_axes, without_axes, numbers = list[str](), list[str](), list[str]()
    for operand in operands:
        if isinstance(operand, Operand):
            (with_axes if operand.shape else without_axes).append(operand.dtype)
        elif (dtype := number_type(operand)) is not None:
            numbers.append(dtype)
    groups = [promote(*group) for group in (numbers, without_axes, with_axes) if group]
    if not groups:
        return "float32"
    result = groups[0]
    for higher in groups[1:]:
        result = _combine(higher, result)
    return result


def number_type(value: object) -> str | None:
    """Return the type that torch gives a Python number, or None for what is no number."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int64"
        case float() | SizeFloat():
            return "float32"
        case complex():
            return "complex64"
        case _ if hasattr(value, "free_symbols"):
            return "int64"
        case _:
            return None


def _combine(higher: str, lower: str) -> str:
    if higher.startswith("complex"):
        return higher
    if is_floating(higher):
        return as_complex(higher) if lower.startswith("complex") else higher
    if higher == "bool" or is_floating(lower):
        return promote(higher, lower)
    return higher


def as_floating(dtype: str) -> str:
    """Return the type of a result that has fractions: float32 for integers."""
    return dtype if is_floating(dtype) else "float32"


def as_real(dtype: str) -> str:
    """Return the type of the real part."""
    return _REAL_OF.get(dtype, dtype)


def as_complex(dtype: str) -> str:
    """Return the complex type whose parts are of type `dtype`, which may be one already."""
    return dtype if dtype.startswith("complex") else _COMPLEX_OF.get(dtype, "complex64")
