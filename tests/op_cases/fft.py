"""Rows for shapecalc/ops/fft.py."""

from __future__ import annotations

import torch

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, H, L, N, Rejects, T, W

fft = torch.fft
WIDE = "complex64"


def options(function, *args, **kwargs):
    """Return the function with options."""
    return lambda *tensors: function(*tensors, *args, **kwargs)


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
    Case(options(fft.hfft, n=6),                             (N, L, WIDE),      (N, 6)),
    Case(fft.fftshift,                                       (3, 8, 1),         (3, 8, 1)),
    Case(fft.ifftshift,                                      (N, 9),            (N, 9)),
    Case(fft.fftshift,                                       (N, H, W),         (N, H, W)),
    Case(options(fft.ifftshift, dim=(-2, -1)),               (N, H, W),         (N, H, W)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: torch.fft.rfft(x),                      (2, 0, 5)),
    Rejects(lambda x: torch.fft.ifft(x, dim=0).real,          (2, 0, 5)),
    Rejects(fft.fft2, (3,)),
    Rejects(fft.rfft, (3, 4, WIDE)),
    Rejects(fft.irfft, (3, 1)),
    Rejects(fft.fft, (3, 0)),
    Rejects(options(fft.fft, n=0), (3, 4)),
    Rejects(options(fft.fft, dim=2), (3, 4)),
    Rejects(options(fft.fftn, dim=(0, -2)), (3, 4)),
    Rejects(options(fft.fftn, s=(3, 4, 5)), (3, 4)),
    Rejects(options(fft.fftn, s=(3,), dim=(0, 1)), (3, 4)),
]  # fmt: skip
