"""The sizes of a tensor."""

from __future__ import annotations

from collections.abc import Iterable

from shapecalc.dims.atoms import Dim, IntoDim, as_dim
from shapecalc.dims.text import format_shape


class Shape(tuple[Dim, ...]):
    """The sizes of a tensor, one `Dim` an axis, printed the way they are written by hand.

    >>> from shapecalc.dims import floordiv, symbol
    >>> H = symbol("H")
    >>> Shape([symbol("N"), 64, floordiv(H + 3, 4)])
    (N, 64, floor((H + 3)/4))
    """

    __slots__ = ()

    def __new__(cls, dims: Iterable[IntoDim] = ()) -> Shape:
        """Return a shape of numbers and formulas."""
        return super().__new__(cls, [as_dim(dim) for dim in dims])

    def __repr__(self) -> str:
        return format_shape(self)

    __str__ = __repr__
