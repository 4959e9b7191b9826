"""What the name of a torch function tells: whether it works in place, and on what shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# in-place methods that change the shape of their tensor: views of it under another shape
_RESHAPING = {
    "unsqueeze_", "squeeze_", "transpose_", "t_", "swapaxes_", "swapdims_", "as_strided_",
    "resize_", "resize_as_", "detach_", "requires_grad_", "data",
}  # fmt: skip
_IN_PLACE_OPERATORS = {
    "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ifloordiv__", "__imod__", "__ipow__",
    "__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__", "__setitem__",
}  # fmt: skip


def function_name(func: Callable[..., Any]) -> str:
    """Return the name of a torch function; properties go by their own."""
    name = str(getattr(func, "__name__", None) or getattr(func, "name", func))
    if name in ("__get__", "__set__"):
        name = getattr(getattr(func, "__self__", None), "__name__", name)
    return name


def is_in_place(func: Callable[..., Any], kwargs: Mapping[str, Any] | None = None) -> bool:
    """Tell whether a call changes its first argument: by its name, or since it is asked to."""
    name = function_name(func)
    if name in _IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__")):
        return True
    return bool(kwargs and kwargs.get("inplace"))


def keeps_shape(func: Callable[..., Any]) -> bool:
    """Tell whether a call in place leaves the shape of its tensor what it is."""
    return function_name(func) not in _RESHAPING
