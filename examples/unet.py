"""U-Net: Ronneberger, Fischer & Brox, "U-Net", MICCAI 2015, with padded convolutions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class UNet(nn.Module):
    """An encoder and a decoder with a skip connection at every resolution.

    `depth` is how often the image is halved, `width` the channels at full resolution. With
    `bilinear`, the decoder interpolates to the size of the skip connection and so takes images
    of every size; else it doubles sizes with transposed convolutions, and only images that can
    be halved `depth` times without remainder come out as they went in.
    """

    def __init__(
        self,
        in_channels: int = 3,
        num_classes: int = 2,
        depth: int = 4,
        width: int = 64,
        bilinear: bool = False,
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        self.inc = double_conv(in_channels, width)
        self.down = nn.ModuleList(double_conv(w, 2 * w) for w in widths[:-1])
        self.up = nn.ModuleList(Up(2 * w, w, bilinear) for w in reversed(widths[:-1]))
        self.outc = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = [self.inc(x)]
        for down in self.down:
            skips.append(down(F.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for up in self.up:
            x = up(x, skips.pop())
        return self.outc(x)


class Up(nn.Module):
    """Doubles the size, joins the skip connection, and halves the channels."""

    def __init__(self, channels: int, out_channels: int, bilinear: bool) -> None:
        super().__init__()
        self.bilinear = bilinear
        if bilinear:
            self.up = nn.Conv2d(channels, out_channels, 1)
        else:
            self.up = nn.ConvTranspose2d(channels, out_channels, 2, stride=2)
        self.conv = double_conv(2 * out_channels, out_channels)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = self.up(x)
        if self.bilinear:
            x = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
        return self.conv(torch.cat([skip, x], dim=1))


def double_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return two 3x3 convolutions that keep the size."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
