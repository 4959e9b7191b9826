"""Random networks: layers with odd parameters, branches, merges and control flow on sizes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.random_steps import STEPS
from tests.random_steps.step import Step, made

CHANNELS = 4


class Net(nn.Module):
    """A list of steps, each a module or a function from one image tensor to another."""

    def __init__(self, steps: list[nn.Module]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = step(x)
        return x


def small(draw: st.DrawFn, low: int, high: int) -> int:
    return draw(st.integers(low, high))


def pair(draw: st.DrawFn, low: int, high: int) -> tuple[int, int]:
    return small(draw, low, high), small(draw, low, high)


def convolution(draw: st.DrawFn) -> nn.Module:
    k, mode = pair(draw, 1, 4), draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    if draw(st.booleans()):
        d = small(draw, 1, 2)
        return nn.Conv2d(CHANNELS, CHANNELS, k, padding="same", dilation=d, padding_mode=mode)
    return nn.Conv2d(
        CHANNELS, CHANNELS, k,
        stride=pair(draw, 1, 3),
        padding=pair(draw, 0, 3),
        dilation=small(draw, 1, 2),
        groups=draw(st.sampled_from([1, 2, 4])),
        padding_mode=mode,
    )  # fmt: skip


def transposed(draw: st.DrawFn) -> nn.Module:
    """No output is empty: torch refuses that or not, by the library that computes it."""
    k, s, d = small(draw, 1, 4), small(draw, 1, 3), small(draw, 1, 2)
    return nn.ConvTranspose2d(
        CHANNELS, CHANNELS, k, stride=s, padding=small(draw, 0, (k - 1) // 2),
        output_padding=small(draw, 0, max(s, d) - 1), dilation=d,
    )  # fmt: skip


def pooling(draw: st.DrawFn) -> nn.Module:
    k = pair(draw, 1, 4)
    p, s, ceil = tuple(small(draw, 0, n // 2) for n in k), pair(draw, 1, 4), draw(st.booleans())
    match small(draw, 0, 5):
        case 0:
            return nn.MaxPool2d(k, s, p, dilation=pair(draw, 1, 3), ceil_mode=ceil)
        case 1:
            return nn.AvgPool2d(k, s, p, ceil_mode=ceil)
        case 2:
            return nn.LPPool2d(2, k, s, ceil_mode=ceil)
        case 3:
            return nn.AdaptiveMaxPool2d((small(draw, 1, 5), draw(st.sampled_from([None, 3, 7]))))
        case 4:
            return nn.FractionalMaxPool2d(k, output_ratio=draw(st.sampled_from([0.5, 0.7, 0.3])))
    unpool = nn.MaxUnpool2d(k)
    return Step(
        f"max pooling of {k} and back",
        lambda x: unpool(*F.max_pool2d(x, k, return_indices=True), output_size=x.shape),
        unpool,
    )


def other_axes(draw: st.DrawFn) -> nn.Module:
    """Windows over one or three axes."""
    k, s, ceil = small(draw, 1, 3), small(draw, 1, 3), draw(st.booleans())
    p = small(draw, 0, k // 2)
    axes = draw(st.sampled_from([1, 3]))
    inner: nn.Module
    match small(draw, 0, 4):
        case 0:
            kind = nn.MaxPool1d if axes == 1 else nn.MaxPool3d
            inner = kind(k, s, p, dilation=small(draw, 1, 2), ceil_mode=ceil)
        case 1:
            inner = (nn.AvgPool1d if axes == 1 else nn.AvgPool3d)(k, s, p, ceil_mode=ceil)
        case 2:
            inner = (nn.LPPool1d if axes == 1 else nn.LPPool3d)(2, k, s, ceil_mode=ceil)
        case 3:
            inner = (nn.Conv1d if axes == 1 else nn.Conv3d)(CHANNELS, CHANNELS, k, s, p)
        case _:
            inner = (nn.AdaptiveAvgPool1d if axes == 1 else nn.AdaptiveAvgPool3d)(k)
    if axes == 1:
        return Step("as one line", lambda x: inner(x.flatten(2)).unsqueeze(2), inner)
    return Step("three times over", lambda x: inner(torch.stack((x, x, x), 2)).flatten(2, 3), inner)


def resizing(draw: st.DrawFn) -> nn.Module:
    factors = st.sampled_from([2.0, 3.0, 0.5, 1.5, 0.7, 0.29, 1.0])
    match small(draw, 0, 4):
        case 0:
            mode = draw(st.sampled_from(["nearest", "nearest-exact", "bilinear", "area"]))
            return nn.Upsample(scale_factor=(draw(factors), draw(factors)), mode=mode)
        case 1:
            # (1, None) is a mean where that leaves one element, and so takes what is empty there
            return nn.AdaptiveAvgPool2d((small(draw, 2, 5), draw(st.sampled_from([None, 1, 7]))))
        case 2:
            size, mode = pair(draw, 4, 12), draw(st.sampled_from(["bilinear", "bicubic", "area"]))
            return nn.Upsample(size=size, mode=mode)
        case 3:
            factor, mode = draw(factors), draw(st.sampled_from(["bilinear", "bicubic"]))

            def rows_alone(x: Tensor) -> Tensor:
                twice = torch.cat((x, x), 3)  # torch 2.13 confuses the rows of a single column
                return F.interpolate(twice, scale_factor=(factor, 1.0), mode=mode, antialias=True)

            return Step(f"interpolate by {factor} with antialias", rows_alone)
    factor = draw(factors)
    return Step(
        f"interpolate by {factor}, recomputed",
        lambda x: F.interpolate(x, scale_factor=factor, recompute_scale_factor=True),
    )


def padding(draw: st.DrawFn) -> nn.Module:
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    # circular padding that cuts off more than there is torch refuses or not, as slices happen to fit
    ends = tuple(small(draw, -1 if mode == "circular" else -2, 4) for _ in range(4))
    return Step(f"pad {ends} {mode}", lambda x: F.pad(x, ends, mode=mode))


def normalization(draw: st.DrawFn) -> nn.Module:
    return [
        nn.BatchNorm2d(CHANNELS),
        nn.BatchNorm2d(CHANNELS, track_running_stats=False),
        nn.GroupNorm(2, CHANNELS),
        nn.GroupNorm(CHANNELS, CHANNELS, affine=False),
        nn.InstanceNorm2d(CHANNELS, affine=True),
        nn.LocalResponseNorm(3),
        nn.Softmax2d(),
    ][small(draw, 0, 6)]


def blocks(draw: st.DrawFn) -> nn.Module:
    """Windows as columns, and channels as places."""
    k, s, p, d = pair(draw, 1, 3), pair(draw, 1, 3), pair(draw, 0, 2), small(draw, 1, 2)
    r = small(draw, 1, 3)
    match small(draw, 0, 4):
        case 0:
            return Step(
                f"unfold {k} {d} {p} {s}",
                lambda x: F.unfold(x, k, d, p, s).unflatten(1, (CHANNELS, -1)),
            )
        case 1:
            return Step(
                f"unfold {k} {d} {p} {s} and fold",
                lambda x: F.fold(F.unfold(x, k, d, p, s), x.shape[2:], k, d, p, s),
            )
        case 2:
            shuffle = nn.PixelShuffle(2)
            return Step("shuffle", lambda x: shuffle(x).expand(-1, CHANNELS, -1, -1), shuffle)
        case 3:
            unshuffle = nn.PixelUnshuffle(r)
            return Step(f"unshuffle {r}", lambda x: unshuffle(x)[:, :CHANNELS], unshuffle)
    return nn.ChannelShuffle(2)


def indexing(draw: st.DrawFn) -> nn.Module:
    start, step = small(draw, -6, 3), small(draw, 1, 3)
    stop = draw(st.sampled_from([None, -1, 7, 40]))
    return Step(f"x[..., {start}:{stop}:{step}, :]", lambda x: x[..., slice(start, stop, step), :])


def folding(draw: st.DrawFn) -> nn.Module:
    choice = small(draw, 0, 4)
    return [
        Step("pad to a multiple of 4 and view in blocks", _blocks),
        Step("there and back through tokens", _tokens),
        Step("roll", lambda x: torch.roll(x, (1, -2), (2, 3))),
        Step("transpose", lambda x: x.transpose(2, 3).contiguous()),
        Step("flip and repeat", lambda x: x.flip(2).repeat(1, 1, 1, 2)),
    ][choice]


def _blocks(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    x = F.pad(x, (0, -w % 4, 0, -h % 4))
    blocks = x.view(n, c, x.shape[2] // 4, 4, x.shape[3] // 4, 4).permute(0, 2, 4, 1, 3, 5)
    return blocks.reshape(n, -1, c, 16).mean(dim=1).view(n, c, 4, 4)


def _tokens(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    tokens = x.flatten(2).transpose(1, 2)
    return F.layer_norm(tokens, (c,)).transpose(1, 2).reshape(n, c, h, w)


def merging(draw: st.DrawFn) -> nn.Module:
    left, right = layer(draw), layer(draw)
    match small(draw, 0, 3):
        case 0:
            return Step(
                "resize and add",
                lambda x: left(x) + F.interpolate(right(x), size=left(x).shape[2:]),
                left, right,
            )  # fmt: skip
        case 1:
            return Step("add", lambda x: left(x) + right(x), left, right)
        case 2:
            return Step(
                "cat and split",
                lambda x: torch.cat((left(x), right(x)), 1).chunk(2, dim=1)[0],
                left, right,
            )  # fmt: skip
    return Step(
        "branch on the size", lambda x: left(x) if x.shape[2] % 2 else right(x), left, right
    )


def layer(draw: st.DrawFn) -> nn.Module:
    kinds = [convolution, pooling, resizing, transposed, padding, normalization, blocks]
    return draw(st.sampled_from(kinds))(draw)


# what a layer draws its parameters for; the other families are drawn from `STEPS`
DRAWN = {
    "convolution": convolution,
    "transposed_convolution": transposed,
    "pooling": pooling,
    "adaptive_pooling": pooling,
    "interpolation": resizing,
    "unpooling": pooling,
    "padding": padding,
    "normalization": normalization,
    "folding": blocks,
}


@st.composite
def networks(draw: st.DrawFn) -> Net:
    """Networks of images, of which every read shows in an output."""
    kinds = [
        convolution, transposed, pooling, other_axes, resizing, padding, normalization, blocks,
        indexing, folding, merging,
    ]  # fmt: skip
    steps = [draw(st.sampled_from(kinds))(draw) for _ in range(small(draw, 1, 6))]
    return Net(steps).eval()


def of_family(draw: st.DrawFn, family: str) -> nn.Module:
    if family in DRAWN:
        return DRAWN[family](draw)
    return made(family, draw(st.sampled_from(STEPS[family])), small(draw, 1, 3))


def any_step(draw: st.DrawFn) -> nn.Module:
    if draw(st.integers(0, 3)):
        return of_family(draw, draw(st.sampled_from(sorted(DRAWN.keys() | STEPS.keys()))))
    return draw(st.sampled_from([other_axes, indexing, folding, merging, branching]))(draw)


def branching(draw: st.DrawFn) -> nn.Module:
    """Control flow on sizes, around steps of any family."""
    families = st.sampled_from(sorted(DRAWN.keys() | STEPS.keys()))
    left, right = of_family(draw, draw(families)), of_family(draw, draw(families))
    number = small(draw, 2, 12)
    kinds = {
        "if wide": lambda x: left(x) if x.shape[3] > number else right(x),
        "if it divides": lambda x: left(x) if x.shape[2] % 3 == number % 3 else right(x),
        "if equal": lambda x: left(x) if x.shape[2] == x.shape[3] else right(x),
        "until small": lambda x: left(_until(x, number)),
        "match": lambda x: _matched(left(x), right(x)),
        "for each channel": lambda x: torch.cat([left(x)[:, n : n + 1] for n in range(4)], 1),
    }
    name = draw(st.sampled_from(sorted(kinds)))
    return Step(f"{name}, {number}", kinds[name], left, right)


def _until(x: Tensor, size: int) -> Tensor:
    while x.shape[2] > size:
        x = x[:, :, ::2]
    return x


def _matched(x: Tensor, y: Tensor) -> Tensor:
    if x.shape[2:] != y.shape[2:]:
        y = F.interpolate(y, size=x.shape[2:])
    return torch.cat((x[:, :2], y[:, 2:]), 1)


@st.composite
def any_networks(draw: st.DrawFn) -> Net:
    """Networks of every family of rules."""
    return Net([any_step(draw) for _ in range(small(draw, 1, 6))]).eval()
