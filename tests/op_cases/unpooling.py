"""Rows for shapecalc/ops/unpooling.py."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import C, Case, D, H, L, N, Rejects, W


def back_and_forth(x):
    """Pooling and unpooling to the size that was there before."""
    pooled, indices = F.max_pool2d(x, 2, return_indices=True)
    return nn.MaxUnpool2d(2)(pooled, indices, output_size=x.shape)


CASES = [
    Case(nn.MaxUnpool1d(2),          [(N, C, L), (N, C, L, "int64")],                         (N, C, 2 * L)),
    Case(nn.MaxUnpool1d(3, 2, 1),    [(C, L), (C, L, "int64")],                               (C, 2 * L - 1)),
    Case(nn.MaxUnpool2d((3, 2), (1, 2)), [(N, C, H, W), (N, C, H, W, "int64")],               (N, C, H + 2, 2 * W)),
    Case(nn.MaxUnpool3d(2, 3),       [(N, C, D, H, W), (N, C, D, H, W, "int64")],             (N, C, 3 * D - 1, 3 * H - 1, 3 * W - 1)),
    Case(lambda x, i: F.max_unpool2d(x, i, 2, output_size=(19, 21)), [(N, C, 9, 10), (N, C, 9, 10, "int64")], (N, C, 19, 21)),
    Case(back_and_forth,             (N, C, H, W),                                            (N, C, H, W)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.MaxUnpool2d(2), [(4, 4), (4, 4, "int64")]),
    Rejects(nn.MaxUnpool2d(2), [(2, 3, 4, 4), (1, 3, 4, 4, "int64")]),
    Rejects(nn.MaxUnpool1d(2), [(2, 0, 4), (2, 0, 4, "int64")]),
    Rejects(nn.MaxUnpool2d(2), [(3, 4, 0), (3, 4, 0, "int64")]),
    Rejects(nn.MaxUnpool3d(2), [(2, 3, 0, 4, 4), (2, 3, 0, 4, 4, "int64")]),
    Rejects(nn.MaxUnpool2d(2), [(2, 3, 4, 4), (2, 3, 4, 4, "int32")]),
    Rejects(nn.MaxUnpool2d(2, 1, 3), [(2, 3, 4, 4), (2, 3, 4, 4, "int64")]),
    Rejects(lambda x, i: F.max_unpool2d(x, i, 2, output_size=(10, 8)), [(2, 3, 4, 4), (2, 3, 4, 4, "int64")]),
    Rejects(lambda x, i: F.max_unpool2d(x, i, 2, output_size=(8, 6)), [(2, 3, 4, 4), (2, 3, 4, 4, "int64")]),
    Rejects(lambda x, i: F.max_unpool2d(x, i, 2, output_size=(8, 8, 8)), [(2, 3, 4, 4), (2, 3, 4, 4, "int64")]),
    Rejects(lambda x, i: F.max_unpool3d(x, i, 2, 0), [(2, 3, 4, 4, 4), (2, 3, 4, 4, 4, "int64")]),
]  # fmt: skip
