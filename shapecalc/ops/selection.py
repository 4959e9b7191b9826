"""Which elements `x[...]` selects: https://numpy.org/doc/stable/user/basics.indexing.html."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import EllipsisType
from typing import TypeAlias

from shapecalc import dims
from shapecalc.access import WHOLE, Element, Whole
from shapecalc.conditions import (
    Condition,
    decide,
    larger,
    require,
    require_element,
    require_positive,
    require_same,
    smaller,
)
from shapecalc.dims import Dim, Shape
from shapecalc.errors import RankError
from shapecalc.op import DATA
from shapecalc.ops.index_items import Chosen, Item, Listed, Slice, Truths
from shapecalc.ops.pointwise import broadcast


@dataclass(frozen=True, slots=True)
class Part:
    """The elements start, start + step, ... below stop of an axis, on axis `place` of the output.

    Units:
        start, stop, step: elements, counted from the front.
    """

    place: int
    start: Dim
    stop: Dim
    step: Dim = dims.ONE


@dataclass(frozen=True, slots=True)
class Picks:
    """The elements that integers of the shape `shape` name, which are written down."""

    integers: tuple[int, ...]
    shape: Shape

    def at(self, place: tuple[int, ...]) -> int:
        """Return the integer at a place of a shape that this one broadcasts to."""
        number = 0
        for size, n in zip(self.shape, place[len(place) - len(self.shape) :], strict=True):
            number = number * int(size) + (0 if size == 1 else n)
        return self.integers[number]


AxisPart: TypeAlias = Part | Element | Picks | Whole
"""What is selected on one axis; `Whole` where the values of a tensor decide."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What `x[index]` selects: its shape, and one entry for every axis of `x`.

    What tensors and lists select together has the shape `common`. It stands at axis `at` of the
    output.
    """

    shape: Shape
    axes: tuple[AxisPart, ...]
    common: Shape
    at: int

    @property
    def by_values(self) -> bool:
        """Whether the values of tensors or lists decide what is selected."""
        return any(isinstance(part, (Whole, Picks)) for part in self.axes)

    @property
    def listed(self) -> bool:
        """Whether values decide, and all of them are written down."""
        return self.by_values and WHOLE not in self.axes


def select(x: Shape, index: Sequence[Item], indices: Sequence[Shape]) -> Selection:
    """Return what `x[index]` selects, with `indices` for the tensors and lists in `index`.

    Raises:
        RankError: more indices than axes.
        SizeError: an integer is out of bounds, or a step not positive.
        DimMismatchError: a mask has other sizes than what it masks.
    """
    given = iter(indices)
    tensors = [next(given) if by_values(item) else Shape() for item in index]
    taken = sum(_axes_taken(item, shape) for item, shape in zip(index, tensors, strict=True))
    if taken > len(x):
        raise RankError(f"{taken} indices for a tensor with {len(x)} dimensions: {x}")
    axes = list[AxisPart]()
    sizes = list[Dim]()
    places = list[int]()  # where in `sizes` tensors select; what they select is put in later
    selected = list[Shape]()
    chosen = list[tuple[int, Item]]()  # the axes indexed by integers

    def keep(bounds: Slice) -> None:
        start, stop, step = slice_bounds(x[len(axes)], bounds)
        axes.append(Part(len(sizes), start, stop, step))
        sizes.append(_count(start, stop, step))

    for item, shape in zip(index, tensors, strict=True):
        match item:
            case None:
                sizes.append(dims.ONE)
            case EllipsisType():
                for _ in range(len(x) - taken):
                    keep(Slice())
            case Slice():
                keep(item)
            case Chosen.ALL | Chosen.NONE:
                _leave_open(sizes, places)
                selected.append(Shape((1 if item is Chosen.ALL else 0,)))
            case Chosen.INTEGERS | Listed():
                chosen.append((len(axes), item))
                if shape:
                    _leave_open(sizes, places)
                    selected.append(shape)
                axes.append(Picks(item.integers, shape) if isinstance(item, Listed) else WHOLE)
            case Chosen.MASK | Truths():
                _require_mask(shape, Shape(x[len(axes) : len(axes) + len(shape)]))
                for _ in range(max(len(shape), 1)):
                    _leave_open(sizes, places)
                count = Shape((item.count if isinstance(item, Truths) else DATA,))
                selected.append(count)
                if isinstance(item, Truths):
                    axes += [Picks(integers, count) for integers in item.places(shape)]
                else:
                    axes += [WHOLE] * len(shape)
            case _:
                require_index(item, x[len(axes)], len(axes))
                axes.append(Element(from_front(item, x[len(axes)])))
    while len(axes) < len(x):
        keep(Slice())
    if not selected:
        return Selection(Shape(sizes), tuple(axes), Shape(), 0)
    kept = [size for place, size in enumerate(sizes) if place not in places]
    adjacent = places[-1] - places[0] == len(places) - 1
    at = places[0] if adjacent else 0
    common = _common(selected)
    for axis, item in chosen:
        _require_within(item, x[axis], axis, common, kept)

    def placed(part: AxisPart) -> AxisPart:
        if not isinstance(part, Part):
            return part
        place = part.place - sum(opened < part.place for opened in places)
        return replace(part, place=place + (len(common) if place >= at else 0))

    shape = Shape((*kept[:at], *common, *kept[at:]))
    return Selection(shape, tuple(map(placed, axes)), common, at)


def by_values(item: Item) -> bool:
    """Tell whether an entry of an index is a tensor or a list, which is an operand too."""
    return isinstance(item, (Listed, Truths)) or item in (Chosen.INTEGERS, Chosen.MASK)


def is_mask(item: Item) -> bool:
    """Tell whether an entry of an index is a mask."""
    return item is Chosen.MASK or isinstance(item, Truths)


# ---------------------------------------------------------------------------- one axis


def slice_bounds(size: Dim, bounds: Slice) -> tuple[Dim, Dim, Dim]:
    """Return where a slice starts and stops, counted from the front, and its step.

    Source:
        https://docs.python.org/3/library/stdtypes.html#common-sequence-operations
    """
    step = dims.ONE if bounds.step is None else bounds.step
    require_positive(step, "the step of a slice")
    start = dims.ZERO if bounds.start is None else _clamped(bounds.start, size)
    stop = size if bounds.stop is None else _clamped(bounds.stop, size)
    return start, stop, step


def _clamped(bound: Dim, size: Dim) -> Dim:
    if decide(bound, "<", 0, "slice"):
        return larger(dims.expand(bound + size), dims.ZERO)
    return smaller(bound, size)


def slice_size(size: Dim, bounds: Slice) -> Dim:
    """Return how many elements a slice leaves: ceil((stop - start)/step), bounds clamped."""
    return _count(*slice_bounds(size, bounds))


def _count(start: Dim, stop: Dim, step: Dim) -> Dim:
    return dims.ceildiv(larger(stop - start, dims.ZERO), step)


def require_index(index: Dim, size: Dim, axis: int) -> None:
    """Demand that an integer is an index of an axis, from either end."""
    text = dims.format_dim(index)
    message = f"index {text} is out of bounds for axis {axis} with size {dims.format_dim(size)}"
    require(size, ">", index, message)
    require(dims.as_dim(index) + size, ">=", 0, message)


def from_front(index: Dim, size: Dim) -> Dim:
    """Return an index counted from the front, which may be from the end.

    >>> from_front(-1, dims.symbol("H"))
    H - 1
    """
    match Condition(index, ">=", 0).known():
        case True:
            return index
        case False:
            return dims.expand(index + size)
    return dims.mod(index, size)


# ---------------------------------------------------------------------------- tensors and lists


def _require_within(item: Item, size: Dim, axis: int, asked: Shape, beside: Iterable[Dim]) -> None:
    """Demand that integers are within an axis; those that pick from nothing torch never reads."""
    require_element(size, asked, f"the size of axis {axis}")
    if isinstance(item, Listed) and all(decide(n, ">", 0, "index") for n in (*asked, *beside)):
        require_index(dims.as_dim(item.least), size, axis)
        require_index(dims.as_dim(item.greatest), size, axis)


def _axes_taken(item: Item, shape: Shape) -> int:
    if is_mask(item):
        return len(shape)
    return 0 if item is None or item in (..., Chosen.ALL, Chosen.NONE) else 1


def _leave_open(sizes: list[Dim], places: list[int]) -> None:
    places.append(len(sizes))
    sizes.append(dims.ZERO)


def _require_mask(mask: Shape, masked: Shape) -> None:
    for got, expected in zip(mask, masked, strict=True):
        require_same(got, expected, "the size of a mask to be")


def _common(selected: Sequence[Shape]) -> Shape:
    """Broadcast what tensors select; a number that depends on data fits itself or a 1."""
    known = broadcast(*(shape for shape in selected if shape != (DATA,)))
    if all(shape != (DATA,) for shape in selected):
        return known
    if not known:
        return Shape((DATA,))
    open_ended = known[-1] == 1
    return Shape((*known[:-1], DATA if open_ended else known[-1]))
