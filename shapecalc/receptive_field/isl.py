"""Digits and their sizes in isl's language."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc import dims
from shapecalc.access import INDEX
from shapecalc.dims import Dim
from shapecalc.receptive_field.digits import Digit, Layout, size_of
from shapecalc.sets import isl_text


class NotAffine(Exception):  # noqa: N818
    """A relation has no form in isl's language, because symbols would multiply."""


def head(*sizes: Dim) -> str:
    """Return the declaration of the symbols of sizes, in isl's language."""
    names = sorted({str(s) for s in dims.symbols_of(sizes) if not str(s).startswith(INDEX)})
    return f"[{', '.join(names)}] -> " if names else ""


def lifting(digits: Sequence[Digit], kept: Sequence[Digit]) -> str:
    """Return the relation that forgets all but some digits."""
    return f"{{ [{names_of(digits)}] -> [{names_of(kept)}] }}"


def names_of(digits: Sequence[Digit]) -> str:
    """Return the variables of digits."""
    return ", ".join(digit.name for digit in digits)


def domain_of(digits: Sequence[Digit], layout: Layout) -> str:
    """Return all values of digits as a set, as far as their sizes can be written."""
    declared, bounds = bounds_of(digits, layout)
    return f"{declared}{{ [{names_of(digits)}] : {' and '.join(bounds)} }}"


def bounds_of(digits: Sequence[Digit], layout: Layout) -> tuple[str, list[str]]:
    """Return the symbols in the sizes of digits, and the bounds of the digits, for isl."""
    sizes = [(digit.name, size_of(digit, layout)) for digit in digits]
    texts = [(name, size, isl_text(size, {})) for name, size in sizes]
    bounds = [f"0 <= {name}" + (f" < {text}" if text else "") for name, _, text in texts]
    return head(*(size for _, size, text in texts if text)), bounds
