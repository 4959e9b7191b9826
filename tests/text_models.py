"""Models of text: positions, masks, and attention near and far."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from tests.sequence_model import TEXT, Model, collector
from tests.test_transforms import calls

MODELS: list[Model] = []
model = collector(MODELS)


class T5Bias(nn.Module):
    def __init__(self, heads=2, buckets=8, maxd=20):
        super().__init__()
        self.b = nn.Embedding(buckets, heads)
        self.n = buckets
        self.m = maxd

    def bucket(self, rel):
        n = self.n // 2
        ret = (rel > 0).to(torch.long) * n
        rel = rel.abs()
        me = n // 2
        small = rel < me
        large = me + (torch.log(rel.float() / me) / math.log(self.m / me) * (n - me)).to(torch.long)
        large = torch.min(large, torch.full_like(large, n - 1))
        return ret + torch.where(small, rel, large)

    def forward(self, q, k):
        c = torch.arange(q, dtype=torch.long)[:, None]
        m = torch.arange(k, dtype=torch.long)[None, :]
        return self.b(self.bucket(m - c)).permute([2, 0, 1]).unsqueeze(0)


@model("N,T,8", sizes=TEXT, out="(N, T, 8)")
def relative_buckets() -> nn.Module:
    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        sc = q @ k.transpose(-1, -2) + self.bias(t, t)
        return (sc.softmax(-1) @ v).transpose(1, 2).reshape(n, t, -1)

    return calls(forward, qkv=nn.Linear(8, 24), bias=T5Bias())


@model("N,T,8", sizes=TEXT, out="(N, T, 8)")
def distance_slopes() -> nn.Module:
    def forward(self, x):
        n, t, _ = x.shape
        slopes = torch.tensor([2 ** (-8 * i / 4) for i in range(4)])
        pos = torch.arange(t)
        bias = slopes.view(1, 4, 1, 1) * (pos[None, :] - pos[:, None]).abs().neg()[None, None]
        mask = torch.full((t, t), float("-inf")).triu(1)
        q = self.q(x).view(n, t, 4, 2).transpose(1, 2)
        return (
            F.scaled_dot_product_attention(q, q, q, attn_mask=bias + mask)
            .transpose(1, 2)
            .flatten(2)
        )

    return calls(forward, q=nn.Linear(8, 8))


class Rope(nn.Module):
    def __init__(self, d=8, m=64):
        super().__init__()
        inv = 1 / (10000 ** (torch.arange(0, d, 2).float() / d))
        self.register_buffer("inv", inv, persistent=False)
        self.m = m
        self.set(m)

    def set(self, m):
        t = torch.arange(m).type_as(self.inv)
        f = torch.einsum("i,j->ij", t, self.inv)
        e = torch.cat((f, f), -1)
        self.register_buffer("cos", e.cos()[None, None], persistent=False)
        self.register_buffer("sin", e.sin()[None, None], persistent=False)

    def forward(self, x, seq_len=None):
        if seq_len > self.m:
            self.set(seq_len)
        return self.cos[:, :, :seq_len].to(x.dtype), self.sin[:, :, :seq_len].to(x.dtype)


def rot(x):
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


@model("N,T,16", sizes=TEXT, out="(N, T, 16)")
def rotary_from_a_table() -> nn.Module:
    def forward(self, x):
        n, t, _ = x.shape
        q = self.q(x).view(n, t, 2, 8).transpose(1, 2)
        c, si = self.r(q, seq_len=t)
        ids = torch.arange(t)[None]
        c = c.squeeze(1).squeeze(0)[ids].unsqueeze(1)
        si = si.squeeze(1).squeeze(0)[ids].unsqueeze(1)
        q = q * c + rot(q) * si
        return (
            F.scaled_dot_product_attention(q, q, q, is_causal=True)
            .transpose(1, 2)
            .reshape(n, t, 16)
        )

    return calls(forward, q=nn.Linear(16, 16), r=Rope())


@model("N,T,16", sizes=TEXT, out="(N, T, 16)")
def rotary_complex() -> nn.Module:
    def forward(self, x):
        n, t, _ = x.shape
        fr = 1 / (10000 ** (torch.arange(0, 8, 2)[:4].float() / 8))
        cis = torch.polar(torch.ones(64, 4), torch.outer(torch.arange(64), fr))[:t]
        q = torch.view_as_complex(x.view(n, t, 2, 8).float().reshape(n, t, 2, -1, 2))
        return torch.view_as_real(q * cis.view(1, t, 1, 4)).flatten(3).type_as(x).flatten(2)

    return calls(forward)


@model("N,T,16", sizes=TEXT, out="(N, T, 16)")
def rotary_interleaved() -> nn.Module:
    def forward(self, x):
        _, t, d = x.shape
        th = torch.arange(t)[:, None] * torch.ones(d // 2)[None]
        sin, cos = th.sin().repeat_interleave(2, -1), th.cos().repeat_interleave(2, -1)
        r = torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)
        return x * cos + r * sin

    return calls(forward)


@model("N,T,8", sizes=TEXT, out="(N, 2, T, T)")
def relative_shift() -> nn.Module:
    def forward(self, x):
        n, t, _ = x.shape
        r = torch.zeros(n, 2, t, 2 * t - 1)
        z = torch.zeros(n, 2, t, 1)
        p = torch.cat([z, r], -1).view(n, 2, 2 * t, t)
        return p[:, :, 1:].view(n, 2, t, 2 * t - 1)[..., :t] + x[:, None, :, :1]

    return calls(forward)


@model("N,T,8", sizes=TEXT, out="(N, T, T)")
def relative_embeddings() -> nn.Module:
    class S(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(2 * 4 + 1, 8)

        def forward(self, x):
            r = torch.arange(x.size(1))
            d = (r[None] - r[:, None]).clamp(-4, 4) + 4
            e = self.e(d)
            return torch.einsum("nld,lrd->nlr", x, e)

    return S()


@model("N,T,8", sizes=TEXT, out="(N, T, T)")
def relative_gather() -> nn.Module:
    def forward(self, x):
        n, t, _ = x.shape
        rp = torch.arange(t)[:, None] - torch.arange(t)[None]
        rp = rp.unsqueeze(0)
        att = x @ self.e.weight.t()
        idx = torch.clamp(rp + 8, 0, 15).expand([n, t, t])
        return torch.gather(att, -1, idx)

    return calls(forward, e=nn.Embedding(16, 8))


@model("N,T:int64", sizes=TEXT, out="((N, T, 20), (N, 1, 20))")
def causal_language_model() -> nn.Module:
    class G(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(20, 8)
            self.p = nn.Embedding(64, 8)
            self.c = nn.Linear(8, 24)
            self.register_buffer("bias", torch.tril(torch.ones(64, 64)).view(1, 1, 64, 64))
            self.h = nn.Linear(8, 20, bias=False)

        def forward(self, i):
            n, t = i.size()
            assert t <= 64, "too long"
            x = self.e(i) + self.p(torch.arange(0, t, dtype=torch.long).unsqueeze(0))
            q, k, v = self.c(x).split(8, dim=2)
            q, k, v = (z.view(n, t, 2, 4).transpose(1, 2) for z in (q, k, v))
            a = (q @ k.transpose(-2, -1)) / math.sqrt(k.size(-1))
            a = a.masked_fill(self.bias[:, :, :t, :t] == 0, float("-inf")).softmax(-1)
            y = (a @ v).transpose(1, 2).contiguous().view(n, t, 8)
            return self.h(y), self.h(y[:, [-1], :])

    return G()


@model("N,T,8", sizes=TEXT, out="(N, T, 8)")
def sines_of_positions() -> nn.Module:
    class P(nn.Module):
        def __init__(self):
            super().__init__()
            pe = torch.zeros(64, 8)
            pos = torch.arange(64)[:, None].float()
            div = torch.exp(torch.arange(0, 8, 2).float() * (-math.log(1e4) / 8))
            pe[:, 0::2] = torch.sin(pos * div)
            pe[:, 1::2] = torch.cos(pos * div)
            self.register_buffer("pe", pe[None])

        def forward(self, x):
            return x + self.pe[:, : x.size(1)].requires_grad_(False)

    return P()


@model(
    "N,3,H,W",
    "N,T:int64",
    sizes=[{"N": 2, "H": 32, "W": 40, "T": 7}, {"N": 3, "H": 33, "W": 47, "T": 5}],
    out="((N, N), (N, N))",
)
def images_beside_text() -> nn.Module:
    class C(nn.Module):
        def __init__(self):
            super().__init__()
            self.v = nn.Sequential(nn.Conv2d(3, 8, 8, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten())
            self.t = nn.Embedding(20, 8)
            self.s = nn.Parameter(torch.tensor(1.0))

        def forward(self, x, t):
            a = self.v(x)
            e = self.t(t)
            b = e[torch.arange(e.shape[0]), t.argmax(-1)]
            a = a / a.norm(dim=-1, keepdim=True)
            b = b / b.norm(dim=1, keepdim=True)
            close = self.s.exp() * a @ b.t()
            return close, close.t()

    return C()


@model(
    "N,T,8",
    "N,S,8",
    sizes=[{"N": 2, "T": 5, "S": 7}, {"N": 3, "T": 8, "S": 4}],
    out="((N, 6, 8), ((N, T, 8), (N, T, 6)))",
)
def latents() -> nn.Module:
    def forward(self, x, y):
        lat = self.p.expand(x.shape[0], -1, -1)
        z = self.a(lat, torch.cat((x, y), 1), torch.cat((x, y), 1))[0]
        return z, self.b(x, z, z)

    m = calls(
        forward,
        a=nn.MultiheadAttention(8, 2, batch_first=True),
        b=nn.MultiheadAttention(8, 4, batch_first=True),
    )
    m.p = nn.Parameter(torch.zeros(1, 6, 8))
    return m


@model("N,T,8", sizes=TEXT, out="(N, T, 8)")
def attention_in_chunks() -> nn.Module:
    def forward(self, x):
        n, t, d = x.shape
        w = 4
        p = (-t) % w
        y = F.pad(x, (0, 0, 0, p)).view(n, -1, w, d)
        k = F.pad(y, (0, 0, 0, 0, 1, 1))
        k = torch.cat((k[:, :-2], k[:, 1:-1], k[:, 2:]), 2)
        a = (y @ k.transpose(-1, -2)).softmax(-1)
        return (a @ k).view(n, -1, d)[:, :t]

    return calls(forward)


@model("N,T,8", sizes=TEXT, out="(N, T, 5)")
def attention_in_windows() -> nn.Module:
    def forward(self, x):
        y = F.pad(x, (0, 0, 2, 2)).unfold(1, 5, 1)
        return torch.einsum("ntd,ntdw->ntw", x, y)

    return calls(forward)


@model("N,T,8", sizes=TEXT, out="(N, T, 8)")
def causal_convolutions() -> nn.Module:
    class CC(nn.Conv1d):
        def forward(self, x):
            return super().forward(F.pad(x, ((self.kernel_size[0] - 1) * self.dilation[0], 0)))

    return calls(
        lambda self, x: (
            self.c(x.transpose(1, 2)).transpose(1, 2)
            + self.d(x.transpose(1, 2))[..., : x.size(1)].transpose(1, 2)
        ),
        c=CC(8, 8, 3, dilation=2),
        d=nn.Conv1d(8, 8, 4, padding=3, groups=8),
    )


@model("N,T,8", sizes=TEXT)
def state_space() -> nn.Module:
    def forward(self, x):
        n, t, d = x.shape
        a = -torch.exp(self.A)
        dt = F.softplus(self.d(x))
        da = torch.exp(torch.einsum("nld,ds->nlds", dt, a))
        h = torch.zeros(n, d, 4)
        ys = []
        for i in range(t):
            h = da[:, i] * h + x[:, i, :, None]
            ys.append(h.sum(-1))
        return torch.stack(ys, 1)

    m = calls(forward, d=nn.Linear(8, 8))
    m.A = nn.Parameter(torch.zeros(8, 4))
    return m


@model("N,T,8", sizes=TEXT, out="(N, T, 8)")
def long_convolution() -> nn.Module:
    def forward(self, x):
        t = x.shape[1]
        k = self.k[:, :t]
        u = x.transpose(1, 2)
        y = torch.fft.irfft(torch.fft.rfft(u, n=2 * t) * torch.fft.rfft(k, n=2 * t), n=2 * t)[
            ..., :t
        ]
        return (y + u).transpose(1, 2)

    m = calls(forward)
    m.k = nn.Parameter(torch.zeros(8, 64))
    return m


@model("N,T,8", sizes=TEXT, out="((T, N, 5), (N, T))")
def labels_over_time() -> nn.Module:
    return calls(
        lambda self, x: (self.linear(x).log_softmax(-1).transpose(0, 1), self.linear(x).argmax(-1)),
        linear=nn.Linear(8, 5),
    )


@model(
    "N,T,8",
    "N,S:int64",
    sizes=[{"N": 2, "T": 5, "S": 7}, {"N": 3, "T": 8, "S": 4}],
    out="(N, T, S, 5)",
)
def joint_of_two_sequences() -> nn.Module:
    return calls(
        lambda self, x, y: self.linear(
            torch.tanh(x.unsqueeze(2) + self.p(self.e(y))[0].unsqueeze(1))
        ),
        linear=nn.Linear(8, 5),
        e=nn.Embedding(9, 8),
        p=nn.GRU(8, 8, batch_first=True),
    )


@model("N,T:int64", "N,T:int64", sizes=TEXT, out="{'h': (N, T, 8), 'p': (N, 8)}")
def masked_language_model() -> nn.Module:
    class Bt(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Embedding(20, 8, padding_idx=0)
            self.p = nn.Embedding(32, 8)
            self.t = nn.Embedding(2, 8)
            self.register_buffer("ids", torch.arange(32).expand((1, -1)))
            self.n = nn.LayerNorm(8)
            self.e = nn.TransformerEncoder(
                nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True),
                2,
                enable_nested_tensor=False,
            )
            self.pool = nn.Linear(8, 8)

        def forward(self, i, m):
            t = i.size(1)
            x = self.n(self.w(i) + self.p(self.ids[:, :t]) + self.t(torch.zeros_like(i)))
            x = self.e(x, src_key_padding_mask=m == 0)
            return {"h": x, "p": torch.tanh(self.pool(x[:, 0]))}

    return Bt()


@model("N,T,8", sizes=TEXT, out="(N, T, 8)")
def encoder() -> nn.Module:
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
