"""Rows for shapecalc/ops/transposed_convolution.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import Case, D, H, L, N, Rejects, W, half


def to_twice(x):
    """The output size that the strided formula alone leaves open."""
    up = nn.ConvTranspose2d(3, 8, 3, stride=2, padding=1)
    return up(x, output_size=(2 * x.shape[2], 2 * x.shape[3]))


CASES = [
    Case(nn.ConvTranspose1d(3, 8, 4, 2, 1),                       (N, 3, L),       (N, 8, 2 * L)),
    Case(nn.ConvTranspose2d(3, 8, 2, stride=2),                   (N, 3, H, W),    (N, 8, 2 * H, 2 * W)),
    Case(nn.ConvTranspose2d(3, 8, 3, stride=2),                   (3, H, W),       (8, 2 * H + 1, 2 * W + 1)),
    Case(nn.ConvTranspose2d(3, 8, 3, 2, 1, output_padding=1),     (N, 3, H, W),    (N, 8, 2 * H, 2 * W)),
    Case(nn.ConvTranspose2d(4, 8, (3, 2), (1, 3), (2, 0), (1, 2), 4, dilation=(2, 1)), (N, 4, H, W), (N, 8, H + 1, 3 * W + 1)),
    Case(nn.ConvTranspose1d(4, 6, 3, 4, 1, 2, groups=2, dilation=2), (N, 4, L),     (N, 6, 4 * L + 1)),
    Case(nn.ConvTranspose1d(4, 4, 2, 3, groups=4),                (4, L),          (4, 3 * L - 1)),
    Case(nn.ConvTranspose3d(3, 8, 3, dilation=2, bias=False),     (N, 3, D, H, W), (N, 8, D + 4, H + 4, W + 4)),
    Case(to_twice,                                                (N, 3, H, W),    (N, 8, 2 * H, 2 * W)),
    Case(lambda x, w: F.conv_transpose1d(x, w, stride=3),         [(N, 3, L), (3, 5, 2)], (N, 5, 3 * L - 1)),
    Case(lambda x, w: torch.convolution(x, w, None, [2], [1], [1], False, [0], 1),         [(N, 3, H, W), (8, 3, 3, 3)], (N, 8, half(H), half(W))),
    Case(lambda x, w: torch.convolution(x, w, None, [2, 2], [1, 1], [1, 1], True, [0], 1), [(N, 3, H, W), (3, 8, 4, 4)], (N, 8, 2 * H, 2 * W)),
    Case(nn.LazyConvTranspose2d(8, 2, 2),                         (N, 3, H, W),    (N, 8, 2 * H, 2 * W)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.ConvTranspose2d(3, 8, 3), (2, 3, 9, 9, "bool")),
    Rejects(nn.ConvTranspose2d(3, 8, 3), (2, 4, 9, 9)),
    Rejects(nn.ConvTranspose2d(3, 8, 3), (2, 2, 3, 9, 9)),
    Rejects(nn.ConvTranspose2d(3, 8, 3), (2, 3, 0, 5)),
    Rejects(lambda x: F.conv_transpose1d(x, x.new_zeros(0, 8, 3)), (2, 0, 9)),
    Rejects(lambda x: F.conv_transpose1d(x, x.new_zeros(3, 0, 3)), (2, 3, 9)),
    Rejects(nn.ConvTranspose2d(3, 8, 2, padding=2), (2, 3, 2, 2)),
    Rejects(nn.ConvTranspose2d(3, 8, 3, stride=2, output_padding=2), (2, 3, 9, 9)),
    Rejects(nn.ConvTranspose1d(3, 8, 3, dilation=2, output_padding=2), (2, 3, 9)),
    Rejects(lambda x: F.conv_transpose2d(x, x.new_zeros(3, 8, 3, 3), output_padding=-1), (2, 3, 9, 9)),
    Rejects(lambda x: F.conv_transpose2d(x, x.new_zeros(3, 8, 3, 3), groups=2), (2, 3, 9, 9)),
    Rejects(lambda x, b: F.conv_transpose2d(x, x.new_zeros(4, 3, 3, 3), b, groups=2), [(2, 4, 9, 9), (3,)]),
    Rejects(lambda x: torch.convolution(x, x.new_zeros(8, 3, 3, 3), None, [2], [1], [1], False, [0], 1), (3, 9, 9)),
]  # fmt: skip
