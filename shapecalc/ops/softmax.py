"""Non-linear activations along an axis.

https://pytorch.org/docs/stable/nn.html#non-linear-activations-other
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shapecalc.access import Reads, along
from shapecalc.conditions import require_positive
from shapecalc.dims import Shape
from shapecalc.op import Call, Op, Operand, OutShape, axis_index, require_rank
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax(Op):
    """Shares of 1 along an axis: softmax, log_softmax, softmin or gumbel_softmax.

    Shapes:
        x: any shape with that axis
        output: the shape of `x`

    Raises:
        RankError: there is no such axis.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """

    function: str = field(default="softmax", repr=False)  # it is `kind`
    dim: int

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        axis_index(self.dim, len(x))
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all along the axis."""
        return [along(len(out), [self.dim])]


def softmax(function: str, dim: int | None, ndim: int) -> Softmax:
    """Return the op; torch chooses the axis where none is given."""
    implicit = 0 if ndim in (0, 1, 3) else 1
    return Softmax(function=function, dim=implicit if dim is None else dim)


@reader("softmax", "log_softmax", "softmin", "special.softmax", "special.log_softmax", named=True)
def read_softmax(
    name: str,
    input: Operand,
    dim: int | None = None,
    *rest: object,
    dtype: str | None = None,
    **options: object,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html"""
    # after dim comes the type in torch.softmax, and _stacklevel, then the type, in torch.nn
    types = [entry for entry in (*rest, dtype) if isinstance(entry, str)]
    op = softmax(name.removeprefix("special."), dim, input.ndim)
    return Call(op, (input,), types[0] if types else None)


@reader("gumbel_softmax")
def read_gumbel_softmax(
    logits: Operand, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html"""
    if hard and logits.shape:  # the greatest element is looked for
        require_positive(logits.shape[axis_index(dim, logits.ndim)], f"the size of axis {dim}")
    return Call(Softmax(function="gumbel_softmax", dim=dim), (logits,))


_FUNCTIONS = {"Softmax": "softmax", "Softmin": "softmin", "LogSoftmax": "log_softmax"}


@layer(*_FUNCTIONS)
def build_softmax(name: str, inputs: tuple[Shape, ...], dim: int | None = None) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html"""
    return Built(softmax(_FUNCTIONS[name], dim, len(inputs[0])))


@layer("Softmax2d")
def build_softmax2d(name: str, inputs: tuple[Shape, ...]) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html"""
    require_rank(inputs[0], 3, 4, layout="(N, C, H, W)")
    return Built(Softmax(dim=-3))
