"""Derivatives, and functions mapped over an axis: https://pytorch.org/docs/stable/func.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Reads, everything, inserted, placed, same
from shapecalc.conditions import require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, axis_index
from shapecalc.registry import reader

DERIVED = "which elements a derivative depends on is not followed"
EACH = "a function is mapped over this axis"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfBatch(Op):
    """What a function that `vmap` maps over an axis sees of a tensor: it without that axis.

    Shapes:
        input: any
        output: the input's without axis `in_dim`

    Source:
        https://pytorch.org/docs/stable/generated/torch.vmap.html
    """

    in_dim: int

    def out_shape(self, input: Shape) -> OutShape:
        """Leave the axis out."""
        axis = axis_index(self.in_dim, len(input))
        return (*input[:axis], *input[axis + 1 :])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element of its own batch, of which the output has no axis."""
        access = inserted(len(inputs[0]), [self.in_dim])
        return [type(access)(access.axes, bound=EACH)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOfBatch(Op):
    """What `vmap` returns: the results of all calls of a function in a row, on axis `out_dim`.

    Shapes:
        input: any
        output: the input's with `batch_size` inserted at axis `out_dim`

    Units:
        batch_size: calls.

    Source:
        https://pytorch.org/docs/stable/generated/torch.vmap.html
    """

    batch_size: Dim
    out_dim: int

    def out_shape(self, input: Shape) -> OutShape:
        """Insert the axis."""
        axis = axis_index(self.out_dim, len(input) + 1)
        return (*input[:axis], self.batch_size, *input[axis:])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element with the same indices on all other axes."""
        axis = axis_index(self.out_dim, len(out))
        return [placed(inputs[0], out, [n for n in range(len(out)) if n != axis])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grad(Op):
    """The sum of gradients of some tensors with respect to the first `count` operands.

    Shapes:
        operands: any
        outputs: those of the first `count` operands, behind `batch` where there is one

    Units:
        count: tensors.
        batch: gradients that are taken at once; None is a single one.

    Source:
        https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
    """

    count: int
    batch: Dim | None = None

    def out_shape(self, *operands: Shape) -> OutShape:
        """Return a tensor like each input."""
        batch = () if self.batch is None else (self.batch,)
        return [(*batch, *x) for x in operands[: self.count]]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read all that the result may depend on."""
        return [everything(x, DERIVED) for x in inputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDual(Op):
    """A tensor that carries the direction of a derivative with it.

    Shapes:
        tensor, tangent, output: all the same

    Raises:
        DimMismatchError: the tangent has another shape than the tensor.

    Source:
        https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.make_dual.html
    """

    def out_shape(self, tensor: Shape, tangent: Shape) -> OutShape:
        """Return the shape of both."""
        if len(tensor) != len(tangent):
            raise RankError(f"expected a tangent of shape {tensor}, got {tangent}")
        for own, given in zip(tensor, tangent, strict=True):
            require_same(given, own, "the tangent to have the size")
        return tensor

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element at the same place."""
        return [same(len(out)), same(len(out))]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackDual(Op):
    """A tensor and its derivative in the direction that was put in by `make_dual`.

    Shapes:
        tensor, primal, tangent: all the same

    Source:
        https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.unpack_dual.html
    """

    def out_shape(self, tensor: Shape) -> OutShape:
        """Return the shape twice."""
        return [tensor, tensor]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the element at the same place, which carries its derivative."""
        return [same(len(out))]


@reader("_C._functorch._add_batch_dim")
def read_add_batch_dim(input: Operand, in_dim: int, level: int) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.vmap.html"""
    return Call(OneOfBatch(in_dim=int(in_dim)), (input,))


@reader("_C._functorch._remove_batch_dim")
def read_remove_batch_dim(input: Operand, level: int, batch_size: IntoDim, out_dim: int) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.vmap.html"""
    op = AllOfBatch(batch_size=dims.as_dim(batch_size), out_dim=int(out_dim))
    return Call(op, (input,))


@reader("autograd.grad")
def read_grad(
    outputs: Operand | Sequence[Operand],
    inputs: Operand | Sequence[Operand],
    grad_outputs: Operand | Sequence[Operand | None] | None = None,
    *,
    is_grads_batched: bool = False,
    **options: object,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.autograd.grad.html"""
    wanted, of = _tensors(inputs), _tensors(outputs)
    directions = _tensors(grad_outputs)
    batch = directions[0].shape[0] if is_grads_batched else None
    op = Grad(count=len(wanted), batch=batch)
    return Call(op, (*wanted, *of, *directions), tuple(x.dtype for x in wanted))


def _tensors(given: Operand | Sequence[Operand | None] | None) -> tuple[Operand, ...]:
    entries = given if isinstance(given, (tuple, list)) else (given,)
    return tuple(x for x in entries if isinstance(x, Operand))


@reader("_make_dual")
def read_make_dual(tensor: Operand, tangent: Operand, level: int) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.make_dual.html"""
    return Call(MakeDual(), (tensor, tangent))


@reader("_unpack_dual")
def read_unpack_dual(tensor: Operand, level: int) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.unpack_dual.html"""
    return Call(UnpackDual(), (tensor,), (tensor.dtype, tensor.dtype))
