"""Creation ops: https://pytorch.org/docs/stable/torch.html#creation-ops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from shapecalc import dims
from shapecalc.access import BY_MEMORY, Reads, broadcast, everything, same
from shapecalc.conditions import choose, decide, larger, require, require_positive, smaller
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.dtypes import is_floating
from shapecalc.errors import SizeError
from shapecalc.op import DATA, Call, Op, Operand, OutShape, SizeFloat, data, require_rank
from shapecalc.ops.pointwise import pointwise
from shapecalc.ops.promotion import as_complex, result_type
from shapecalc.ops.view import Sizes, as_dims, as_sizes
from shapecalc.ops.window import require_elements
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Op):
    """A tensor made from sizes alone, or from another one's memory, for `resize_`.

    Shapes:
        output: `size`

    Raises:
        SizeError: a size is negative.

    Source:
        https://pytorch.org/docs/stable/torch.html#creation-ops
    """

    function: str = field(repr=False)
    size: tuple[Dim, ...]

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Return the sizes."""
        for size in self.size:
            require(size, ">=", 0, f"the size {dims.format_dim(size)} is negative")
        return self.size

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read nothing; what is resized keeps its elements in the order of the memory."""
        if self.function.startswith("new_"):
            return [None for _ in inputs]  # of which only the type is taken
        return [everything(x, bound=BY_MEMORY) for x in inputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Op):
    """A tensor of the shape of another, whose values are not read: new numbers, or drawn ones.

    Shapes:
        x: any shape
        operands: what the numbers are made from; shapes that broadcast to that of `x`
        output: the shape of `x`

    Source:
        https://pytorch.org/docs/stable/generated/torch.zeros_like.html
    """

    function: str = field(repr=False)

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape, *operands: Shape) -> OutShape:
        """Keep the shape."""
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read nothing of `x`, and one element of each other operand."""
        return [None, *broadcast(*inputs[1:], out=out)]

    def __str__(self) -> str:
        return self.function


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHot(Op):
    """A 1 at the place that each element names, among `num_classes`; None, as many as occur.

    Shapes:
        x: any shape
        output: (*x, num_classes)

    Raises:
        SizeError: `num_classes` is not positive, or is to be found in no elements.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
    """

    num_classes: Dim | None = None

    def out_shape(self, x: Shape) -> OutShape:
        """Add the axis of classes."""
        if self.num_classes is None:
            require_elements(x, len(x))
            return (*x, DATA)
        require_positive(self.num_classes, "num_classes")
        return (*x, self.num_classes)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the one element that names the place."""
        (x,) = inputs
        return [same(len(x))]


def create(function: str, size: Sequence[IntoDim | Operand], dtype: str | None) -> Call:
    """Return the call of a function that makes a tensor of that size, float32 by default."""
    name = function.rpartition(".")[2]
    sizes = tuple(
        data(number) if isinstance(entry, Operand) and entry.first is None else entry
        for number, entry in enumerate(size)
    )
    return Call(Create(function=name, size=as_dims(sizes)), (), dtype or "float32")


def like(function: str, input: Operand, *operands: Operand, dtype: str | None = None) -> Call:
    """Return the call of a function that makes numbers for the shape of a tensor."""
    name = function.rpartition(".")[2].strip("_")
    return Call(Like(function=name), (input, *operands), dtype or input.dtype)


# ---------------------------------------------------------------------------- of a given size


@reader("zeros", "ones", "empty", named=True)
def read_zeros(
    function: str,
    *size: Any,
    dtype: str | None = None,
    **options: Any,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.zeros.html"""
    return create(function, options.get("size", as_sizes(size)), dtype)


