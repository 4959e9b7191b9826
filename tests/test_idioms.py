"""Idioms of real models: sizes in Python's, NumPy's and einops' hands."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from einops.layers.torch import Rearrange, Reduce
from torch import Tensor, nn

from shapecalc.analysis import analyze


class Around(nn.Module):
    """A convolution, and a function of what comes out of it."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


def dyn_same(x, k=3, s=2, d=1):
    ih, iw = x.size()[-2:]
    ph = max((math.ceil(ih / s) - 1) * s + (k - 1) * d + 1 - ih, 0)
    pw = max((math.ceil(iw / s) - 1) * s + (k - 1) * d + 1 - iw, 0)
    if ph > 0 or pw > 0:
        x = F.pad(x, [pw // 2, pw - pw // 2, ph // 2, ph - ph // 2])
    return F.conv2d(x, torch.zeros(4, 4, k, k), stride=s)


def np_prod(x):
    return x.reshape(x.shape[0], int(np.prod(x.shape[1:])))


def np_ceil(x):
    return F.interpolate(x, size=(int(np.ceil(x.shape[2] / 2)), x.shape[3]))


def size_numel(x):
    return x.view(x.shape.numel() // 4, 4)


def prod(x):
    return x.reshape(x.shape[0], math.prod(x.shape[1:]))


def reducemul(x):
    return x.reshape(x.shape[0], reduce(operator.mul, x.shape[1:], 1))


def sqrt_tokens(x):
    t = x.flatten(2)
    n = t.shape[-1]
    h = int(n**0.5)
    return t.reshape(x.shape[0], -1, h, n // h)


def sqrt2(x):
    t = x.flatten(2)
    h = w = int(math.sqrt(t.shape[-1]))
    return t.reshape(x.shape[0], -1, h, w)


def listcomp(x):
    return F.interpolate(x, size=[int(d * 2) for d in x.shape[2:]])


def scale_int(x):
    return F.interpolate(x, size=[int(d * 1.5) for d in x.shape[2:]])


def tupleeq(x):
    return x if tuple(x.shape[2:]) == (8, 8) else F.adaptive_avg_pool2d(x, (8, 8))


def tensor_of_sizes(x):
    s = torch.tensor(x.shape[2:])
    return F.interpolate(x, size=(s // 2).tolist())


def grid(x):
    h, w = x.shape[2:]
    ys, xs = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
    g = torch.stack((xs, ys), -1)[None].expand(x.shape[0], -1, -1, -1)
    return F.grid_sample(x, g, align_corners=False)


def posenc(x):
    _, _, h, w = x.shape
    p = torch.arange(h * w, device=x.device, dtype=x.dtype)[None, :, None]
    return x.flatten(2).transpose(1, 2) + p


def causal(x):
    t = x.flatten(2).transpose(1, 2)
    n = t.shape[1]
    m = torch.triu(torch.ones(n, n, dtype=torch.bool, device=t.device), 1)
    a = (t @ t.transpose(1, 2)).masked_fill(m, float("-inf")).softmax(-1)
    return a @ t


def crop(x, y=None):
    y = F.max_pool2d(x, 2)
    u = F.interpolate(y, scale_factor=2)
    dh = x.size(2) - u.size(2)
    dw = x.size(3) - u.size(3)
    u = F.pad(u, [dw // 2, dw - dw // 2, dh // 2, dh - dh // 2])
    return torch.cat([x, u], 1)


def minmax(x):
    return x[:, :, : min(x.shape[2], 16), : max(x.shape[3] - 2, 1)]


def unfoldp(x):
    return x.unfold(2, 2, 2).unfold(3, 2, 2).contiguous().view(x.size(0), x.size(1), -1, 2, 2)


def isint(x):
    h = x.shape[2]
    size = (h, h) if isinstance(h, int) else h
    return F.interpolate(x, size=size)


def chunks(x):
    return torch.cat([c.mean(2, keepdim=True) for c in x.chunk(2, 1)], 1)


def loop(x):
    return torch.stack([x[i] for i in range(x.shape[0])])


def round_(x):
    return x[:, :, : round(x.shape[2] / 2)]


def fmt(x):
    assert x.shape[1] == 4, f"bad {x.shape}"
    return x


def npint(x):
    return x[:, :, : np.int64(3)]


def softmax_mean(x):
    return x.mean((2, 3), keepdim=True).expand_as(x) * x


def padmult(x):
    m = 16
    h, w = x.shape[-2:]
    ph = (m - h % m) % m
    pw = (m - w % m) % m
    y = F.pad(x, (0, pw, 0, ph))
    y = F.avg_pool2d(y, 16)
    y = F.interpolate(y, scale_factor=16)
    return y[..., :h, :w]


def where_(x):
    return torch.where(x > 0, x, torch.zeros_like(x))


def setit(x):
    y = torch.zeros(x.shape[0], 8, *x.shape[2:])
    y[:, :4] = x
    y[:, 4:] = x * 2
    return y


def dim_arg(x):
    return x.reshape(*x.shape[:2], -1).sum(dim=-1)


def floor_half(x):
    return x[..., : x.shape[-1] // 2] + x[..., x.shape[-1] // 2 : x.shape[-1] // 2 * 2]


def bmm(x):
    t = x.flatten(2)
    return torch.bmm(t, t.transpose(1, 2))


EXACT = [
    dyn_same, prod, reducemul, grid, posenc, causal, unfoldp, isint, chunks, softmax_mean, padmult,
    where_, setit, dim_arg, floor_half, bmm, fmt, npint, crop,
]  # fmt: skip
"""What holds for all sizes that are large enough."""

PINNED = [
    np_prod, np_ceil, size_numel, sqrt_tokens, sqrt2, listcomp, scale_int, tupleeq, minmax, loop,
    round_, tensor_of_sizes,
]  # fmt: skip
"""What asks Python for a number: recorded, and traced again at other sizes."""

SIZES = [(16, 16), (17, 12), (9, 30), (8, 8), (5, 7), (1, 2)]


@pytest.mark.parametrize("function", [*EXACT, *PINNED], ids=lambda f: f.__name__)
def test_idioms(function: Callable[[Tensor], Tensor]) -> None:
    analysis = analyze(Around(function).eval(), "N,3,H,W")
    assert not analysis.graph.findings
    assert {str(layer.label) for layer in analysis.layers} == {"proved"}
    verification = analysis.verify(sizes=SIZES)
    assert verification, str(verification)
    assert all(run.not_compared == 0 for run in verification.runs)


@pytest.mark.parametrize("function", EXACT, ids=lambda f: f.__name__)
def test_sizes_stay_symbols(function: Callable[[Tensor], Tensor]) -> None:
    analysis = analyze(Around(function).eval(), "N,3,H,W")
    assert not any("=" in text.replace(">=", "") for text in analysis.domain), analysis.domain


class Patches(nn.Module):
    """A small transformer whose every shape is changed by einops."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            Rearrange("b c (h p) (w q) -> b (h w) (p q c)", p=4, q=4), nn.Linear(48, 32)
        )
        self.qkv = nn.Linear(32, 96)
        self.token = nn.Parameter(torch.randn(1, 1, 32))
        self.pool = Reduce("b n d -> b d", "mean")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.patches(x)
        x = torch.cat((repeat(self.token, "1 1 d -> b 1 d", b=x.shape[0]), x), dim=1)
        q, k, v = rearrange(self.qkv(x), "b n (k h d) -> k b h n d", k=3, h=4)
        mixed = torch.einsum("bhnd,bhmd->bhnm", q, k).softmax(dim=-1) @ v
        return self.pool(rearrange(mixed, "b h n d -> b n (h d)")), x


def test_einops_keeps_sizes_symbolic_and_its_caches_clean() -> None:
    analysis = analyze(Patches().eval(), "N,3,H,W")
    assert analysis.domain == ["H mod 4 = 0 and H >= 4", "W mod 4 = 0 and W >= 4"]
    assert str(analysis.output[1]) == "(N, floor(H/4)*floor(W/4) + 1, 32)"
    assert analysis.verify(sizes=[(16, 24), (17, 16), (4, 4)])
