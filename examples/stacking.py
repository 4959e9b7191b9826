"""Small kernels on top of each other see far.

An output of one 3x3 layer sees 3x3 pixels. The next layer takes 3x3 of those outputs, whose
windows overlap, and sees 5x5; the third one sees 7x7. Three layers of 3x3 see what one of 7x7
sees, with 27 weights in place of 49, and have two activations between.

    shapecalc field examples/stacking.py:three
    shapecalc field examples/stacking.py:three --layer conv3 --at 4,4 --size 9x9
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

import shapecalc


def three() -> nn.Module:
    """Three layers of 3x3 that keep the size."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number in (1, 2, 3):
        layers[f"conv{number}"] = nn.Conv2d(1, 1, kernel_size=3, padding=1, bias=False)
        layers[f"relu{number}"] = nn.ReLU()
    return nn.Sequential(layers)


def one() -> nn.Module:
    """One layer of 7x7."""
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 1, 7, padding=3, bias=False)))


def main() -> None:
    """Print the field after each layer, and the weights on the way."""
    for make in (three, one):
        analysis, weights = shapecalc.analyze(make(), "N,1,H,W"), 0
        for name, layer in make().named_children():
            if isinstance(layer, nn.Conv2d):
                weights += layer.weight.numel()
                height, width = analysis[name].receptive_field.size
                print(f"{name:6} sees {height} x {width} pixels, by {weights:2} weights so far")


if __name__ == "__main__":
    main()
