"""Rows for shapecalc/ops/interpolation.py."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv, scaled
from tests.op_cases.case import C, Case, D, H, L, N, Rejects, T, W

CASES = [
    Case(nn.Upsample(scale_factor=2),                              (N, C, H, W),    (N, C, 2 * H, 2 * W)),
    Case(nn.Upsample(scale_factor=1.5, mode="linear"),             (N, C, L),       (N, C, floordiv(3 * L, 2))),
    Case(nn.Upsample((5, 7), mode="bilinear", align_corners=True), (N, C, H, W),    (N, C, 5, 7)),
    Case(nn.Upsample(6, mode="trilinear"),                         (N, C, D, H, W), (N, C, 6, 6, 6)),
    Case(nn.UpsamplingNearest2d(scale_factor=3),                   (N, C, H, W),    (N, C, 3 * H, 3 * W)),
    Case(nn.UpsamplingBilinear2d((5, 7)),                          (N, C, H, W),    (N, C, 5, 7)),
    Case(lambda x: F.interpolate(x, scale_factor=(0.5, 2.5), mode="bicubic", antialias=True), (N, C, H, W), (N, C, floordiv(H, 2), floordiv(5 * W, 2))),
    Case(lambda x: F.interpolate(x, scale_factor=0.1),             (N, C, L),       (N, C, floordiv(L, 10)), sizes=[{"N": 2, "C": 3, "L": n} for n in (10, 19, 20, 30, 70)]),
    Case(lambda x: F.interpolate(x, scale_factor=0.7, recompute_scale_factor=True), (N, C, L), (N, C, scaled(L, 0.7))),
    Case(lambda x: F.interpolate(x, scale_factor=0.25, mode="area"), (N, C, H, W),  (N, C, floordiv(H, 4), floordiv(W, 4))),
    Case(lambda x: F.interpolate(x, 5, mode="nearest-exact"),      (N, C, D, H, W), (N, C, 5, 5, 5)),
    Case(lambda x, y: F.interpolate(x, y.shape[2:]),               [(N, C, 5, 6), (N, T, H, W)], (N, C, H, W)),
    Case(lambda x: F.interpolate(x, (2 * x.size(2), x.size(3) // 3), mode="bilinear"), (N, C, H, W), (N, C, 2 * H, floordiv(W, 3))),
    Case(lambda x, y: F.interpolate(x, scale_factor=(y.shape[2] // 14 + 0.1) / 16), [(N, C, 16), (N, T, L)], (N, C, floordiv(L, 14)), sizes=[{"N": 2, "C": 3, "T": 4, "L": n} for n in (14, 27, 100, 700)]),
    Case(nn.Upsample(scale_factor=2, mode="bilinear"),             (N, C, H, W),    (N, C, 2 * H, 2 * W)),
    Case(nn.Upsample(scale_factor=3, mode="linear"),               (N, C, L),       (N, C, 3 * L)),
    Case(nn.Upsample(scale_factor=2, mode="linear", align_corners=True), (N, C, L), (N, C, 2 * L)),
    Case(nn.Upsample(scale_factor=2, mode="bicubic"),              (N, C, H, 4),    (N, C, 2 * H, 8)),
    Case(nn.Upsample((7, 1), mode="bicubic", align_corners=True),  (N, C, H, W),    (N, C, 7, 1)),
    Case(nn.Upsample(scale_factor=1.5, mode="nearest-exact"),      (N, C, L),       (N, C, floordiv(3 * L, 2))),
    Case(lambda x: F.interpolate(x, scale_factor=0.4, mode="linear", recompute_scale_factor=True), (N, C, L), (N, C, floordiv(2 * L, 5))),
    Case(lambda x: F.interpolate(x, scale_factor=1.05, mode="linear"), (N, C, L),   (N, C, scaled(L, 1.05)), sizes=[{"N": 2, "C": 3, "L": n} for n in (10, 19, 20, 30)]),
    Case(lambda x: F.interpolate(x, scale_factor=1.05),            (N, C, L),       (N, C, scaled(L, 1.05)), sizes=[{"N": 2, "C": 3, "L": n} for n in (10, 19, 20, 30)]),
    Case(lambda x: F.interpolate(x, 82),                           (N, C, 2),       (N, C, 82)),
    Case(lambda x: F.interpolate(x, (3, 5), mode="bilinear", antialias=True), (N, C, H, W), (N, C, 3, 5)),
    Case(lambda x: F.interpolate(x, (3, 5), mode="bicubic", antialias=True), (N, C, 9, 11), (N, C, 3, 5)),
    Case(lambda x: F.interpolate(x, (3, 8), mode="lanczos", antialias=True), (N, C, 9, 6), (N, C, 3, 8)),
    Case(lambda x: F.interpolate(x, (1, 3), mode="bicubic", align_corners=True, antialias=True), (N, C, 9, 7), (N, C, 1, 3)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.Upsample(scale_factor=2), (2, 9)),
    Rejects(nn.Upsample(scale_factor=0.1), (2, 3, 4, 4)),
    Rejects(nn.Upsample(0), (2, 3, 4, 4)),
    Rejects(nn.Upsample(2), (2, 0, 4, 4)),
    Rejects(nn.Upsample(2, mode="bilinear"), (2, 3, 0, 4)),
    Rejects(lambda x: F.interpolate(x, 2, mode="area"), (2, 3, 0, 4)),
    Rejects(lambda x: F.interpolate(x, 2, mode="area"), (2, 0, 4, 4, 4)),
    Rejects(nn.Upsample((2,)), (2, 3, 4, 4)),
    Rejects(nn.Upsample(scale_factor=(2.0,)), (2, 3, 4, 4)),
    Rejects(nn.Upsample(2, 2.0), (2, 3, 4, 4)),
    Rejects(nn.Upsample(), (2, 3, 4, 4)),
    Rejects(nn.Upsample(2, align_corners=True), (2, 3, 4, 4)),
    Rejects(nn.Upsample(2, mode="linear"), (2, 3, 4, 4)),
    Rejects(nn.Upsample(2, mode="bilinear"), (2, 3, 4)),
    Rejects(nn.Upsample(2, mode="trilinear"), (2, 3, 4, 4)),
    Rejects(nn.Upsample(2, mode="cubic"), (2, 3, 4, 4)),
    Rejects(nn.Upsample(2, recompute_scale_factor=True), (2, 3, 4, 4)),
    Rejects(lambda x: F.interpolate(x, 2, antialias=True), (2, 3, 4, 4)),
    Rejects(lambda x: F.interpolate(x, 2, mode="lanczos"), (2, 3, 4, 4)),
]
