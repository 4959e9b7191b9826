"""Tensor views, where the elements stay: https://pytorch.org/docs/stable/tensor_view.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from shapecalc import dims
from shapecalc.access import Reads, Regroup, Window, along, index, inserted, only, same
from shapecalc.conditions import at_hint, decide, require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.promotion import BYTES, as_complex, as_real
from shapecalc.registry import Built, layer, reader

Sizes: TypeAlias = Sequence[IntoDim]


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Op):
    """The same elements in the same order under other sizes, one of which may be -1.

    Shapes:
        x: any shape with as many elements as `shape`
        output: `shape`, with the size that is missing in the place of -1

    Raises:
        SizeError: the numbers of elements differ, or nothing whole fits in the place of -1.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """

    shape: tuple[Dim, ...]
    function: str = field(default="view", repr=False)

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Compare the numbers of elements, or compute the size that is missing."""
        elements = dims.product(x)
        known = dims.product(size for size in self.shape if size != -1)
        unknown = [axis for axis, size in enumerate(self.shape) if size == -1]
        text = f"shape {dims.format_shape(self.shape)} is invalid for {x}"
        text += f" with {dims.format_dim(elements)} elements"
        if len(unknown) > 1:
            raise SizeError(f"only one size can be left to torch, got {self.shape}")
        for size in self.shape:
            if size != -1:
                message = f"{dims.format_dim(size)} in shape {dims.format_shape(self.shape)}"
                require(size, ">=", 0, f"{message} is negative")
        if unknown:
            require(known, "!=", 0, f"{text}: the size in the place of -1 could be any")
        before, after = _without_common(x, [size for size in self.shape if size != -1])
        if not unknown:
            groups = _groups(before, after)
            if not groups:
                require(dims.product(before), "==", dims.product(after), text)
            for left, right in groups:
                decide(left, "==", right, "view")
            return self.shape
        (axis,) = unknown
        missing = quotient(before, dims.product(after), text)
        return (*self.shape[:axis], missing, *self.shape[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the same elements in the same order."""
        return [Regroup()]


def _without_common(left: Sequence[Dim], right: Sequence[Dim]) -> tuple[list[Dim], list[Dim]]:
    """Return the factors of two products without those that both have and that are not 0."""
    rest, others = list[Dim](), list(right)
    for size in left:
        if size in others and (dims.lower_bound(size) or 0) > 0:
            others.remove(size)
        else:
            rest.append(size)
    return rest, others


def _groups(left: Sequence[Dim], right: Sequence[Dim]) -> list[tuple[Dim, Dim]]:
    """Return pairs of products of neighbours that are equal on this path, the first with the first.

    Where all of these are equal, so are the two products; each says more than that does.
    """
    groups, one = list[tuple[Dim, Dim]](), dims.ONE
    first, second, rest = one, one, list(right)
    for size in left:
        first = dims.mul(first, size)
        while rest and at_hint(second) < at_hint(first):
            second = dims.mul(second, rest.pop(0))
        if at_hint(first) == at_hint(second):
            groups.append((first, second))
            first, second = one, one
    complete = first == one and second == one and not rest
    return groups if complete and len(groups) > 1 else []


def quotient(sizes: Sequence[Dim], known: Dim, message: str) -> Dim:
    """Return the product of `sizes` over `known`, and demand that it is whole.

    Where some neighbours have the product `known` on this path, the others are the quotient.
    """
    elements = dims.product(sizes)
    remainder = dims.mod(elements, known)
    if remainder != 0 and dims.as_int(known) is None:
        for start in range(len(sizes)):
            for end in range(start + 1, len(sizes) + 1):
                part = dims.product(sizes[start:end])
                if at_hint(part) == at_hint(known) and decide(part, "==", known, "view"):
                    return dims.product((*sizes[:start], *sizes[end:]))
    require(remainder, "==", 0, f"{message}, not a multiple of {dims.format_dim(known)}")
    return dims.floordiv(elements, known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten(Op):
    """Axes `start_dim` to `end_dim` become one.

    Shapes:
        x: any shape
        output: that shape with one axis, their product, in the place of these

    Raises:
        RankError: there are no such axes, or `start_dim` comes after `end_dim`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.flatten.html
    """

    start_dim: int = 0
    end_dim: int = -1

    def out_shape(self, x: Shape) -> OutShape:
        """Multiply the sizes."""
        start, end = axis_index(self.start_dim, len(x)), axis_index(self.end_dim, len(x))
        if start > end:
            raise RankError(f"start_dim={start} comes after end_dim={end}")
        return (*x[:start], dims.product(x[start : end + 1]), *x[end + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the same elements in the same order."""
        return [Regroup()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unflatten(Op):
    """Axis `dim` becomes several, of sizes `sizes`, one of which may be -1.

    Shapes:
        x: any shape
        output: that shape with `sizes` in the place of axis `dim`

    Raises:
        RankError: there is no axis `dim`.
        SizeError: `sizes` do not multiply to the size of the axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.unflatten.html
    """

    dim: int
    sizes: tuple[Dim, ...]

    def out_shape(self, x: Shape) -> OutShape:
        """View the one axis."""
        axis = axis_index(self.dim, len(x))
        if not self.sizes or not x:
            raise SizeError(f"unflatten to {self.sizes} of {x}: there is nothing to split")
        sizes = View(shape=self.sizes).out_shape(Shape((x[axis],)))
        return (*x[:axis], *sizes, *x[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the same elements in the same order."""
        return [Regroup()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewAsType(Op):
    """The same bytes as numbers of another length, along the last axis.

    Shapes:
        x: (*, bytes)
        output: (*, bytes*old/new)

    Units:
        old, new: bytes of an element.

    Raises:
        RankError: `x` has no axis.
        SizeError: the last axis does not hold a whole number of new elements, or, where these
            are longer, none: then the rows of torch are 1 old element apart.

    Source:
        https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """

    old: int
    new: int

    def out_shape(self, x: Shape) -> OutShape:
        """Count the bytes of the last axis."""
        if self.old == self.new:
            return x
        if not x:
            raise RankError("a tensor with 0 dimensions cannot be viewed in another element size")
        held = x[-1] * self.old
        text = f"the last axis of {x} has no whole number of elements of {self.new} bytes"
        require(dims.mod(held, self.new), "==", 0, text)
        if self.new > self.old and len(x) > 1:
            require(x[-1], ">=", 1, text)
        return (*x[:-1], dims.floordiv(held, self.new))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the elements that hold the same bytes."""
        if self.old == self.new:
            return [same(len(out))]
        last, ratio = len(out) - 1, dims.as_dim(max(self.old, self.new) // min(self.old, self.new))
        if self.new < self.old:
            return [along(len(out), [-1], only(dims.floordiv(index(last), ratio)))]
        return [along(len(out), [-1], Window(axis=last, kernel_size=ratio, stride=ratio))]


# ---------------------------------------------------------------------------- readers


def as_sizes(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what torch takes both as f(*sizes) and as f(sizes)."""
    if len(sizes) == 1 and isinstance(sizes[0], Sequence) and not isinstance(sizes[0], str):
        return tuple(sizes[0])
    return sizes


def as_dims(sizes: Sequence[IntoDim | Operand]) -> tuple[Dim, ...]:
    """Return sizes as `Dim`s, that of a tensor being the number it holds."""
    return tuple(_held(size) if isinstance(size, Operand) else dims.as_dim(size) for size in sizes)


def _held(number: Operand) -> Dim:
    return dims.as_dim(number if number.first is None else number.first)


@reader("Tensor.view")
def read_view(
    input: Operand, *shape: Any, size: Sizes | None = None, dtype: str | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.view.html"""
    wanted = dtype or (shape[0] if shape and isinstance(shape[0], str) else None)
    if wanted is not None:
        return Call(ViewAsType(old=BYTES[input.dtype], new=BYTES[wanted]), (input,), wanted)
    return Call(View(shape=as_dims(as_sizes(shape) if size is None else size)), (input,))


@reader("reshape")
def read_reshape(input: Operand, *size: Any, shape: Sizes | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.reshape.html"""
    sizes = as_dims(as_sizes(size) if shape is None else shape)
    return Call(View(shape=sizes, function="reshape"), (input,))


@reader("view_as", "reshape_as", named=True)
def read_view_as(function: str, input: Operand, other: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.view_as.html"""
    return Call(View(shape=tuple(other.shape), function=function), (input,), unread=(other,))


@reader("flatten")
def read_flatten(input: Operand, start_dim: int = 0, end_dim: int = -1) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.flatten.html"""
    return Call(Flatten(start_dim=start_dim, end_dim=end_dim), (input,))


@reader("ravel")
def read_ravel(input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.ravel.html"""
    return Call(Flatten(), (input,))


@reader("unflatten")
def read_unflatten(input: Operand, dim: int, sizes: Sizes) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.unflatten.html"""
    return Call(Unflatten(dim=dim, sizes=as_dims(sizes)), (input,))


@reader("view_as_real")
def read_view_as_real(input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.view_as_real.html"""
    return Call(Parts(to_real=True), (input,), as_real(input.dtype))


@reader("view_as_complex")
def read_view_as_complex(input: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.view_as_complex.html"""
    return Call(Parts(to_real=False), (input,), as_complex(input.dtype))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Op):
    """Complex numbers as pairs of real ones along a last axis of size 2, or back.

    Shapes:
        x: (*), or (*, 2) to become complex
        output: (*, 2), or (*)

    Raises:
        RankError: there is no axis to become complex.
        DimMismatchError: the last axis is not of size 2.

    Source:
        https://pytorch.org/docs/stable/generated/torch.view_as_complex.html
    """

    to_real: bool

    def out_shape(self, x: Shape) -> OutShape:
        """Add or take away the last axis."""
        if self.to_real:
            return (*x, 2)
        if not x:
            raise RankError("a tensor with 0 dimensions holds no pairs")
        require_same(x[-1], 2, "the size of the last axis to be")
        return x[:-1]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one number, or the two that become one."""
        (x,) = inputs
        return [same(len(x)) if self.to_real else inserted(len(x), [-1])]


# ---------------------------------------------------------------------------- specs


@layer("Flatten")
def build_flatten(
    name: str, inputs: tuple[Shape, ...], start_dim: int = 1, end_dim: int = -1
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html"""
    return Built(Flatten(start_dim=start_dim, end_dim=end_dim))


@layer("Unflatten")
def build_unflatten(
    name: str, inputs: tuple[Shape, ...], dim: int, unflattened_size: Sizes
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html"""
    return Built(Unflatten(dim=dim, sizes=as_dims(unflattened_size)))
