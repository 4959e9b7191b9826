"""Non-linear activations, of single elements.

https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity
"""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Reads, along, same, shifted
from shapecalc.conditions import require, require_same
from shapecalc.dims import Dim, IntoDim, Shape, format_dim
from shapecalc.dtypes import is_floating
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.ops.linear import features_fix
from shapecalc.ops.pointwise import Pointwise
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class PReLU(Op):
    """A slope for what is below 0, learned for all channels or for each.

    Shapes:
        x: (N, num_parameters, *), or any shape with one parameter
        weight: (num_parameters,)
        output: the shape of `x`

    Raises:
        DimMismatchError: the channel axis can never be `num_parameters`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """

    num_parameters: Dim = 1

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if self.num_parameters != 1:
            if not x:
                raise RankError("expected channels for num_parameters > 1, got 0 dimensions")
            channels = x[1] if len(x) > 1 else dims.ONE
            fix = features_fix(channels, self.num_parameters, "num_parameters")
            require_same(channels, self.num_parameters, "channels", fix=fix)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element."""
        return [same(len(out))]


@dataclass(frozen=True, slots=True, kw_only=True)
class GLU(Op):
    """One half of an axis, gated by the other half.

    Shapes:
        x: any shape with that axis of even size
        output: the shape of `x` with half the size at `dim`

    Raises:
        RankError: there is no such axis.
        SizeError: its size is odd.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """

    dim: int = -1

    def out_shape(self, x: Shape) -> OutShape:
        """Halve the axis."""
        if not x:
            raise RankError("expected an axis to halve, got 0 dimensions")
        axis = axis_index(self.dim, len(x))
        message = f"the axis to halve has the odd size {format_dim(x[axis])}"
        require(dims.mod(x[axis], 2), "==", 0, message)
        return (*x[:axis], dims.floordiv(x[axis], 2), *x[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element of either half."""
        axis = axis_index(self.dim, len(out))
        second = shifted(axis, dims.floordiv(inputs[0][axis], 2))
        return [[same(len(out)), along(len(out), [axis], second)]]


_FLOATING = ("sigmoid", "tanh", "softsign", "tanhshrink")  # of integers, too


@reader(
    "relu",
    "relu6",
    "elu",
    "celu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "leaky_relu",
    "rrelu",
    "threshold",
    "hardtanh",
    "hardsigmoid",
    "hardswish",
    "hardshrink",
    "softshrink",
    "softplus",
    "logsigmoid",
    *_FLOATING,
    named=True,
)
def read_activation(name: str, input: Operand, *options: object, **named: object) -> Call:
    """A function of every element by itself; no option changes the shape."""
    fractions = name in _FLOATING and not is_floating(input.dtype)
    return Call(Pointwise(function=name), (input,), "float32" if fractions else None)


@reader("prelu")
def read_prelu(input: Operand, weight: Operand) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html"""
    require_rank(weight.shape, 0, 1, layout="of the weight")
    return Call(PReLU(num_parameters=dims.product(weight.shape)), (input,))


@reader("glu")
def read_glu(input: Operand, dim: int = -1) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html"""
    return Call(GLU(dim=dim), (input,))


# ---------------------------------------------------------------------------- for specs

_FUNCTIONS = {"LeakyReLU": "leaky_relu"}  # a module goes by the function's name in lower case


def _build(name: str) -> Built:
    return Built(Pointwise(function=_FUNCTIONS.get(name, name.lower())))


@layer("Identity")
def build_identity(name: str, inputs: tuple[Shape, ...]) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Identity.html"""
    return _build(name)


@layer("Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink")
def build_plain(name: str, inputs: tuple[Shape, ...]) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""
    return _build(name)


@layer("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish")
def build_in_place(name: str, inputs: tuple[Shape, ...], inplace: bool = False) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html"""
    return _build(name)


@layer("ELU", "CELU")
def build_elu(
    name: str, inputs: tuple[Shape, ...], alpha: float = 1.0, inplace: bool = False
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.ELU.html"""
    return _build(name)


@layer("GELU")
def build_gelu(name: str, inputs: tuple[Shape, ...], approximate: str = "none") -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.GELU.html"""
    return _build(name)


@layer("LeakyReLU")
def build_leaky_relu(
    name: str, inputs: tuple[Shape, ...], negative_slope: float = 0.01, inplace: bool = False
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html"""
    return _build(name)


@layer("RReLU")
def build_rrelu(
    name: str,
    inputs: tuple[Shape, ...],
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    inplace: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html"""
    return _build(name)


@layer("Threshold")
def build_threshold(
    name: str, inputs: tuple[Shape, ...], threshold: float, value: float, inplace: bool = False
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html"""
    return _build(name)


@layer("Hardtanh")
def build_hardtanh(
    name: str,
    inputs: tuple[Shape, ...],
    min_val: float = -1.0,
    max_val: float = 1.0,
    inplace: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html"""
    return _build(name)


@layer("Hardshrink", "Softshrink")
def build_shrink(name: str, inputs: tuple[Shape, ...], lambd: float = 0.5) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html"""
    return _build(name)


@layer("Softplus")
def build_softplus(
    name: str, inputs: tuple[Shape, ...], beta: float = 1.0, threshold: float = 20.0
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html"""
    return _build(name)


@layer("PReLU")
def build_prelu(
    name: str, inputs: tuple[Shape, ...], num_parameters: IntoDim = 1, init: float = 0.25
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html"""
    op = PReLU(num_parameters=dims.as_dim(num_parameters))
    return Built(op, {"weight": Shape((op.num_parameters,))})


@layer("GLU")
def build_glu(name: str, inputs: tuple[Shape, ...], dim: int = -1) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.GLU.html"""
    return Built(GLU(dim=dim))
