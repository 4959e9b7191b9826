"""Up- and down-sampling: https://pytorch.org/docs/stable/nn.html#vision-layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from shapecalc import dims
from shapecalc.access import Access, Reads, Same
from shapecalc.conditions import choose, require
from shapecalc.dims import Dim, IntoDim, Shape, format_dim
from shapecalc.errors import DataDependentError, RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, SizeFloat, require_rank
from shapecalc.ops.adaptive_pooling import AdaptivePool
from shapecalc.ops.resampling import Resampling
from shapecalc.ops.window import require_elements
from shapecalc.registry import Built, layer, reader

Sizes: TypeAlias = IntoDim | Sequence[IntoDim] | None
Factors: TypeAlias = float | Dim | SizeFloat | Sequence[float | Dim | SizeFloat] | None

_RANKS = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "area": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "lanczos": (4,),
    "trilinear": (5,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpolate(Op):
    """An image resampled to a size, or by a factor for every axis.

    Shapes:
        x: (N, C, *spatial); `linear` has one spatial axis, `bilinear` and its like two
        output: (N, C, *size), or floor(spatial*scale_factor)

    Units:
        size: elements, a number for all spatial axes or one for each.
        scale_factor: output elements per input element, one for all or one for each.

    Raises:
        RankError: the mode, the size or the factor is for another number of axes.
        SizeError: nothing is left of an axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """

    size: Dim | tuple[Dim, ...] | None = None
    scale_factor: float | Dim | SizeFloat | tuple[float | Dim | SizeFloat, ...] | None = None
    mode: str = "nearest"
    align_corners: bool = False
    recompute_scale_factor: bool = False
    antialias: bool = False

    @property
    def kind(self) -> str:
        """`interpolate`, as the function is called."""
        return "interpolate"

    def out_shape(self, x: Shape) -> OutShape:
        """Resample every spatial axis."""
        ranks = (4,) if self.antialias else _RANKS[self.mode]
        require_rank(x, *ranks, layout=f"(N, C, *spatial) for mode={self.mode!r}")
        batch, channels, *spatial = x
        if self.size is not None:
            sizes = _for_axes(self.size, len(spatial), "size")
        else:
            factors = _for_axes(self.scale_factor, len(spatial), "scale_factor")
            sizes = tuple(map(scaled, spatial, factors))
        least = 0 if self.mode == "area" else 1
        for size in sizes:
            message = f"interpolation to {format_dim(size)} elements, which has to be at least "
            require(size, ">=", least, f"{message}{least}")
        if self.mode == "area":
            return AdaptivePool(function="avg", output_size=sizes).out_shape(x)
        require_elements(x, len(x) - 1)
        return (batch, channels, *sizes)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the elements around a place of the image, in the same channel."""
        (_, _, *spatial), sizes = inputs[0], out[2:]
        if self.mode == "area":
            return AdaptivePool(function="avg", output_size=tuple(sizes)).reads(inputs, out)
        given = None if self.recompute_scale_factor or self.align_corners else self.scale_factor
        factors = _for_axes(given, len(spatial), "scale_factor")
        pieces, bounds = [], set[str]()
        for axis, (size, count, factor) in enumerate(zip(spatial, sizes, factors, strict=True), 2):
            entries, bound = Resampling(
                axis=axis,
                size=size,
                count=count,
                mode=self.mode,
                factor=factor.value if isinstance(factor, SizeFloat) else factor,
                align_corners=self.align_corners,
                antialias=self.antialias,
            ).reads()
            pieces.append(entries)
            bounds.add(bound)
        why = "; ".join(sorted(bounds - {""}))
        accesses = [Access((Same(0), Same(1), *piece), bound=why) for piece in product(*pieces)]
        return accesses if len(accesses) == 1 else [accesses]


def scaled(size: Dim, factor: float | Dim | SizeFloat) -> Dim:
    """Return floor(size*factor) as torch computes it, in double arithmetic.

    Where the factor is a quotient of sizes and rounding decides, the sizes are chosen to be
    those of the path, and the numbers computed as Python computes them.

    Raises:
        DataDependentError: the factor is another formula of sizes, and rounding decides.
    """
    if isinstance(factor, SizeFloat):
        factor = factor.value
    if isinstance(factor, (int, float)) or factor.is_Number:
        return dims.scaled(size, float(factor))
    out = dims.scaled_by_sizes(size, factor)
    if out is not None:
        return out
    formula = f"floor({format_dim(size)}*({factor}))"
    parts = dims.quotient(factor)
    if parts is None:
        raise DataDependentError(
            f"interpolate to {formula} elements: the rounding of floats decides what that is; "
            "pass the size, not a factor"
        )
    why = f"the rounding of floats decides what {formula} is"
    numerator, denominator = (choose(part, why) for part in parts)
    return dims.as_dim(math.floor(choose(size, why) * (numerator / denominator)))


def _for_axes(value: object, axes: int, what: str) -> tuple[Dim, ...]:
    entries = value if isinstance(value, tuple) else (value,) * axes
    if len(entries) != axes:
        raise RankError(f"expected {axes} entries for {what}, got {len(entries)}")
    return entries


def interpolate(
    size: Sizes,
    scale_factor: Factors,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
    antialias: bool = False,
) -> Interpolate:
    """Return the op for torch's arguments, after the checks that torch makes of them."""
    if mode not in _RANKS:
        raise SizeError(f"mode is one of {', '.join(_RANKS)}, got {mode!r}")
    if (size is None) == (scale_factor is None):
        raise SizeError("expected either a size or a scale_factor")
    if mode in ("nearest", "nearest-exact", "area") and align_corners is not None:
        raise SizeError(f"mode={mode!r} takes no align_corners")
    if recompute_scale_factor and size is not None:
        raise SizeError("recompute_scale_factor is for a scale_factor, not for a size")
    if antialias and mode not in ("bilinear", "bicubic", "lanczos"):
        raise SizeError(f"mode={mode!r} takes no antialias")
    if mode == "lanczos" and (align_corners or not antialias):
        raise SizeError("mode='lanczos' needs antialias=True, and takes no align_corners=True")
    options: dict[str, Any] = {
        "mode": mode,
        "align_corners": bool(align_corners),
        "antialias": antialias,
    }
    if size is not None:
        sizes = tuple(map(dims.as_dim, size)) if isinstance(size, Sequence) else dims.as_dim(size)
        return Interpolate(size=sizes, **options)
    factors = tuple(scale_factor) if isinstance(scale_factor, Sequence) else scale_factor
    recompute = bool(recompute_scale_factor)
    return Interpolate(scale_factor=factors, recompute_scale_factor=recompute, **options)


@reader("interpolate")
def read_interpolate(
    input: Operand,
    size: Sizes = None,
    scale_factor: Factors = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html"""
    rest = (mode, align_corners, recompute_scale_factor, antialias)
    return Call(interpolate(size, scale_factor, *rest), (input,))


@layer("Upsample")
def build_upsample(
    name: str,
    inputs: tuple[Shape, ...],
    size: Sizes = None,
    scale_factor: Factors = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html"""
    rest = (mode, align_corners, recompute_scale_factor)
    return Built(interpolate(size, scale_factor, *rest))


@layer("UpsamplingNearest2d", "UpsamplingBilinear2d")
def build_upsampling(
    name: str,
    inputs: tuple[Shape, ...],
    size: Sizes = None,
    scale_factor: Factors = None,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html"""
    if name == "UpsamplingNearest2d":
        return Built(interpolate(size, scale_factor, "nearest", None, None))
    return Built(interpolate(size, scale_factor, "bilinear", True, None))
