"""The three convolutions of a first course, each a target of its own.

shapecalc show examples/first_convolutions.py:halving --layer 0 --at H=6,W=6
"""

from torch import nn


def halving() -> nn.Module:
    """A 6x6 grey image becomes two 3x3 maps: floor((6 + 2*1 - 3)/2) + 1 = 3."""
    return nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1))


def keeping() -> nn.Module:
    """A colour image keeps its size: the padding of 1 makes up for the kernel of 3."""
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1))


def widening() -> nn.Module:
    """A grey image becomes four maps of the same size."""
    return nn.Sequential(nn.Conv2d(1, 4, 3, 1, 1))
