"""Values of inputs, ways to change them, and how to tell that an output changed with them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from shapecalc import dims
from shapecalc.inputs import Pattern
from shapecalc.trace.symbolic_tensor import DTYPES

_ROUNDING = {torch.float64: 1e-13, torch.complex128: 1e-13}  # relative to the largest element
_COARSE = 1e-5  # for all other types
_SAME = 1e-9  # relative: a copy in a batch computes what it does alone


def drawn(pattern: Pattern, sizes: Mapping[str, int]) -> torch.Tensor:
    """Return a random input of a pattern at given sizes."""
    generator = torch.Generator().manual_seed(2)
    shape = [dims.evaluate(dim, sizes) for dim in pattern.shape]
    dtype = DTYPES[pattern.dtype]
    if dtype.is_floating_point:
        real = torch.rand(shape, generator=generator, dtype=torch.float64) + 0.1
        return real.to(torch.get_default_dtype())
    if dtype.is_complex:
        return torch.rand(shape, generator=generator, dtype=torch.complex128).to(dtype)
    return torch.randint(0, 2, shape, generator=generator).to(dtype)  # within every vocabulary


def changed(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return other values: a little or a lot higher or lower, or of another sign, at random."""
    if not (x.is_floating_point() or x.is_complex()):
        other = torch.randint(0, 2, x.shape, generator=generator).to(x.dtype)
        flipped = ~x if x.dtype == torch.bool else 1 - x.clamp(0, 1)
        return torch.where(torch.rand(x.shape, generator=generator) < 0.7, flipped, other)
    noise = torch.rand(x.shape, generator=generator, dtype=torch.float64).to(x.dtype)
    ways = torch.stack(
        (
            x + 0.25 * noise, x - 0.25 * noise, x + 3 * noise, x - 3 * noise, -x * (1 + noise),
            x + 100 + 100 * noise, x - 100 - 100 * noise,
        )
    )  # fmt: skip
    chosen = torch.randint(0, len(ways), x.shape, generator=generator)
    return ways.gather(0, chosen.unsqueeze(0)).squeeze(0)


def differs(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """Tell for every element whether it changed by more than rounding; NaN equals NaN."""
    if not (old.is_floating_point() or old.is_complex()) or not old.numel():
        return old != new
    change = (old - new).abs()
    rounding = _ROUNDING.get(old.dtype, _COARSE) * max(_largest(old), _largest(new))
    found = change > rounding
    if not change.max().isfinite():
        odd = ~(old.isfinite() & new.isfinite())
        found = torch.where(odd, (old != new) & ~(old.isnan() & new.isnan()), found)
    return found


def _largest(x: torch.Tensor) -> float:
    """Return the largest finite absolute value."""
    largest = x.abs().max()
    return float(largest if largest.isfinite() else x.abs().nan_to_num(0, 0).max())


def alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Tell whether two outputs are the same but for rounding."""
    if one.shape != other.shape:
        return False
    if not one.is_floating_point():
        return bool((one == other).all())
    scale = _largest(other) if other.numel() else 0.0
    return torch.allclose(one, other, rtol=_SAME, atol=_SAME * scale, equal_nan=True)


def apart(joined: torch.Tensor, single: torch.Size, count: int) -> torch.Tensor | None:
    """Return an output of several copies with an axis in front that tells them apart."""
    if count == 1:
        return joined.unsqueeze(0) if joined.shape == single else None
    if joined.dim() != len(single):
        return None
    axes = [n for n, size in enumerate(joined.shape) if size != single[n]]
    if len(axes) != 1 or joined.shape[axes[0]] != count * single[axes[0]]:
        return None
    (axis,) = axes
    split = (*joined.shape[:axis], count, single[axis], *joined.shape[axis + 1 :])
    return joined.reshape(split).movedim(axis, 0)
