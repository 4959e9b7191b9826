"""Numbers of a calculation: exact where that is short, else in four digits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Number: TypeAlias = int | float

_DIGITS = 4
_LARGEST = 10**9  # whole numbers below are written out


def short(value: Number) -> str:
    """Return a number as people write it.

    >>> short(2.0), short(-0.5), short(1 / 3), short(123456.789), short(1e-9), short(0.1 + 0.2)
    ('2', '-0.5', '0.3333', '123457', '1e-09', '0.3')
    """
    if isinstance(value, bool) or not math.isfinite(value):
        return str(value).lower()
    if abs(value) < _LARGEST and value == int(value):
        return str(int(value))
    if not 1e-4 <= abs(value) < _LARGEST:
        text = f"{value:.{_DIGITS - 1}e}"
        mantissa, _, exponent = text.partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    decimals = max(_DIGITS - 1 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_exact(value: Number) -> bool:
    """Tell whether a number is what `short` writes.

    >>> is_exact(0.25), is_exact(1 / 3)
    (True, False)
    """
    return not math.isfinite(value) or float(short(value)) == value


def factor(value: Number) -> str:
    """Return a number as it stands in a product or a sum.

    >>> factor(3), factor(-1.0)
    ('3', '(-1)')
    """
    text = short(value)
    return f"({text})" if text.startswith("-") else text


def product(value: Number, weight: Number) -> str:
    """Return one product of a sum; a negative first factor needs no brackets at its front.

    >>> product(1, 0), product(3, -1), product(-2, 4)
    ('1*0', '3*(-1)', '(-2)*4')
    """
    return f"{factor(value)}*{factor(weight)}"


def added(texts: Iterable[str]) -> str:
    """Return texts of terms with a sign between.

    >>> added(["-2", "(-3)", "0.5"])
    '-2 + (-3) + 0.5'
    """
    return " + ".join(texts)


def substituted(formula: str, values: Mapping[str, Number]) -> str:
    """Return a formula with numbers for its names.

    >>> substituted("max(0, x) + slope*min(0, x)", {"x": -2, "slope": 0.5})
    'max(0, -2) + 0.5*min(0, -2)'
    >>> substituted("x**2 - x", {"x": -2})
    '(-2)**2 - (-2)'
    """

    def number(found: re.Match[str]) -> str:
        name = found[0]
        if name not in values:
            return name
        before, after = formula[: found.start()].rstrip(), formula[found.end() :].lstrip()
        first = not before or before[-1] in "(,"
        powered = after.startswith("**")
        return short(values[name]) if first and not powered else factor(values[name])

    return re.sub(r"[A-Za-z_]\w*", number, formula)
