"""What one element of an output reads of an operand: the access relation of one call.

An `Access` has one entry for every axis of the operand. Each entry says which indices on that
axis are read, given the index of the output element, whose entry on axis n is `index(n)`. The
elements read are the product of the entries: all combinations of an index on each axis.

Indices outside of the operand are padding: entries need not be clipped to 0 <= j < size, that
is done where they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from shapecalc import dims
from shapecalc.dims import ONE, ZERO, Dim, IntoDim, Shape

INDEX = "__i"  # what the symbols of output indices begin with


@lru_cache
def index(axis: int) -> Dim:
    """Return the symbol of the output element's index on an axis, counted from the front."""
    return dims.symbol(f"{INDEX}{axis}", minimum=0)


@dataclass(frozen=True, slots=True)
class Same:
    """The index of the output on axis `axis`."""

    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A sliding window: output index i on axis `axis` reads i*stride - padding + dilation*t.

    `t` runs from 0 to kernel_size - 1. A `transposed` window turns input and output around:
    input j contributes to output j*stride - padding + dilation*t, so that output i reads every
    j for which that is i. `mode` is what stands beyond the borders: `zeros`, or elements of the
    axis itself as torch's `padding_mode` says: `reflect`, `replicate` or `circular`.

    Units:
        kernel_size, stride, padding (at the low end), dilation: elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    axis: int
    kernel_size: Dim = ONE
    stride: Dim = ONE
    padding: Dim = ZERO
    dilation: Dim = ONE
    transposed: bool = False
    mode: str = "zeros"


@dataclass(frozen=True, slots=True)
class Interval:
    """Every index from `low` to `high`, both included, in terms of `index(...)` and sizes.

    `away` is the same pair without what happens at the borders alone: for a circular padding of
    p, low and high are (index(2) - p) mod size, and away from the borders index(2) - p.
    `bound` is a wider pair that can be written where `low` and `high` cannot, because they
    multiply an index by a size; it is used, and labelled, in their place.
    """

    low: Dim
    high: Dim
    away: tuple[Dim, Dim] | None = None
    bound: tuple[Dim, Dim] | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """Every index of the axis."""


@dataclass(frozen=True, slots=True)
class Element:
    """One index, whatever the output's is."""

    at: Dim


