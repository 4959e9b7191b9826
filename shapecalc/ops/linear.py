"""Linear layers: https://pytorch.org/docs/stable/nn.html#linear-layers."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Reads, along
from shapecalc.conditions import require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, require_floating
from shapecalc.ops.matmul import require_expands
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear(Op):
    """An affine map of the last axis.

    Shapes:
        x: (*, in_features)
        weight: (out_features, in_features), or (in_features) where `out_features` is None
        output: (*, out_features), or (*) where `out_features` is None

    Raises:
        RankError: `x` has no axis.
        DimMismatchError: the last axis can never be `in_features`.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """

    in_features: Dim
    out_features: Dim | None

    def out_shape(self, x: Shape) -> OutShape:
        """Replace the last axis."""
        if not x:
            raise RankError("expected at least 1 dimension (*, in_features), got 0")
        *leading, features = x
        fix = features_fix(features, self.in_features, "in_features")
        require_same(features, self.in_features, "input features", fix=fix)
        return tuple(leading) if self.out_features is None else (*leading, self.out_features)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all features of one place."""
        return [along(len(inputs[0]), [-1])]


def features_fix(got: Dim, expected: Dim, parameter: str) -> str:
    """Return what repairs a last axis of `got` features: another parameter, or another input."""
    text = dims.format_dim(got)
    if got.is_Integer:
        return f"build the layer with {parameter}={text}"
    return f"choose input sizes with {text} = {dims.format_dim(expected)}"


@reader("linear")
def read_linear(input: Operand, weight: Operand, bias: Operand | None = None) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html"""
    require_floating(input, weight)
    if weight.ndim not in (1, 2):
        raise RankError(f"expected a weight (out_features, in_features), got {weight.shape}")
    *rows, in_features = weight.shape
    op = Linear(in_features=in_features, out_features=rows[0] if rows else None)
    if bias is not None:
        if not rows and input.ndim > 1:
            raise RankError(f"a bias needs a weight of 2 dimensions, got {weight.shape}")
        require_expands(bias.shape, Shape((*input.shape[:-1], *rows)), "bias")
    return Call(op, (input,))


@layer("Linear")
def build_linear(
    name: str,
    inputs: tuple[Shape, ...],
    in_features: IntoDim | None,
    out_features: IntoDim,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Linear.html"""
    features = inputs[0][-1] if in_features is None else dims.as_dim(in_features)
    outputs = dims.as_dim(out_features)
    op = Linear(in_features=features, out_features=outputs)
    parameters = {"weight": Shape((outputs, features)), "bias": Shape((outputs,))}
    return Built(op, parameters if bias else {"weight": parameters["weight"]})


@layer("LazyLinear")
def build_lazy_linear(
    name: str, inputs: tuple[Shape, ...], out_features: IntoDim, bias: bool = True
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html"""
    return build_linear(name, inputs, None, out_features, bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilinear(Op):
    """A bilinear map of the last axes of two operands.

    Shapes:
        input1: (*, in1_features)
        input2: (*, in2_features)
        weight: (out_features, in1_features, in2_features)
        output: (*, out_features)

    Raises:
        RankError: the operands have different numbers of axes, or none.
        DimMismatchError: the operands differ in another axis than the last, or in their features.
        SizeError: an operand has no features.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
    """

    in1_features: Dim
    in2_features: Dim
    out_features: Dim

    def out_shape(self, input1: Shape, input2: Shape) -> OutShape:
        """Replace the last axis."""
        if not input1 or len(input1) != len(input2):
            raise RankError(f"expected two operands of one rank, got {input1} and {input2}")
        *leading1, features1 = input1
        *leading2, features2 = input2
        for axis, (size1, size2) in enumerate(zip(leading1, leading2, strict=True)):
            require_same(size2, size1, f"size of axis {axis} of the second operand")
        fix1 = features_fix(features1, self.in1_features, "in1_features")
        require_same(features1, self.in1_features, "features of the first operand", fix=fix1)
        fix2 = features_fix(features2, self.in2_features, "in2_features")
        require_same(features2, self.in2_features, "features of the second operand", fix=fix2)
        require_positive(features1, "the number of features of the first operand")
        require_positive(features2, "the number of features of the second operand")
        return (*leading1, self.out_features)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all features of one place, of both operands."""
        return [along(len(x), [-1]) for x in inputs]


@reader("bilinear")
def read_bilinear(
    input1: Operand, input2: Operand, weight: Operand, bias: Operand | None = None
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html"""
    if weight.ndim != 3:
        raise RankError(f"expected a weight (out, in1, in2), got {weight.shape}")
    out_features, in1_features, in2_features = weight.shape
    if bias is not None:
        require_same(bias.shape[0] if bias.ndim else dims.ONE, out_features, "size of the bias")
    op = Bilinear(in1_features=in1_features, in2_features=in2_features, out_features=out_features)
    return Call(op, (input1, input2))


@layer("Bilinear")
def build_bilinear(
    name: str,
    inputs: tuple[Shape, ...],
    in1_features: IntoDim | None,
    in2_features: IntoDim | None,
    out_features: IntoDim,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html"""
    in1 = inputs[0][-1] if in1_features is None else dims.as_dim(in1_features)
    in2 = inputs[1][-1] if in2_features is None else dims.as_dim(in2_features)
    outputs = dims.as_dim(out_features)
    op = Bilinear(in1_features=in1, in2_features=in2, out_features=outputs)
    parameters = {"weight": Shape((outputs, in1, in2)), "bias": Shape((outputs,))}
    return Built(op, parameters if bias else {"weight": parameters["weight"]})
