"""Sizes times a float, as double arithmetic gives them.

Source:
    https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import sympy
from sympy import Add, Integer

from shapecalc.dims.atoms import MANY, Dim, Scaled, integer_polynomial
from shapecalc.dims.normal_form import expand, floordiv


@lru_cache(MANY)
def scaled(size: Dim, factor: float) -> Dim:
    """Return floor(size*factor) as double arithmetic gives it, which `interpolate` uses.

    A factor such as 0.5 or 1.5 is exact in binary. Another one, such as 0.29, is taken for the
    fraction that it stands for if double arithmetic agrees with that up to a size of 65,536
    elements, and else stays a function of its own, `scaled`, that computes what torch computes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    if size.is_Integer:
        return Integer(math.floor(float(int(size)) * factor))
    exact = Fraction(factor)
    if exact.denominator <= 1 << 20:
        return floordiv(size * exact.numerator, exact.denominator)
    near = exact.limit_denominator(1000)
    # away from the multiples of the denominator rounding cannot reach the next integer
    multiples = range(near.denominator, 1 << 16, near.denominator)
    if float(near) == factor and all(
        math.floor(n * factor) == n * near.numerator // near.denominator for n in multiples
    ):
        return floordiv(size * near.numerator, near.denominator)
    return Scaled(size, sympy.Float(factor, 17))


def scaled_by_sizes(size: Dim, factor: Dim) -> Dim | None:
    """Return floor(size*factor) in double arithmetic, for a factor computed from sizes, or None.

    A factor with a power of two below is exact. Otherwise rounding must not reach an integer:
    it does not where size*factor is never whole, as in 16*(floor(H/14) + 0.1)/16. It may in
    H*(T/H), which can come out just below T: None.
    """
    exact, rounded = _over_common(factor), _over_common(expand(size * factor))
    if exact is not None and exact[1] & (exact[1] - 1) == 0:
        return floordiv(size * exact[0], exact[1])
    if rounded is None:
        return None
    numerator, denominator = rounded
    constant, terms = numerator.as_coeff_add()
    step = math.gcd(denominator, *(int(term.as_coeff_Mul()[0]) for term in terms))
    return floordiv(numerator, denominator) if int(constant) % step else None


def _over_common(value: Dim) -> tuple[Dim, int] | None:
    """Return an integer polynomial and the number that it is divided by, or None."""
    terms = []
    for term in Add.make_args(expand(value)):
        number, rest = term.as_coeff_Mul()
        near = Fraction(float(number)).limit_denominator(1 << 20)
        if not math.isclose(float(near), float(number), rel_tol=1e-15):
            return None
        if not (integer_polynomial(rest) and rest.is_integer):
            return None
        terms.append((near, rest))
    denominator = math.lcm(*(number.denominator for number, _ in terms))
    whole = [int(number * denominator) * rest for number, rest in terms]
    return Add(*whole), denominator
