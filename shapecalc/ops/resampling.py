"""Which elements of an axis an interpolated one is made of, mode by mode.

Steps between the places of neighbouring outputs are fractions, which places are computed from
exactly. An element whose weight is 0 is not read; torch's floats may give it one of about 1e-16.

Source:
    https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html, and
    ATen/native/UpSample.h and ATen/native/cpu/UpSampleKernel.cpp for the places and weights.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from shapecalc import dims
from shapecalc.access import WHOLE, AxisAccess, Interval, Same, index, only
from shapecalc.conditions import Condition
from shapecalc.dims import ONE, ZERO, Dim

Quotient: TypeAlias = tuple[Dim, Dim]  # numerator and denominator
Ends: TypeAlias = tuple[Dim, Dim]  # the first and the last of some indices

_COPIED = "a size that stays as it is is copied"
_COPIED_OR_NOT = "the memory format decides whether a size that stays or doubles is copied"
NEAREST = ("nearest", "nearest-exact")
_REACH = {"bilinear": 1, "bicubic": 2, "lanczos": 3}  # of the filters with antialias, in steps
_LARGE = 720_720_000  # a size to compare growing sizes at, which small numbers divide
_TRIED = 4096  # outputs for which torch's floats are tried where there is no telling how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """One axis of an interpolation from `size` elements to `count`.

    Units:
        size, count: elements.
        factor: output elements per input element, where it is not `size` and `count` that say it.
    """

    axis: int
    size: Dim
    count: Dim
    mode: str
    factor: Dim | float | None = None
    align_corners: bool = False
    antialias: bool = False

    def reads(self) -> tuple[list[AxisAccess], str]:
        """Return entries to be united, and why they may be more than is read."""
        if self.copies() and self.count == self.size:
            return [Same(self.axis)], ""
        step = self.step()
        if step is None:
            return [WHOLE], "the factor is computed from sizes"
        if step[0] == step[1]:
            return [Same(self.axis)], ""
        if self.antialias:
            return self.filtered(step)
        if self.mode in NEAREST:
            return self.nearest(step)
        why = _COPIED if self.copies() and self.may_keep(step, 1) else ""
        return [self.clamped(self.around(self.place(step)), self.bound(step))], why

    def step(self) -> Quotient | None:
        """Return how many input elements lie between two outputs; None if that is no quotient."""
        size, count = self.size, self.count
        if self.align_corners:
            # a single output stands at the first element: its index is 0, but that of a filter
            few = dims.minimum(count - 1, ONE) if self.antialias else ONE
            return _lowest(dims.mul(size - 1, few), dims.maximum(count - 1, ONE))
        if self.factor is None:
            return _lowest(size, count)
        if _is_number(self.factor):
            step = 1 / _as_fraction(float(self.factor))
            return dims.as_dim(step.numerator), dims.as_dim(step.denominator)
        factor = dims.quotient(self.factor)
        return factor and (factor[1], factor[0])

    def place(self, step: Quotient) -> Quotient:
        """Return where the output at `index(axis)` stands, in indices or, for a filter, lengths."""
        p, q = step
        if self.mode == "nearest" or (self.align_corners and not self.antialias):
            return dims.mul(index(self.axis), p), q
        middle = dims.mul(2 * index(self.axis) + 1, p)  # that of element 0 is at a length of 1/2
        return (middle if self.mode in NEAREST or self.antialias else middle - q), 2 * q

    def around(self, place: Quotient) -> Ends:
        """Return the neighbours of a place: one, two or four, but itself alone where it is one."""
        below, above = dims.floordiv(*place), dims.ceildiv(*place)
        if self.mode in NEAREST:
            return below, below
        if self.mode == "bicubic":  # one more on each side, if there is a between
            return 2 * below - above, 2 * above - below
        return below, above

    def nearest(self, step: Quotient) -> tuple[list[AxisAccess], str]:
        """Return the one element at a place; torch finds it in float32, whatever the type is."""
        (at, _), bound = self.around(self.place(step)), self.bound(step)
        if self.mode == "nearest" and (self.may_keep(step, 1) or self.may_keep(step, 2)):
            return [Interval(at, at + 1)], _COPIED_OR_NOT
        numbers = [dims.as_int(dim) for dim in (*step, self.count)]
        if numbers[0] is not None and numbers[1] is not None:
            count = _TRIED if numbers[2] is None else numbers[2]
            scale = 1 / self.factor if self.factor else numbers[0] / numbers[1]
            half = self.mode == "nearest-exact"
            if not _floats_agree(numbers[0], numbers[1], float(scale), count, half):
                return [Interval(at - 1, at + 1)], "the rounding of floats decides"
        return [only(at) if bound is None else Interval(at, at, bound=bound)], ""

    def filtered(self, step: Quotient) -> tuple[list[AxisAccess], str]:
        """Return what a filter sees that is as wide as the larger of a step and an element."""
        reach, why = _REACH[self.mode], _COPIED if self.may_keep(step, 1) else ""
        edges = [-reach, reach]
        if reach > 1:  # filters are 0 at whole steps, where there is an element if both are odd
            numbers = [dims.as_int(dim) for dim in step]
            if None in numbers:
                why = "the filter is 0 at whole steps"
            elif all(number and number % 2 for number in numbers):
                edges = [*range(-reach, 0), *range(1, reach + 1)]
        place, twice = self.place(step)
        width = 2 * dims.maximum(*step)
        ends = [dims.mul(dims.as_dim(edge), width) + place - step[1] for edge in edges]
        bound = self.bound(step) if len(edges) == 2 else None
        pieces = [
            (dims.floordiv(low, twice) + 1, dims.ceildiv(high, twice) - 1)
            for low, high in pairwise(ends)
        ]
        return [self.clamped(piece, bound) for piece in pieces], why

    def clamped(self, ends: Ends, bound: Ends | None = None) -> Interval:
        """Return the indices that there are: torch takes the first and the last for others."""
        low, high = ends
        if self.align_corners and self.mode != "bicubic" and not self.antialias:
            return Interval(low, high, bound=bound)  # never outside
        first, last = dims.maximum(low, ZERO), dims.minimum(high, self.size - 1)
        return Interval(first, last, away=ends, bound=bound)

    def copies(self) -> bool:
        """Tell whether torch copies an axis that keeps its size, whatever the factor is."""
        return self.antialias or self.mode in ("linear", "bilinear", "trilinear")

    def may_keep(self, step: Quotient, times: int) -> bool:
        """Tell whether the size may end up `times` as large, though by a larger factor.

        As if the factor were `times`, an output then stands less than one element further on.
        """
        p, q = (dims.as_int(dim) or 0 for dim in step)
        if self.factor is None or not times * p < q < (times + 0.5) * p:
            return False
        return Condition(self.count, "==", times * self.size).known() is not False

    def bound(self, step: Quotient) -> Ends | None:
        """Return indices that are certain, where the step is a quotient of sizes that grow alike.

        A step of r + d/n for n outputs and a d between numbers puts the output at (i + 1/2)*r,
        plus between 0 and d elements.
        """
        known = self.factor is not None or None not in map(dims.as_int, step)
        if known or (self.align_corners and self.antialias):
            return None
        less = 1 if self.align_corners else 0
        alike = growth(self.size - less, self.count - less)
        if alike is None:
            return None
        ratio, least, most = alike
        reach = _REACH[self.mode] * max(ratio + most, Fraction(1)) if self.antialias else 0
        corner = self.mode == "nearest" or self.align_corners
        if not corner and self.mode != "nearest-exact":  # from lengths to indices
            least, most = least - Fraction(1, 2), most - Fraction(1, 2)
        if not corner:  # the middle of an output
            least, most = least + ratio / 2, most + ratio / 2
        low, high = line(self.axis, ratio, least - reach), line(self.axis, ratio, most + reach)
        if self.antialias:
            return dims.floordiv(*low) + 1, dims.ceildiv(*high) - 1
        more = 1 if self.mode == "bicubic" else 0
        last = dims.floordiv(*high) if self.mode in NEAREST else dims.ceildiv(*high)
        return dims.floordiv(*low) - more, last + more


def _lowest(numerator: Dim, denominator: Dim) -> Quotient:
    numbers = dims.as_int(numerator), dims.as_int(denominator)
    if numbers[0] is not None and numbers[1] is not None:
        step = Fraction(numbers[0], numbers[1])
        return dims.as_dim(step.numerator), dims.as_dim(step.denominator)
    if dims.divides(denominator, numerator):
        return ONE, dims.floordiv(denominator, numerator)
    if dims.divides(numerator, denominator):
        return dims.floordiv(numerator, denominator), ONE
    return numerator, denominator


def _is_number(factor: Dim | float) -> bool:
    return isinstance(factor, (int, float)) or bool(factor.is_Number)


def _as_fraction(factor: float) -> Fraction:
    near = Fraction(factor).limit_denominator(1000)
    return near if float(near) == factor else Fraction(factor)


def line(axis: int, slope: Fraction, start: Fraction) -> Quotient:
    """Return index*slope + start."""
    unit = math.lcm(slope.denominator, start.denominator)
    return int(slope * unit) * index(axis) + int(start * unit), dims.as_dim(unit)


@lru_cache(1 << 10)
def growth(size: Dim, count: Dim) -> tuple[Fraction, Fraction, Fraction] | None:
    """Return (r, low, high) with r*count + low <= size <= r*count + high, if there are any.

    `low` is 0 or below, `high` is 0 or above.

    >>> H = dims.symbol("H")
    >>> growth(H, dims.floordiv(H, 2))
    (Fraction(2, 1), Fraction(0, 1), Fraction(1, 1))
    """
    names = [str(name) for name in dims.symbols_of((size, count))]
    at = dict.fromkeys(names, _LARGE)
    values = dims.evaluate(size, at), dims.evaluate(count, at)
    ratio = Fraction(values[0], max(values[1], 1)).limit_denominator(64)
    if not names or ratio <= 0:
        return None
    over = dims.sub(ratio.denominator * size, ratio.numerator * count)
    least, most = dims.lower_bound(over), dims.lower_bound(-over)
    if least is None or most is None:
        return None
    nothing = Fraction(0)
    low, high = least / ratio.denominator, -most / ratio.denominator
    return ratio, min(low, nothing), max(high, nothing)


@lru_cache(1 << 10)
def _floats_agree(p: int, q: int, scale: float, count: int, half: bool) -> bool:
    """Tell whether torch's arithmetic of float32 finds floor((i + half/2)*p/q) for all outputs."""
    scale, offset = _float32(scale), 0.5 if half else 0.0
    return all(
        math.floor(_float32((i + offset) * scale)) == (2 * i + half) * p // (2 * q)
        for i in range(count)
    )


def _float32(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded
