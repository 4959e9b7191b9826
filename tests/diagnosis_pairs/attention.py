"""Attention and transformers."""

from __future__ import annotations

from torch import Tensor, nn

from tests.diagnosis_pairs import Pair


class Attending(nn.Module):
    """Tokens that attend to themselves."""

    def __init__(
        self, attention: nn.Module, *, embedding_dim: int = 32, unpack: bool = True
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, embedding_dim)
        self.attention = attention
        self.unpack = unpack

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens)
        found = self.attention(x, x, x)
        return (found[0] if self.unpack else found) * 2.5


class Encoding(nn.Module):
    """Tokens, read by an encoder."""

    def __init__(self, embedding_dim: int, encoder: nn.Module) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, embedding_dim)
        self.encoder = encoder

    def forward(self, tokens: Tensor) -> Tensor:
        return self.encoder(self.embed(tokens))


class Crossing(nn.Module):
    """A sequence that attends to a part of another one."""

    def __init__(self, skipped: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.skipped = skipped

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return self.attention(x, other, other[:, self.skipped :])[0]


class Projected(nn.Module):
    """Queries, keys and values of one Linear, split into heads by hand."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(32, 3 * 32)

    def forward(self, x: Tensor) -> Tensor:
        n, t, c = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        return nn.functional.scaled_dot_product_attention(q, k, v)


class Heads(nn.Module):
    """A split into heads by hand."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        n, t, c = x.shape
        return x.view(n, t, self.heads, c // self.heads).transpose(1, 2)


def layer(d_model: int) -> nn.Module:
    return nn.TransformerEncoderLayer(d_model, 4, 64, batch_first=True)


TOKENS = ("N,12:int64",)

PAIRS = [
    Pair(
        kind="attn_divisibility",
        broken=lambda: Attending(nn.MultiheadAttention(32, 5, batch_first=True)),
        repaired=lambda: Attending(nn.MultiheadAttention(32, 4, batch_first=True)),
        inputs=TOKENS,
        layer="attention",
    ),
    Pair(
        kind="attn_divisibility",
        broken=lambda: Encoding(32, nn.TransformerEncoderLayer(32, 6, 64, batch_first=True)),
        repaired=lambda: Encoding(32, nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)),
        inputs=TOKENS,
        layer="encoder.self_attn",
    ),
    Pair(
        kind="attn_divisibility",
        broken=lambda: Heads(5),
        repaired=lambda: Heads(4),
        inputs=("N,12,32",),
        repairs=False,
    ),
    Pair(
        kind="attn_divisibility",
        broken=lambda: Projected(5),
        repaired=lambda: Projected(4),
        inputs=("N,12,32",),
        repairs=False,
    ),
    Pair(
        kind="attn_embed_dim",
        broken=lambda: Attending(nn.MultiheadAttention(64, 4, batch_first=True)),
        repaired=lambda: Attending(nn.MultiheadAttention(32, 4, batch_first=True)),
        inputs=TOKENS,
        layer="attention",
    ),
    Pair(
        kind="attn_embed_dim",
        broken=lambda: Encoding(
            32, nn.TransformerEncoder(layer(64), 2, enable_nested_tensor=False)
        ),
        repaired=lambda: Encoding(
            64, nn.TransformerEncoder(layer(64), 2, enable_nested_tensor=False)
        ),
        inputs=TOKENS,
        layer="encoder",
    ),
    Pair(
        kind="attn_embed_dim",
        broken=lambda: Encoding(32, layer(64)),
        repaired=lambda: Encoding(64, layer(64)),
        inputs=TOKENS,
        layer="encoder",
    ),
    Pair(
        kind="attn_embed_dim",
        broken=lambda: nn.Transformer(32, 4, 1, 1, 64, batch_first=True),
        repaired=lambda: nn.Transformer(16, 4, 1, 1, 64, batch_first=True),
        inputs=("N,12,16", "N,10,16"),
        repairs=False,
    ),
    Pair(
        kind="attn_sizes",
        broken=lambda: Crossing(1),
        repaired=lambda: Crossing(0),
        inputs=("N,12,16", "N,10,16"),
        layer="attention",
        repairs=False,
    ),
    Pair(
        kind="attn_sizes",
        broken=lambda: nn.Transformer(16, 4, 1, 1, 64, batch_first=True),
        repaired=lambda: nn.Transformer(16, 4, 1, 1, 64, batch_first=True),
        inputs=("2,12,16", "3,10,16"),
        repaired_inputs=("2,12,16", "2,10,16"),
        repairs=False,
    ),
    Pair(
        kind="tuple_output",
        broken=lambda: Attending(nn.MultiheadAttention(32, 4, batch_first=True), unpack=False),
        repaired=lambda: Attending(nn.MultiheadAttention(32, 4, batch_first=True)),
        inputs=TOKENS,
        layer="attention",
    ),
    Pair(
        kind="tuple_output",
        broken=lambda: nn.Sequential(nn.MaxPool2d(2, return_indices=True), nn.Conv2d(3, 4, 3)),
        repaired=lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(3, 4, 3)),
        inputs=("N,3,16,16",),
        layer="1",
    ),
]
