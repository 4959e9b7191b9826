"""Advice: legal, and hardly the best."""

from __future__ import annotations

import torch
from torch import nn

from tests.diagnosis_pairs import Pair


def deep(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers)


def strided(depth: int) -> nn.Module:
    """Convolutions that halve the map."""
    return deep(*(nn.Conv2d(3, 3, 3, stride=2, padding=1) for _ in range(depth)))


class Cropped(nn.Module):
    """A shortcut that is cropped at one side, or at both."""

    def __init__(self, *, even: bool) -> None:
        super().__init__()
        self.even = even
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        cropped = x[:, :, 1:-1, 1:-1] if self.even else x[:, :, 2:, 2:]
        return cropped + self.conv(x)


def pair(kind: str, broken: nn.Module, repaired: nn.Module, *inputs: str, **rest: object) -> Pair:
    """Return a pair of models of which torch raises on neither."""
    return Pair(
        kind=kind,
        broken=lambda: broken,
        repaired=lambda: repaired,
        inputs=inputs,
        raises=False,
        repairs=kind == "forgotten_padding" and rest.pop("one", False) is True,
        **rest,  # type: ignore[arg-type]
    )


PAIRS = [
    pair(
        "forgotten_padding",
        deep(nn.Conv2d(3, 8, 5), nn.Conv2d(8, 8, 5), nn.Conv2d(8, 8, 5)),
        deep(*(nn.Conv2d(c, 8, 5, padding=2) for c in (3, 8, 8))),
        "N,3,28,28",
        layer="0",
    ),
    pair(
        "forgotten_padding",
        deep(nn.Conv2d(3, 8, 7), nn.ReLU()),
        deep(nn.ReflectionPad2d(3), nn.Conv2d(3, 8, 7), nn.ReLU()),
        "N,3,28,28",
        layer="0",
        one=True,
    ),
    pair(
        "lost_pixels",
        deep(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(4)),
        deep(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(4, ceil_mode=True)),
        "N,3,30,30",
        layer="1",
    ),
    pair(
        "heavy_linear",
        deep(nn.Flatten(), nn.Linear(32 * 32, 512), nn.ReLU(), nn.Linear(512, 10)),
        deep(
            nn.Conv2d(1, 64, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 10),
        ),
        "N,1,32,32",
        layer="1",
    ),
    pair(
        "even_kernel",
        nn.Conv2d(3, 8, 4, padding="same"),
        nn.Conv2d(3, 8, 3, padding="same"),
        "N,3,32,32",
    ),
    pair(
        "checkerboard",
        deep(nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1)),
        deep(nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1)),
        "N,8,16,16",
        layer="0",
    ),
    pair(
        "gridding",
        deep(*(nn.Conv2d(c, 8, 3, padding=2, dilation=2) for c in (3, 8, 8))),
        deep(
            nn.Conv2d(3, 8, 3, padding=1),
            *(nn.Conv2d(8, 8, 3, padding=2, dilation=2) for _ in range(2)),
        ),
        "N,3,32,32",
        layer="0",
    ),
    pair("field_larger", strided(5), strided(4), "N,3,32,32", layer="4"),
    pair(
        "misaligned", Cropped(even=False), Cropped(even=True), "N,3,32,32", layer="add"
    ),
    pair(
        "field_smaller",
        deep(nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)),
        deep(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(4), nn.Conv2d(8, 8, 5, padding=2)),
        "N,3,32,32",
        layer="1",
        options={"object_size": 20},
    ),
]  # fmt: skip
