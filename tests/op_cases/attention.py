"""Rows for shapecalc/ops/attention.py, and whole transformers, which are made of other ops."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import C, Case, D, L, N, Rejects, T, W

sdpa = F.scaled_dot_product_attention
SIZES = [{"N": 2, "T": 3, "L": 5}, {"N": 3, "T": 4, "L": 2}]
SMALL = [
    {"N": 2, "C": 3, "L": 4, "T": 5, "D": 2, "W": 3},
    {"N": 3, "C": 2, "L": 9, "T": 10, "D": 4, "W": 1},
]


def attend(**options):
    """Return a function of query, key and value."""
    return lambda *tensors: sdpa(*tensors, **options)


class Heads(nn.Module):
    """Attention of a sequence to another, under the masks that are named."""

    def __init__(self, *args, masks=(), is_causal=False, **options) -> None:
        super().__init__()
        names = ("need_weights", "average_attn_weights")
        self.passed = {name: options.pop(name) for name in names if name in options}
        self.masks, self.is_causal = masks, is_causal
        self.layer = nn.MultiheadAttention(*args, **options)

    def forward(self, query, key, *rest):
        """Attend to the values, or to the keys where there are none."""
        value, *masks = rest if len(rest) > len(self.masks) else (key, *rest)
        named = dict(zip(self.masks, masks, strict=True))
        return self.layer(query, key, value, is_causal=self.is_causal, **named, **self.passed)


def heads(*args, **options):
    """Return attention of 2 heads with 8 features."""
    return Heads(8, 2, *args, **options)


def masked(*names, **options):
    """Return attention of a sequence to another, under masks."""
    return heads(batch_first=True, masks=names, **options)


def causal_heads(**options):
    """Return attention that takes its mask for the causal one, unseen."""
    return heads(masks=["attn_mask"], is_causal=True, need_weights=False, **options)


def decode(tgt, memory, mask):
    """Call a decoder with a mask that it may take for a causal one."""
    layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
    return nn.TransformerDecoder(layer, 2).eval()(tgt, memory, tgt_mask=mask)


def causal(x):
    """Call an encoder with the mask that torch makes."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2).eval()
    return encoder(x, mask=nn.Transformer.generate_square_subsequent_mask(x.shape[1]))


