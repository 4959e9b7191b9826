"""Small models whose fields are telling: branches, holes, windows, tokens, writes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UNet(nn.Module):
    """Functional pooling, an up-sampling of some kind, and concatenations."""

    def __init__(self, up: str) -> None:
        super().__init__()
        self.up = up
        self.down1 = nn.Conv2d(1, 2, 3, padding=1)
        self.down2 = nn.Conv2d(2, 3, 3, padding=1)
        self.middle = nn.Conv2d(3, 3, 3, padding=1)
        self.up2 = nn.ConvTranspose2d(3, 3, 2, stride=2)
        self.join2 = nn.Conv2d(6, 2, 3, padding=1)
        self.up1 = nn.ConvTranspose2d(2, 2, 2, stride=2)
        self.join1 = nn.Conv2d(4, 1, 3, padding=1)

    def _larger(self, x: Tensor, transposed: nn.Module) -> Tensor:
        if self.up == "transposed":
            out: Tensor = transposed(x)
            return out
        corners = None if self.up == "nearest" else False
        return F.interpolate(x, scale_factor=2, mode=self.up, align_corners=corners)

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x)
        second = self.down2(F.max_pool2d(first, 2))
        middle = self.middle(F.max_pool2d(second, 2))
        up = self.join2(torch.cat([self._larger(middle, self.up2), second], 1))
        joined: Tensor = self.join1(torch.cat([self._larger(up, self.up1), first], 1))
        return joined


class Gridding(nn.Sequential):
    """Stacked dilated convolutions: every second pixel is seen."""

    def __init__(self) -> None:
        super().__init__(*(nn.Conv2d(1, 1, 3, dilation=2, padding=2) for _ in range(3)))


class Uneven(nn.Sequential):
    """Different kernels, strides and paddings on each axis, holes that meet padding."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 2, 3, dilation=(4, 2), padding=(4, 2)),
            nn.ReLU(),
            nn.Conv2d(2, 2, 3, padding=1),
            nn.Conv2d(2, 2, (3, 2), stride=(2, 1), dilation=2, padding=2),
            nn.Conv2d(2, 2, 4, padding="same"),
        )


class Excited(nn.Module):
    """Squeeze and excite behind a stride that does not fit every size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2)
        self.gate = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(x, 1)))


class Branches(nn.Module):
    """Two branches side by side in the channels: split again, shuffled or not."""

    def __init__(self, *, shuffled: bool) -> None:
        super().__init__()
        self.shuffled = shuffled
        self.narrow, self.wide = nn.Conv2d(1, 4, 1), nn.Conv2d(1, 4, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([self.narrow(x), self.wide(x)], 1)
        if self.shuffled:
            n, c, h, w = x.shape
            x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        return x.chunk(2, 1)[0]


class Windows(nn.Module):
    """Attention in windows of 4x4 patches, shifted or not, as in Swin."""

    def __init__(self, *, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.patches = nn.Conv2d(1, 4, 2, stride=2)
        self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).permute(0, 2, 3, 1)
        n, h, w, c = x.shape
        if self.shift:
            x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        x = x.view(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        q, k, v = self.qkv(x).chunk(3, -1)
        x = self.out((q @ k.transpose(1, 2)).softmax(-1) @ v)
        x = x.view(n, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        if self.shift:
            x = torch.roll(x, (self.shift, self.shift), (1, 2))
        return x.permute(0, 3, 1, 2)


class Tokens(nn.Module):
    """Patches in a row behind a class token, before and after attention."""

    def __init__(self, *, attention: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True) if attention else None
        self.patches = nn.Conv2d(1, 4, 3, stride=3)
        self.first = nn.Parameter(torch.zeros(1, 1, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(x.shape[0], -1, -1), x], 1)
        return x if self.attention is None else self.attention(x, x, x)[0]


class TwoInputs(nn.Module):
    """An image and a guide at half its size."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Conv2d(1, 2, 3, stride=2, padding=1)
        self.guide = nn.Conv2d(1, 2, (1, 3), padding=(0, 1))

    def forward(self, image: Tensor, guide: Tensor) -> Tensor:
        joined: Tensor = self.image(image) * self.guide(guide)
        return joined


class Recurrent(nn.Module):
    """A GRU over the windows of a signal, in one direction or in both."""

    def __init__(self, *, bidirectional: bool) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 3, 3, stride=2)
        self.gru = nn.GRU(3, 2, batch_first=True, bidirectional=bidirectional)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.gru(self.conv(x).transpose(1, 2))[0]
        return out


class Volume(nn.Sequential):
    """Three axes, each with windows of its own."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv3d(1, 1, (1, 3, 2), padding=(0, 1, 0)),
            nn.MaxPool3d((2, 1, 2)),
            nn.Upsample(scale_factor=(1.0, 2.0, 1.0)),
        )


def _through_a_slice(narrow: Tensor, wide: Tensor) -> Tensor:
    part = narrow[:, :2]
    part.add_(wide[:, :2])
    return narrow


def _beside_a_split(narrow: Tensor, wide: Tensor) -> Tensor:
    one, other = narrow.chunk(2, 1)
    one.add_(wide[:, :2])
    return other


def _into_zeros(narrow: Tensor, wide: Tensor) -> Tensor:
    out = torch.zeros(1, 4, 9, 10, dtype=wide.dtype)
    out[:, :2] = wide[:, :2]
    return out * 2


def _under_a_view(narrow: Tensor, wide: Tensor) -> Tensor:
    flat = narrow.view(1, 4, -1)
    narrow.add_(wide)
    return flat


def _in_part(narrow: Tensor, wide: Tensor) -> Tensor:
    out = narrow.clone()
    out[:, :, 1:-1] += wide[:, :, 2:]
    return out


WRITES = {
    function.__name__.strip("_"): function
    for function in (_through_a_slice, _beside_a_split, _into_zeros, _under_a_view, _in_part)
}


class Writes(nn.Module):
    """In-place writes into a part of a tensor, or into what it is a view of."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.write = WRITES[how]
        self.narrow, self.wide = nn.Conv2d(2, 4, 1), nn.Conv2d(2, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.write(self.narrow(x), self.wide(x))
