"""Rows for shapecalc/ops/vision.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.dims import floordiv
from tests.op_cases.case import C, Case, D, H, L, N, Rejects, T, W

CASES = [
    Case(nn.PixelShuffle(2),    (N, 12, H, W),    (N, 3, 2 * H, 2 * W)),
    Case(nn.PixelShuffle(3),    (C, H, W),        (floordiv(C, 9), 3 * H, 3 * W), sizes=[{"C": 9, "H": 2, "W": 3}, {"C": 18, "H": 1, "W": 4}]),
    Case(nn.PixelUnshuffle(2),  (N, T, C, 6, 10), (N, T, 4 * C, 3, 5)),
    Case(nn.PixelUnshuffle(2),  (C, H, W),        (4 * C, floordiv(H, 2), floordiv(W, 2)), sizes=[{"C": 3, "H": 4, "W": 6}, {"C": 1, "H": 8, "W": 2}]),
    Case(nn.PixelUnshuffle(2),  (2, 3, 4, 0),     (2, 3, 4, 0)),
    Case(nn.ChannelShuffle(3),  (N, 6, H, W),     (N, 6, H, W)),
    Case(nn.ChannelShuffle(2),  (N, C, L),        (N, C, L), sizes=[{"N": 2, "C": c, "L": 3} for c in (4, 6, 10)]),
    Case(lambda x: torch.native_channel_shuffle(x, 3), (N, 6, L), (N, 6, L)),
    Case(lambda x, grid: F.grid_sample(x, grid, align_corners=False), [(N, C, 7, 8), (N, H, W, 2)], (N, C, H, W)),
    Case(lambda x, grid: F.grid_sample(x, grid, "bicubic", "reflection", False), [(2, 3, 4, 5), (2, H, W, 2)], (2, 3, H, W)),
    Case(lambda x, grid: F.grid_sample(x, grid, "nearest", "border", True), [(N, C, 5, 7, 8), (N, D, H, W, 3)], (N, C, D, H, W)),
    Case(lambda theta, x: F.affine_grid(theta, x.size(), align_corners=False), [(N, 2, 3), (N, C, H, W)], (N, H, W, 2)),
    Case(lambda theta: F.affine_grid(theta, (2, 1, 4, 5, 6), align_corners=True), (2, 3, 4), (2, 4, 5, 6, 3)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.PixelShuffle(2), (2, 3, 3)),
    Rejects(nn.PixelShuffle(2), (8, 3)),
    Rejects(nn.PixelShuffle(0), (8, 3, 3)),
    Rejects(nn.PixelUnshuffle(2), (8, 3, 4)),
    Rejects(nn.PixelUnshuffle(2), (4, 4)),
    Rejects(nn.PixelUnshuffle(-2), (8, 4, 4)),
    Rejects(nn.ChannelShuffle(4), (2, 6, 3)),
    Rejects(nn.ChannelShuffle(3), (2, 6)),
    Rejects(lambda x: F.channel_shuffle(x, 0), (2, 6, 3)),
    Rejects(lambda x, grid: F.grid_sample(x, grid, align_corners=False), [(2, 3, 4, 4), (1, 5, 6, 2)]),
    Rejects(lambda x, grid: F.grid_sample(x, grid, align_corners=False), [(2, 3, 4, 4), (2, 5, 6, 3)]),
    Rejects(lambda x, grid: F.grid_sample(x, grid, align_corners=False), [(2, 3, 4, 4), (2, 5, 2)]),
    Rejects(lambda x, grid: F.grid_sample(x, grid, align_corners=False), [(2, 3, 4, 0), (2, 5, 6, 2)]),
    Rejects(lambda x, grid: F.grid_sample(x, grid, align_corners=False), [(2, 3, 4), (2, 5, 1)]),
    Rejects(lambda x, grid: F.grid_sample(x, grid, "bicubic", align_corners=False), [(2, 3, 4, 4, 4), (2, 5, 6, 7, 3)]),
    Rejects(lambda x, grid: F.grid_sample(x, grid, "cubic", align_corners=False), [(2, 3, 4, 4), (2, 5, 6, 2)]),
    Rejects(lambda x, grid: F.grid_sample(x, grid, padding_mode="same", align_corners=False), [(2, 3, 4, 4), (2, 5, 6, 2)]),
    Rejects(lambda theta: F.affine_grid(theta, (3, 1, 4, 5), align_corners=False), (2, 2, 3)),
    Rejects(lambda theta: F.affine_grid(theta, (2, 1, 4, 5), align_corners=False), (2, 3, 3)),
    Rejects(lambda theta: F.affine_grid(theta, (2, 1, 0, 5), align_corners=False), (2, 2, 3)),
    Rejects(lambda theta: F.affine_grid(theta, (2, 4, 5), align_corners=False), (2, 2, 3)),
]  # fmt: skip
