"""Vision layers: https://pytorch.org/docs/stable/nn.html#vision-layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import WHOLE, Access, Element, Range, Reads, Same, along, index, only
from shapecalc.conditions import decide, require, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape, format_dim, symbol
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.window import require_elements
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelShuffle(Op):
    """The channels of a place spread over a square of `upscale_factor`^2 places.

    Shapes:
        x: (*, C * r^2, H, W), r the factor
        output: (*, C, H * r, W * r)

    Raises:
        RankError: `x` has fewer than 3 axes.
        SizeError: the channels do not divide by r^2.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
    """

    upscale_factor: Dim

    def out_shape(self, x: Shape) -> OutShape:
        """Turn channels into places."""
        require_image(x)
        *batch, channels, height, width = x
        r = self.upscale_factor
        area = dims.mul(r, r)
        require_divides(channels, area, "channels")
        return (*batch, dims.floordiv(channels, area), dims.mul(height, r), dims.mul(width, r))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the channel that a place of the square comes from."""
        batch, r = len(out) - 3, self.upscale_factor
        channel, row, column = (index(batch + n) for n in range(3))
        square = dims.mul(dims.mod(row, r), r) + dims.mod(column, r)
        at = (
            dims.mul(channel, dims.mul(r, r)) + square,
            dims.floordiv(row, r),
            dims.floordiv(column, r),
        )
        return [Access((*map(Same, range(batch)), *map(only, at)))]

    def general(self) -> tuple[Dim, Mapping[str, Dim]]:
        """The formula of one spatial axis."""
        return dims.mul(symbol("H"), symbol("r")), {"r": self.upscale_factor}


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelUnshuffle(Op):
    """Every square of `downscale_factor`^2 places gathered into the channels of one.

    Shapes:
        x: (*, C, H * r, W * r), r the factor
        output: (*, C * r^2, H, W)

    Raises:
        RankError: `x` has fewer than 3 axes.
        SizeError: the height or the width does not divide by r.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
    """

    downscale_factor: Dim

    def out_shape(self, x: Shape) -> OutShape:
        """Turn places into channels."""
        require_image(x)
        *batch, channels, height, width = x
        r = self.downscale_factor
        require_divides(height, r, "height")
        require_divides(width, r, "width")
        if any(decide(size, "==", 0) for size in x):
            return x  # what is empty torch gives back as it is
        sizes = (dims.floordiv(size, r) for size in (height, width))
        return (*batch, dims.product((channels, r, r)), *sizes)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the place of the square that a channel comes from."""
        batch, r = len(out) - 3, self.downscale_factor
        channel, row, column = (index(batch + n) for n in range(3))
        inside = dims.mod(dims.floordiv(channel, r), r), dims.mod(channel, r)
        at = (
            dims.floordiv(channel, dims.mul(r, r)),
            dims.mul(row, r) + inside[0],
            dims.mul(column, r) + inside[1],
        )
        return [Access((*map(Same, range(batch)), *map(only, at)))]

    def general(self) -> tuple[Dim, Mapping[str, Dim]]:
        """The formula of one spatial axis."""
        return dims.floordiv(symbol("H"), symbol("r")), {"r": self.downscale_factor}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShuffle(Op):
    """The channels of `groups` groups, dealt out one group after the other.

    Shapes:
        x: (N, C, *), with 3 or more axes
        output: the shape of `x`

    Raises:
        RankError: `x` has fewer than 3 axes.
        SizeError: the channels do not divide into the groups.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
    """

    groups: Dim

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        require_image(x)
        require_divides(x[1], self.groups, "channels")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one channel: every group gives its first, then every group its second."""
        groups, place = dims.as_int(self.groups), dims.floordiv(index(1), self.groups)
        length = dims.floordiv(out[1], self.groups)
        if length.is_Integer or groups is None or groups > MOST:
            start = dims.mul(dims.mod(index(1), self.groups), length)
            return [along(len(out), [1], only(start + place))]
        # the number of the group times a symbol is no affine formula: one access a group
        accesses = []
        for group in range(groups):
            entries = along(len(out), [1], only(dims.mul(dims.as_dim(group), length) + place)).axes
            when = Range(axis=1, start=dims.as_dim(group), stop=out[1], step=self.groups)
            accesses.append(Access(entries, when=(when,)))
        return [accesses]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSample(Op):
    """The values of an image at the places that a grid names.

    Shapes:
        x: (N, C, H, W) or (N, C, D, H, W)
        grid: (N, *out, 2) or (N, *out, 3), as many axes as `x`
        output: (N, C, *out)

    Raises:
        RankError: `x` or the grid has another number of axes.
        DimMismatchError: the batches differ, or the grid has another number of coordinates.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """

    mode: str = "bilinear"

    @property
    def kind(self) -> str:
        """`grid_sample`, as the function is called."""
        return "grid_sample"

    def out_shape(self, x: Shape, grid: Shape) -> OutShape:
        """Give the grid's places the image's channels."""
        require_rank(x, *((4,) if self.mode == "bicubic" else (4, 5)), layout="(N, C, *spatial)")
        require_rank(grid, len(x), layout="of the grid, as many as the input has")
        batch, channels, *spatial = x
        grid_batch, *out, coordinates = grid
        require_same(grid_batch, batch, "batch size of the grid")
        require_same(coordinates, len(spatial), "last size of the grid")
        require_elements(x, len(spatial))
        return (batch, channels, *out)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one place of the grid, and the channel of the image at wherever that points to."""
        axes = len(out) - 2
        bound = "the values of the grid decide"
        image = Access((Same(0), Same(1), *(WHOLE,) * axes), bound=bound)
        return [image, Access((Same(0), *map(Same, range(2, 2 + axes)), WHOLE))]


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineGrid(Op):
    """The places of an output image, moved by a matrix, as `grid_sample` takes them.

    Shapes:
        theta: (N, 2, 3) or (N, 3, 4)
        output: (N, H, W, 2) or (N, D, H, W, 3), for the `size` (N, C, *spatial)

    Units:
        size: elements.

    Raises:
        RankError: `size` does not have 4 or 5 entries.
        DimMismatchError: `theta` is not a batch of such matrices.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """

    size: tuple[Dim, ...]

    @property
    def kind(self) -> str:
        """`affine_grid`, as the function is called."""
        return "affine_grid"

    def out_shape(self, theta: Shape) -> OutShape:
        """Put a coordinate on every axis of the image."""
        require_rank(Shape(self.size), 4, 5, layout="in the size of affine_grid")
        batch, _, *spatial = self.size
        require_rank(theta, 3, layout="(N, rows, columns)")
        for got, wanted, what in zip(
            theta,
            (batch, len(spatial), len(spatial) + 1),
            ("batch", "rows", "columns"),
            strict=True,
        ):
            require_same(got, wanted, f"{what} of theta")
        for size in self.size:
            require_positive(size, "a size of affine_grid")
        return (batch, *spatial, len(spatial))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a row of the matrix, but not what is multiplied by 0 in the middle of an axis."""
        axes = len(out) - 2
        offset = Access((Same(0), Same(axes + 1), Element(dims.as_dim(axes))))
        accesses = [offset]
        for column, size in enumerate(reversed(out[1:-1])):  # x, the last axis, comes first
            axis, entries = axes - column, (Same(0), Same(axes + 1), Element(dims.as_dim(column)))
            below, above = dims.floordiv(size, 2), dims.floordiv(size + 1, 2)
            for start, stop in ((dims.ZERO, below), (above, size)):
                accesses.append(Access(entries, when=(Range(axis=axis, start=start, stop=stop),)))
        return [accesses]


