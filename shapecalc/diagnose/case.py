"""The case in hand: the sizes that were given, as symbols that have those sizes.

Somebody who asks about a 32x32 image wants to know of 32, and also why not 28. So sizes that are
numbers become symbols, and the symbols keep the numbers as the case: the formulas say where a
number comes from, and which other one would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.inputs import Pattern, Patterns

# names of the axes of a tensor by its rank, from the batch on
_AXES = {1: "N", 2: "NF", 3: "NTL", 4: "NCHW", 5: "NCDHW"}


@dataclass(frozen=True, slots=True)
class Case:
    """Patterns whose sizes are symbols, and the sizes that some of them are given as."""

    patterns: Patterns
    sizes: Mapping[str, int]

    @property
    def free(self) -> tuple[str, ...]:
        """The symbols that the question left open."""
        return tuple(name for name in self.symbols if name not in self.sizes)

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, tuple[Any, ...]]:
        """Return the shape of every input by its name, numbers where `sizes` has them."""
        return {
            pattern.name: tuple(
                dims.evaluate(dim, sizes)
                if {str(s) for s in dims.symbols_of((dim,))} <= sizes.keys()
                else dims.format_dim(dim)
                for dim in pattern.shape
            )
            for pattern in self.patterns.all()
        }

    @property
    def symbols(self) -> tuple[str, ...]:
        """All symbols of the inputs."""
        found = (s for p in self.patterns.all() for dim in p.shape for s in dims.symbols_of((dim,)))
        return tuple(dict.fromkeys(map(str, found)))


def lifted(patterns: Patterns) -> Case:
    """Return the case of patterns: their numbers as symbols, but for the channels of images.

    Numbers at the same axis of several tensors that are equal share a symbol: the batch of two
    inputs is one.
    """
    taken = {str(s) for p in patterns.all() for dim in p.shape for s in dims.symbols_of((dim,))}
    named: dict[tuple[str, int], str] = {}
    sizes: dict[str, int] = {}

    def symbol(letter: str, size: int) -> Dim:
        name = named.get((letter, size))
        if name is None:
            name = letter
            count = 1
            while name in taken:
                count += 1
                name = f"{letter}{count}"
            taken.add(name)
            named[letter, size] = name
            sizes[name] = size
        return dims.symbol(name)

    def of(pattern: Pattern) -> Pattern:
        letters = _AXES.get(len(pattern.shape), "")
        if len(pattern.shape) == 2 and pattern.dtype.startswith("int"):
            letters = "NT"
        shape = Shape(
            symbol(letters[axis], int(dim)) if letters and _lifts(letters[axis], dim) else dim
            for axis, dim in enumerate(pattern.shape)
        )
        return replace(pattern, shape=shape)

    def walk(value: Any) -> Any:
        if isinstance(value, Pattern):
            return of(value)
        if isinstance(value, dict):
            return {key: walk(entry) for key, entry in value.items()}
        if isinstance(value, (tuple, list)):
            return type(value)(map(walk, value))
        return value

    args, kwargs = walk(patterns.args), walk(dict(patterns.kwargs or {}))
    return Case(replace(patterns, args=args, kwargs=kwargs), sizes)


def _lifts(letter: str, dim: Dim) -> bool:
    return bool(dim.is_Integer) and int(dim) >= 1 and letter not in "CF"
