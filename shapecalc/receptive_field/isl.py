"""Digits and their sizes in isl's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def variables(*digits: Digit) -> dict[Digit, str]:
    """Return a name for every digit, by its place in the list: H and W share their relations.

    No symbol of a model begins like that.

    >>> variables(Digit(3, 0), Digit(1, 0))
    {Digit(axis=3, place=0): '__d0', Digit(axis=1, place=0): '__d1'}
    """
    return {digit: f"__d{n}" for n, digit in enumerate(dict.fromkeys(digits))}


def listed(digits: Sequence[Digit], names: Mapping[Digit, str]) -> str:
    """Return digits as an index tuple."""
    return f"[{', '.join(names[digit] for digit in digits)}]"


def lifting(digits: Sequence[Digit], kept: Sequence[Digit]) -> str:
    """Return the relation from some digits to others, of which each is the same or free."""
    names = variables(*digits, *kept)
    return f"{{ {listed(digits, names)} -> {listed(kept, names)} }}"


def domain_of(digits: Sequence[Digit], layout: Layout, bounded: Sequence[Digit]) -> str:
    """Return the values of digits as a set, within their sizes for those in `bounded`."""
    names = variables(*digits)
    declared, bounds = bounds_of(bounded, layout, names)
    known = f" : {' and '.join(bounds)}" if bounds else ""
    return f"{declared}{{ {listed(digits, names)}{known} }}"


def bounds_of(
    digits: Sequence[Digit], layout: Layout, names: Mapping[Digit, str]
) -> tuple[str, list[str]]:
    """Return the symbols in the sizes of digits, and the bounds of the digits, for isl."""
    sizes = [(names[digit], size_of(digit, layout)) for digit in digits]
    texts = [(name, size, isl_text(size, {})) for name, size in sizes]
    bounds = [f"0 <= {name}" + (f" < {text}" if text else "") for name, _, text in texts]
    return head(*(size for _, size, text in texts if text)), bounds
