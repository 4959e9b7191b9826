"""How fast sizes grow with a symbol, and which of them keep pace within a set."""

from __future__ import annotations

import itertools
from fractions import Fraction

import islpy as isl
from sympy import Max, Min
from sympy.functions.elementary.integers import floor

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.sets.text import isl_text

_SET = isl.dim_type.set


def growth(atom: Dim) -> tuple[Dim, Fraction] | None:
    """Return the symbol of H or floor((a*H + c)/m), and how fast the atom grows with it: a/m."""
    if atom.is_Symbol:
        return atom, Fraction(1)
    if atom.func is not floor or len(atom.free_symbols) != 1:
        return None
    (symbol,) = atom.free_symbols
    x, m = dims.split_floor(atom)
    slope = x.coeff(symbol)
    if m == 0 or not slope.is_Integer or slope <= 0 or not (x - slope * symbol).is_Integer:
        return None
    return symbol, Fraction(int(slope), m)


def with_fewer_atoms(condition: Condition, within: isl.Set) -> Condition:
    """Write atoms as multiples of slower ones, a = k*b + c, where `within` allows no other sizes.

    >>> H, W = dims.symbol("H"), dims.symbol("W")
    >>> within = isl.Set("{ [H, W] : H mod 4 = 1 and H >= 1 and W >= 1 }")
    >>> print(with_fewer_atoms(Condition(dims.floordiv(H + 2, 4) * W, "==", H), within))
    W*floor((H + 2)/4) = 4*floor((H + 2)/4) + 1
    """
    sizes = condition.left, condition.right
    atoms = {atom for size in sizes for atom in size.atoms(floor, Min, Max, *condition.symbols)}
    atoms = {atom for atom in atoms if isl_text(atom, {}) is not None}
    # a symbol is replaced where it stands by itself, not in the atoms that remain
    written: dict[Dim, Dim] = {atom: atom for atom in atoms if not atom.is_Symbol}
    for slow, atom in itertools.permutations(sorted(atoms, key=str), 2):
        ratio = _ratio(atom, slow)
        if ratio and written.get(atom, atom) == atom and written.get(slow, slow) == slow:
            offset = _only_value(dims.expand(atom - ratio * slow), within)
            if offset is not None:
                written[atom] = ratio * slow + offset
    left, right = (size.xreplace(written) for size in sizes)
    return Condition(left, condition.relation, right)


def _ratio(atom: Dim, slow: Dim) -> int:
    """Return how many times as fast an atom grows as another one of its symbol, 0 if not whole."""
    pace, other = growth(atom), growth(slow)
    if pace is None or other is None or pace[0] != other[0]:
        return 0
    ratio = pace[1] / other[1]
    return int(ratio) if ratio.denominator == 1 else 0


def _only_value(size: Dim, within: isl.Set) -> int | None:
    """Return the value that a size always has in a set, or None."""
    names = ", ".join(str(within.get_dim_name(_SET, n)) for n in range(within.dim(_SET)))
    values = within.apply(isl.Map(f"{{ [{names}] -> [{isl_text(size, {})}] }}"))
    if not values.is_singleton():
        return None
    return int(values.sample_point().get_coordinate_val(_SET, 0).to_python())
