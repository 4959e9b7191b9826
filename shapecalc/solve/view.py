"""A question as it is asked of some sizes, and the sizes that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.sets import SizeSet
from shapecalc.solve.meaning import Cases, Meaning


@dataclass(frozen=True)
class View:
    """What a question means for some sizes: alternatives of conditions.

    Where it is only about what is `arriving` at layers, the sizes are all that come that far.
    """

    sizes: SizeSet
    cases: Cases
    formulas: Mapping[str, tuple[Dim, ...]]
    meaning: Meaning
    arriving: bool = False

    @cached_property
    def solutions(self) -> list[SizeSet]:
        """The sizes of every alternative; they may overlap."""
        found = (narrowed(self.sizes, case) for case in self.cases)
        return [part for part in found if part.is_empty() is not True]


def narrowed(sizes: SizeSet, conditions: Iterable[Condition]) -> SizeSet:
    """Return the part of a set that meets conditions.

    What isl could not write may be written once other conditions hold.
    """
    for condition in conditions:
        sizes = sizes.where(condition)
    for _ in range(2):
        open_, sizes = sizes.open, SizeSet(sizes.names, sizes.points, ())
        for condition in open_:
            sizes = sizes.where(condition)
    return sizes
