"""Spectral ops: https://pytorch.org/docs/stable/torch.html#spectral-ops."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import WHOLE, Access, Interval, Reads, Same, Window, index
from shapecalc.conditions import require, require_positive, require_same, smaller
from shapecalc.dims import Dim, IntoDim, Shape, window_count
from shapecalc.errors import ShapeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.promotion import as_complex, as_real
from shapecalc.registry import reader


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
        if self.center and self.pad_mode in ("reflect", "replicate"):
            for size in input:
                require_positive(size, "a size of the signal")
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

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the elements of the signal that are in the window of the frame."""
        signal, *window = inputs
        frame = len(signal)
        pad = dims.floordiv(self.n_fft, 2) if self.center else dims.ZERO
        before = pad - dims.floordiv(self.n_fft - self.win_length, 2)
        mode = self.pad_mode if self.center and self.pad_mode != "constant" else "zeros"
        entry = Window(
            axis=frame,
            kernel_size=self.win_length,
            stride=self.hop_length,
            padding=before,
            mode=mode,
        )
        # a window's elements do not count where they meet the zeros beyond the signal
        start = dims.mul(index(frame), self.hop_length) - before
        inside = WHOLE if mode != "zeros" else Interval(-start, signal[-1] - 1 - start)
        bound = ""
        if not window and mode != "zeros":
            bound = "elements that a border repeats may cancel"
        if not self.return_complex:
            bound = "a part of a complex number may not depend on an element"
        batch = map(Same, range(frame - 1))
        return [
            Access((*batch, entry), bound=bound),
            *(Access((inside,), bound=bound) for _ in window),
        ]


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


@reader("stft")
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
        raise NotImplementedError("stft with align_to_window")
    n = dims.as_dim(n_fft)
    wide = any(x.dtype.startswith("complex") for x in (input, window) if x is not None)
    if return_complex is None and not wide:
        raise ShapeError("stft of a real signal needs return_complex", fix="return_complex=True")
    whole = wide if return_complex is None else bool(return_complex)
    op = STFT(
        n_fft=n,
        hop_length=dims.floordiv(n, 4) if hop_length is None else dims.as_dim(hop_length),
        win_length=n if win_length is None else dims.as_dim(win_length),
        center=bool(center),
        pad_mode=pad_mode,
        onesided=not wide if onesided is None else bool(onesided),
        return_complex=whole,
    )
    dtype = as_complex(input.dtype) if whole else as_real(input.dtype)
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
        SizeError: a parameter is out of range, the input is empty, or a part of the signal is in
            no window.

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
        for size in input:
            require_positive(size, "a size of the input")
        start = dims.floordiv(self.n_fft, 2) if self.center else dims.ZERO
        end = self.n_fft + dims.mul(self.hop_length, frames - 1)
        length = end - 2 * start if self.length is None else self.length
        require_positive(length, "the length of the signal")
        if self.center and self.length is None:  # torch takes all but the last n_fft/2 elements
            require(self.n_fft, ">", 1, "centred windows of 1 element leave no signal")
        # a window shorter than n_fft stands in its middle: no element may be outside of all
        low = dims.floordiv(self.n_fft - self.win_length, 2)
        high = self.n_fft - self.win_length - low
        text = f"windows of {dims.format_dim(self.win_length)} elements do not cover the signal"
        require(start, ">=", low, text)
        require(smaller(start + length, end), "<=", end - high, text)
        return (*batch, length)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all frequencies of the frames whose windows cover the element."""
        frames, last = inputs[0][-1], len(out) - 1
        before = dims.floordiv(self.n_fft, 2) if self.center else dims.ZERO
        before = before - dims.floordiv(self.n_fft - self.win_length, 2)
        covering = Window(
            axis=last,
            kernel_size=self.win_length,
            stride=self.hop_length,
            padding=before,
            transposed=True,
        )
        # the window stands at multiples of hop_length: those of its elements that fall here
        fallen = Window(
            axis=last,
            kernel_size=frames,
            dilation=self.hop_length,
            padding=dims.mul(self.hop_length, frames - 1) - before,
        )
        batch = map(Same, range(last))
        return [Access((*batch, WHOLE, covering)), *(Access((fallen,)) for _ in inputs[1:])]


@reader("istft")
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
    dtype = input.dtype if return_complex else as_real(input.dtype)
    return Call(op, (input,) if window is None else (input, window), dtype)
