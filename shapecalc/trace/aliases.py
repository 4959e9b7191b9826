"""Tensors that share their elements: a write through one of them changes the others.

Shapes do not notice such writes; what depends on what does. A view and what it views form a
family, which remembers every write into one of its members. A member that is used after a
write through another one depends on what was written, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from shapecalc.access import Reads, everything, same
from shapecalc.dims import Shape
from shapecalc.graph import OutputRef, Source
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.slicing import GetItem, SetItem
from shapecalc.trace.symbolic_tensor import NAMES, SymbolicTensor, storage_of, tensors_in

if TYPE_CHECKING:
    from shapecalc.trace.recorder import Recorder

# functions whose result shares its elements with their first argument, if torch can have it so
_VIEWS = {
    "view", "view_as", "reshape", "reshape_as", "flatten", "ravel", "unflatten", "permute",
    "transpose", "t", "T", "mT", "H", "mH", "swapaxes", "swapdims", "movedim", "moveaxis",
    "squeeze", "unsqueeze", "expand", "expand_as", "broadcast_to", "select", "narrow",
    "__getitem__", "diagonal", "unfold", "as_strided", "real", "imag", "view_as_real",
    "view_as_complex", "chunk", "split", "split_with_sizes", "tensor_split", "hsplit", "vsplit",
    "dsplit", "unbind", "detach", "alias", "contiguous", "to", "float", "type", "type_as",
    "atleast_1d", "atleast_2d", "atleast_3d", "data", "adjoint", "unsafe_chunk", "unsafe_split",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Write:
    """A write through a member of a family, and what the member was after it."""

    writer: SymbolicTensor
    operand: Operand

    @property
    def part(self) -> Mapping[int, int]:
        """Which outputs of which splits were written."""
        return self.writer.part


@dataclass(frozen=True, slots=True)
class Origin:
    """Of what a tensor is a view, and by which call; `index` is what `x[index]` was given."""

    viewed: SymbolicTensor
    call: Call
    output: int
    index: object = None


@dataclass(slots=True, eq=False)
class Family:
    """Tensors that share elements, and what was written through any of them."""

    writes: list[Write] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(Op):
    """A tensor after a write through another one that shares elements with it.

    Shapes:
        x: the tensor as it was
        operands: what was written, of any shape
        output: the shape of `x`

    Source:
        https://pytorch.org/docs/stable/tensor_view.html
    """

    def out_shape(self, x: Shape, *operands: Shape) -> OutShape:
        """Return the shape, which no write changes."""
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read what was there or, in some place of it, what was written."""
        x, *written = inputs
        why = "it was written into through a view"
        return [same(len(x)), *(everything(operand, bound=why) for operand in written)]


class Aliases:
    """The families of one trace, and the constants of the model that took symbolic values."""

    def __init__(self, record: Recorder) -> None:
        self._record = record
        self.written: dict[int, SymbolicTensor] = {}  # by the storage of the constant

    def view(
        self, name: str, args: tuple[Any, ...], call: Call, outputs: list[SymbolicTensor]
    ) -> None:
        """Note that the outputs of a call share elements with what it viewed."""
        viewed = args[0] if args else None
        if name not in _VIEWS or not isinstance(viewed, SymbolicTensor):
            return
        if viewed.family is None:
            viewed.family = Family()
        for number, output in enumerate(outputs):
            output.family, output.seen = viewed.family, len(viewed.family.writes)
            output.origin = Origin(viewed, call, number, args[1] if name == "__getitem__" else None)
            output.part = viewed.part
            if len(outputs) > 1 and isinstance(output.source, OutputRef):
                output.part = {**viewed.part, output.source.layer: number}

    def write(self, target: SymbolicTensor) -> None:
        """Note a write into a tensor, which the tensor itself knows of."""
        if target.family is not None:
            target.family.writes.append(Write(target, target.operand()))
            target.seen = len(target.family.writes)

    def write_constant(self, target: torch.Tensor, result: SymbolicTensor) -> None:
        """Note that a constant took symbolic values."""
        self.written[storage_of(target)] = result

    def put_back(self, args: tuple[Any, ...]) -> None:
        """Note the last step of `x[index] += y`, which puts back what was written already."""
        target, index, value = args
        if not isinstance(target, SymbolicTensor) or not isinstance(value, SymbolicTensor):
            return
        origin, family = value.origin, target.family
        if family is not None and origin and origin.viewed is target and origin.index is index:
            rest = family.writes[target.seen :]
            if all(write.writer is value for write in rest):
                target.seen = len(family.writes)

    def refresh(self, value: Any) -> Any:
        """Return an argument with all that was written into it meanwhile."""
        for tensor in tensors_in(value):
            if isinstance(tensor, SymbolicTensor):
                self._catch_up(tensor)
        return _replaced(value, self._standing_in) if self.written else value

    def _catch_up(self, tensor: SymbolicTensor) -> None:
        family = tensor.family
        if family is None or tensor.seen == len(family.writes):
            return
        missed = [w for w in family.writes[tensor.seen :] if not _apart(w.part, tensor.part)]
        tensor.seen = len(family.writes)
        if missed:
            tensor.first_ = tensor.range_ = tensor.made = None
        for write in missed:
            tensor.source = self._after(tensor, write)

    def _after(self, tensor: SymbolicTensor, write: Write) -> Source:
        """Return what a tensor is after a write through another member of its family."""
        here, there = tensor.origin, write.writer.origin
        if here is not None and here.viewed is write.writer and len(here.call.operands) == 1:
            again = replace(here.call, operands=(write.operand,))
            return OutputRef(self._again(again, tensor, here.output), here.output)
        if there is not None and there.viewed is tensor and isinstance(there.call.op, GetItem):
            part = there.call.op.index
            if len(there.call.operands) == 1:
                put = Call(SetItem(index=part), (tensor.operand(), write.operand))
                return OutputRef(self._record.layer(put, "shared", (tensor.shape_,), ()))
        return self._share(tensor.operand(), [write.operand])

    def _again(self, call: Call, tensor: SymbolicTensor, output: int) -> int:
        """Record the call that made a view once more, and return its number."""
        assert isinstance(tensor.source, OutputRef)
        shapes = tuple(tensor.shape_ for _ in range(output + 1))
        return self._record.layer(call, "shared", shapes, ())

    def _share(self, operand: Operand, written: list[Operand]) -> Source:
        operands = (operand, *written)
        index = self._record.layer(Call(Shared(), operands), "shared", (operand.shape,), ())
        return OutputRef(index)

    def _standing_in(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a symbolic tensor for a constant that took symbolic values."""
        if isinstance(tensor, SymbolicTensor) or torch.nn.parameter.is_lazy(tensor):
            return tensor
        result = self.written.get(storage_of(tensor))
        if result is None:
            return tensor
        shape, source = Shape(tensor.shape), result.source
        if shape != result.shape_:
            kept = Operand(shape, NAMES[tensor.dtype])
            source = self._share(kept, [result.operand()])
        return SymbolicTensor.make(shape, tensor.dtype, tensor.device, source)


def _apart(one: Mapping[int, int], other: Mapping[int, int]) -> bool:
    """Tell whether two tensors are, or are in, different outputs of one split."""
    return any(one[layer] != other[layer] for layer in one.keys() & other.keys())


def _replaced(value: Any, replace: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return replace(value)
    if isinstance(value, dict):
        return {key: _replaced(entry, replace) for key, entry in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_replaced(entry, replace) for entry in value)
    return value
