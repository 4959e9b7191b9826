"""Comparison ops and sorting: https://pytorch.org/docs/stable/torch.html#comparison-ops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from shapecalc import dims
from shapecalc.access import Reads, along, everything, reduced, same
from shapecalc.conditions import require
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.ops.pointwise import operands_of, pointwise
from shapecalc.registry import reader

_COMPARISONS = """
    eq ne not_equal lt less le less_equal gt greater ge greater_equal isclose isfinite isinf
    isposinf isneginf isnan isreal __eq__
"""


class ValuesAndIndices(NamedTuple):
    """What torch returns where it says which elements were chosen, and where they stood."""

    values: object
    indices: object


def with_indices(op: Op, input: Operand) -> Call:
    """Return the call of an op that gives values and their int64 indices."""
    return Call(op, (input,), (input.dtype, "int64"), lambda both: ValuesAndIndices(*both))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort(Op):
    """The elements in order along one axis, or where they came from, or both.

    Shapes:
        x: any shape
        output: that shape; for `sort` twice, once for the values and once for the indices

    Raises:
        RankError: there is no axis `dim`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.sort.html
    """

    function: str = field(repr=False)
    dim: int = -1
    descending: bool = False

    @property
    def kind(self) -> str:
        """`sort`, `argsort` or `msort`."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        axis_index(self.dim, len(x))
        return [x, x] if self.function == "sort" else x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axis."""
        return [along(len(out), [self.dim])]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopK(Op):
    """The `k` largest or smallest elements along one axis, and where they stood.

    Shapes:
        x: any shape
        outputs: that shape with `k` in the place of axis `dim`, twice

    Raises:
        RankError: there is no axis `dim`.
        SizeError: the axis has fewer than `k` elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.topk.html
    """

    k: Dim
    dim: int = -1
    largest: bool = True

    def out_shape(self, x: Shape) -> OutShape:
        """Put `k` in the place of the size."""
        axis = axis_index(self.dim, len(x))
        require_within(self.k, x[axis] if x else dims.ONE, least=0)
        out = (*x[:axis], self.k, *x[axis + 1 :]) if x else ()
        return [out, out]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axis."""
        return [along(len(out), [self.dim])]


@dataclass(frozen=True, slots=True, kw_only=True)
class KthValue(Op):
    """The `k`-th smallest element along one axis, and where it stood.

    Shapes:
        x: any shape
        outputs: that shape without axis `dim`, or with size 1 there, twice

    Raises:
        RankError: there is no axis `dim`.
        SizeError: `k` is not between 1 and the size of the axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.kthvalue.html
    """

    k: Dim
    dim: int = -1
    keepdim: bool = False

    def out_shape(self, x: Shape) -> OutShape:
        """Take the axis away."""
        axis = axis_index(self.dim, len(x))
        require_within(self.k, x[axis] if x else dims.ONE, least=1)
        kept = (dims.ONE,) if self.keepdim and x else ()
        out = (*x[:axis], *kept, *x[axis + 1 :])
        return [out, out]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axis."""
        (x,) = inputs
        return [reduced(x, out, [axis_index(self.dim, len(x))], keepdim=self.keepdim)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IsIn(Op):
    """Which elements are among the elements of another tensor.

    Shapes:
        elements: any shape
        test_elements: any shape, unless it is a number
        output: the shape of `elements`

    Source:
        https://pytorch.org/docs/stable/generated/torch.isin.html
    """

    def out_shape(self, elements: Shape, *test_elements: Shape) -> OutShape:
        """Keep the shape."""
        return elements

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, and all to compare it with."""
        _, *others = inputs
        return [same(len(out)), *map(everything, others)]

    def __str__(self) -> str:
        return "isin"


def require_within(k: Dim, size: Dim, *, least: int) -> None:
    """Demand that `k` elements can be chosen out of `size`."""
    message = f"k={dims.format_dim(k)} is out of range for an axis of {dims.format_dim(size)}"
    require(k, ">=", least, message)
    require(k, "<=", size, message)


@reader(*_COMPARISONS.split(), named=True)
def read_comparison(function: str, input: Operand, *args: object, **options: object) -> Call:
    """https://pytorch.org/docs/stable/torch.html#comparison-ops"""
    for name in ("rtol", "atol", "equal_nan"):
        options.pop(name, None)
    return pointwise(function, [input, *operands_of(args, options)], "bool")


@reader("isin")
def read_isin(
    elements: object, test_elements: object, *, assume_unique: bool = False, invert: bool = False
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.isin.html"""
    if not isinstance(elements, Operand):
        elements = Operand(Shape())  # a number
    others = (test_elements,) if isinstance(test_elements, Operand) else ()
    return Call(IsIn(), (elements, *others), "bool")


@reader("sort")
def read_sort(
    input: Operand,
    dim: int = -1,
    descending: bool = False,
    stable: bool = False,
    *,
    out: object = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.sort.html"""
    return with_indices(Sort(function="sort", dim=dim, descending=descending), input)


@reader("argsort")
def read_argsort(
    input: Operand, dim: int = -1, descending: bool = False, stable: bool = False
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.argsort.html"""
    return Call(Sort(function="argsort", dim=dim, descending=descending), (input,), "int64")


@reader("msort")
def read_msort(input: Operand, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.msort.html"""
    return Call(Sort(function="msort", dim=0), (input,))


@reader("topk")
def read_topk(
    input: Operand,
    k: IntoDim,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
    *,
    out: object = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.topk.html"""
    return with_indices(TopK(k=dims.as_dim(k), dim=dim, largest=largest), input)


@reader("kthvalue")
def read_kthvalue(
    input: Operand, k: IntoDim, dim: int = -1, keepdim: bool = False, *, out: object = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.kthvalue.html"""
    return with_indices(KthValue(k=dims.as_dim(k), dim=dim, keepdim=keepdim), input)
