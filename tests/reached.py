"""What really reaches an output: found by changing the input of a real call, slab by slab.

Nothing here knows of rules or relations. A slab is all elements of one operand with one index on
one axis. It is changed in several ways, and whatever changes in the output was reached. Zeroes
of gradients behind a dead ReLU, lost maxima and fast algorithms do not mislead it: the changes
are large and small, up and down, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import torch

REFUSED = (RuntimeError, ValueError, IndexError)
Run = Callable[[Sequence[torch.Tensor]], Sequence[torch.Tensor]]


def slabs(shape: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (axis, index) for every slab of a tensor."""
    for axis, size in enumerate(shape):
        for index in range(size):
            yield axis, index


def telling_slabs(shape: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the slabs at both ends of every axis, next to them, and in the middle."""
    for axis, size in enumerate(shape):
        for index in sorted({0, 1, size // 2, size - 2, size - 1} & set(range(size))):
            yield axis, index


def starts(inputs: Sequence[torch.Tensor], run: Run) -> Iterator[list[torch.Tensor]]:
    """Yield values to start from: some reads show only where the others are 0, 1, or equal."""
    yield list(inputs)
    for value in (0, 1, 2):
        for kept in (None, *range(len(inputs))):
            start = [x if n == kept else torch.full_like(x, value) for n, x in enumerate(inputs)]
            with suppress(*REFUSED):
                run(start)
                yield start


def reached(
    run: Run, inputs: Sequence[torch.Tensor], operand: int, where: torch.Tensor
) -> list[torch.Tensor]:
    """Return, for each output, which elements change with the elements `where` of an operand."""
    before = run(inputs)
    found = [torch.zeros(out.shape, dtype=torch.bool) for out in before]
    for changed in changes(inputs[operand], where):
        try:
            after = run([*inputs[:operand], changed, *inputs[operand + 1 :]])
        except REFUSED:  # a probability above 1, for example
            continue
        for mask, old, new in zip(found, before, after, strict=True):
            if old.shape == new.shape:
                mask |= differs(old, new)
    return found


def differs(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """Tell for every element whether it changed by more than rounding; NaN equals NaN."""
    if old.is_floating_point() or old.is_complex():
        rounding = (old - new).abs() <= 1e-13  # a weight of 0 may come out as 1e-16
        return (old != new) & ~rounding & ~(old.isnan() & new.isnan())
    return old != new


def changes(x: torch.Tensor, where: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield copies of `x` with other values at the elements `where`."""
    generator = torch.Generator().manual_seed(int(where.sum()) + 7)
    if x.dtype == torch.bool:
        yield x ^ where
        yield x & ~where
        yield x | where
        return
    if not (x.is_floating_point() or x.is_complex()):
        for _ in range(3):
            other = torch.randint(0, 2, x.shape, generator=generator, dtype=x.dtype)
            yield torch.where(where, other, x)
        yield torch.where(where, 1 - x.clamp(0, 1), x)
        return
    noise = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    for other in (
        x + 0.25 * noise, x - 0.25 * noise, -x * (1 + noise), x + 100 + 100 * noise,
        x - 100 - 100 * noise, torch.zeros_like(x), x + 3 * noise, x - 3 * noise,
    ):  # fmt: skip
        yield torch.where(where, other, x)


def slab(x: torch.Tensor, axis: int, index: int) -> torch.Tensor:
    """Return the mask of one slab."""
    mask = torch.zeros(x.shape, dtype=torch.bool)
    mask.select(axis, index).fill_(True)
    return mask


def tensors_in(outputs: Any) -> list[torch.Tensor]:
    """Return the tensors of a nested result, in order."""
    if isinstance(outputs, torch.Tensor):
        return [outputs]
    values = outputs.values() if isinstance(outputs, dict) else outputs
    return [
        tensor
        for value in values
        if isinstance(value, (torch.Tensor, tuple, list, dict))
        for tensor in tensors_in(value)
    ]
