"""Fourier transforms: https://pytorch.org/docs/stable/fft.html and `stft`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shapecalc import dims
from shapecalc.conditions import require, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape, window_count
from shapecalc.errors import RankError, ShapeError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, is_floating, reads, require_rank

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
        SizeError: a size to transform is less than 1.

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
        if self.ends == "half out":
            out[axes[-1]] = dims.floordiv(out[axes[-1]], 2) + 1
        return tuple(out)

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
_COMPLEX = {"float16": "complex32", "float32": "complex64", "float64": "complex128"}
_REAL = {wide: narrow for narrow, wide in _COMPLEX.items()}


@reads(*_NAMES, named=True)
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
    narrow = input.dtype if is_floating(input.dtype) else "float32"
    real, wide = _REAL.get(narrow, narrow), _COMPLEX.get(narrow, narrow)
    return Call(op, (input,), real if ends == "half in" else wide)


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
class STFT(Op):
    """The Fourier transforms of windows along a signal.

    Shapes:
        input: (B, L) or (L)
        window: (win_length)
        output: (B, frequencies, frames), and 2 more elements where it is not complex;
            frequencies = floor(n_fft/2) + 1 with `onesided`, else n_fft;
            frames = floor((L + padding - n_fft)/hop_length) + 1, padding = 2*floor(n_fft/2)
            with `center`, else 0

    Units:
        n_fft, hop_length, win_length: elements of the signal.

    Raises:
        RankError: the input has another number of axes.
        SizeError: the signal is too short, or a parameter is out of range.

    Source:
        https://pytorch.org/docs/stable/generated/torch.stft.html
    """

    n_fft: Dim
    hop_length: Dim
    win_length: Dim
    center: bool = True
    pad_mode: str = "reflect"
    onesided: bool = True
    return_complex: bool = True

    def out_shape(self, input: Shape, window: Shape | None = None) -> OutShape:
        """Count the frames."""
        require_rank(input, 1, 2, layout="(B, L) or (L)")
        require_frames(self.n_fft, self.hop_length, self.win_length, window)
        *batch, length = input
        pad = dims.floordiv(self.n_fft, 2) if self.center else dims.ZERO
        if self.center and self.pad_mode == "reflect":
            text = f"a reflection by {dims.format_dim(pad)} needs a longer signal"
            require(length, ">", pad, f"{text}, got {dims.format_dim(length)}")
        if self.center and self.pad_mode == "circular":
            text = f"a circular padding by {dims.format_dim(pad)} needs a longer signal"
            require(length, ">=", pad, f"{text}, got {dims.format_dim(length)}")
        text = f"n_fft={dims.format_dim(self.n_fft)} needs a longer signal"
        require(length + 2 * pad, ">=", self.n_fft, f"{text}, got {dims.format_dim(length)}")
        frames = window_count(
            length, kernel_size=self.n_fft, stride=self.hop_length, padding=(pad, pad)
        )
        parts = () if self.return_complex else (2,)
        return (*batch, frequencies(self.n_fft, onesided=self.onesided), frames, *parts)


def frequencies(n_fft: Dim, *, onesided: bool) -> Dim:
    """Return how many frequencies the transform of `n_fft` elements has."""
    return dims.floordiv(n_fft, 2) + 1 if onesided else n_fft


def require_frames(n_fft: Dim, hop_length: Dim, win_length: Dim, window: Shape | None) -> None:
    """Demand that the parameters of a transform by windows agree."""
    require_positive(n_fft, "n_fft")
    require_positive(hop_length, "hop_length")
    require_positive(win_length, "win_length")
    text = f"win_length {dims.format_dim(win_length)} is more than n_fft {dims.format_dim(n_fft)}"
    require(win_length, "<=", n_fft, text)
    if window is not None:
        require_rank(window, 1, layout="(win_length) in the window")
        require_same(window[0], win_length, "elements of the window")


@reads("stft")
def read_stft(
    input: Operand,
    n_fft: IntoDim,
    hop_length: IntoDim | None = None,
    win_length: IntoDim | None = None,
    window: Operand | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.stft.html"""
    if align_to_window:
        raise SizeError("stft with align_to_window has no rule")
    n = dims.as_dim(n_fft)
    wide = any(x.dtype.startswith("complex") for x in (input, window) if x is not None)
    if return_complex is None and not wide:
        raise ShapeError("stft of a real signal needs return_complex", fix="return_complex=True")
    as_complex = wide if return_complex is None else bool(return_complex)
    op = STFT(
        n_fft=n,
        hop_length=dims.floordiv(n, 4) if hop_length is None else dims.as_dim(hop_length),
        win_length=n if win_length is None else dims.as_dim(win_length),
        center=bool(center),
        pad_mode=pad_mode,
        onesided=not wide if onesided is None else bool(onesided),
        return_complex=as_complex,
    )
    own = input.dtype
    dtype = _COMPLEX.get(own, own) if as_complex else _REAL.get(own, own)
    return Call(op, (input,) if window is None else (input, window), dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class ISTFT(Op):
    """A signal put together from the Fourier transforms of its windows.

    Shapes:
        input: (B, frequencies, frames) or (frequencies, frames)
        window: (win_length)
        output: (B, length) or (length); the length is `length` where that is given, else
            n_fft + hop_length*(frames - 1), less 2*floor(n_fft/2) with `center`

    Units:
        n_fft, hop_length, win_length, length: elements of the signal.

    Raises:
        RankError: the input has another number of axes.
        DimMismatchError: the frequencies do not belong to `n_fft`.
        SizeError: a parameter is out of range.

    Source:
        https://pytorch.org/docs/stable/generated/torch.istft.html
    """

    n_fft: Dim
    hop_length: Dim
    win_length: Dim
    center: bool = True
    onesided: bool = True
    length: Dim | None = None

    def out_shape(self, input: Shape, window: Shape | None = None) -> OutShape:
        """Overlap the frames."""
        require_rank(input, 2, 3, layout="(B, frequencies, frames)")
        require_frames(self.n_fft, self.hop_length, self.win_length, window)
        *batch, bins, frames = input
        require_same(bins, frequencies(self.n_fft, onesided=self.onesided), "frequencies")
        text = f"hop_length {dims.format_dim(self.hop_length)} leaves gaps between windows"
        require(self.hop_length, "<=", self.win_length, text)
        if self.length is not None:
            return (*batch, self.length)
        trimmed = 2 * dims.floordiv(self.n_fft, 2) if self.center else dims.ZERO
        length = self.n_fft + dims.mul(self.hop_length, frames - 1) - trimmed
        require_positive(length, "the length of the signal")
        return (*batch, length)


@reads("istft")
def read_istft(
    input: Operand,
    n_fft: IntoDim,
    hop_length: IntoDim | None = None,
    win_length: IntoDim | None = None,
    window: Operand | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: IntoDim | None = None,
    return_complex: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.istft.html"""
    if not input.dtype.startswith("complex"):
        raise ShapeError(f"istft expects a complex input, got {input.dtype}")
    n = dims.as_dim(n_fft)
    op = ISTFT(
        n_fft=n,
        hop_length=dims.floordiv(n, 4) if hop_length is None else dims.as_dim(hop_length),
        win_length=n if win_length is None else dims.as_dim(win_length),
        center=bool(center),
        onesided=not return_complex if onesided is None else bool(onesided),
        length=None if length is None else dims.as_dim(length),
    )
    dtype = input.dtype if return_complex else _REAL[input.dtype]
    return Call(op, (input,) if window is None else (input, window), dtype)


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


@reads("fft.fftshift", "fft.ifftshift", named=True)
def read_fftshift(name: str, input: Operand, dim: int | Sequence[int] | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.fft.fftshift.html"""
    return Call(FFTShift(function=name.removeprefix("fft."), dim=_as_axes(dim)), (input,))
