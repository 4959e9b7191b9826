"""Models of the benchmark and of tests, written out."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Chain(nn.Module):
    """`depth` convolutions without padding, whose sizes are all different."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Conv1d(4, 4, 3) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Attention(nn.Module):
    """Causal self-attention with fewer key and value heads than query heads, and rotary angles."""

    def __init__(self, width: int, heads: int, kv_heads: int) -> None:
        super().__init__()
        self.head = width // heads
        self.query = nn.Linear(width, heads * self.head, bias=False)
        self.key = nn.Linear(width, kv_heads * self.head, bias=False)
        self.value = nn.Linear(width, kv_heads * self.head, bias=False)
        self.out = nn.Linear(heads * self.head, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        n, t, _ = x.shape
        q, k, v = (
            layer(x).view(n, t, -1, self.head).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        q, k = rotated(q, cos, sin), rotated(k, cos, sin)
        k, v = (z.repeat_interleave(q.shape[1] // z.shape[1], dim=1) for z in (k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(n, t, -1))


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of a head's features by the angles of its position."""
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
    return x * cos + turned * sin


class Decoder(nn.Module):
    """One layer of a decoder: attention and a gated feed-forward part, each with a skip."""

    def __init__(self, width: int, heads: int, kv_heads: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.attention = Attention(width, heads, kv_heads)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x), cos, sin)
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class LanguageModel(nn.Module):
    """A decoder-only transformer; the defaults come to 70 billion parameters."""

    def __init__(
        self,
        depth: int = 80,
        width: int = 8192,
        heads: int = 64,
        kv_heads: int = 8,
        hidden: int = 28672,
        vocabulary: int = 128256,
    ) -> None:
        super().__init__()
        self.head = width // heads
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(Decoder(width, heads, kv_heads, hidden) for _ in range(depth))
        self.norm = nn.RMSNorm(width)
        self.output = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        position = torch.arange(tokens.shape[1], device=tokens.device)
        rate = torch.arange(0, self.head, 2, device=tokens.device) / self.head
        angle = torch.outer(position.float(), 10000.0**-rate)
        angle = torch.cat((angle, angle), dim=-1)
        cos, sin = angle.cos(), angle.sin()
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.output(self.norm(x))


def small_language_model(**sizes: Any) -> LanguageModel:
    """Return the same architecture at a size that runs in a test."""
    small = {"depth": 2, "width": 32, "heads": 4, "kv_heads": 2, "hidden": 48, "vocabulary": 50}
    return LanguageModel(**{**small, **sizes})
