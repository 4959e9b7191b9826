"""Models of sound, of video, and of images in windows."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from tests.sequence_model import SOUND, VIDEO, Model, collector
from tests.test_habits import SIZES, conv
from tests.test_transforms import calls

MODELS: list[Model] = []
model = collector(MODELS)


@model("N,H,W,8", sizes=[{"N": 2, "H": 14, "W": 21}, {"N": 1, "H": 15, "W": 9}], out="(N, H, W, 8)")
def shifted_windows() -> nn.Module:
    class W(nn.Module):
        def __init__(self, w=7, sh=3):
            super().__init__()
            self.w = w
            self.sh = sh
            self.t = nn.Parameter(torch.zeros((2 * w - 1) ** 2, 2))
            c = torch.stack(
                torch.meshgrid(torch.arange(w), torch.arange(w), indexing="ij")
            ).flatten(1)
            r = (c[:, :, None] - c[:, None]).permute(1, 2, 0).contiguous()
            r[..., 0] += w - 1
            r[..., 1] += w - 1
            r[..., 0] *= 2 * w - 1
            self.register_buffer("i", r.sum(-1))
            self.qkv = nn.Linear(8, 24)

        def forward(self, x):
            n, h, w, c = x.shape
            k = self.w
            ph, pw = (k - h % k) % k, (k - w % k) % k
            x = F.pad(x, (0, 0, 0, pw, 0, ph))
            _, H_, W_, _ = x.shape
            x = torch.roll(x, (-self.sh, -self.sh), (1, 2))
            win = (
                x.view(n, H_ // k, k, W_ // k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, k * k, c)
            )
            q, kk, v = self.qkv(win).reshape(win.shape[0], k * k, 3, 2, 4).permute(2, 0, 3, 1, 4)
            a = q @ kk.transpose(-2, -1)
            a = (
                a
                + self.t[self.i.view(-1)].view(k * k, k * k, -1).permute(2, 0, 1).contiguous()[None]
            )
            m = torch.zeros((1, H_, W_, 1))
            cnt = 0
            for hs in (slice(0, -k), slice(-k, -self.sh), slice(-self.sh, None)):
                for ws in (slice(0, -k), slice(-k, -self.sh), slice(-self.sh, None)):
                    m[:, hs, ws, :] = cnt
                    cnt += 1
            mw = m.view(1, H_ // k, k, W_ // k, k, 1).permute(0, 1, 3, 2, 4, 5).reshape(-1, k * k)
            am = mw[:, None] - mw[:, :, None]
            am = am.masked_fill(am != 0, -100.0).masked_fill(am == 0, 0.0)
            nw = am.shape[0]
            a = a.view(win.shape[0] // nw, nw, 2, k * k, k * k) + am[None, :, None]
            a = a.view(-1, 2, k * k, k * k).softmax(-1)
            y = (a @ v).transpose(1, 2).reshape(-1, k * k, c)
            y = (
                y.view(-1, H_ // k, W_ // k, k, k, c)
                .permute(0, 1, 3, 2, 4, 5)
                .reshape(n, H_, W_, c)
            )
            return torch.roll(y, (self.sh, self.sh), (1, 2))[:, :h, :w].contiguous()

    return W()


@model("N,1,T", sizes=SOUND, out="(N, 8, floor(T/4))")
def gated_convolutions() -> nn.Module:
    class B(nn.Module):
        def __init__(self, i, o, d):
            super().__init__()
            self.c = nn.Conv1d(i, 2 * o, 3, dilation=d, padding=d)
            self.g = nn.GLU(1)
            self.r = nn.Conv1d(i, o, 1)

        def forward(self, x):
            return (self.g(self.c(x)) + self.r(x)) * math.sqrt(0.5)

    return nn.Sequential(B(1, 4, 1), B(4, 4, 2), nn.Conv1d(4, 8, 8, 4, 2), B(8, 8, 4))


@model("N,T", sizes=SOUND, out="(N, floor((T + 20)/40) - 1, 8)")
def speech_features() -> nn.Module:
    class FE(nn.Module):
        def __init__(self):
            super().__init__()
            L = [(8, 10, 5), (8, 3, 2), (8, 3, 2), (8, 2, 2)]
            self.layers = nn.ModuleList()
            i = 1
            for j, (d, k, st) in enumerate(L):
                self.layers.append(
                    nn.Sequential(
                        nn.Conv1d(i, d, k, st, bias=False),
                        nn.Dropout(0.0),
                        nn.GroupNorm(8, 8) if j == 0 else nn.Identity(),
                        nn.GELU(),
                    )
                )
                i = d
            self.pos = parametrizations.weight_norm(nn.Conv1d(8, 8, 16, padding=8, groups=4), dim=2)
            self.p = nn.Linear(8, 8)

        def forward(self, x):
            x = x.unsqueeze(1)
            for layer in self.layers:
                x = layer(x)
            x = self.p(x.transpose(1, 2))
            p = self.pos(x.transpose(1, 2))
            p = p[:, :, :-1] if self.pos.kernel_size[0] % 2 == 0 else p
            return x + F.gelu(p).transpose(1, 2)

    return FE()


@model("N,T", "N:int64", sizes=SOUND, out="((N, floor(T/5) - 1, 8), (N, floor(T/5) - 1))")
def lengths_after_convolutions() -> nn.Module:
    class FE(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Conv1d(1, 8, 10, 5)

        def forward(self, x, lens):
            y = self.c(x[:, None])
            left = torch.div(lens - 10, 5, rounding_mode="floor") + 1
            m = torch.zeros(y.shape[0], y.shape[2], dtype=y.dtype)
            m[(torch.arange(m.shape[0]), left.clamp(min=1) - 1)] = 1
            m = m.flip([-1]).cumsum(-1).flip([-1]).bool()
            return y.transpose(1, 2).masked_fill(~m[..., None], 0.0), torch.arange(y.shape[-1])[
                None
            ] < left[:, None]

    return FE()


@model("N,T", sizes=SOUND, out="(N, floor((T + 160)/320), 8)")
def log_mel() -> nn.Module:
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("w", torch.hann_window(400))
            self.register_buffer("fb", torch.rand(20, 201))
            self.c = nn.Conv1d(20, 8, 3, 2, 1)

        def forward(self, x):
            z = torch.stft(x, 400, 160, window=self.w, return_complex=True)[..., :-1].abs() ** 2
            m = (self.fb @ z).clamp(min=1e-10).log10()
            m = torch.maximum(m, m.max() - 8)
            return F.gelu(self.c((m + 4) / 4)).permute(0, 2, 1)

    return M()


@model("N,1,T", sizes=SOUND, out="(N, 1, T)")
def encoder_and_decoder_of_sound() -> nn.Module:
    class D(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.ModuleList([nn.Conv1d(1, 4, 8, 4), nn.Conv1d(4, 8, 8, 4)])
            self.d = nn.ModuleList([nn.ConvTranspose1d(8, 4, 8, 4), nn.ConvTranspose1d(4, 1, 8, 4)])
            self.l = nn.LSTM(8, 8, 1)

        def valid(self, n):
            for _ in range(2):
                n = math.ceil((n - 8) / 4) + 1
                n = max(n, 1)
            for _ in range(2):
                n = (n - 1) * 4 + 8
            return n

        def forward(self, x):
            t = x.shape[-1]
            x = F.pad(x, (0, self.valid(t) - t))
            sk = []
            for e in self.e:
                x = F.relu(e(x))
                sk.append(x)
            y, _ = self.l(x.permute(2, 0, 1))
            x = y.permute(1, 2, 0)
            for d in self.d:
                x = d(x + sk.pop(-1)[..., : x.shape[-1]])
            return x[..., :t]

    return D()


@model("N,3,T,H,W", sizes=VIDEO, out="(N, 3)")
def space_then_time() -> nn.Module:
    class C(nn.Sequential):
        def __init__(self, i, o, m, st=1):
            super().__init__(
                nn.Conv3d(i, m, (1, 3, 3), (1, st, st), (0, 1, 1), bias=False),
                nn.BatchNorm3d(m),
                nn.ReLU(True),
                nn.Conv3d(m, o, (3, 1, 1), (st, 1, 1), (1, 0, 0), bias=False),
            )

    return nn.Sequential(
        C(3, 8, 6, 2),
        nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        C(8, 8, 4, 2),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(8, 3),
    )


@model("N,3,T,H,W", sizes=VIDEO, out="(N, floor(H/8)*floor(T/2)*floor(W/8) + 1, 8)")
def tubes_of_video() -> nn.Module:
    class V(nn.Module):
        def __init__(self):
            super().__init__()
            self.p = nn.Conv3d(3, 8, (2, 8, 8), (2, 8, 8))
            self.pos = nn.Parameter(torch.zeros(1, 1 + 4 * 4 * 4, 8))
            self.cls = nn.Parameter(torch.zeros(1, 1, 8))

        def forward(self, x):
            y = self.p(x)
            n, _, t, h, w = y.shape
            z = y.flatten(2).transpose(1, 2)
            pos = (
                F.interpolate(
                    self.pos[:, 1:].reshape(1, 4, 4, 4, 8).permute(0, 4, 1, 2, 3),
                    size=(t, h, w),
                    mode="trilinear",
                    align_corners=False,
                )
                .flatten(2)
                .transpose(1, 2)
            )
            return torch.cat((self.cls.expand(n, -1, -1), z), 1) + torch.cat(
                (self.pos[:, :1], pos), 1
            )

    return V()


@model("N,T,3,H,W", sizes=VIDEO, out="(N, 8, floor((H + 1)/2), floor((W + 1)/2))")
def features_moved_in_time() -> nn.Module:
    def forward(self, x):
        n, t, c, h, w = x.shape
        y = torch.zeros_like(x)
        y[:, :-1, :1] = x[:, 1:, :1]
        y[:, 1:, 1:2] = x[:, :-1, 1:2]
        y[:, :, 2:] = x[:, :, 2:]
        z = self.c(y.reshape(n * t, c, h, w))
        return z.view(n, t, *z.shape[1:]).mean(1)

    return calls(forward, c=conv())


@model("N,T,3,H,W", sizes=VIDEO)
def convolutional_recurrence() -> nn.Module:
    def forward(self, x):
        n, t, _, h, w = x.shape
        hh = x.new_zeros(n, 4, h, w)
        c = hh.clone()
        outs = []
        for k in range(t):
            g = self.c(torch.cat((x[:, k], hh), 1))
            i, ff, o, gg = torch.split(g, 4, 1)
            c = ff.sigmoid() * c + i.sigmoid() * gg.tanh()
            hh = o.sigmoid() * c.tanh()
            outs.append(hh)
        return torch.stack(outs, 1)

    return calls(forward, c=nn.Conv2d(7, 16, 3, padding=1))


@model(
    "N,3,H,W",
    "N,3,A,B",
    sizes=[
        {"N": 2, "H": 16, "W": 20, "A": 12, "B": 9},
        {"N": 1, "H": 17, "W": 21, "A": 13, "B": 8},
    ],
    out="(N, 1, floor((H + 1)/2) - floor((A + 1)/2) + 1, floor((W + 1)/2) - floor((B + 1)/2) + 1)",
)
def template_and_search() -> nn.Module:
    def forward(self, x, z):
        a, b = self.c(x), self.c(z)
        n, c, h, w = a.shape
        return F.conv2d(a.reshape(1, n * c, h, w), b, groups=n).permute(1, 0, 2, 3)

    return calls(forward, c=nn.Sequential(nn.Conv2d(3, 4, 3, 2)))


@model("N,H,W,8", sizes=SIZES)
def relative_in_two_axes() -> nn.Module:
    class R(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = nn.Parameter(torch.zeros(27, 8))

        def rel(self, q, k):
            m = 2 * max(q, k) - 1
            r = (
                F.interpolate(self.h.reshape(1, 27, -1).permute(0, 2, 1), size=m, mode="linear")
                .reshape(-1, m)
                .permute(1, 0)
            )
            qc = torch.arange(q)[:, None] * max(k / q, 1.0)
            kc = torch.arange(k)[None] * max(q / k, 1.0)
            return r[((qc - kc) + (k - 1) * max(q / k, 1.0)).long()]

        def forward(self, x):
            n, h, w, _ = x.shape
            a = torch.einsum("bhwc,hkc->bhwk", x, self.rel(h, h))
            b = torch.einsum("bhwc,wkc->bhwk", x, self.rel(w, w))
            return (a[..., None] + b[..., None, :]).reshape(n, h * w, h * w)

    return R()
