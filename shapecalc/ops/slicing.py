"""`x[...]` in every form: https://pytorch.org/docs/stable/tensor_view.html and NumPy's rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

from shapecalc import dims
from shapecalc.conditions import (
    decide,
    larger,
    require,
    require_element,
    require_positive,
    require_same,
    smaller,
)
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import DATA, Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.index_items import (
    Chosen,
    Item,
    Listed,
    Slice,
    Truths,
    as_index,
    at_axis,
    item_text,
)
from shapecalc.ops.pointwise import broadcast
from shapecalc.registry import reader


def slice_size(size: Dim, bounds: Slice) -> Dim:
    """Return how many elements a slice leaves: ceil((stop - start)/step), bounds clamped.

    Source:
        https://docs.python.org/3/library/stdtypes.html#common-sequence-operations
    """
    step = dims.ONE if bounds.step is None else bounds.step
    require_positive(step, "the step of a slice")
    start = dims.ZERO if bounds.start is None else _clamped(bounds.start, size)
    stop = size if bounds.stop is None else _clamped(bounds.stop, size)
    return dims.ceildiv(larger(stop - start, dims.ZERO), step)


def _clamped(bound: Dim, size: Dim) -> Dim:
    if decide(bound, "<", 0, "slice"):
        return larger(dims.expand(bound + size), dims.ZERO)
    return smaller(bound, size)


def require_index(index: Dim, size: Dim, axis: int) -> None:
    """Demand that an integer is an index of an axis, from either end."""
    text = dims.format_dim(index)
    message = f"index {text} is out of bounds for axis {axis} with size {dims.format_dim(size)}"
    require(size, ">", index, message)
    require(dims.as_dim(index) + size, ">=", 0, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetItem(Op):
    """`x[index]`.

    Shapes:
        x: any shape
        indices: one for each tensor in `index`; they broadcast against each other
        output: integers drop their axis, None adds one, slices keep a part; the tensors' common
            shape stands where the tensors stand, or in front if something is between them.
            A mask counts as one index for each of its axes, of shape (?,)

    Raises:
        RankError: more indices than axes.
        SizeError: an integer is out of bounds, or a step not positive.
        DimMismatchError: a mask has other sizes than what it masks.

    Source:
        https://numpy.org/doc/stable/user/basics.indexing.html
    """

    index: tuple[Item, ...]

    @property
    def kind(self) -> str:
        """The name of the operator."""
        return "getitem"

    def out_shape(self, x: Shape, *indices: Shape) -> OutShape:
        """Slice first, then place what the tensors select."""
        return indexed(x, self.index, indices)

    def __str__(self) -> str:
        return f"getitem[{', '.join(item_text(item) for item in self.index)}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetItem(Op):
    """`x[index] = value`, where value is stretched to the part that is set.

    Shapes:
        x: any shape
        operands: the value, if it is a tensor, then one for each tensor in `index`
        output: the shape of `x`

    Raises:
        DimMismatchError: the value does not broadcast to the part.
        RankError: more indices than axes.
        SizeError: an integer is out of bounds, or a step not positive.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
    """

    index: tuple[Item, ...]
    has_value: bool = True

    @property
    def kind(self) -> str:
        """The name of the operator."""
        return "setitem"

    def out_shape(self, x: Shape, *operands: Shape) -> OutShape:
        """Compare the value with the part."""
        values, indices = operands[: self.has_value], operands[self.has_value :]
        part = indexed(x, self.index, indices)
        for value in values:
            require_stretches(value, part)
        return x

    def __str__(self) -> str:
        return f"setitem[{', '.join(item_text(item) for item in self.index)}]"


def require_stretches(value: Shape, part: Shape) -> None:
    """Demand that `value` broadcasts to `part`; leading axes of size 1 may be too many."""
    extra = max(len(value) - len(part), 0)
    for size in value[:extra]:
        require_same(size, 1, "the size of an extra axis of the value to be")
    kept = value[extra:]
    for size, wanted in zip(kept, part[len(part) - len(kept) :], strict=True):
        if wanted != DATA and size != wanted and not decide(size, "==", 1, "broadcast"):
            require_same(size, wanted, "the size of the value to be")


# ---------------------------------------------------------------------------- the rule


def indexed(x: Shape, index: Sequence[Item], indices: Sequence[Shape]) -> Shape:
    """Return the shape of `x[index]`, with `indices` for the tensors in `index`."""
    given = iter(indices)
    tensors = [next(given) if _by_values(item) else Shape() for item in index]
    taken = sum(_axes_taken(item, shape) for item, shape in zip(index, tensors, strict=True))
    if taken > len(x):
        raise RankError(f"{taken} indices for a tensor with {len(x)} dimensions: {x}")
    sizes = list[Dim]()
    places = list[int]()  # where in `sizes` tensors select; what they select is put in later
    selected = list[Shape]()
    chosen = list[tuple[int, Item]]()  # the axes indexed by integers
    axis = 0
    for item, shape in zip(index, tensors, strict=True):
        match item:
            case None:
                sizes.append(dims.ONE)
            case EllipsisType():
                rest = len(x) - taken
                sizes += x[axis : axis + rest]
                axis += rest
            case Slice():
                sizes.append(slice_size(x[axis], item))
                axis += 1
            case Chosen.ALL | Chosen.NONE:
                _select(sizes, places)
                selected.append(Shape((1 if item is Chosen.ALL else 0,)))
            case Chosen.INTEGERS | Listed():
                chosen.append((axis, item))
                if shape:
                    _select(sizes, places)
                    selected.append(shape)
                axis += 1
            case Chosen.MASK | Truths():
                _require_mask(shape, Shape(x[axis : axis + len(shape)]))
                for _ in range(max(len(shape), 1)):
                    _select(sizes, places)
                selected.append(Shape((item.count if isinstance(item, Truths) else DATA,)))
                axis += len(shape)
            case _:
                require_index(item, x[axis], axis)
                axis += 1
    sizes += x[axis:]
    if not selected:
        return Shape(sizes)
    kept = [size for place, size in enumerate(sizes) if place not in places]
    adjacent = places[-1] - places[0] == len(places) - 1
    at = places[0] if adjacent else 0
    common = _common(selected)
    for axis, item in chosen:
        _require_within(item, x[axis], axis, common, kept)
    return Shape((*kept[:at], *common, *kept[at:]))


def _require_within(item: Item, size: Dim, axis: int, asked: Shape, beside: Iterable[Dim]) -> None:
    """Demand that integers are within an axis; those that pick from nothing torch never reads."""
    require_element(size, asked, f"the size of axis {axis}")
    if isinstance(item, Listed) and all(decide(n, ">", 0, "index") for n in (*asked, *beside)):
        require_index(dims.as_dim(item.least), size, axis)
        require_index(dims.as_dim(item.greatest), size, axis)


def _by_values(item: Item) -> bool:
    return isinstance(item, (Listed, Truths)) or item in (Chosen.INTEGERS, Chosen.MASK)


def _axes_taken(item: Item, shape: Shape) -> int:
    if item is Chosen.MASK or isinstance(item, Truths):
        return len(shape)
    return 0 if item is None or item in (..., Chosen.ALL, Chosen.NONE) else 1


def _select(sizes: list[Dim], places: list[int]) -> None:
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


# ---------------------------------------------------------------------------- readers


@reader("Tensor.__getitem__")
def read_getitem(input: Operand, index: Any) -> Call:
    """https://numpy.org/doc/stable/user/basics.indexing.html"""
    items, tensors = as_index(index)
    first = input.first if input.ndim == 1 and items == (dims.ZERO,) else None
    return Call(GetItem(index=items), (input, *tensors), firsts=(first,))


