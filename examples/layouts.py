"""NHWC and NCHW.

Cameras, files and other libraries put the channels last: batch, height, width, channels. torch
wants them after the batch. `permute` moves the axes; `reshape` makes a tensor of the same shape
in which every picture is scrambled, and no error says so.

    shapecalc show examples/layouts.py:Permuted --input N,H,W,3
    shapecalc check examples/layouts.py:Unmoved --input N,32,32,3
"""

from __future__ import annotations

import torch
from torch import nn

import shapecalc


class Unmoved(nn.Module):
    """A convolution that is given the channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, kernel_size=3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class Permuted(Unmoved):
    """The same with the channels moved to where they belong."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x.permute(0, 3, 1, 2))


class Reshaped(Unmoved):
    """The same by `reshape`, which gives the right shape and the wrong picture."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, height, width, channels = x.shape
        return self.conv(x.reshape(batch, channels, height, width))


def main() -> None:
    """Print what becomes of a picture with the channels last."""
    x = torch.arange(2 * 2 * 3).reshape(1, 2, 2, 3)  # of pixel 0: 0, 1, 2, of pixel 1: 3, 4, 5
    print(f"NHWC {tuple(x.shape)}, pixel (0, 0) is {x[0, 0, 0].tolist()}")
    moved, reshaped = x.permute(0, 3, 1, 2), x.reshape(1, 3, 2, 2)
    print(f"permute {tuple(moved.shape)}, pixel (0, 0) is {moved[0, :, 0, 0].tolist()}")
    print(f"reshape {tuple(reshaped.shape)}, pixel (0, 0) is {reshaped[0, :, 0, 0].tolist()}")
    print(f"Permuted: {shapecalc.analyze(Permuted(), 'N,H,W,3').output}")
    for finding in shapecalc.analyze(Unmoved(), "N,32,32,3").graph.findings:
        print(f"Unmoved: {finding.message}")


if __name__ == "__main__":
    main()
