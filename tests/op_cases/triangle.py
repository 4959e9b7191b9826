"""Rows for shapecalc/ops/triangle.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import Case, H, N, Rejects, W

CASES = [
    Case(lambda x: x.tril(-1),                                (N, H, W),      (N, H, W)),
    Case(lambda x: torch.triu(x, diagonal=1),                 (N, H),         (N, H)),
    Case(lambda x: x.fill_diagonal_(0),                       (N, H),         (N, H)),
    Case(lambda x: x.tril(2),                                 (N, H),         (N, H)),
    Case(lambda x: x.triu(-2),                                (N, H, W),      (N, H, W)),
    Case(lambda x: x.fill_diagonal_(0),                       (4, 4, 4),      (4, 4, 4)),
    Case(lambda x: x.fill_diagonal_(0, wrap=True),            (N, 3),         (N, 3)),
    Case(lambda x: x.fill_diagonal_(0, wrap=True),            (3, H),         (3, H)),
]  # fmt: skip

REJECTS = [
    Rejects(torch.tril,                                       (3,)),
    Rejects(lambda x: x.fill_diagonal_(0),                    (3, 4, 3)),
]  # fmt: skip
