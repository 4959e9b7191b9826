"""Normalization by statistics of a sample: https://pytorch.org/docs/stable/nn.html#normalization-layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from shapecalc import dims
from shapecalc.access import (
    FIRST,
    WHOLE,
    Access,
    AxisAccess,
    Interval,
    Reads,
    Same,
    Window,
    along,
    index,
)
from shapecalc.conditions import require, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape, format_dim, format_shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.ops.linear import features_fix
from shapecalc.ops.normalization import affine_parameters, features_of
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNorm(Op):
    """The last axes, those of `normalized_shape`, shifted and scaled; `RMSNorm` only scales.

    Shapes:
        x: (*, *normalized_shape)
        output: the shape of `x`

    Raises:
        RankError: `normalized_shape` is empty, or longer than the shape of `x`.
        DimMismatchError: the last axes of `x` can never be `normalized_shape`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """

    function: str = field(default="LayerNorm", repr=False)  # it is `kind`
    normalized_shape: tuple[Dim, ...]

    @property
    def kind(self) -> str:
        """`LayerNorm` or `RMSNorm`."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        axes = len(self.normalized_shape)
        if not 1 <= axes <= len(x):
            shape = format_shape(self.normalized_shape)
            raise RankError(f"expected (*, *normalized_shape) with {shape}, got {x}")
        for got, size in zip(x[-axes:], self.normalized_shape, strict=True):
            normalized = x[-axes:]
            certain = all(dim.is_Integer for dim in normalized)
            fix = f"build the layer with normalized_shape={format_shape(normalized)}"
            require_same(got, size, "normalized size", fix=fix if certain else None)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all of the normalized axes."""
        return [along(len(out), range(len(out) - len(self.normalized_shape), len(out)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNorm(Op):
    """Every group of channels of every sample shifted and scaled.

    Shapes:
        x: (N, num_channels, *)
        output: the shape of `x`

    Raises:
        RankError: `x` has no channel axis.
        DimMismatchError: the channel axis can never be `num_channels`.
        SizeError: the channels do not divide into groups; all groups hold a single number.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """

    num_groups: Dim
    num_channels: Dim | None = None  # None without weights

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if len(x) < 2:
            raise RankError(f"expected (N, C, *), got {len(x)} dimensions: {x}")
        batch, channels, *spatial = x
        if self.num_channels is not None:
            certain = dims.divides(channels, self.num_groups)
            fix = features_fix(channels, self.num_channels, "num_channels") if certain else None
            require_same(channels, self.num_channels, "channels", fix=fix)
        text = f"{format_dim(channels)} channels are not divisible by num_groups "
        text += format_dim(self.num_groups)
        require(dims.mod(channels, self.num_groups), "==", 0, text)
        groups = dims.floordiv(dims.product((batch, channels)), self.num_groups)
        message = f"expected more than 1 value per channel when training, got {x}"
        require(dims.product((groups, *spatial)), "!=", 1, message)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all positions in the channels of the group."""
        channels = group_of(1, out[1], self.num_groups)
        return [Access((Same(0), channels, *(WHOLE for _ in out[2:])))]


