"""The sizes that a model accepts, as a set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from shapecalc.errors import UndecidedError
from shapecalc.sets import SizeSet
from shapecalc.sets.merging import merged
from shapecalc.sizes.exploration import Exploration, Piece, Rejection
from shapecalc.sizes.nearby import nearest_tried

if TYPE_CHECKING:
    from shapecalc.sets.parts import Part
    from shapecalc.sizes.because import Because

Sizes = dict[str, int]


@dataclass(frozen=True)
class AcceptedSizes:
    """The input sizes for which a model runs to its end, exactly, and why it rejects the others.

    Every size is in one of four sets: the `pieces` that are accepted, each with the formulas that
    hold there; the `rejections`, each with its cause; what is `unexplored`, where nothing is
    claimed; and what is `undecided`, where conditions meet that isl cannot write and no example
    was found.
    """

    every: SizeSet = field(repr=False)  # all sizes that there are: at least 1, or 0 for a padding
    pieces: tuple[Piece, ...]
    rejections: tuple[Rejection, ...]
    unexplored: tuple[SizeSet, ...] = ()
    undecided: tuple[SizeSet, ...] = ()
    ask: Callable[[Mapping[str, int]], bool] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(
        cls, exploration: Exploration, ask: Callable[[Mapping[str, int]], bool] | None = None
    ) -> AcceptedSizes:
        """Return what an exploration found so far; `ask` traces where nothing is known."""
        return cls(
            every=exploration.every,
            pieces=tuple(exploration.pieces),
            rejections=tuple(exploration.rejections),
            unexplored=tuple(part.sizes for part in exploration.open if not part.sizes.is_empty()),
            undecided=tuple(part.sizes for part in exploration.undecided),
            ask=ask,
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        """The sizes of the inputs that are not numbers, and the parameters of a spec."""
        return self.every.names

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What the proved sizes are, as people say it: a part for each group of symbols."""
        from shapecalc.sets.parts import parts

        return parts(self.proved)

    @cached_property
    def because(self) -> tuple[Because, ...]:
        """What excludes the other sizes: the clauses of the parts, each with its causes.

        Nothing, where the accepted sizes are too many sets to be told one by one.
        """
        from shapecalc.sizes.because import because

        if self.proved.is_many:
            return ()
        clauses = [clause for part in self.parts for clause in part.clauses]
        return because(clauses, self.every, self.rejections)

    @cached_property
    def sets(self) -> tuple[SizeSet, ...]:
        """The accepted sizes of all pieces, as few sets; most often it is one."""
        return merged(piece.sizes for piece in self.pieces)

    @property
    def proved(self) -> SizeSet:
        """The accepted sizes that isl can write, as one set."""
        return next((s for s in self.sets if not s.open), SizeSet.none(self.symbols))

    @property
    def complete(self) -> bool:
        """Whether every size is known to be accepted or rejected."""
        return not self.unexplored and not self.undecided

    @property
    def exact(self) -> bool:
        """Whether the accepted sizes are one set of isl, and all that there are."""
        return self.complete and not any(found.open for found in self.sets)

    def contains(self, **sizes: int) -> bool:
        """Tell whether the model accepts these sizes; symbols that are not named may have any.

        Where no path that was explored tells, the model is traced there.

        Raises:
            UndecidedError: for some of the sizes that are not named nothing is known.
        """
        if any(_meets(found, sizes) for found in self.sets):
            return True
        rest = [part for part in (*self.unexplored, *self.undecided) if _may_meet(part, sizes)]
        open_ = [found for found in self.sets if found.open]
        if set(self.symbols) <= set(sizes):
            return bool(rest) and self.ask is not None and self.ask(sizes)
        if not rest and not any(_may_meet(part, sizes) for part in open_):
            return False
        missing = ", ".join(name for name in self.symbols if name not in sizes)
        raise UndecidedError(f"not all paths of the model are known there: give {missing}, too")

    def reasons(self, **sizes: int) -> tuple[Rejection, ...]:
        """Return why the model rejects these sizes, one reason for each path that is left."""
        return tuple(r for r in self.rejections if _meets(r.sizes, sizes))

    def failures(self, **sizes: int) -> tuple[Rejection, ...]:
        """Return all that these sizes fail to meet: each symbol is also put to the test alone.

        Alone means: with the nearest accepted sizes for the others.
        """
        near = self.nearest(**sizes) or {}
        alone = [{**near, name: sizes[name]} for name in near]
        found = [r for at in (sizes, *alone) for r in self.reasons(**at)]
        return tuple({r.condition or r.message: r for r in reversed(found)}.values())[::-1]

    def nearest(self, **sizes: int) -> Sizes | None:
        """Return the accepted sizes nearest to these, by the sum of the differences in elements.

        Of two that are as near, the larger. Symbols that are not named are not in the answer.
        None where no accepted sizes are known.
        """
        return _nearest(self.sets, sizes)

    def neighbours(self, **sizes: int) -> tuple[Sizes, ...]:
        """Return the nearest accepted sizes, the nearest none of which is smaller, nor larger."""
        larger, smaller = (
            [part.beside(sizes, larger=side) for part in self.sets] for side in (True, False)
        )
        found = [_nearest(parts, sizes) for parts in (self.sets, larger, smaller)]
        return tuple(at for n, at in enumerate(found) if at is not None and at not in found[:n])

    def __str__(self) -> str:
        """Return what `shapecalc sizes` prints."""
        from shapecalc.render import sizes_text

        return sizes_text.document(self)

    def __repr__(self) -> str:
        """Return the sets alone: the graphs of the pieces are long."""
        from shapecalc.sets.parts import parts

        sets = " or ".join(", ".join(part.text for part in parts(found)) for found in self.sets)
        rest = "" if self.complete else ", not all explored"
        return f"<{type(self).__name__}: {sets or 'none'}{rest}>"


def _nearest(sets: Sequence[SizeSet], sizes: Mapping[str, int]) -> Sizes | None:
    found = [nearest_tried(part, sizes) if part.open else part.nearest(sizes) for part in sets]
    return min(
        (at for at in found if at is not None),
        key=lambda at: sum(abs(at[name] - sizes[name]) for name in at),
        default=None,
    )


def _meets(part: SizeSet, sizes: Mapping[str, int]) -> bool:
    """Tell whether a set holds some sizes for certain."""
    spoken = {str(s) for condition in part.open for s in condition.symbols}
    return spoken <= sizes.keys() and part.contains(sizes)


def _may_meet(part: SizeSet, sizes: Mapping[str, int]) -> bool:
    """Tell whether a set may hold some sizes, as far as isl can tell."""
    spoken = {str(s) for condition in part.open for s in condition.symbols}
    known = spoken <= sizes.keys()
    return part.contains(sizes) if known else part.at(sizes).is_empty() is not True
