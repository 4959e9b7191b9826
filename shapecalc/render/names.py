"""Short names for long formulas, so that a table fits: `H2` for `floor((H + 3)/4)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shapecalc import dims
from shapecalc.dims import Dim, Shape

_SHORT = 8  # characters of a formula that needs no name


@dataclass(frozen=True, slots=True)
class Names:
    """The names of some formulas, in the order in which the formulas appear."""

    names: Mapping[Dim, str] = field(default_factory=dict)

    @classmethod
    def of(cls, formulas: Iterable[Dim], *, taken: Iterable[str]) -> Names:
        """Name every long formula after its size, or `S` where it has several, and a number.

        >>> H, W = dims.symbol("H"), dims.symbol("W")
        >>> print(Names.of([dims.floordiv(H + 1, 2), dims.floordiv(W + 3, 4), H], taken="HW"))
        H1 = floor((H + 1)/2)
        W1 = floor((W + 3)/4)
        """
        used = set(taken)
        names: dict[Dim, str] = {}
        counts: dict[str, int] = {}
        for formula in formulas:
            if formula in names or len(dims.format_dim(formula)) <= _SHORT:
                continue
            stem = _stem(formula)
            name = ""
            while not name or name in used:
                counts[stem] = counts.get(stem, 0) + 1
                name = f"{stem}{counts[stem]}"
            used.add(name)
            names[formula] = name
        return cls(names)

    def format_dim(self, dim: Dim) -> str:
        """Return the name of a size, or its formula where it has none."""
        return self.names.get(dim) or dims.format_dim(dim)

    def format_shape(self, shape: Shape) -> str:
        """Return a shape with the names in it."""
        parts = [self.format_dim(dim) for dim in shape]
        return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"

    def __str__(self) -> str:
        return "\n".join(f"{name} = {dims.format_dim(dim)}" for dim, name in self.names.items())


def _stem(formula: Dim) -> str:
    """Return the one size of a formula; sizes are written large, parameters small."""
    symbols = [str(symbol) for symbol in formula.free_symbols]
    sizes = [name for name in symbols if name[0].isupper()] or symbols
    return sizes[0] if len(sizes) == 1 and not sizes[0][-1].isdigit() else "S"