def group_of(axis: int, channels: Dim, num_groups: Dim) -> AxisAccess:
    """Return which channels are in one group with the channel on axis `axis`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """
    if num_groups == 1:
        return WHOLE
    if num_groups == channels:
        return Same(axis)
    inside, here = dims.floordiv(channels, num_groups), index(axis)
    first = dims.mul(dims.floordiv(here, inside), inside)
    return Interval(first, first + inside - 1, bound=(here - inside + 1, here + inside - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResponseNorm(Op):
    """Every element divided by what `size` neighbouring channels hold at its place.

    Shapes:
        x: (N, C, *), with 3 or more axes
        output: the shape of `x`

    Units:
        size: channels.

    Raises:
        RankError: `x` has fewer than 3 axes.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
    """

    function: str = field(default="LocalResponseNorm", repr=False)  # it is `kind`
    size: Dim

    @property
    def kind(self) -> str:
        """`LocalResponseNorm` or `CrossMapLRN2d`."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if len(x) < 3:
            raise RankError(f"expected 3 or more dimensions (N, C, *), got {len(x)}: {x}")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the neighbouring channels."""
        if self.function == "LocalResponseNorm":
            size, before = self.size, dims.floordiv(self.size, 2)
            return [along(len(out), [1], Window(axis=1, kernel_size=size, padding=before))]
        # torch's sliding sum never takes the first channel out again
        half = dims.floordiv(self.size - 1, 2)
        near = Window(axis=1, kernel_size=2 * half + 1, padding=half)
        return [[along(len(out), [1], near), along(len(out), [1], FIRST)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalize(Op):
    """Every vector along `dim` divided by its norm.

    Shapes:
        x: any shape with those axes
        output: the shape of `x`

    Raises:
        RankError: there is no such axis.
        SizeError: `p` is infinite or negative, and a vector is empty.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """

    p: float = 2.0
    dim: int | tuple[int, ...] | None = 1

    @property
    def kind(self) -> str:
        """`normalize`, as the function is called."""
        return "normalize"

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        named = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        axes = [axis_index(dim, len(x)) for dim in named if dim is not None]
        if len(set(axes)) < len(axes):
            raise RankError(f"an axis appears twice in dim={self.dim}")
        if self.p < 0 or self.p == math.inf:  # a maximum or minimum, which nothing has none of
            for size in (x[axis] for axis in axes) if axes else x:
                require_positive(size, "a size to be normalized over")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the vector along `dim`."""
        named = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        axes = [dim for dim in named if dim is not None]
        return [along(len(out), axes or range(len(out)))]


@reader("layer_norm", "rms_norm", named=True)
def read_layer_norm(
    name: str,
    input: Operand,
    normalized_shape: Sequence[IntoDim],
    weight: Operand | None = None,
    bias: Operand | float | None = None,  # rms_norm has its eps here
    *options: object,
    **named: object,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html"""
    shape = Shape(normalized_shape)
    for tensor, what in ((weight, "weight"), (bias, "bias")):
        if isinstance(tensor, Operand):
            require_rank(tensor.shape, len(shape), layout=f"of the {what}, as normalized_shape")
            for got, size in zip(tensor.shape, shape, strict=True):
                require_same(got, size, f"a size of the {what}")
    function = "LayerNorm" if name == "layer_norm" else "RMSNorm"
    return Call(LayerNorm(function=function, normalized_shape=tuple(shape)), (input,))


@reader("nn.functional.group_norm")
def read_group_norm(
    input: Operand,
    num_groups: IntoDim,
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html"""
    require_positive(num_groups, "num_groups")
    for tensor, what in ((weight, "weight"), (bias, "bias")):
        if tensor is not None:
            require_rank(tensor.shape, 1, layout=f"of the {what}")
    num_channels = features_of(weight=weight, bias=bias)
    op = GroupNorm(num_groups=dims.as_dim(num_groups), num_channels=num_channels)
    return Call(op, (input,))


@reader("local_response_norm")
def read_local_response_norm(
    input: Operand, size: IntoDim, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html"""
    require_positive(size, "size")
    return Call(LocalResponseNorm(size=dims.as_dim(size)), (input,))


@reader("normalize")
def read_normalize(
    input: Operand,
    p: float = 2.0,
    dim: int | Sequence[int] | None = 1,
    eps: float = 1e-12,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html"""
    axes = tuple(dim) if isinstance(dim, Sequence) else dim
    return Call(Normalize(p=float(p), dim=axes), (input,))


@layer("LayerNorm")
def build_layer_norm(
    name: str,
    inputs: tuple[Shape, ...],
    normalized_shape: IntoDim | Sequence[IntoDim] | None,
    eps: float = 1e-5,
    elementwise_affine: bool = True,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html"""
    shape = _normalized_shape(inputs[0], normalized_shape)
    return Built(
        LayerNorm(normalized_shape=tuple(shape)),
        affine_parameters(shape, affine=elementwise_affine, bias=bias),
    )


@layer("RMSNorm")
def build_rms_norm(
    name: str,
    inputs: tuple[Shape, ...],
    normalized_shape: IntoDim | Sequence[IntoDim] | None,
    eps: float | None = None,
    elementwise_affine: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html"""
    shape = _normalized_shape(inputs[0], normalized_shape)
    return Built(
        LayerNorm(function="RMSNorm", normalized_shape=tuple(shape)),
        affine_parameters(shape, affine=elementwise_affine, bias=False),
    )


@layer("GroupNorm")
def build_group_norm(
    name: str,
    inputs: tuple[Shape, ...],
    num_groups: IntoDim,
    num_channels: IntoDim | None,
    eps: float = 1e-5,
    affine: bool = True,
    *,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html"""
    require_positive(num_groups, "num_groups")
    channels = inputs[0][1] if num_channels is None else dims.as_dim(num_channels)
    op = GroupNorm(num_groups=dims.as_dim(num_groups), num_channels=channels if affine else None)
    return Built(op, affine_parameters(Shape((channels,)), affine=affine, bias=bias))


@layer("LocalResponseNorm", "CrossMapLRN2d")
def build_local_response_norm(
    name: str,
    inputs: tuple[Shape, ...],
    size: IntoDim,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html"""
    require_positive(size, "size")
    if name == "CrossMapLRN2d":
        require_rank(inputs[0], 4, layout="(N, C, H, W)")
    return Built(LocalResponseNorm(function=name, size=dims.as_dim(size)))


def _normalized_shape(x: Shape, given: IntoDim | Sequence[IntoDim] | None) -> Shape:
    if given is None:
        return Shape(x[-1:])
    return Shape(given if isinstance(given, Sequence) else (given,))
