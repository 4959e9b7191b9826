"""The partial inverse of max pooling: https://pytorch.org/docs/stable/nn.html#pooling-layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import WHOLE, Access, Reads, Same
from shapecalc.conditions import require, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape, format_dim, symbol
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, per_axis, require_rank
from shapecalc.ops.window import Pairs, PerAxis, as_pairs, require_elements
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxUnpool(Op):
    """Every maximum goes back to where it came from; all other elements are 0.

    Shapes:
        x, indices: (N, C, *spatial) or (C, *spatial)
        output: (N, C, *((size - 1)*stride - 2*padding + kernel_size)), or `output_size`

    Units:
        kernel_size, stride, output_size: elements, one entry per spatial axis.
        padding: elements, a pair (low, high) per spatial axis.

    Raises:
        RankError: `x` is not (N, C, *spatial).
        DimMismatchError: `x` and its indices have different shapes.
        SizeError: `output_size` is a stride or more away from the size by formula.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    """

    kernel_size: tuple[Dim, ...]
    stride: tuple[Dim, ...]
    padding: Pairs = ((0, 0),)
    output_size: tuple[Dim, ...] | None = None

    @property
    def kind(self) -> str:
        """`MaxUnpool1d`, `MaxUnpool2d` or `MaxUnpool3d`."""
        return f"MaxUnpool{len(self.kernel_size)}d"

    def out_shape(self, x: Shape, indices: Shape) -> OutShape:
        """Undo the count of windows."""
        axes = len(self.kernel_size)
        require_rank(x, axes + 2, axes + 1, layout="(N, C, *spatial)")
        require_rank(indices, len(x), layout="of the indices")
        for got, size in zip(indices, x, strict=True):
            require_same(got, size, "size of the indices")
        require_elements(x, len(x) - 1)
        spatial = []
        wanted = self.output_size or (None,) * axes
        parameters = (self.kernel_size, self.stride, self.padding, wanted)
        for size, k, s, (low, high), given in zip(x[-axes:], *parameters, strict=True):
            usual = dims.mul(size - 1, s) - low - high + k
            out = usual if given is None else given
            if given is not None:
                ends = f"{format_dim(usual - s)} and {format_dim(usual + s)}"
                message = f"output_size {format_dim(given)} is not between {ends}"
                require(given, ">", usual - s, message)
                require(given, "<", usual + s, message)
            require(out, ">=", 0, f"the output has {format_dim(out)} elements on an axis")
            spatial.append(out)
        return (*x[:-axes], *spatial)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the maxima of the same channel that the indices put there, and all indices."""
        axes = len(self.kernel_size)
        channel = map(Same, range(len(out) - axes))
        image = Access((*channel, *(WHOLE,) * axes), bound="the values of the indices decide")
        return [image, image]

    def general(self) -> tuple[Dim, Mapping[str, Dim]] | None:
        """The formula of one spatial axis, if no size is given."""
        if self.output_size is not None:
            return None
        s, p, k = symbol("s"), symbol("p"), symbol("k")
        values = {"p": self.padding[0][0], "k": self.kernel_size[0], "s": self.stride[0]}
        return dims.mul(symbol("H") - 1, s) - 2 * p + k, values


def max_unpool(
    axes: int,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    output_size: Sequence[IntoDim] | None,
) -> MaxUnpool:
    """Return the op for torch's arguments, after the checks that torch makes of them."""
    kernel = per_axis(kernel_size, axes)
    steps = kernel if stride is None else per_axis(stride, axes)
    if axes == 3:  # torch asks it of the 3d op alone
        for step in steps:
            require_positive(step, "stride")
    sizes = None
    if output_size is not None:
        given = output_size[2:] if len(output_size) == axes + 2 else output_size
        if len(given) != axes:
            entries = f"{axes} or {axes + 2} entries"
            raise RankError(f"expected {entries} for output_size, got {len(output_size)}")
        sizes = tuple(dims.as_dim(size) for size in given)
    return MaxUnpool(
        kernel_size=kernel, stride=steps, padding=as_pairs(padding, axes), output_size=sizes
    )


@reader(*(f"nn.functional.max_unpool{axes}d" for axes in (1, 2, 3)), named=True)
def read_max_unpool(
    name: str,
    input: Operand,
    indices: Operand,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    output_size: Sequence[IntoDim] | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html"""
    if indices.dtype != "int64":
        raise SizeError(f"the indices are of type int64, got {indices.dtype}")
    op = max_unpool(int(name[-2]), kernel_size, stride, padding, output_size)
    return Call(op, (input, indices))


@layer("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d")
def build_max_unpool(
    name: str,
    inputs: tuple[Shape, ...],
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html"""
    return Built(max_unpool(int(name[-2]), kernel_size, stride, padding, None))
