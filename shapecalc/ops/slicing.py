"""`x[...]` in every form: https://pytorch.org/docs/stable/tensor_view.html and NumPy's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shapecalc import dims
from shapecalc.access import Reads, along, same, shifted
from shapecalc.conditions import decide, require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import DATA, Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.index_items import Item, as_index, at_axis, item_text
from shapecalc.ops.index_reads import kept, placing, selected, selecting, written
from shapecalc.ops.selection import by_values, select
from shapecalc.registry import reader


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
        return select(x, self.index, indices).shape

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of `x`, at the place that the index says."""
        x, *indices = inputs
        selection = select(x, self.index, indices)
        tensors = filter(by_values, self.index)
        return [
            selected(x, selection),
            *(selecting(item, n, selection) for item, n in zip(tensors, indices, strict=True)),
        ]

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
    accumulate: bool = False

    @property
    def kind(self) -> str:
        """The name of the operator."""
        return "setitem"

    def out_shape(self, x: Shape, *operands: Shape) -> OutShape:
        """Compare the value with the part."""
        values, indices = operands[: self.has_value], operands[self.has_value :]
        part = select(x, self.index, indices).shape
        for value in values:
            require_stretches(value, part)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the value within the part that is set, and `x` outside of it."""
        x, *operands = inputs
        values, indices = operands[: self.has_value], operands[self.has_value :]
        selection = select(x, self.index, indices)
        return [
            same(len(x)) if self.accumulate else kept(x, selection),
            *(written(x, value, selection) for value in values),
            *(placing(x, index, selection) for index in indices),
        ]

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
    return Call(SetItem(index=items, accumulate=accumulate), (input, values, *tensors))


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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, from `start` on."""
        (x,) = inputs
        if self.start is None:
            return [replace(along(len(x), [self.dim]), bound="the value of start decides")]
        axis, start = axis_index(self.dim, len(x)), self.start
        if decide(start, "<", 0, "narrow"):
            start = start + x[axis]
        return [along(len(x), [axis], shifted(axis, start))]
