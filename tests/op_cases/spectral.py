"""Rows for shapecalc/ops/spectral.py."""

from __future__ import annotations

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, H, L, N, Rejects, T, W, half
from tests.op_cases.linalg import quiet

fft = torch.fft
WIDE = "complex64"


def options(function, *args, **kwargs):
    """Return the function with options."""
    return lambda *tensors: function(*tensors, *args, **kwargs)


def there_and_back(x):
    """Return a signal from its own spectrum."""
    found = torch.stft(x, 6, window=window, return_complex=True)
    return torch.istft(found, 6, window=window, length=x.shape[-1])


window = torch.ones(6)
stft = quiet(torch.stft, 8, return_complex=True)

CASES = [
    *(Case(getattr(fft, name), (N, C, L), (N, C, L)) for name in ("fft", "ifft", "fft2", "ifft2", "fftn", "ifftn")),
    *(Case(getattr(fft, name), (C, H, W), (C, H, floordiv(W, 2) + 1)) for name in ("rfft", "ihfft", "rfft2", "ihfft2", "rfftn", "ihfftn")),
    *(Case(getattr(fft, name), (C, H, W, WIDE), (C, H, 2 * W - 2)) for name in ("irfft", "hfft", "irfft2", "hfft2", "irfftn", "hfftn")),
    Case(options(fft.fft, n=7),                              (N, L),            (N, 7)),
    Case(options(fft.rfft, 7, dim=1),                        (N, C, L),         (N, 4, L)),
    Case(options(fft.irfft, n=9, dim=0),                     (N, L, WIDE),      (9, L)),
    Case(lambda x: fft.irfft(fft.rfft(x), n=x.shape[-1]),    (N, L),            (N, L)),
    Case(options(fft.rfftn, s=(8, -1), dim=(0, 2)),          (N, C, L),         (8, C, floordiv(L, 2) + 1)),
    Case(options(fft.irfft2, s=(4, 9)),                       (N, L, T, WIDE),   (N, 4, 9)),
    Case(options(fft.rfft2, dim=(2, 1)),                     (N, H, W),         (N, floordiv(H, 2) + 1, W)),
    Case(options(fft.fftn, (4, 6)),                          (N, H, W),         (N, 4, 6)),
    Case(fft.fftshift,                                       (N, H, W),         (N, H, W)),
    Case(options(fft.ifftshift, dim=(-2, -1)),               (N, H, W),         (N, H, W)),
    Case(stft,                                               (N, L),            (N, 5, floordiv(L, 2) + 1)),
    Case(stft,                                               (L,),              (5, floordiv(L, 2) + 1)),
    Case(quiet(torch.stft, 8, 3, 6, window, return_complex=True), (N, L),     (N, 5, floordiv(L, 3) + 1)),
    Case(quiet(torch.stft, 7, 3, center=False, return_complex=False), (N, L), (N, 4, floordiv(L - 7, 3) + 1, 2)),
    Case(quiet(torch.stft, 7, 2, onesided=False, pad_mode="constant", return_complex=True), (N, L), (N, 7, half(L))),
    Case(quiet(torch.stft, 8, return_complex=True),        (N, L, WIDE),      (N, 8, floordiv(L, 2) + 1)),
    Case(quiet(torch.istft, 8),                            (N, 5, T, WIDE),   (N, 2 * T - 2)),
    Case(quiet(torch.istft, 8, 3, 6, window, length=20),   (N, 5, T, WIDE),   (N, 20)),
    Case(quiet(torch.istft, 7, 2, center=False),           (4, T, WIDE),      (2 * T + 5,)),
    Case(quiet(torch.istft, 8, onesided=False, return_complex=True), (N, 8, T, WIDE), (N, 2 * T - 2)),
    Case(there_and_back, (N, L), (N, L)),
]  # fmt: skip

REJECTS = [
    Rejects(fft.fft2, (3,)),
    Rejects(fft.rfft, (3, 4, WIDE)),
    Rejects(fft.irfft, (3, 1)),
    Rejects(fft.fft, (3, 0)),
    Rejects(options(fft.fft, n=0), (3, 4)),
    Rejects(options(fft.fft, dim=2), (3, 4)),
    Rejects(options(fft.fftn, dim=(0, -2)), (3, 4)),
    Rejects(options(fft.fftn, s=(3, 4, 5)), (3, 4)),
    Rejects(options(fft.fftn, s=(3,), dim=(0, 1)), (3, 4)),
    Rejects(stft, (2, 3, 20)),
    Rejects(stft, (2, 4)),
    Rejects(quiet(torch.stft, 8), (2, 20)),
    Rejects(quiet(torch.stft, 8, center=False, return_complex=True), (2, 7)),
    Rejects(quiet(torch.stft, 8, 0, return_complex=True), (2, 20)),
    Rejects(quiet(torch.stft, 8, win_length=9, return_complex=True), (2, 20)),
    Rejects(quiet(torch.stft, 8, window=window, return_complex=True), (2, 20)),
    Rejects(quiet(torch.istft, 8), (2, 5, 9)),
    Rejects(quiet(torch.istft, 8), (2, 4, 9, WIDE)),
    Rejects(quiet(torch.istft, 8), (9, WIDE)),
    Rejects(quiet(torch.istft, 8), (2, 5, 1, WIDE)),
    Rejects(quiet(torch.istft, 8, 9), (2, 5, 9, WIDE)),
]  # fmt: skip
