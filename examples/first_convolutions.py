"""Three convolutions to begin with.

The record of a layer is what a student keeps of it: what goes in, the kernel, what comes out, and
the formula of the size, in general and with this layer's numbers.

    shapecalc show examples/first_convolutions.py:halving --layer 0 --at N=1,H=6,W=6
"""

from __future__ import annotations

import torch
from torch import nn

import shapecalc


def halving() -> nn.Module:
    """A 6x6 grey image becomes two 3x3 maps: floor((6 + 2*1 - 3)/2) + 1 = 3."""
    return nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1))


def keeping() -> nn.Module:
    """A colour image keeps its size: the padding of 1 makes up for the kernel of 3."""
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1))


def widening() -> nn.Module:
    """A grey image becomes four maps of the same size."""
    return nn.Sequential(nn.Conv2d(1, 4, 3, 1, 1))


def main() -> None:
    """Print the formula of each, and what torch makes of a picture."""
    for make, x in ((halving, (1, 1, 6, 6)), (keeping, (2, 3, 32, 32)), (widening, (1, 1, 8, 8))):
        model = make()
        print(f"{make.__name__:9} {shapecalc.analyze(model).output}")
        print(f"          {x} becomes {tuple(model(torch.rand(x)).shape)}")


if __name__ == "__main__":
    main()
