"""What people read off a relation: size, stride, padding, centre and holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.sets import Relation

LONGEST_AXIS = 64  # outputs, for which windows are looked at one by one
LONGEST_PERIOD = 512  # outputs, after which an up-sampled field repeats itself
MOST_HOLES = 1 << 16  # elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The window of a relation `{ [i] -> [j] }` from outputs to inputs.

    After an up-sampling the window depends on the output's index modulo `period`: `size` is then
    the largest and `smallest` the smallest. `padding` and `centre` are those of output 0: its
    window begins at -padding, and centre = -padding + (its size - 1)/2. `offset` is how far the
    centre of output i lies from stride*i, as a mean over a period. Where the window does
    not move, or moves on several axes at once, there is no stride, padding or centre. `holes` are
    those of the largest window; None where they are not known.

    Units:
        size, smallest, padding, centre, offset: elements of the input; indices from zero.
        stride: elements of the input per element of the output.
        period: elements of the output.

    Source:
        Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks",
        Distill 2019, doi 10.23915/distill.00021.
    """

    size: Dim | None
    smallest: Dim | None
    stride: Fraction | Dim | None = None
    padding: int | Dim | None = None
    centre: Fraction | Dim | None = None
    offset: Fraction | None = None
    period: int = 1
    holes: tuple[int, ...] | None = None

    @property
    def density(self) -> Fraction | None:
        """The share of the elements of the window that are seen; 1 where there are no holes."""
        if self.holes is None:
            return None
        size = None if self.size is None else dims.as_int(self.size)
        if not self.holes:
            return Fraction(1)
        return None if size is None else Fraction(size - len(self.holes), size)


def extent(relation: Relation, context: str, size: int | None = None) -> Extent:
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
        return unsteady(relation, context, [size])
    found = _steady(relation)
    if found is None:
        return unsteady(relation, context, [size])
    period, step = found
    windows = [relation.interval((i,)) for i in range(period)]
    sizes = [0 if window is None else window[1] - window[0] + 1 for window in windows]
    if windows[0] is None:
        return unsteady(relation, context, [size])
    low, high = windows[0]
    ways = [
        Fraction(sum(window), 2) - Fraction(step * i, period)
        for i, window in enumerate(windows)
        if window is not None
    ]
    largest = sizes.index(max(sizes))
    return Extent(
        size=dims.as_dim(max(sizes)),
        smallest=dims.as_dim(min(sizes)),
        stride=Fraction(step, period),
        padding=-low,
        centre=Fraction(low + high, 2),
        offset=sum(ways, Fraction(0)) / len(ways),
        period=period,
        holes=relation.missing((largest,), MOST_HOLES),
    )


def _steady(relation: Relation) -> tuple[int, int] | None:
    """Return after how many outputs the window repeats itself, and how far away."""
    known: dict[int, tuple[int, int] | None] = {}

    def window(i: int) -> tuple[int, int] | None:
        if i not in known:
            known[i] = relation.interval((i,))
        return known[i]

    for period in range(1, LONGEST_PERIOD + 1):
        first, again = window(0), window(period)
        if first is None or again is None:
            return None
        step = again[0] - first[0]
        if again[1] - first[1] != step:
            continue
        # a proof costs more than a look at some outputs, which most periods do not survive
        likely = period == 1 or all(
            _moved(window(i), window(i + period), step) for i in (0, *_SAMPLES)
        )
        if likely and relation.moves(period, step):
            return period, step
    return None


_SAMPLES = (1, 2, 3, 5, 8, 13)  # outputs


def _moved(one: tuple[int, int] | None, other: tuple[int, int] | None, by: int) -> bool:
    if one is None or other is None:
        return one is other
    return (other[0] - one[0], other[1] - one[1]) == (by, by)


def unsteady(relation: Relation, context: str, sizes: Sequence[int | None]) -> Extent:
    """Return the sizes of the windows of a relation that does not move by one fixed step.

    One that does not move at all has the same window for every output. `sizes` says how many
    values each index takes, None for a symbol; the short ones are gone through one by one.
    """
    if relation.rank == 0:
        ends = relation.ends(context)
        size = None if ends is None else dims.expand(ends[1] - ends[0] + 1)
        holes = None if relation.parameters else relation.missing((), MOST_HOLES)
        return Extent(size=size, smallest=size, holes=holes)
    long = [n for n, size in enumerate(sizes) if size is None or size > LONGEST_AXIS]
    short = [range(1 if n in long else size or 0) for n, size in enumerate(sizes)]
    if prod(map(len, short)) > LONGEST_PERIOD or not all(map(relation.translates, long)):
        return Extent(size=None, smallest=None)
    windows = [relation.interval(indices) for indices in product(*short)]
    if None in windows:
        return Extent(size=None, smallest=None)
    found = [window[1] - window[0] + 1 for window in windows if window is not None]
    return Extent(size=dims.as_dim(max(found)), smallest=dims.as_dim(min(found)))
