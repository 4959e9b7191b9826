"""What stride, padding and dilation do to the size.

With a kernel of k, a stride of s, a padding of p on each side and a dilation of d, an axis of H
elements becomes `floor((H + 2*p - d*(k - 1) - 1)/s) + 1`. The floor drops what is left over at the
end: of 7 rows and of 8, a stride of 2 may make the same number.

    shapecalc show examples/sizes.py:strided --at N=1,H=8,W=8
    shapecalc show examples/conv_formula.yaml --layer conv
"""

from __future__ import annotations

import torch
from torch import nn

import shapecalc


def plain() -> nn.Module:
    """A kernel alone: k - 1 rows are lost."""
    return nn.Conv2d(1, 1, 3)


def padded() -> nn.Module:
    """A padding of (k - 1)/2 makes up for it."""
    return nn.Conv2d(1, 1, 3, padding=1)


def strided() -> nn.Module:
    """A stride of 2 halves the size."""
    return nn.Conv2d(1, 1, 3, stride=2, padding=1)


def dilated() -> nn.Module:
    """A dilation of 2 spreads a kernel of 3 over 5 rows."""
    return nn.Conv2d(1, 1, 3, dilation=2)


def main() -> None:
    """Print the formula of each layer, and what torch makes of 7, 8 and 9 rows."""
    print("layer     output                                      of 7  of 8  of 9")
    for make in (plain, padded, strided, dilated):
        formula = shapecalc.analyze(make(), "N,1,H,W").output
        rows = [make()(torch.zeros(1, 1, size, size)).shape[2] for size in (7, 8, 9)]
        print(f"{make.__name__:8}  {formula!s:42}  " + "  ".join(f"{row:4}" for row in rows))


if __name__ == "__main__":
    main()
