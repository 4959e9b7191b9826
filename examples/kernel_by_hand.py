r"""One kernel on a 4x4 image.

A convolution lays its kernel on a patch of the image, multiplies what lies on each other and adds
the products up. Then it moves the kernel one pixel on: nine patches of 2x2 fit into 4x4, so that
the output is 3x3. Each patch takes the same four weights.

    shapecalc explain examples/kernel_by_hand.py:model conv --element 0,0,0 \
        --values examples/images/four_by_four.json
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

import shapecalc

IMAGE = [[1, 2, 1, 0], [5, 3, 0, 5], [2, 1, 3, 1], [0, 2, 1, 2]]
KERNEL = [[1, 0], [0, -1]]


def model() -> nn.Module:
    """A convolution with this kernel and no bias."""
    conv = nn.Conv2d(1, 1, kernel_size=2, bias=False)
    with torch.no_grad():
        conv.weight[0, 0] = torch.tensor(KERNEL)
    return nn.Sequential(OrderedDict(conv=conv))


def main() -> None:
    """Print the first patch by hand, then what torch makes of all nine."""
    analysis = shapecalc.analyze(model(), "N,1,H,W")
    print(analysis.explain("conv", element=(0, 0, 0), x=IMAGE))
    print("All nine patches, by torch:")
    output = model()(torch.tensor(IMAGE, dtype=torch.float32).reshape(1, 1, 4, 4))
    for row in output[0, 0].int().tolist():
        print("".join(f"{number:4}" for number in row))


if __name__ == "__main__":
    main()