AxisAccess: TypeAlias = Same | Window | Interval | Whole | Element
WHOLE = Whole()
FIRST = Element(ZERO)
BY_MEMORY = "the order of the elements in memory decides"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The output indices start, start + step, ... below stop, on axis `axis`."""

    axis: int
    start: Dim
    stop: Dim
    step: Dim = ONE


@dataclass(frozen=True, slots=True)
class Access:
    """What an output element reads of one operand, axis by axis.

    Only output elements within all of `when` read the operand at all. `bound` says why more may
    be listed here than is read: because the values of a mask decide, for example. The empty
    string is exact.
    """

    axes: tuple[AxisAccess, ...]
    when: tuple[Range, ...] = ()
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Regroup:
    """The elements of the operand in the same order under another shape, as `view` makes it."""


OperandAccess: TypeAlias = Access | Regroup | Sequence[Access] | None
"""How one operand is read: None not at all, only its shape; several accesses are united."""

Reads: TypeAlias = Sequence[OperandAccess]
"""One entry for every operand."""


def same(rank: int) -> Access:
    """Return the access of a pointwise op to an operand of the output's own shape.

    >>> same(2)
    Access(axes=(Same(axis=0), Same(axis=1)), when=(), bound='')
    """
    return Access(tuple(map(Same, range(rank))))


def everything(x: Shape, bound: str = "") -> Access:
    """Return the access to the whole operand.

    >>> everything(Shape((3, 4))).axes
    (Whole(), Whole())
    """
    return Access((WHOLE,) * len(x), bound=bound)


def broadcast_axes(x: Shape, out: Shape) -> tuple[AxisAccess, ...]:
    """Return the entries for an operand that is stretched to the shape of the output.

    Source:
        https://pytorch.org/docs/stable/notes/broadcasting.html

    >>> broadcast_axes(Shape((3, 1)), Shape((8, 3, 5)))
    (Same(axis=1), Element(at=0))
    """
    first = len(out) - len(x)
    return tuple(
        FIRST if size == 1 and size != out[first + axis] else Same(first + axis)
        for axis, size in enumerate(x)
    )


def broadcast(*inputs: Shape, out: Shape) -> tuple[Access, ...]:
    """Return the accesses of a pointwise op to its operands.

    >>> x, y = broadcast(Shape((8, 3, 5)), Shape((3, 1)), out=Shape((8, 3, 5)))
    >>> y.axes
    (Same(axis=1), Element(at=0))
    """
    return tuple(Access(broadcast_axes(x, out)) for x in inputs)


def along(rank: int, axes: Sequence[int], entry: AxisAccess = WHOLE) -> Access:
    """Return `same` with `entry` on some axes, counted from either end.

    >>> along(3, [-1]).axes
    (Same(axis=0), Same(axis=1), Whole())
    """
    taken = {axis % max(rank, 1) for axis in axes}
    return Access(tuple(entry if axis in taken else Same(axis) for axis in range(rank)))


def inserted(rank: int, gone: Sequence[int], entry: AxisAccess = WHOLE) -> Access:
    """Return the access to an operand of `rank` axes that lost the axes `gone` on the way.

    >>> inserted(3, [1]).axes
    (Same(axis=0), Whole(), Same(axis=1))
    """
    taken = {axis % rank for axis in gone}
    kept = iter(range(rank))
    return Access(tuple(entry if axis in taken else Same(next(kept)) for axis in range(rank)))


def placed(x: Shape, out: Shape, places: Sequence[int | None], bound: str = "") -> Access:
    """Return the access to an operand whose axes stand at `places` of the output.

    None is an axis that is not in the output: summed over, and so read whole. An operand's size
    of 1 is stretched, as by broadcasting.

    >>> placed(Shape((3, 1, 7)), Shape((3, 5)), [0, 1, None]).axes
    (Same(axis=0), Element(at=0), Whole())
    """
    entries = zip(x, places, strict=True)
    return Access(
        tuple(
            WHOLE if to is None else FIRST if size == 1 and size != out[to] else Same(to)
            for size, to in entries
        ),
        bound=bound,
    )


def reduced(
    x: Shape,
    out: Shape,
    axes: Sequence[int],
    *,
    keepdim: bool = False,
    rank: int | None = None,
    first: int = 0,
) -> Access:
    """Return the access to an operand stretched to `rank` axes, of which `axes` were reduced.

    What is left of them begins at axis `first` of the output; `axes` count from the front.

    >>> reduced(Shape((3, 4, 5)), Shape((3, 5)), [1]).axes
    (Same(axis=0), Whole(), Same(axis=1))
    """
    rank = len(x) if rank is None else rank
    places, place = list[int | None](), first
    for axis in range(rank):
        places.append(None if axis in axes else place)
        place += keepdim or axis not in axes
    return placed(x, out, places[rank - len(x) :])


def shifted(axis: int, start: IntoDim) -> Window:
    """Return the entry of an axis read from `start` on: index(axis) + start.

    >>> shifted(1, 3).padding
    -3
    """
    return Window(axis=axis, padding=-dims.as_dim(start))


def only(place: Dim) -> Interval:
    """Return the entry of an axis read at one place, a formula of output indices."""
    return Interval(place, place)


def number_of(out: Shape) -> Dim:
    """Return the number of the output element, counted through all of the output.

    >>> print(number_of(Shape((3, 4))))
    4*__i0 + __i1
    """
    return dims.total(
        dims.mul(index(axis), dims.product(out[axis + 1 :])) for axis in range(len(out))
    )


def element_number(number: Dim, x: Shape) -> Access:
    """Return the access to element number `number` of an operand, counted through all of it.

    >>> [str(axis.low) for axis in element_number(index(0), Shape((3, 4))).axes]
    ['floor(__i0/4)', '__i0 - 4*floor(__i0/4)']
    """
    if 0 in x:  # no element has a number
        return everything(x)
    entries = list[AxisAccess]()
    for axis, size in enumerate(x):
        place = dims.floordiv(number, dims.product(x[axis + 1 :]))
        place = dims.mod(place, size) if axis else place
        entries.append(Interval(place, place, bound=(ZERO, dims.as_dim(size) - 1)))
    return Access(tuple(entries))