@reader("Tensor.__setitem__")
def read_setitem(input: Operand, index: Any, value: Any) -> Call:
    """https://numpy.org/doc/stable/user/basics.indexing.html"""
    items, tensors = as_index(index)
    values = (value,) if isinstance(value, Operand) else ()
    return Call(SetItem(index=items, has_value=bool(values)), (input, *values, *tensors))


@reader("index_put")
def read_index_put(
    input: Operand, indices: Sequence[Operand | None], values: Operand, accumulate: bool = False
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html"""
    # a None among the indices stands for a whole axis
    items, tensors = as_index(tuple(slice(None) if i is None else i for i in indices))
    return Call(SetItem(index=items), (input, values, *tensors))


@reader("select")
def read_select(input: Operand, dim: int, index: IntoDim) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.select.html"""
    if not input.shape:
        raise RankError("select takes a tensor with at least 1 dimension")
    return Call(GetItem(index=at_axis(dims.as_dim(index), dim, input.ndim)), (input,))


@reader("narrow", "narrow_copy", named=True)
def read_narrow(
    function: str, input: Operand, dim: int, start: IntoDim | Operand, length: IntoDim
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.narrow.html"""
    first = None if isinstance(start, Operand) else dims.as_dim(start)
    return Call(Narrow(dim=dim, start=first, length=dims.as_dim(length)), (input,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrow(Op):
    """`length` elements along axis `dim`, from `start` on; None is a start held by a tensor.

    Shapes:
        x: any shape
        output: that shape with `length` at `dim`

    Raises:
        RankError: there is no axis `dim`.
        SizeError: the elements are not all within the axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.narrow.html
    """

    dim: int
    start: Dim | None
    length: Dim

    def out_shape(self, x: Shape) -> OutShape:
        """Demand that the part is within the axis."""
        if not x:
            raise RankError("narrow takes a tensor with at least 1 dimension")
        axis = axis_index(self.dim, len(x))
        size, start, length = x[axis], self.start, self.length
        message = f"{dims.format_dim(length)} elements are not within an axis of "
        message += dims.format_dim(size)
        require(length, ">=", 0, message)
        if start is not None:
            message += f" from {dims.format_dim(start)} on"
            if decide(start, "<", 0, "narrow"):
                start = start + size
            require(start, ">=", 0, message)
            length = start + length
        require(length, "<=", size, message)
        return (*x[:axis], self.length, *x[axis + 1 :])
