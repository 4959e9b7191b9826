"""The elements under a window, on every axis: where they are, and what is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from shapecalc.explain.explanation import Patch


@dataclass(frozen=True, slots=True)
class AxisWindow:
    """The indices that a window covers on one axis of `size` elements.

    What is outside of them is padding: a constant, or by `mode` a copy of an element inside.
    """

    size: int
    indices: tuple[int, ...]
    mode: str = "zeros"

    @property
    def inside(self) -> tuple[bool, ...]:
        """Which of them are elements of the input."""
        return tuple(0 <= index < self.size for index in self.indices)

    @property
    def sources(self) -> tuple[int, ...]:
        """Where the value at each index is found; anywhere, for a constant."""
        last = self.size - 1
        match self.mode:
            case "circular":
                return tuple(index % self.size for index in self.indices)
            case "reflect":  # the border itself is not repeated
                around = (-index if index < 0 else index for index in self.indices)
                return tuple(2 * last - index if index > last else index for index in around)
        return tuple(min(max(index, 0), last) for index in self.indices)


def windows(
    sizes: Sequence[int],
    place: Sequence[int],
    *,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    mode: str = "zeros",
) -> tuple[AxisWindow, ...]:
    """Return the window of the output element at `place`: i*stride - padding + k*dilation."""
    found = []
    axes = zip(sizes, place, kernel_size, stride, padding, dilation, strict=True)
    for size, i, kernel, s, p, d in axes:
        indices = tuple(i * s - p + k * d for k in range(kernel))
        found.append(AxisWindow(size, indices, mode))
    return tuple(found)


def gathered(x: torch.Tensor, axes: Sequence[AxisWindow], *, constant: float = 0.0) -> torch.Tensor:
    """Return the elements under a window over the last axes of `x`, in float64."""
    first = x.dim() - len(axes)
    inside = torch.ones((), dtype=torch.bool)
    for number, axis in enumerate(axes):
        if axis.size:
            x = x.index_select(first + number, torch.tensor(axis.sources, dtype=torch.long))
        if axis.mode in ("zeros", "constant"):
            shape = [-1] + [1] * (len(axes) - 1 - number)
            inside = inside & torch.tensor(axis.inside, dtype=torch.bool).reshape(shape)
    return x.double().masked_fill(~inside, constant)


def patch(
    name: str,
    names: Sequence[str],
    axes: Sequence[AxisWindow],
    values: torch.Tensor,
    weights: torch.Tensor | None = None,
) -> Patch:
    """Return the patch of what a window covers."""
    return Patch(
        name=name,
        axes=tuple(names),
        sizes=tuple(axis.size for axis in axes),
        indices=tuple(axis.indices for axis in axes),
        values=tuple(values.flatten().tolist()),
        weights=None if weights is None else tuple(weights.double().flatten().tolist()),
    )


def per_axis(value: Any, axes: int) -> tuple[int, ...]:
    """Return a parameter for every axis; torch takes one for all.

    >>> per_axis(3, 2), per_axis((1, 2), 2)
    ((3, 3), (1, 2))
    """
    return tuple(_spread(value, axes))


def _spread(value: Any, axes: int) -> Iterator[int]:
    if not isinstance(value, (tuple, list)):
        value = (value,)
    yield from (int(entry) for entry in (value * axes if len(value) == 1 else value))
