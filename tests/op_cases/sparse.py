"""Rows for shapecalc/ops/sparse.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import Case, D, L, N, Rejects, T

WHOLE = "int64"


class Bags(nn.Module):
    """The function of bags on a table, with weights if there are any."""

    def __init__(self, **options):
        super().__init__()
        self.table, self.options = nn.Parameter(torch.rand(5, 7)), options

    def forward(self, x, weights=None):
        """Look up the bags."""
        return F.embedding_bag(x, self.table, per_sample_weights=weights, **self.options)


table, starts = torch.ones(5, 7), torch.tensor([0, 2, 4])

CASES = [
    Case(nn.Embedding(5, 7),                                 (N, T, WHOLE),                    (N, T, 7)),
    Case(nn.Embedding(5, 7, padding_idx=0, max_norm=1.0),    (N, "int32"),                     (N, 7)),
    Case(F.embedding,                                        [(N, T, WHOLE), (9, D)],          (N, T, D)),
    Case(torch.embedding,                                    [(9, D), (N, T, WHOLE)],          (N, T, D)),
    Case(nn.EmbeddingBag(5, 7),                              (N, T, WHOLE),                    (N, 7)),
    Case(lambda x, o: F.embedding_bag(x, table, o * 0),      [(L, WHOLE), (N, WHOLE)],         (N, 7)),
    Case(Bags(mode="sum"),                                   [(N, T, WHOLE), (N, T)],          (N, 7)),
    Case(Bags(mode="sum", padding_idx=0),                    [(N, T, WHOLE), (N, T)],          (N, 7)),
    Case(Bags(mode="sum", offsets=starts[:2]),               [(4, WHOLE), (4,)],               (2, 7)),
    Case(nn.EmbeddingBag(5, 7, mode="max", padding_idx=1),   (N, T, WHOLE),                    (N, 7)),
    Case(Bags(offsets=starts, include_last_offset=True),     (4, WHOLE),                       (2, 7)),
]  # fmt: skip

REJECTS = [
    Rejects(nn.Embedding(5, 7), (2, 3)),
    Rejects(F.embedding, [(2, WHOLE), (9, 3, 4)]),
    Rejects(nn.EmbeddingBag(5, 7), (2, WHOLE)),
    Rejects(nn.EmbeddingBag(5, 7), (2, 3)),
    Rejects(nn.EmbeddingBag(5, 7), (2, 0, WHOLE)),
    Rejects(nn.EmbeddingBag(5, 7), (2, 3, 4, WHOLE)),
    Rejects(nn.EmbeddingBag(5, 7), [(2, 3, WHOLE), (2, WHOLE)]),
    Rejects(nn.EmbeddingBag(5, 7), [(4, WHOLE), (2, 2, WHOLE)]),
    Rejects(Bags(mode="sum"), [(2, 3, WHOLE), (2, 4)]),
    Rejects(F.embedding,                                     [(2, "int64"), (0, 3)]),
    Rejects(F.embedding_bag,                                 [(2, 2, "int64"), (0, 3)]),
]  # fmt: skip
