"""Fourier transforms: https://pytorch.org/docs/stable/fft.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shapecalc import dims
from shapecalc.access import WHOLE, Access, AxisAccess, Interval, Reads, Same, Window
from shapecalc.conditions import require_positive
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError, ShapeError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.promotion import as_complex, as_floating, as_real
from shapecalc.registry import reader

Ends: TypeAlias = Literal["both", "half in", "half out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FFT(Op):
    """A Fourier transform over some axes, which are first cut or filled up to the sizes `s`.

    Of a real signal of n elements half of the spectrum is enough, floor(n/2) + 1 elements of
    the last axis. Back from a half spectrum of m elements the signal has `s`, or 2*(m - 1).

    Shapes:
        input: any
        output: the input's, with `s` at the axes `dim`; `ends` says on which side the last of
            them is a half spectrum

    Raises:
        RankError: an axis does not exist, is named twice, or `s` and `dim` differ in length.
        SizeError: a size to transform is less than 1, or there are no elements.

    Source:
        https://pytorch.org/docs/stable/fft.html
    """

    function: str
    s: tuple[Dim, ...] | None = None
    dim: tuple[int, ...] | None = None
    ends: Ends = "both"

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, input: Shape) -> OutShape:
        """Set the sizes, then halve or double the last."""
        axes = self._axes(input)
        out = list(input)
        for place, axis in enumerate(axes):
            if self.s is not None and self.s[place] != -1:
                out[axis] = self.s[place]
            elif self.ends == "half in" and place == len(axes) - 1:
                out[axis] = 2 * (out[axis] - 1)
            require_positive(out[axis], f"the number of points along axis {axis}")
        for axis, size in enumerate(input):
            if axis not in axes:  # the library that transforms takes no empty tensor
                require_positive(size, f"the size of axis {axis}")
        if self.ends == "half out":
            out[axes[-1]] = dims.floordiv(out[axes[-1]], 2) + 1
        return tuple(out)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axes, as far as they are not cut off."""
        axes = self._axes(inputs[0])
        entries = list[AxisAccess](map(Same, range(len(out))))
        for place, axis in enumerate(axes):
            entries[axis] = WHOLE
            if self.s is not None and self.s[place] != -1:
                last = self.s[place] - 1
                if self.ends == "half in" and place == len(axes) - 1:
                    last = dims.floordiv(self.s[place], 2)
                entries[axis] = Interval(dims.ZERO, last)
        return [Access(tuple(entries))]

    def _axes(self, input: Shape) -> list[int]:
        rank = len(input)
        if self.dim is not None:
            axes = [axis_index(dim, rank) for dim in self.dim]
        elif self.s is not None:
            axes = list(range(rank - len(self.s), rank))
        else:
            axes = list(range(rank))
        if self.s is not None and len(self.s) != len(axes):
            raise RankError(f"s has {len(self.s)} sizes for {len(axes)} axes")
        if len(set(axes)) < len(axes) or any(not 0 <= axis < rank for axis in axes):
            raise RankError(f"cannot transform axes {axes} of {rank} dimensions")
        if not axes and self.ends != "both":
            raise RankError(f"{self.function} transforms at least one axis")
        return axes


_ENDS: dict[str, Ends] = {"r": "half out", "ih": "half out", "ir": "half in", "h": "half in"}
_NAMES = tuple(
    f"fft.{prefix}fft{suffix}"
    for prefix in ("", "i", "r", "ir", "h", "ih")
    for suffix in ("", "2", "n")
)


@reader(*_NAMES, named=True)
def read_fft(
    name: str,
    input: Operand,
    s: IntoDim | Sequence[IntoDim] | None = None,
    dim: int | Sequence[int] | None = -1,
    norm: str | None = None,
    *,
    n: IntoDim | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/fft.html"""
    function = name.removeprefix("fft.")
    ends = _ENDS.get(function.partition("fft")[0], "both")
    if dim == -1 and not function.endswith("fft"):  # the default where none was given
        dim = (-2, -1) if function.endswith("2") else None
    sizes = n if s is None else s
    if input.dtype.startswith("complex") and ends == "half out":
        raise ShapeError(f"{function} expects a real input, got {input.dtype}")
    op = FFT(function=function, s=_as_sizes(sizes), dim=_as_axes(dim), ends=ends)
    own = as_floating(input.dtype)
    return Call(op, (input,), as_real(own) if ends == "half in" else as_complex(own))


def _as_sizes(value: IntoDim | Sequence[IntoDim] | None) -> tuple[Dim, ...] | None:
    if value is None:
        return None
    entries = value if isinstance(value, Sequence) else (value,)
    return tuple(dims.as_dim(entry) for entry in entries)


def _as_axes(value: int | Sequence[int] | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    return tuple(int(axis) for axis in value) if isinstance(value, Sequence) else (int(value),)


@dataclass(frozen=True, slots=True, kw_only=True)
class FFTShift(Op):
    """An exchange of the halves of some axes.

    Shapes:
        input: any
        output: that of the input

    Raises:
        RankError: there is no axis `dim`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.fft.fftshift.html
    """

    function: str
    dim: tuple[int, ...] | None = None

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, input: Shape) -> OutShape:
        """Keep the shape."""
        for dim in self.dim or ():
            axis_index(dim, len(input))
        return input

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, from half an axis before it, around the end."""
        entries = list[AxisAccess](map(Same, range(len(out))))
        halve = dims.ceildiv if self.function == "ifftshift" else dims.floordiv
        for dim in range(len(out)) if self.dim is None else self.dim:
            axis = axis_index(dim, len(out))
            half = halve(out[axis], 2)
            entries[axis] = Window(axis=axis, padding=half, mode="circular")
        return [Access(tuple(entries))]


@reader("fft.fftshift", "fft.ifftshift", named=True)
def read_fftshift(name: str, input: Operand, dim: int | Sequence[int] | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.fft.fftshift.html"""
    return Call(FFTShift(function=name.removeprefix("fft."), dim=_as_axes(dim)), (input,))
