"""Loss functions: https://pytorch.org/docs/stable/nn.html#loss-functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shapecalc import dims
from shapecalc.access import Reads, everything
from shapecalc.conditions import require, require_same
from shapecalc.dims import Shape
from shapecalc.dtypes import is_floating, promote
from shapecalc.errors import ShapeError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape
from shapecalc.ops.single_loss import DECIDED, SINGLE, read_single
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(Op):
    """A loss: one number, or with `reduction="none"` one for every sample or element.

    `roles` names the tensors that are passed, in order.

    Shapes:
        inputs: what the function takes under the names in `roles`
        output: (), or without a reduction the shape of the single losses

    Raises:
        RankError: a tensor has another number of axes than the function takes.
        DimMismatchError: two sizes that have to agree do not.
        SizeError: `reduction` is none of 'none', 'mean' and 'sum', and not the 'batchmean' of
            `kl_div`, or there are no classes.

    Source:
        https://pytorch.org/docs/stable/nn.functional.html#loss-functions
    """

    function: str
    reduction: str = "mean"
    roles: tuple[str, ...] = ("input", "target")

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Check the tensors against each other, then reduce."""
        of_batch = self.function == "kl_div" and self.reduction == "batchmean"
        if not of_batch and self.reduction not in ("none", "mean", "sum"):
            raise SizeError(f"reduction is 'none', 'mean' or 'sum', got {self.reduction!r}")
        single = SINGLE[self.function](**dict(zip(self.roles, inputs, strict=True)))
        return single if self.reduction == "none" else ()

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read what belongs to the sample or the element; with a reduction, everything."""
        operands = dict(zip(self.roles, inputs, strict=True))
        if self.reduction != "none":
            reads = [everything(x) for x in inputs]
        else:
            reads = [read_single(self.function, role, operands, out) for role in self.roles]
        decided = DECIDED.get(self.function, {})
        return [
            replace(read, bound=f"the values of the {decided[role]} decide")
            if role in decided
            else read
            for role, read in zip(self.roles, reads, strict=True)
        ]


POSITIONAL = {
    "margin_ranking_loss": ("input1", "input2", "target"),
    "cosine_embedding_loss": ("input1", "input2", "target"),
    "triplet_margin_loss": ("anchor", "positive", "negative"),
    "gaussian_nll_loss": ("input", "target", "var"),
    "ctc_loss": ("log_probs", "targets", "input_lengths", "target_lengths"),
}
_OF_CLASSES = ("cross_entropy", "nll_loss", "multi_margin_loss")
_FUNCTIONS = tuple(name for name in SINGLE if name != "cross_entropy_of_probabilities")


@reader(*(f"nn.functional.{name}" for name in _FUNCTIONS), named=True)
def read_loss(
    name: str,
    *args: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    **options: Any,
) -> Call:
    """https://pytorch.org/docs/stable/nn.functional.html#loss-functions"""
    function = name.rpartition(".")[2]
    given = dict(zip(POSITIONAL.get(function, ("input", "target")), args, strict=False)) | options
    operands = {role: _as_operand(role, value) for role, value in given.items()}
    tensors = {role: operand for role, operand in operands.items() if operand is not None}
    first = next(iter(tensors.values()))
    dtype = first.dtype
    if function not in (*_OF_CLASSES, "multilabel_margin_loss", "ctc_loss"):
        main = [x.dtype for role, x in tensors.items() if not role.endswith("weight")]
        dtype = promote(*main)
    elif function in _OF_CLASSES and is_floating(tensors["target"].dtype):
        if function != "cross_entropy":
            raise ShapeError(f"expected a target of type int64, got {tensors['target'].dtype}")
        function = "cross_entropy_of_probabilities"
    elif function == "cross_entropy" and tensors["target"].shape == first.shape != ():
        raise ShapeError("expected probabilities of a floating type, got integers")
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    if function == "ctc_loss":
        _require_written_lengths(given, tensors)
    op = Loss(function=function, reduction=reduction, roles=tuple(tensors))
    return Call(op, tuple(tensors.values()), dtype)


def _as_operand(role: str, value: Any) -> Operand | None:
    if isinstance(value, (tuple, list)) and role.endswith("lengths"):
        return Operand(Shape((len(value),)), "int64")
    return value if isinstance(value, Operand) else None


def _require_written_lengths(given: Mapping[str, Any], tensors: Mapping[str, Operand]) -> None:
    """Demand room for lengths that are written down; those in a tensor nobody knows."""
    steps, *_ = tensors["log_probs"].shape
    targets = tensors["targets"].shape
    for role, room in (("input_lengths", steps), ("target_lengths", targets[-1])):
        lengths = given[role]
        if isinstance(lengths, (tuple, list)) and lengths:
            if role == "target_lengths" and len(targets) == 1:
                require_same(room, dims.total(lengths), "targets, of all samples in a row,")
            for length in lengths:
                require(length, "<=", room, f"{role} holds {length}, of {dims.format_dim(room)}")


def legacy_reduction(size_average: bool | None, reduce: bool | None) -> str:
    """Return the reduction that two old options stand for."""
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"
