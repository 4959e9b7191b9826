"""Branches that are joined by `torch.cat`."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.diagnosis_pairs import Pair


class Branches(nn.Module):
    """Two convolutions side by side, joined along `dim`, and one that takes `channels`."""

    def __init__(self, channels: int, dim: int = 1, *, padding: int = 2, stride: int = 1):
        super().__init__()
        self.left = nn.Conv2d(3, 64, 3, padding=1)
        self.right = nn.Conv2d(3, 32, 5, padding=padding, stride=stride)
        self.after = nn.Conv2d(channels, 8, 3)
        self.dim = dim

    def forward(self, x):
        return self.after(F.relu(torch.cat([self.left(x), self.right(x)], self.dim)))


class Alike(nn.Module):
    """Two branches of 16 channels, joined along `dim`."""

    def __init__(self, dim: int):
        super().__init__()
        self.left, self.right = (nn.Conv2d(3, 16, 3, padding=1) for _ in range(2))
        self.after, self.dim = nn.Conv2d(32, 8, 3), dim

    def forward(self, x):
        return self.after(torch.cat([self.left(x), self.right(x)], dim=self.dim))


class Features(nn.Module):
    """Two vectors of features, joined for a Linear."""

    def __init__(self, features: int):
        super().__init__()
        self.image, self.text = nn.Linear(20, 16), nn.Linear(30, 8)
        self.head = nn.Linear(features, 4)

    def forward(self, image, text):
        return self.head(torch.cat((self.image(image), self.text(text)), dim=1))


def block(inner: int, outer: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inner, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU())


class UNet(nn.Module):
    """Two levels; `swapped` joins the maps of the encoder in the wrong order."""

    def __init__(self, *, swapped: bool = False, resize: bool = False, transposed: bool = True):
        super().__init__()
        self.enc1, self.enc2, self.middle = block(3, 8), block(8, 16), block(16, 32)
        self.up2 = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.up1 = nn.ConvTranspose2d(16, 8, 2, stride=2)
        if not transposed:
            self.up2 = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(32, 16, 1))
        self.dec2, self.dec1 = block(32, 16), block(16, 8)
        self.swapped, self.resize = swapped, resize

    def join(self, up, skip):
        if self.resize:
            up = F.interpolate(up, size=skip.shape[2:])
        return torch.cat([up, skip], dim=1)

    def forward(self, x):
        one = self.enc1(x)
        two = self.enc2(F.max_pool2d(one, 2))
        x = self.middle(F.max_pool2d(two, 2))
        first, second = (one, two) if self.swapped else (two, one)
        x = self.dec2(self.join(self.up2(x), first))
        return self.dec1(self.join(self.up1(x), second))


class Once(nn.Module):
    """One level of a U-Net, enlarged by a transposed convolution."""

    def __init__(self, up: nn.Module):
        super().__init__()
        self.enc, self.middle, self.up = block(3, 8), block(8, 8), up
        self.dec = nn.Conv2d(16, 4, 1)

    def forward(self, x):
        skip = self.enc(x)
        up = self.up(self.middle(F.max_pool2d(skip, 2)))
        return self.dec(torch.cat([up, skip], dim=1))


class Level(nn.Module):
    """A decoder that joins the map of the level above where it means its own."""

    def __init__(self, *, own: bool):
        super().__init__()
        self.enc1, self.enc2, self.enc3 = block(3, 8), block(8, 8), block(8, 8)
        self.dec, self.own = block(16, 8), own

    def forward(self, x):
        one = self.enc1(x)
        two = self.enc2(F.max_pool2d(one, 2))
        three = self.enc3(F.max_pool2d(two, 2))
        up = F.interpolate(three, scale_factor=2)
        return self.dec(torch.cat([two if self.own else one, up], dim=1))


class Dense(nn.Module):
    """Each convolution takes what all before it gave; the second one makes `width` maps."""

    def __init__(self, width: int):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3)
        self.first = nn.Conv2d(16, 8, 3, padding=1)
        self.second = nn.Conv2d(24, width, 3, padding=1)
        self.third = nn.Conv2d(32, 8, 3, padding=1)
        self.last = nn.Conv2d(40, 4, 1)

    def forward(self, x):
        maps = [self.stem(x)]
        for layer in (self.first, self.second, self.third):
            maps.append(layer(torch.cat(maps, dim=1)))
        return self.last(torch.cat(maps, dim=1))


PAIRS = [
    Pair(
        kind="cat_channels",
        broken=lambda: Dense(6),
        repaired=lambda: Dense(8),
        inputs=("N,3,32,32",),
        layer="third",
    ),
    Pair(
        kind="cat_channels",
        broken=lambda: Branches(64),
        repaired=lambda: Branches(96),
        inputs=("N,3,32,32",),
        layer="after",
    ),
    Pair(
        kind="cat_channels",
        broken=lambda: Features(16),
        repaired=lambda: Features(24),
        inputs=((4, 20), (4, 30)),
        layer="head",
    ),
    Pair(
        kind="cat_dim",
        broken=lambda: Branches(96, 0),
        repaired=lambda: Branches(96, 1),
        inputs=("N,3,32,32",),
        layer="cat",
    ),
    Pair(
        kind="cat_dim",
        broken=lambda: Alike(0),
        repaired=lambda: Alike(1),
        inputs=("N,3,24,W+20",),
        layer="cat",
    ),
    Pair(
        kind="cat_dim",
        broken=lambda: Alike(-1),
        repaired=lambda: Alike(1),
        inputs=((2, 3, 24, 24),),
        layer="cat",
    ),
    Pair(
        kind="cat_spatial",
        broken=UNet,
        repaired=lambda: UNet(resize=True),
        inputs=((1, 3, 30, 30),),
        layer="cat",
    ),
    Pair(
        kind="cat_spatial",
        broken=lambda: UNet(transposed=False),
        repaired=lambda: UNet(transposed=False),
        inputs=("N,3,30,32",),
        repaired_inputs=("N,3,32,32",),
    ),
    Pair(
        kind="cat_spatial",
        broken=lambda: Branches(96, padding=1),
        repaired=lambda: Branches(96),
        inputs=("N,3,32,32",),
        layer="cat",
    ),
    Pair(
        kind="cat_spatial",
        broken=lambda: Branches(96, stride=2),
        repaired=lambda: Branches(96),
        inputs=((4, 3, 32, 32),),
        layer="cat",
    ),
    Pair(
        kind="cat_spatial",
        broken=lambda: Once(nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1)),
        repaired=lambda: Once(nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1)),
        inputs=("N,3,32,32",),
        layer="cat",
    ),
    Pair(
        kind="cat_spatial",
        broken=lambda: Once(nn.ConvTranspose2d(8, 8, 2, stride=3)),
        repaired=lambda: Once(nn.ConvTranspose2d(8, 8, 2, stride=2)),
        inputs=((2, 3, 32, 32),),
        layer="cat",
    ),
    Pair(
        kind="cat_misplaced",
        broken=lambda: UNet(swapped=True),
        repaired=UNet,
        inputs=("N,3,64,64",),
        layer="cat",
    ),
    Pair(
        kind="cat_misplaced",
        broken=lambda: Level(own=False),
        repaired=lambda: Level(own=True),
        inputs=("N,3,64,64",),
        layer="cat",
    ),
]
