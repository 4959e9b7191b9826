"""Pointwise ops and broadcasting: https://pytorch.org/docs/stable/torch.html#pointwise-ops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from shapecalc import access, dims
from shapecalc.access import Access, Reads
from shapecalc.conditions import decide, require
from shapecalc.dims import Dim, Shape
from shapecalc.errors import DimMismatchError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.promotion import as_floating, as_real, result_type
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointwise(Op):
    """A function of one element of each operand, which are broadcast against each other.

    Shapes:
        inputs: any shapes that broadcast
        output: the shape they broadcast to

    Raises:
        DimMismatchError: two sizes of one axis differ and neither is 1.

    Source:
        https://pytorch.org/docs/stable/notes/broadcasting.html
    """

    function: str = field(repr=False)

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Broadcast the inputs."""
        return broadcast(*inputs)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element of each operand."""
        reads = access.broadcast(*inputs, out=out)
        if self.function not in _DECIDES:
            return reads
        place, name = _DECIDES[self.function]
        bound = f"the values of the {name} decide"
        return [
            read if n == place else Access(read.axes, bound=bound) for n, read in enumerate(reads)
        ]

    def __str__(self) -> str:
        return self.function


# which operand decides by its values what is read of the others
_DECIDES = {"where": (0, "condition"), "masked_fill": (1, "mask")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frexp(Op):
    """A mantissa and an exponent for every element.

    Shapes:
        x: any shape
        outputs: that shape, twice

    Source:
        https://pytorch.org/docs/stable/generated/torch.frexp.html
    """

    def out_shape(self, x: Shape) -> OutShape:
        """Return the shape twice."""
        return [x, x]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element."""
        return [access.same(len(out))]


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that all of `shapes` are stretched to.

    Source:
        https://pytorch.org/docs/stable/notes/broadcasting.html

    >>> broadcast(Shape((8, 1, 5)), Shape((3, 1)))
    (8, 3, 5)
    """
    if len(shapes) == 1:
        return shapes[0]
    rank = max((len(shape) for shape in shapes), default=0)
    out = list[Dim]()
    for axis in range(-rank, 0):
        sizes = [shape[axis] for shape in shapes if len(shape) >= -axis]
        size = sizes[0]
        for other in sizes[1:]:
            size = _broadcast_pair(size, other, axis)
        out.append(size)
    return Shape(out)


def _broadcast_pair(left: Dim, right: Dim, axis: int) -> Dim:
    if left == right or right == 1:
        return left
    if left == 1:
        return right
    # a size that could be 1 is stretched there, which is another path with other formulas
    if decide(left, "==", 1, "broadcast"):
        return right
    if decide(right, "==", 1, "broadcast"):
        return left
    sizes = f"{dims.format_dim(left)} and {dims.format_dim(right)}"
    message = f"{sizes} do not broadcast on axis {axis}: they are neither equal nor 1"
    require(left, "==", right, message, error=DimMismatchError)
    return right if right.is_Integer else left


# ---------------------------------------------------------------------------- readers

_NO_OPERANDS = {"alpha", "decimals", "eps", "out", "p", "rounding_mode", "value"}


def operands_of(args: Iterable[object], options: Mapping[str, object]) -> Iterator[object]:
    """Yield the tensors and numbers that an op computes with, given by place or by name."""
    yield from args
    yield from (value for name, value in options.items() if name not in _NO_OPERANDS)


def pointwise(function: str, operands: Iterable[object], dtype: str) -> Call:
    """Return the call of a function of the elements of all tensors among `operands`."""
    tensors = tuple(operand for operand in operands if isinstance(operand, Operand))
    name = function.rpartition(".")[2].strip("_")
    return Call(Pointwise(function=name), tensors, dtype)


_TYPE_OF_OPERANDS = """
    add sub subtract rsub mul multiply pow fmod remainder floor_divide maximum minimum fmax fmin
    heaviside hypot gcd lcm nextafter logaddexp logaddexp2 igamma igammac bitwise_not
    bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift addcmul addcdiv
    lerp clamp clip clamp_min clamp_max ceil floor trunc fix round frac neg negative positive
    sign sgn conj conj_physical resolve_conj resolve_neg __rsub__ __rmod__ __pow__ __ipow__
    __rpow__ __floordiv__ __rfloordiv__ __and__ __iand__ __or__ __ior__ __xor__ __ixor__
    __invert__ __lshift__ __ilshift__ __rlshift__ __rshift__ __irshift__ __rrshift__ __neg__
    __pos__
