"""The types of tensors, by torch's own names."""

from __future__ import annotations

# from the narrowest to the widest: what torch promotes a pair to
DTYPE_NAMES = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex32",
    "complex64",
    "complex128",
)


def promote(*dtypes: str) -> str:
    """Return the type that torch computes in for operands of these types.

    Source:
        https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc

    >>> promote("int64", "float16")
    'float16'
    """
    known = {dtype for dtype in dtypes if dtype in DTYPE_NAMES}
    if known == {"float16", "bfloat16"}:
        return "float32"
    if "uint8" in known and "int8" in known:
        known.add("int16")  # the narrowest that holds both
    # a complex type has the width of the widest part
    if "float64" in known and known & {"complex32", "complex64"}:
        known.add("complex128")
    if "float32" in known and "complex32" in known:
        known.add("complex64")
    return max(known, key=DTYPE_NAMES.index, default="float32")


def is_floating(dtype: str) -> bool:
    """Tell whether a type holds fractions."""
    return dtype.startswith(("float", "bfloat", "complex"))


# parameters with an entry per axis, which torch also takes as one number