MOST = 100  # accesses of one operand


def require_image(x: Shape) -> None:
    """Demand 3 axes or more."""
    if len(x) < 3:
        raise RankError(f"expected 3 or more dimensions (*, C, H, W), got {len(x)}: {x}")


def require_divides(size: Dim, divisor: Dim, what: str) -> None:
    """Demand a size that is a multiple of `divisor`."""
    text = f"{what} {format_dim(size)} is not divisible by {format_dim(divisor)}"
    require(dims.mod(size, divisor), "==", 0, text)


@reader("pixel_shuffle")
def read_pixel_shuffle(input: Operand, upscale_factor: IntoDim) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html"""
    return Call(build_pixel_shuffle("PixelShuffle", (), upscale_factor).op, (input,))


@reader("pixel_unshuffle")
def read_pixel_unshuffle(input: Operand, downscale_factor: IntoDim) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html"""
    return Call(build_pixel_unshuffle("PixelUnshuffle", (), downscale_factor).op, (input,))


@reader("channel_shuffle", "native_channel_shuffle")
def read_channel_shuffle(input: Operand, groups: IntoDim) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html"""
    return Call(build_channel_shuffle("ChannelShuffle", (), groups).op, (input,))


@reader("grid_sample")
def read_grid_sample(
    input: Operand,
    grid: Operand,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html"""
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise SizeError(f"mode is bilinear, nearest or bicubic, got {mode!r}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise SizeError(f"padding_mode is zeros, border or reflection, got {padding_mode!r}")
    return Call(GridSample(mode=mode), (input, grid))


@reader("affine_grid")
def read_affine_grid(
    theta: Operand, size: Sequence[IntoDim], align_corners: bool | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html"""
    return Call(AffineGrid(size=tuple(Shape(size))), (theta,))


@layer("PixelShuffle")
def build_pixel_shuffle(name: str, inputs: tuple[Shape, ...], upscale_factor: IntoDim) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html"""
    require_positive(upscale_factor, "upscale_factor")
    return Built(PixelShuffle(upscale_factor=dims.as_dim(upscale_factor)))


@layer("PixelUnshuffle")
def build_pixel_unshuffle(name: str, inputs: tuple[Shape, ...], downscale_factor: IntoDim) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html"""
    require_positive(downscale_factor, "downscale_factor")
    return Built(PixelUnshuffle(downscale_factor=dims.as_dim(downscale_factor)))


@layer("ChannelShuffle")
def build_channel_shuffle(name: str, inputs: tuple[Shape, ...], groups: IntoDim) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html"""
    require_positive(groups, "groups")
    return Built(ChannelShuffle(groups=dims.as_dim(groups)))
