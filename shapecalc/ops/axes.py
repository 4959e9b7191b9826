"""Axes in another order, added, taken away or stretched.

https://pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.access import FIRST, Access, Reads, Same, broadcast, inserted, placed
from shapecalc.conditions import decide, require, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.view import Sizes, as_dims, as_sizes
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Permute(Op):
    """The axes in another order: output axis n is input axis `dims[n]`.

    Shapes:
        x: any shape of len(dims) axes
        output: its sizes in that order

    Raises:
        RankError: `dims` are not the axes of `x`, each once.

    Source:
        https://pytorch.org/docs/stable/generated/torch.permute.html
    """

    dims: tuple[int, ...]
    function: str = field(default="permute", repr=False)

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Reorder the sizes."""
        axes = [axis_index(dim, len(x)) for dim in self.dims]
        if sorted(axes) != list(range(len(x))):
            raise RankError(f"{self.dims} does not name each of {len(x)} axes once")
        return tuple(x[axis] for axis in axes)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, whose indices are reordered."""
        order = [axis_index(dim, len(out)) for dim in self.dims]
        return [Access(tuple(Same(order.index(axis)) for axis in range(len(out))))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsqueeze(Op):
    """A new axis of size 1 before axis `dim`.

    Shapes:
        x: any shape
        output: that shape with a 1 at `dim`

    Raises:
        RankError: there is no such place.

    Source:
        https://pytorch.org/docs/stable/generated/torch.unsqueeze.html
    """

    dim: int

    def out_shape(self, x: Shape) -> OutShape:
        """Put a 1 in."""
        axis = axis_index(self.dim, len(x) + 1)
        return (*x[:axis], dims.ONE, *x[axis:])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, whatever the index on the new axis."""
        new = axis_index(self.dim, len(out))
        return [Access(tuple(Same(axis) for axis in range(len(out)) if axis != new))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze(Op):
    """Axes of size 1 are taken away: those among `dim`, or all for None.

    Shapes:
        x: any shape
        output: that shape without these axes

    Raises:
        RankError: there is no such axis, or it is named twice.

    Source:
        https://pytorch.org/docs/stable/generated/torch.squeeze.html
    """

    dim: tuple[int, ...] | None = None

    def out_shape(self, x: Shape) -> OutShape:
        """Leave these axes out."""
        gone = self.gone(x)
        return tuple(size for axis, size in enumerate(x) if axis not in gone)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, the only one on the axes that are gone."""
        (x,) = inputs
        return [inserted(len(x), self.gone(x), FIRST)]

    def gone(self, x: Shape) -> list[int]:
        """Decide for every size whether it is 1: the number of axes hangs on it."""
        axes = range(len(x)) if self.dim is None else [axis_index(d, len(x)) for d in self.dim]
        if len(set(axes)) < len(axes):
            raise RankError(f"an axis appears twice in dim={self.dim}")
        return [
            axis for axis in range(len(x)) if axis in axes and decide(x[axis], "==", 1, "squeeze")
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand(Op):
    """Axes of size 1 are stretched to `size`; -1 keeps a size, new axes come in front.

    Shapes:
        x: any shape of at most len(size) axes
        output: `size`

    Raises:
        RankError: `x` has more axes than `size`.
        DimMismatchError: a size is neither 1 nor the wanted one.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html
    """

    size: tuple[Dim, ...]
    function: str = field(default="expand", repr=False)

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Stretch axis by axis, from the last one."""
        new = len(self.size) - len(x)
        if new < 0:
            raise RankError(f"cannot expand {x} to the fewer axes {dims.format_shape(self.size)}")
        for size in self.size[:new]:
            if size == -1:
                raise SizeError("-1 keeps the size of an axis, and a new axis has none")
            require(size, ">=", 0, f"cannot expand to {dims.format_dim(size)} elements")
        kept = zip(x, self.size[new:], strict=True)
        return (*self.size[:new], *(_stretched(size, wanted) for size, wanted in kept))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, the first one on the axes that are stretched."""
        return broadcast(*inputs, out=out)


def _stretched(size: Dim, wanted: Dim) -> Dim:
    if size == wanted or decide(wanted, "==", -1, "expand"):
        return size
    require(wanted, ">=", 0, f"cannot expand to {dims.format_dim(wanted)} elements")
    if not decide(size, "==", 1, "expand"):
        require_same(size, wanted, "the size of an expanded axis to be")
    return wanted


# ---------------------------------------------------------------------------- readers


@reader("permute")
def read_permute(input: Operand, *axes: Any, dims: Sequence[int] | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.permute.html"""
    return Call(Permute(dims=as_sizes(axes) if dims is None else tuple(dims)), (input,))


@reader("transpose", "swapaxes", "swapdims", named=True)
def read_transpose(function: str, input: Operand, *axes: int, **named: int) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.transpose.html"""
    first, second = (axis_index(axis, input.ndim) for axis in (*axes, *named.values()))
    order = list(range(input.ndim))
    if order:
        order[first], order[second] = order[second], order[first]
    return Call(Permute(dims=tuple(order), function=function), (input,))


@reader("t", "Tensor.T", "Tensor.H", "Tensor.mT", "Tensor.mH", "adjoint", named=True)
def read_t(function: str, input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.t.html"""
    order = list(range(input.ndim))
    name = function.rpartition(".")[2]
    if name in ("t", "H") and input.ndim > 2:
        raise RankError(f"{name} takes at most 2 dimensions, got {input.shape}")
    if name in ("mT", "mH", "adjoint"):
        if input.ndim < 2 and (name == "mT" or input.ndim == 1):
            raise RankError(f"{name} takes at least 2 dimensions, got {input.shape}")
        order[-2:] = reversed(order[-2:])
    else:
        order.reverse()
    return Call(Permute(dims=tuple(order), function=name), (input,))


@reader("movedim", "moveaxis", named=True)
def read_movedim(
    function: str, input: Operand, source: int | Sequence[int], destination: int | Sequence[int]
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.movedim.html"""
    start = [axis_index(d, input.ndim) for d in as_sizes((source,))]
    end = [axis_index(d, input.ndim) for d in as_sizes((destination,))]
    if len(start) != len(end) or len(set(start)) < len(start) or len(set(end)) < len(end):
        raise RankError(f"cannot move the axes {source} to {destination}")
    rest = (axis for axis in range(input.ndim) if axis not in start)
    moved = dict(zip(end, start, strict=True))
    order = [moved[axis] if axis in moved else next(rest) for axis in range(input.ndim)]
    return Call(Permute(dims=tuple(order), function=function), (input,))


@reader("unsqueeze")
def read_unsqueeze(input: Operand, dim: int) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.unsqueeze.html"""
    return Call(Unsqueeze(dim=dim), (input,))


@reader("squeeze")
def read_squeeze(input: Operand, dim: int | Sequence[int] | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.squeeze.html"""
    return Call(Squeeze(dim=None if dim is None else as_sizes((dim,))), (input,))


@reader("Tensor.expand", "broadcast_to", named=True)
def read_expand(
    function: str, input: Operand, *sizes: Any, size: Sizes | None = None, implicit: bool = False
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html"""
    wanted = as_dims(as_sizes(sizes) if size is None else size)
    return Call(Expand(size=wanted, function=function.rpartition(".")[2]), (input,))


@reader("expand_as")
def read_expand_as(input: Operand, other: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html"""
    op = Expand(size=tuple(other.shape), function="expand_as")
    return Call(op, (input,), unread=(other,))


@dataclass(frozen=True, slots=True, kw_only=True)
class SumToSize(Op):
    """The sums that undo a stretching: an axis of which 1 is left, or none, is summed over.

    Shapes:
        x: any shape to which `size` can be stretched
        output: size

    Raises:
        RankError: `size` has more axes than `x`.
        DimMismatchError: an axis is to become neither 1 nor what it is.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html
    """

    size: tuple[Dim, ...]

    def out_shape(self, x: Shape) -> OutShape:
        """Check every axis that is kept."""
        if len(self.size) > len(x):
            raise RankError(f"expected at most {len(x)} sizes for {x}, got {len(self.size)}")
        for own, left in zip(x[len(x) - len(self.size) :], self.size, strict=True):
            if left != 1:
                require_same(left, own, "the size to sum to")
        return self.size

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axes that are summed over."""
        (x,) = inputs
        kept = [None if size == 1 else axis for axis, size in enumerate(out)]
        return [placed(x, out, [None] * (len(x) - len(out)) + kept)]


@reader("sum_to_size")
def read_sum_to_size(input: Operand, *size: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html"""
    return Call(SumToSize(size=as_dims(as_sizes(size))), (input,))