@reader("empty_strided", "empty_permuted", named=True)
def read_empty_strided(
    function: str, size: Sizes, stride: Sizes, *, dtype: str | None = None, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.empty_strided.html"""
    return create(function, size, dtype)


@reader("full")
def read_full(size: Sizes, fill_value: Any, *, dtype: str | None = None, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.full.html"""
    return create("full", size, dtype or result_type([fill_value]))


@reader("eye")
def read_eye(
    n: IntoDim, m: IntoDim | None = None, *, dtype: str | None = None, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.eye.html"""
    return create("eye", (n, n if m is None else m), dtype)


@reader("linspace", "logspace", named=True)
def read_linspace(
    function: str,
    start: Any,
    end: Any,
    steps: IntoDim,
    base: float = 10.0,
    *,
    dtype: str | None = None,
    **options: Any,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.linspace.html"""
    return create(function, (steps,), dtype)


@reader(
    *("hann_window", "hamming_window", "blackman_window", "bartlett_window", "kaiser_window"),
    named=True,
)
def read_window(
    function: str,
    window_length: IntoDim,
    *args: Any,
    dtype: str | None = None,
    **options: Any,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.hann_window.html"""
    return create(function, (window_length,), dtype)


@reader("arange")
def read_arange(*bounds: Any, dtype: str | None = None, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.arange.html"""
    given = {"start": 0, "end": None, "step": 1}
    names = ["end"] if len(bounds) == 1 and "end" not in options else list(given)
    given |= dict(zip(names, bounds, strict=False))
    given |= {name: options[name] for name in given if name in options}
    bounds = tuple(given.values())
    by_data = any(isinstance(bound, Operand) for bound in bounds)
    count = DATA if by_data else steps_between(*bounds)
    default = "float32" if is_floating(result_type(bounds)) else "int64"
    return create("arange", (count,), dtype or default)


def steps_between(start: Any, end: Any, step: Any) -> Dim:
    """Return ceil((end - start)/step), how many steps there are before `end`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.arange.html
    """
    first, last, by = (_exact(value) for value in (start, end, step))
    if by is not None:
        require(by.as_numer_denom()[0], "!=", 0, "step is 0")
    if first is None or last is None or by is None:  # double arithmetic decides
        low, high, width = (_at_hint(value) for value in (start, end, step))
        steps = (high - low) / width
        if steps < 0:
            raise SizeError(f"no step of {step} leads from {start} to {end}")
        return dims.as_dim(math.ceil(steps))
    numerator, denominator = ((last - first) / by).together().as_numer_denom()
    message = f"no step of {step} leads from {start} to {end}"
    require(dims.floordiv(numerator, denominator), ">=", 0, message)
    return dims.ceildiv(numerator, denominator)


def _exact(value: Any) -> Dim | None:
    """Return a number as a fraction if it is a short one in binary, or None."""
    if isinstance(value, float):
        exact = Fraction(value)
        short = exact.denominator <= 1 << 20
        return dims.as_dim(exact.numerator) / exact.denominator if short else None
    number = _number(value)
    return None if any(part.is_Float for part in number.atoms()) else number


def _at_hint(value: Any) -> float:
    number = _number(value)
    return float(number.subs({name: choose(name, "arange") for name in number.free_symbols}))


def _number(value: Any) -> Dim:
    return value.value if isinstance(value, SizeFloat) else dims.as_dim(value)


@reader("tril_indices", "triu_indices", named=True)
def read_tril_indices(
    function: str,
    row: IntoDim,
    col: IntoDim,
    offset: IntoDim = 0,
    *,
    dtype: str | None = None,
    **options: Any,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.tril_indices.html"""
    rows, columns, shift = as_dims((row, col, offset))
    for size in (rows, columns):
        text = f"a matrix with {dims.format_dim(size)} rows or columns"
        require(size, ">=", 0, f"{function} of {text}")
    if function == "triu_indices":  # the lower triangle of the transpose
        rows, columns, shift = columns, rows, -shift
    count = triangle_size(rows, columns, shift)
    return create(function, (2, count), dtype or "int64")


def triangle_size(rows: Dim, columns: Dim, offset: Dim) -> Dim:
    """Return how many elements of a matrix are on or below a diagonal.

    Row r has min(max(r + offset + 1, 0), columns) of them.

    Source:
        https://pytorch.org/docs/stable/generated/torch.tril_indices.html
    """
    zero = dims.ZERO
    empty = smaller(larger(-offset, zero), rows)  # rows with none, at the top
    growing = larger(smaller(rows, columns - offset), empty)  # the first row with all
    height = growing - empty
    ends = (empty + offset + 1) + (growing + offset)
    full = dims.mul(rows - growing, columns)
    return dims.floordiv(dims.product((height, ends)), 2) + full


# ---------------------------------------------------------------------------- like a tensor

_LIKE = ("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like")


@reader(*_LIKE, "randint_like", named=True)
def read_like(
    function: str, input: Operand, *args: Any, dtype: str | None = None, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.zeros_like.html"""
    return like(function, input, dtype=dtype)


@reader("new_zeros", "new_ones", "new_empty", "new_full", "new_empty_strided", named=True)
def read_new(
    function: str, input: Operand, *args: Any, dtype: str | None = None, **options: Any
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html"""
    has_more = function in ("new_full", "new_empty_strided") and len(args) > 1
    size = options.get("size", args[0] if has_more else as_sizes(args))
    return replace(create(function, size, dtype or input.dtype), operands=(input,))


@reader("fill", "zero", named=True)
def read_fill(function: str, input: Operand, value: Any = 0) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.fill_.html"""
    values = (value,) if isinstance(value, Operand) else ()
    for number in values:
        require_rank(number.shape, 0, layout="of the number to fill a tensor with")
    return like(function, input, *values)


@reader("resize", "Tensor.resize_as_", named=True)
def read_resize(function: str, input: Operand, *sizes: Any, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.resize_.html"""
    if function == "Tensor.resize_as_":
        size = (sizes[0] if sizes else options["the_template"]).shape
    else:
        size = options.get("size", as_sizes(sizes))
    return replace(create(function, size, input.dtype), operands=(input,))


# ---------------------------------------------------------------------------- from data


@reader("tensor", "as_tensor", "asarray", "scalar_tensor", named=True)
def read_tensor(function: str, data: Any, dtype: str | None = None, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.tensor.html"""
    if isinstance(data, Operand):
        return pointwise(function, [data], dtype or data.dtype)
    default = "float32" if function == "scalar_tensor" else result_type(leaves_of(data))
    return create(function, nested_size(data), dtype or default)


@reader("new_tensor")
def read_new_tensor(input: Operand, data: Any, *, dtype: str | None = None, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html"""
    return create("new_tensor", nested_size(data), dtype or input.dtype)


def nested_size(data: Any) -> tuple[IntoDim, ...]:
    """Return the sizes of nested lists of numbers.

    Raises:
        SizeError: lists of one level differ in their length.
    """
    if isinstance(data, Operand):
        return tuple(data.shape)
    if not isinstance(data, (list, tuple, range)):
        return tuple(getattr(data, "shape", ()))
    inner = [nested_size(entry) for entry in data]
    for size in inner:
        if size != inner[0]:
            raise SizeError(f"lists of one level have the sizes {inner[0]} and {size}")
    return (len(data), *(inner[0] if inner else ()))


def leaves_of(data: Any) -> list[Any]:
    """Return the numbers of nested lists."""
    if isinstance(data, (list, tuple, range)):
        return [leaf for entry in data for leaf in leaves_of(entry)]
    return [data]


@reader("complex", "polar", named=True)
def read_complex(
    function: str, real: Operand, imag: Operand, *, out: Operand | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.complex.html"""
    return pointwise(function, [real, imag], as_complex(real.dtype))


@reader("one_hot")
def read_one_hot(tensor: Operand, num_classes: IntoDim = -1) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html"""
    to_be_found = decide(num_classes, "==", -1, "one_hot")
    classes = None if to_be_found else dims.as_dim(num_classes)
    return Call(OneHot(num_classes=classes), (tensor,), "int64")