"""

_FRACTIONS = """
    acos arccos acosh arccosh asin arcsin asinh arcsinh atan arctan atanh arctanh cos cosh sin
    sinh sinc tan deg2rad rad2deg digamma lgamma polygamma mvlgamma erf erfc erfinv exp exp2
    expm1 i0 log log10 log1p log2 logit reciprocal sqrt rsqrt atan2 arctan2 copysign ldexp xlogy
    true_divide
"""

_SPECIAL = """
    airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 chebyshev_polynomial_t
    chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w digamma entr erf erfc
    erfcx erfinv exp2 expit expm1 gammainc gammaincc gammaln hermite_polynomial_h
    hermite_polynomial_he i0 i0e i1 i1e laguerre_polynomial_l legendre_polynomial_p log1p
    log_ndtr logit modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1
    multigammaln ndtr ndtri polygamma psi scaled_modified_bessel_k0 scaled_modified_bessel_k1
    shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
    shifted_chebyshev_polynomial_w sinc spherical_bessel_j0 xlog1py xlogy zeta
"""

_TRUTHS = """
    logical_not logical_and logical_or logical_xor signbit
"""


@reader(*_TYPE_OF_OPERANDS.split(), "special.round", named=True)
def read_pointwise(function: str, *args: object, **options: object) -> Call:
    """https://pytorch.org/docs/stable/torch.html#pointwise-ops"""
    operands = list(operands_of(args, options))
    return pointwise(function, operands, result_type(operands))


@reader(*_FRACTIONS.split(), *(f"special.{name}" for name in _SPECIAL.split()), named=True)
def read_fractions(function: str, *args: object, **options: object) -> Call:
    """https://pytorch.org/docs/stable/special.html"""
    operands = list(operands_of(args, options))
    return pointwise(function, operands, as_floating(result_type(operands)))


@reader("__rdiv__")
def read_rdiv(input: Operand, other: object) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.div.html"""
    # torch computes input.reciprocal() * other
    reciprocal = replace(input, dtype=as_floating(input.dtype))
    return pointwise("div", [input, other], result_type([reciprocal, other]))


@reader(*_TRUTHS.split(), named=True)
def read_truth(function: str, *args: object, **options: object) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.logical_and.html"""
    return pointwise(function, operands_of(args, options), "bool")


@reader("div", "divide", named=True)
def read_div(
    function: str, *args: object, rounding_mode: str | None = None, **rest: object
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.div.html"""
    operands = list(operands_of(args, rest))
    dtype = result_type(operands)
    return pointwise(function, operands, dtype if rounding_mode else as_floating(dtype))


@reader("float_power")
def read_float_power(input: object, exponent: object, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.float_power.html"""
    is_complex = result_type([input, exponent]).startswith("complex")
    dtype = "complex128" if is_complex else "float64"
    return pointwise("float_power", [input, exponent], dtype)


@reader("square")
def read_square(input: Operand, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.square.html"""
    return pointwise("square", [input], result_type([input, 2]))


@reader("abs", "absolute", "angle", "real", "imag", "Tensor.real", "Tensor.imag", named=True)
def read_part(function: str, input: Operand, *, out: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.angle.html"""
    dtype = as_real(input.dtype)
    return pointwise(function, [input], as_floating(dtype) if function == "angle" else dtype)


@reader(
    "nan_to_num",
    "masked_fill",
    "fake_quantize_per_tensor_affine",
    "fake_quantize_per_channel_affine",
    named=True,
)
def read_same_type(function: str, input: Operand, *args: object, **options: object) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nan_to_num.html"""
    operands = [input]
    if function == "masked_fill":  # mask and value are broadcast, the scale of a channel is not
        operands += [entry for entry in (*args, *options.values()) if isinstance(entry, Operand)]
    return pointwise(function, operands, input.dtype)


@reader("Tensor.where")
def read_where_method(input: Operand, condition: Operand, other: object) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.Tensor.where.html"""
    return pointwise("where", [condition, input, other], result_type([input, other]))


class MantissaAndExponent(NamedTuple):
    """What `torch.frexp` returns."""

    mantissa: object
    exponent: object


@reader("frexp")
def read_frexp(input: Operand, *, out: object = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.frexp.html"""
    return Call(Frexp(), (input,), (input.dtype, "int32"), lambda o: MantissaAndExponent(*o))
