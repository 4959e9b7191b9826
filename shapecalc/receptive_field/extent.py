"""What people read off a relation: size, stride, padding, centre and holes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.sets import Relation

LONGEST_PERIOD = 512  # outputs, after which an up-sampled field repeats itself
MOST_HOLES = 1 << 16  # elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The window of a relation `{ [i] -> [j] }` from outputs to inputs.

    After an up-sampling the window depends on the output's index modulo `period`: `size` is then
    the largest and `smallest` the smallest. `padding` and `centre` are those of output 0: its
    window begins at -padding, and centre = -padding + (its size - 1)/2. Where the window does
    not move, or moves on several axes at once, there is no stride, padding or centre.

    Units:
        size, smallest, padding, centre: elements of the input; indices from zero.
        stride: elements of the input per element of the output.
        period: elements of the output.

    Source:
        Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks",
        Distill 2019, doi 10.23915/distill.00021.
    """

    size: Dim | None
    smallest: Dim | None
    stride: Fraction | None = None
    padding: int | None = None
    centre: Fraction | None = None
    period: int = 1
    holes: tuple[int, ...] = ()

    @property
    def density(self) -> Fraction | None:
        """The share of the elements of the window that are seen; 1 where there are no holes."""
        size = None if self.size is None else dims.as_int(self.size)
        if not self.holes:
            return Fraction(1)
        return None if size is None else Fraction(size - len(self.holes), size)


def extent(relation: Relation, context: str) -> Extent:
    """Return the window of a relation of one index.

    >>> from shapecalc.sets import relation
    >>> three = extent(relation("{ [i] -> [j] : 2i - 1 <= j <= 2i + 1 }"), "{ : true }")
    >>> three.size, three.stride, three.padding, three.centre
    (3, Fraction(2, 1), 1, Fraction(0, 1))
    >>> gridded = relation("{ [i] -> [j] : -2 + i <= j <= 2 + i and (i + j) mod 2 = 0 }")
    >>> extent(gridded, "{ : true }").holes
    (1, 3)
    """
    if relation.parameters:
        return unsteady(relation, context)
    found = _steady(relation)
    if found is None:
        return unsteady(relation, context)
    period, step = found
    windows = [relation.interval((i,)) for i in range(period)]
    sizes = [0 if window is None else window[1] - window[0] + 1 for window in windows]
    if windows[0] is None:
        return unsteady(relation, context)
    low, high = windows[0]
    largest = sizes.index(max(sizes))
    return Extent(
        size=dims.as_dim(max(sizes)),
        smallest=dims.as_dim(min(sizes)),
        stride=Fraction(step, period),
        padding=-low,
        centre=Fraction(low + high, 2),
        period=period,
        holes=relation.missing((largest,), MOST_HOLES),
    )


def _steady(relation: Relation) -> tuple[int, int] | None:
    """Return after how many outputs the window repeats itself, and how far away."""
    first = relation.interval((0,))
    if first is None:
        return None
    period = 1
    while period <= LONGEST_PERIOD:
        again = relation.interval((period,))
        if again is None:
            return None
        step = again[0] - first[0]
        if again[1] - first[1] == step and relation.moves(period, step):
            return period, step
        period += 1
    return None


def unsteady(relation: Relation, context: str) -> Extent:
    """Return the size of the widest window of a relation that does not move by a fixed step.

    One that does not move at all has the same window for every output.
    """
    if relation.rank == 0:
        ends = relation.ends(context)
        size = None if ends is None else dims.expand(ends[1] - ends[0] + 1)
        return Extent(size=size, smallest=size, padding=None)
    widest = relation.widest()
    return Extent(size=None if widest is None else dims.as_dim(widest), smallest=None)