CASES = [
    Case(sdpa,                                    [(N, C, L, D), (N, C, T, D), (N, C, T, W)],      (N, C, L, W), SMALL),
    Case(sdpa,                                    [(L, D), (N, T, D), (N, T, W)],                  (N, L, W)),
    Case(sdpa,                                    [(N, 1, L, D), (C, T, D), (N, 1, T, W)],         (N, C, L, W)),
    Case(attend(is_causal=True, scale=0.5),       [(N, L, D), (N, L, D), (N, L, D)],               (N, L, D)),
    Case(attend(is_causal=True),                  [(N, L, D), (T, D), (T, W)],                     (N, L, W)),
    Case(attend(is_causal=True),                  [(L, D), (1, D), (1, W)],                        (L, W)),
    Case(sdpa,                                    [(N, L, D), (N, 1, D), (N, 1, W)],               (N, L, W)),
    Case(sdpa,                                    [(N, C, L, D), (N, C, T, D), (N, C, T, D), (L, T)], (N, C, L, D), SMALL),
    Case(sdpa,                                    [(N, C, L, D), (N, C, T, D), (N, C, T, D), (N, 1, 1, T, "bool")], (N, C, L, D), SMALL),
    Case(sdpa,                                    [(L, D), (T, D), (T, D), (T,)],                  (L, D)),
    Case(sdpa,                                    [(L, D), (T, D), (T, D), (L, 1, "bool")],        (L, D)),
    Case(attend(enable_gqa=True),                 [(N, 6, L, D), (N, 3, T, D), (N, 2, T, W)],      (N, 6, L, W)),
    Case(attend(enable_gqa=True),                 [(N, 4, L, D), (N, 4, T, D), (1, 1, T, W)],      (N, 4, L, W)),
    Case(attend(enable_gqa=True, is_causal=True), [(4, L, D), (2, L, D), (2, L, W)],               (4, L, W)),
    Case(nn.MultiheadAttention(8, 2),             [(L, N, 8), (T, N, 8), (T, N, 8)],               [(L, N, 8), (N, L, T)]),
    Case(nn.MultiheadAttention(8, 2),             [(L, 8), (T, 8), (T, 8)],                        [(L, 8), (L, T)]),
    Case(heads(batch_first=True),                 [(N, L, 8), (N, T, 8)],                          [(N, L, 8), (N, L, T)]),
    Case(heads(kdim=3, vdim=5, bias=False),       [(L, N, 8), (T, N, 3), (T, N, 5)],               [(L, N, 8), (N, L, T)]),
    Case(heads(need_weights=False),               [(L, N, 8), (T, N, 8)],                          [(L, N, 8)]),
    Case(heads(average_attn_weights=False),       [(L, N, 8), (T, N, 8)],                          [(L, N, 8), (N, 2, L, T)]),
    Case(heads(average_attn_weights=False),       [(L, 8), (T, 8)],                                [(L, 8), (2, L, T)]),
    Case(heads(add_bias_kv=True),                 [(L, N, 8), (T, N, 8)],                          [(L, N, 8), (N, L, T + 1)]),
    Case(heads(add_bias_kv=True, add_zero_attn=True), [(L, N, 8), (T, N, 8)],                      [(L, N, 8), (N, L, T + 2)]),
    Case(heads(),                                 [(L, N, 8), (1, N, 8)],                          [(L, N, 8), (N, L, 1)]),
    Case(heads(add_bias_kv=True),                 [(L, N, 8), (1, N, 8)],                          [(L, N, 8), (N, L, 2)]),
    Case(heads(masks=["attn_mask"]),              [(L, N, 8), (T, N, 8), (L, T)],                  [(L, N, 8), (N, L, T)], SIZES),
    Case(heads(masks=["attn_mask"]),              [(L, N, 8), (T, N, 8), (2 * N, L, T)],           [(L, N, 8), (N, L, T)], SIZES),
    Case(heads(masks=["attn_mask"], average_attn_weights=False), [(L, N, 8), (T, N, 8), (2 * N, L, T)], [(L, N, 8), (N, 2, L, T)], SIZES),
    Case(heads(masks=["attn_mask"], average_attn_weights=False), [(L, 8), (T, 8), (2, L, T)],      [(L, 8), (2, L, T)], SIZES),
    Case(heads(masks=["key_padding_mask"]),       [(L, N, 8), (T, N, 8), (N, T)],                  [(L, N, 8), (N, L, T)], SIZES),
    Case(causal_heads(),                          [(L, N, 8), (T, N, 8), (L, T)],                  [(L, N, 8)], SIZES),
    Case(causal_heads(),                          [(L, 8), (T, 8), (L, T)],                        [(L, 8)], SIZES),
    Case(causal_heads(add_bias_kv=True),          [(L, N, 8), (T, N, 8), (L, T)],                  [(L, N, 8)], SIZES),
    Case(causal_heads(batch_first=True),          [(N, L, 8), (N, T, 8), (L, T)],                  [(N, L, 8)], SIZES),
    Case(heads(masks=["attn_mask"], is_causal=True), [(L, N, 8), (T, N, 8), (L, T)],               [(L, N, 8), (N, L, T)], SIZES),
    Case(masked("attn_mask"),                     [(N, L, 8), (N, T, 8), (L, T)],                  [(N, L, 8), (N, L, T)]),
    Case(masked("attn_mask"),                     [(N, L, 8), (N, T, 8), (2 * N, L, T)],           [(N, L, 8), (N, L, T)]),
    Case(masked("key_padding_mask"),              [(N, L, 8), (N, T, 8), (N, T, "bool")],          [(N, L, 8), (N, L, T)]),
    Case(masked("attn_mask", "key_padding_mask"), [(L, 8), (T, 8), (2, L, T, "bool"), (T, "bool")], [(L, 8), (L, T)]),
    Case(nn.TransformerEncoderLayer(8, 2, 16),    (T, N, 8),                                       (T, N, 8)),
    Case(nn.TransformerEncoderLayer(8, 2, 16),    (T, 8),                                          (T, 8)),
    Case(nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", norm_first=True), (T, N, 8),      (T, N, 8)),
    Case(nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), (N, T, 8), (N, T, 8)),
    Case(nn.TransformerDecoderLayer(8, 2, 16),    [(L, N, 8), (T, N, 8)],                          (L, N, 8)),
    Case(nn.Transformer(8, 2, 1, 1, 16, batch_first=True), [(N, T, 8), (N, L, 8)],                 (N, L, 8)),
    Case(decode,                                  [(N, L, 8), (N, T, 8), (L, L)],                  (N, L, 8), SIZES),
    Case(causal,                                  (N, T, 8),                                       (N, T, 8), SIZES),
]  # fmt: skip

REJECTS = [
    Rejects(sdpa, [(8,), (8,), (8,)]),
    Rejects(sdpa, [(2, 3, 5, 8), (2, 3, 7, 4), (2, 3, 7, 4)]),
    Rejects(sdpa, [(2, 3, 5, 8), (4, 3, 7, 8), (4, 3, 7, 8)]),
    Rejects(sdpa, [(2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8), (7,)]),
    Rejects(sdpa, [(2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8), (5, 8)]),
    Rejects(sdpa, [(2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8), (2, 5, 7)]),
    Rejects(sdpa, [(1, 3, 5, 8), (1, 3, 7, 8), (1, 3, 7, 8), (2, 1, 5, 7)]),
    Rejects(attend(enable_gqa=True), [(2, 6, 5, 8), (2, 4, 7, 8), (2, 4, 7, 8)]),
    Rejects(attend(enable_gqa=True), [(5, 8), (7, 8), (7, 8)]),
    Rejects(heads(), [(5, 2, 7), (6, 2, 7)]),
    Rejects(heads(), [(5, 2, 8), (6, 3, 8)]),
    Rejects(heads(), [(5, 2, 8), (6, 8)]),
    Rejects(heads(), [(8,), (8,)]),
    Rejects(heads(kdim=3, vdim=5), [(5, 2, 8), (6, 2, 3), (6, 2, 4)]),
    Rejects(heads(kdim=3, vdim=5), [(5, 2, 8), (6, 2, 3), (7, 2, 5)]),
    Rejects(masked("attn_mask"), [(2, 5, 8), (2, 6, 8), (6, 5)]),
    Rejects(masked("attn_mask"), [(2, 5, 8), (2, 6, 8), (2, 5, 6)]),
    Rejects(masked("attn_mask"), [(2, 5, 8), (2, 6, 8), (6,)]),
    Rejects(masked("key_padding_mask"), [(2, 5, 8), (2, 6, 8), (2, 5, "bool")]),
    Rejects(masked("key_padding_mask"), [(2, 5, 8), (2, 6, 8), (6, "bool")]),
    Rejects(sdpa, [(3, 4), (0, 7), (5, 6)]),
]  # fmt: skip
