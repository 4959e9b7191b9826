"""Rows for shapecalc/ops/spectral.py."""

from __future__ import annotations

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import Case, L, N, Rejects, T, half
from tests.op_cases.linalg import quiet

WIDE = "complex64"


def there_and_back(x):
    """Return a signal from its own spectrum."""
    found = torch.stft(x, 6, window=window, return_complex=True)
    return torch.istft(found, 6, window=window, length=x.shape[-1])


window = torch.linspace(0.5, 0.9, 6)  # not symmetric: at a border nothing cancels
stft = quiet(torch.stft, 8, return_complex=True)

CASES = [
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
    Case(lambda x, w: torch.stft(x, 8, 3, 6, w, return_complex=True), [(N, L), (6,)], (N, 5, floordiv(L, 3) + 1)),
    Case(lambda x, w: torch.stft(x, 7, 2, 4, w, pad_mode="circular", return_complex=True), [(L,), (4,)], (4, half(L))),
    Case(lambda x, w: torch.stft(x, 8, 3, 5, w, pad_mode="constant", return_complex=True), [(N, L), (5,)], (N, 5, floordiv(L, 3) + 1)),
    Case(lambda x, w: torch.stft(x, 8, 2, 5, w, center=False, return_complex=True), [(N, L), (5,)], (N, 5, floordiv(L, 2) - 3)),
    Case(lambda x, w: torch.istft(x, 8, 3, 6, w),            [(N, 5, T, WIDE), (6,)], (N, 3 * T - 3)),
    Case(lambda x, w: torch.istft(x, 8, 2, 5, w),            [(N, 5, T, WIDE), (5,)], (N, 2 * T - 2)),
    Case(there_and_back, (N, L), (N, L)),
]  # fmt: skip

REJECTS = [
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
    Rejects(stft, (0, 9)),
    Rejects(quiet(torch.istft, 8), (0, 5, 4, WIDE)),
    Rejects(quiet(torch.istft, 8, 2, 6, window, length=20), (5, 2, WIDE)),
    Rejects(quiet(torch.istft, 1), (1, 4, WIDE)),
    Rejects(quiet(torch.istft, 8, 2, 5, center=False), (5, 4, WIDE)),
]  # fmt: skip
