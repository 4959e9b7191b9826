"""All combinations of elements: https://pytorch.org/docs/stable/torch.html#other-operations."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Access, Interval, Range, Reads, Same, index, same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.joining import Tensors, as_tensors, each_own_type, joined
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Meshgrid(Op):
    """The coordinates of a grid whose axes are the given tensors.

    Shapes:
        inputs: (n,) or () each
        outputs: (n0, n1, ...), or (n1, n0, ...) for indexing="xy", for each

    Raises:
        RankError: an input has more than one axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.meshgrid.html
    """

    indexing: str = "ij"

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Take one size from every input."""
        sizes = [_only_size(shape) for shape in inputs]
        if self.indexing == "xy" and len(sizes) > 1:
            sizes[:2] = sizes[1], sizes[0]
        return [tuple(sizes) for _ in inputs]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the tensor of the same number."""
        axes = list(range(len(inputs)))
        if self.indexing == "xy":
            axes[:2] = reversed(axes[:2])
        own = Access((Same(axes[output]),) * len(inputs[output]))
        return [own if number == output else None for number in range(len(inputs))]


@dataclass(frozen=True, slots=True, kw_only=True)
class CartesianProd(Op):
    """All combinations of one element of each tensor.

    Shapes:
        inputs: (n,) each
        output: (n0*n1*..., number of inputs); for a single input its own shape

    Raises:
        RankError: an input has not one axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.cartesian_prod.html
    """

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Multiply the sizes."""
        for shape in inputs:
            if len(shape) != 1:
                raise RankError(f"expected 1 dimension, got {len(shape)}: {shape}")
        if len(inputs) == 1:
            return inputs[0]
        return (dims.product(shape[0] for shape in inputs), len(inputs))

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of the tensor that the last index names."""
        if len(inputs) == 1:
            return [same(1)]
        if out[0] == 0:
            return [None] * len(inputs)
        accesses = list[Access]()
        for number, (size,) in enumerate(inputs):
            after = dims.product(x[0] for x in inputs[number + 1 :])
            place = dims.mod(dims.floordiv(index(0), after), size)
            column = Range(axis=1, start=dims.as_dim(number), stop=dims.as_dim(number + 1))
            entry = Interval(place, place, bound=(dims.ZERO, size - 1))
            accesses.append(Access((entry,), (column,)))
        return accesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations(Op):
    """All choices of `r` elements: n*(n - 1)*.../r! of them.

    Shapes:
        x: (n,)
        output: (choices, r); (0,) for r=0

    Raises:
        RankError: `x` has not one axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.combinations.html
    """

    r: int = 2
    with_replacement: bool = False

    def out_shape(self, x: Shape) -> OutShape:
        """Count the choices."""
        if len(x) != 1:
            raise RankError(f"expected 1 dimension, got {len(x)}: {x}")
        if self.r == 0:
            return (0,)
        step = 1 if self.with_replacement else -1
        falling = dims.product(x[0] + step * n for n in range(self.r))
        return (dims.floordiv(falling, math.factorial(self.r)), self.r)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, which leaves others for the places before and behind it."""
        (x,) = inputs
        if self.r < 2:
            return [same(1) if self.r else None]
        before, after = index(1), self.r - 1 - index(1)
        if self.with_replacement:
            before, after = dims.ZERO, dims.ZERO
        some = Interval(before, x[0] - 1 - after)
        return [Access((some,), bound="the number of the choice decides")]


def _only_size(x: Shape) -> Dim:
    if len(x) > 1:
        raise RankError(f"expected 0 or 1 dimensions, got {len(x)}: {x}")
    return dims.product(x)


# ---------------------------------------------------------------------------- readers


@reader("meshgrid")
def read_meshgrid(*tensors: Operand | Tensors, indexing: str | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.meshgrid.html"""
    return each_own_type(Meshgrid(indexing=indexing or "ij"), as_tensors(tensors))


@reader("cartesian_prod")
def read_cartesian_prod(*tensors: Operand | Tensors) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.cartesian_prod.html"""
    return joined(CartesianProd(), as_tensors(tensors))


@reader("combinations")
def read_combinations(input: Operand, r: int = 2, with_replacement: bool = False) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.combinations.html"""
    return Call(Combinations(r=r, with_replacement=with_replacement), (input,))
