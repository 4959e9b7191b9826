"""Pointwise ops and broadcasting: https://pytorch.org/docs/stable/torch.html#pointwise-ops."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.conditions import decide, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.op import Call, Op, Operand, OutShape, is_floating, promote, reads


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

    function: str

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Broadcast the inputs."""
        return broadcast(*inputs)

    def __str__(self) -> str:
        return self.function


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that all of `shapes` are stretched to.

    Source:
        https://pytorch.org/docs/stable/notes/broadcasting.html

    >>> broadcast(Shape((8, 1, 5)), Shape((3, 1)))
    (8, 3, 5)
    """
    if len(shapes) == 1:
        return shapes[0]
    rank = max(len(shape) for shape in shapes)
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
    require_same(right, left, f"the size of axis {axis} for broadcasting to be")
    return right if right.is_Integer else left


_UNARY = ("relu", "sigmoid", "tanh")
_BINARY = ("add", "sub", "mul", "div", "__add__", "__radd__", "__sub__", "__rsub__", "__mul__")


@reads(*_UNARY, *_BINARY, named=True)
def read_pointwise(function: str, *operands: Operand | float, **options: object) -> Call:
    """A function of the operands' elements; numbers and options leave the shape alone."""
    tensors = tuple(operand for operand in operands if isinstance(operand, Operand))
    dtype = promote(*(tensor.dtype for tensor in tensors))
    if any(isinstance(operand, float) for operand in operands) and not is_floating(dtype):
        dtype = "float32"
    return Call(Pointwise(function=function.strip("_")), tensors, dtype)
