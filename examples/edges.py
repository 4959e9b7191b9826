r"""A kernel that finds edges.

`[[-1, 1]]` takes the pixel on the left from the one on the right. Where the picture does not
change it gives 0, where dark turns to bright it gives 1, where bright turns to dark -1. Nobody
needs to say where the edge is: the same two weights look everywhere.

    shapecalc explain examples/edges.py:model conv --element 0,1,1 \
        --values examples/images/white_square.json
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

# a white square on black: on the right it goes to the border of the picture
SQUARE = [
    [0, 0, 0, 0, 0],
    [0, 0, 1, 1, 1],
    [0, 0, 1, 1, 1],
    [0, 0, 1, 1, 1],
    [0, 0, 0, 0, 0],
]
INSIDE = [
    [0, 0, 0, 0, 0],
    [0, 1, 1, 1, 0],
    [0, 1, 1, 1, 0],
    [0, 1, 1, 1, 0],
    [0, 0, 0, 0, 0],
]


def model() -> nn.Module:
    """A convolution with the kernel [[-1, 1]] and no bias."""
    conv = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
    with torch.no_grad():
        conv.weight[0, 0] = torch.tensor([[-1, 1]])
    return nn.Sequential(OrderedDict(conv=conv))


def edges(picture: list[list[int]]) -> list[list[int]]:
    """Return what the kernel finds in a picture."""
    x = torch.tensor(picture, dtype=torch.float32)[None, None]
    found: list[list[int]] = model()(x)[0, 0].int().tolist()
    return found


def main() -> None:
    """Print both pictures beside their edges."""
    for name, picture in (("a square at the border", SQUARE), ("a square inside", INSIDE)):
        print(f"{name}, and its edges")
        for row, found in zip(picture, edges(picture), strict=True):
            pixels = " ".join("#" if pixel else "." for pixel in row)
            print(f"  {pixels}  {''.join(f'{number:4}' for number in found)}")


if __name__ == "__main__":
    main()
