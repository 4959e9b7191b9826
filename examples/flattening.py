"""Why not to flatten first.

A dense layer on the flattened pixels has a weight for every pair of a pixel and an output, where a
convolution has one kernel for all places. And flattening forgets who is beside whom: the pixel
below is a whole row away. To a dense layer any order of the pixels is as good as any other: with
its weights in the same order it does the same.

    shapecalc explain examples/flattening.py:convolutional conv --size 28x28
    shapecalc explain examples/flattening.py:dense flatten --element 29
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

import shapecalc


def convolutional() -> nn.Module:
    """Eight maps of a picture of 28x28, by kernels of 3x3."""
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 8, kernel_size=3, padding=1)))


def dense() -> nn.Module:
    """As many numbers of the same picture, by a dense layer."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            dense=nn.Linear(28 * 28, 8 * 28 * 28),
            unflatten=nn.Unflatten(1, (8, 28, 28)),
        )
    )


def reordered(layer: nn.Linear, order: torch.Tensor) -> nn.Linear:
    """Return what does with the pixels in this order what `layer` does with them in line."""
    found = nn.Linear(layer.in_features, layer.out_features)
    with torch.no_grad():
        found.weight[:] = layer.weight[:, order]
        found.bias[:] = layer.bias
    return found


def main() -> None:
    """Print the weights of both, and where neighbours are after flattening."""
    explained = shapecalc.analyze(convolutional(), "N,1,H,W").explain("conv", H=28, W=28)
    for weights in explained.weights:
        print(f"{weights.layer:18} {weights.formula} = {weights.count:,} weights")
    places = torch.arange(28 * 28).reshape(1, 1, 28, 28)
    middle, right, below = (nn.Flatten()(places == n).int().argmax() for n in (29, 30, 57))
    print(f"a pixel is number {middle}, the one on its right {right}, the one below it {below}")


if __name__ == "__main__":
    main()
