"""The answer to a question about sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from shapecalc.dims import Dim
from shapecalc.errors import PatternError, UndecidedError
from shapecalc.sets import SizeSet

if TYPE_CHECKING:
    from shapecalc.sets.parts import Part


@dataclass(frozen=True, slots=True)
class Reading:
    """What the references of a question stand for at some sizes: `out.H` is a formula there."""

    sizes: SizeSet
    formulas: Mapping[str, tuple[Dim, ...]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried where nothing is proved: all whole numbers up to `largest`, by symbol.

    `found` are some of those that answer the question, and `count` is how many there are, where
    all were looked for. Symbols in `fixed` have one value.
    """

    largest: Mapping[str, int]
    found: tuple[dict[str, int], ...] = ()
    fixed: Mapping[str, int] = field(default_factory=dict)
    count: int | None = None


@dataclass(frozen=True)
class Solution:
    """All sizes that answer a question, exactly.

    `sizes` are sets, each of solutions only, and together all of them. `none` says that it is
    proved that there are none, and `reason` why. `undecided` says why the answer is not known, or
    not wholly; it is empty where it is. `forms` give one symbol in terms of others where that is
    possible, as in `p = (k - 1)/2, where k is odd`. With `for_`, the symbols are those and the
    other parameters, and the sizes solve the question for all accepted inputs.

    `every` tells whether all accepted sizes are solutions, and no others.

    `rejected` are the solutions that the model does not accept: a question about what arrives at
    a layer is answered for the sizes that the layer itself rejects, too.
    """

    question: str
    symbols: tuple[str, ...]
    sizes: tuple[SizeSet, ...]
    none: bool
    reason: str = ""
    undecided: str = ""
    forms: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    example: Mapping[str, int] | None = None
    for_: tuple[str, ...] = ()
    rejected: tuple[SizeSet, ...] = ()
    unexplored: tuple[SizeSet, ...] = ()
    trial: Trial | None = None
    every: bool = False
    notes: tuple[str, ...] = ()

    @cached_property
    def proved(self) -> SizeSet:
        """The solutions that isl can write, as one set."""
        found = SizeSet.none(self.symbols)
        for part in self.sizes:
            if not part.open:
                found = found.union(part)
        return found

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The proved solutions as people say them: a part for each group of symbols."""
        from shapecalc.sets.parts import parts

        return parts(self.proved)

    def contains(self, **sizes: int) -> bool:
        """Tell whether sizes are a solution; symbols that are not named may have any value.

        Raises:
            PatternError: the question is not about such a symbol.
            UndecidedError: that is not known.
        """
        for name in sizes:
            if name not in self.symbols:
                known = ", ".join(self.symbols) or "none"
                raise PatternError(f"{name} is no symbol of the solutions; they are: {known}")
        missing = False
        for part in self.sizes:
            spoken = {str(symbol) for condition in part.open for symbol in condition.symbols}
            if spoken <= sizes.keys():
                if part.contains(sizes):
                    return True
            elif part.at(sizes).is_empty() is not True:
                missing = True
        if missing:
            names = ", ".join(name for name in self.symbols if name not in sizes)
            raise UndecidedError(f"that depends on the other sizes: give {names}, too")
        if self.trial is not None and not self.sizes:
            raise UndecidedError(self.undecided)
        if any(part.at(sizes).is_empty() is not True for part in self.unexplored):
            raise UndecidedError("the paths of the model are not explored there")
        return False

    def nearest(self, **sizes: int) -> dict[str, int] | None:
        """Return the proved solution nearest to these sizes, as `AcceptedSizes.nearest` does."""
        return self.proved.nearest(sizes)
