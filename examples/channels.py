"""What a kernel does with channels.

A kernel is as deep as its input: of a colour picture it takes a patch of red, one of green and one
of blue, adds all products up, and makes one number of them. Each output channel has a kernel of
its own. With groups, a kernel sees some of the channels only.

    shapecalc explain examples/channels.py:colour conv --element 0,1,1 --size 4x4
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

import shapecalc


def colour() -> nn.Module:
    """Three channels become two: the kernels hold 2*3*2*2 weights."""
    conv = nn.Conv2d(3, 2, kernel_size=2)
    with torch.no_grad():
        conv.weight[0] = torch.tensor([[[1, 0], [0, 0]], [[0, 1], [0, 0]], [[0, 0], [2, 0]]])
        conv.weight[1] = 1
        conv.bias[:] = torch.tensor([10, 0])
    return nn.Sequential(OrderedDict(conv=conv))


def grouped() -> nn.Module:
    """Each channel by itself, which is called depthwise."""
    return nn.Conv2d(4, 4, kernel_size=3, groups=4)


def main() -> None:
    """Print one element of a colour picture, and the weights of four layers."""
    print(shapecalc.analyze(colour()).explain("conv", element=(0, 0, 0), H=3, W=3))
    layers = {
        "1 to 4 channels": nn.Conv2d(1, 4, 3),
        "4 to 4 channels": nn.Conv2d(4, 4, 3),
        "4 to 4 in 4 groups": grouped(),
        "4 to 4, of 1x1": nn.Conv2d(4, 4, 1),
    }
    for name, layer in layers.items():
        print(f"{name:20} weight {tuple(layer.weight.shape)}, {layer.weight.numel()} numbers")


if __name__ == "__main__":
    main()
