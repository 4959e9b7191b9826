"""Loss functions: https://pytorch.org/docs/stable/nn.html#loss-functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.conditions import decide, require, require_element, require_positive, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.dtypes import is_floating, promote
from shapecalc.errors import DimMismatchError, RankError, ShapeError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.matmul import require_expands, require_shape
from shapecalc.ops.pointwise import broadcast
from shapecalc.ops.window import require_elements
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
        SizeError: `reduction` is none of 'none', 'mean' and 'sum', or there are no classes.

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
        if self.reduction not in ("none", "mean", "sum"):
            raise SizeError(f"reduction is 'none', 'mean' or 'sum', got {self.reduction!r}")
        single = _SINGLE[self.function](**dict(zip(self.roles, inputs, strict=True)))
        return single if self.reduction == "none" else ()


def _elements(input: Shape, target: Shape, weight: Shape | None = None) -> Shape:
    if weight is not None:
        require_shape(weight, input, "the weight, as the input,")
    return broadcast(input, target)


def _soft_margin(input: Shape, target: Shape) -> Shape:
    require_expands(target, input, "the target")
    return input


def _with_variance(input: Shape, target: Shape, var: Shape | None = None) -> Shape:
    if var is None:
        return broadcast(input, target)
    if len(var) != len(input):
        require_shape(var, Shape(input[:-1]), "the variance, one for each sample,")
        return broadcast(input, target)
    apart = [
        size
        for size, of_input in zip(var, input, strict=True)
        if not decide(size, "==", of_input, "the variance has the input's size")
    ]
    if len(apart) > 1:
        raise DimMismatchError(f"expected a variance that fits {input}, got {var}")
    for size in apart:
        require_same(size, 1, "size of the variance")
    return broadcast(input, target)


def _cross_entropy(input: Shape, target: Shape, weight: Shape | None = None) -> Shape:
    if len(input) == 0:
        raise RankError("expected at least 1 dimension (C) or (N, C, ...), got 0")
    axis = min(len(input) - 1, 1)
    _require_class_weight(weight, input[axis])
    expected = Shape((*input[:axis], *input[axis + 1 :]))
    if len(input) == 1 and len(target) == 1:
        require_same(target[0], 1, "targets for one sample")
    else:
        require_shape(target, expected, "the target, classes for this input,")
    if len(input) not in (1, 2, 4):  # these torch views as 4 axes, which it cannot for no classes
        require_element(input[axis], target, "the number of classes")
    return expected


def _cross_entropy_of_probabilities(
    input: Shape, target: Shape, weight: Shape | None = None
) -> Shape:
    if len(input) == 0:
        raise RankError("expected at least 1 dimension (C) or (N, C, ...), got 0")
    require_shape(target, input, "the target, probabilities for this input,")
    axis = min(len(input) - 1, 1)
    _require_class_weight(weight, input[axis])
    return Shape((*input[:axis], *input[axis + 1 :]))


def _require_class_weight(weight: Shape | None, classes: Dim) -> None:
    if weight is not None:
        require_shape(weight, Shape((classes,)), "the weight, one for each class,")


def _binary(input: Shape, target: Shape, **weights: Shape) -> Shape:
    require_shape(target, input, "the target, as the input,")
    for role, weight in weights.items():
        require_expands(weight, input, role)
    return input


def _multi_margin(input: Shape, target: Shape, weight: Shape | None = None) -> Shape:
    require_rank(input, 0, 1, 2, layout="(N, C) or (C)")
    require_rank(target, 0, 1, layout="(N) or () in the target")
    _require_class_weight(weight, input[-1] if input else dims.ONE)
    require_positive(input[-1] if input else dims.ONE, "the number of classes")
    samples = input[0] if len(input) == 2 else dims.ONE
    require_same(target[0] if target else dims.ONE, samples, "targets, a class for each sample,")
    return target


def _multilabel_margin(input: Shape, target: Shape) -> Shape:
    require_rank(input, 0, 1, 2, layout="(N, C) or (C)")
    one = Shape((1,))  # a number is a vector of one class
    if len(input) < 2 and len(target) < 2:
        require_shape(target or one, input or one, "the target, as the input,")
    else:
        require_shape(target, input, "the target, as the input,")
    require_positive(input[-1] if input else dims.ONE, "the number of classes")
    return Shape(input[:-1])


def _multilabel_soft_margin(input: Shape, target: Shape, weight: Shape | None = None) -> Shape:
    if not input:
        raise RankError("expected at least 1 dimension (*, C), got 0")
    single = broadcast(input, target)
    if weight is not None:
        single = broadcast(single, weight)
    return Shape(single[: len(input) - 1] + single[len(input) :])


def _margin_ranking(input1: Shape, input2: Shape, target: Shape) -> Shape:
    if not len(input1) == len(input2) == len(target):
        raise RankError(f"expected tensors of one rank, got {input1}, {input2} and {target}")
    return broadcast(input1, input2, target)


def _cosine_embedding(input1: Shape, input2: Shape, target: Shape) -> Shape:
    require_rank(target, 0, 1, layout="(N) or () in the target")
    for x in (input1, input2):
        require_rank(x, len(target) + 1, layout="(N, D) with a target (N), (D) with one of ()")
    return broadcast(Shape(broadcast(input1, input2)[:-1]), target)


def _triplet(anchor: Shape, positive: Shape, negative: Shape) -> Shape:
    if not len(anchor) == len(positive) == len(negative):
        raise RankError(f"expected tensors of one rank, got {anchor}, {positive} and {negative}")
    near, far = broadcast(anchor, positive), broadcast(anchor, negative)
    return broadcast(Shape(near[:-1]), Shape(far[:-1]))


def _ctc(
    log_probs: Shape,
    targets: Shape,
    input_lengths: Shape | None = None,
    target_lengths: Shape | None = None,
) -> Shape:
    require_rank(log_probs, 2, 3, layout="(T, N, C) or (T, C)")
    require_rank(targets, 1, 2, layout="(N, S), or (S) for all samples")
    require_elements(log_probs, len(log_probs))
    batch = Shape(log_probs[1:-1])
    if len(targets) == 2:
        require_same(targets[0], batch[0] if batch else dims.ONE, "number of targets")
    for name, lengths in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if lengths is not None:
            if not batch and len(lengths) == 1:
                require_same(lengths[0], 1, f"entries of {name}")
            else:
                require_shape(lengths, batch, name)
    return batch


_SINGLE: dict[str, Callable[..., Shape]] = {
    "l1_loss": _elements,
    "mse_loss": _elements,
    "smooth_l1_loss": _elements,
    "huber_loss": _elements,
    "kl_div": _elements,
    "poisson_nll_loss": _elements,
    "soft_margin_loss": _soft_margin,
    "hinge_embedding_loss": _elements,
    "gaussian_nll_loss": _with_variance,
    "cross_entropy": _cross_entropy,
    "cross_entropy_of_probabilities": _cross_entropy_of_probabilities,
    "nll_loss": _cross_entropy,
    "binary_cross_entropy": _binary,
    "binary_cross_entropy_with_logits": _binary,
    "multi_margin_loss": _multi_margin,
    "multilabel_margin_loss": _multilabel_margin,
    "multilabel_soft_margin_loss": _multilabel_soft_margin,
    "margin_ranking_loss": _margin_ranking,
    "cosine_embedding_loss": _cosine_embedding,
    "triplet_margin_loss": _triplet,
    "ctc_loss": _ctc,
}

POSITIONAL = {
    "margin_ranking_loss": ("input1", "input2", "target"),
    "cosine_embedding_loss": ("input1", "input2", "target"),
    "triplet_margin_loss": ("anchor", "positive", "negative"),
    "gaussian_nll_loss": ("input", "target", "var"),
    "ctc_loss": ("log_probs", "targets", "input_lengths", "target_lengths"),
}
_OF_CLASSES = ("cross_entropy", "nll_loss", "multi_margin_loss")
_FUNCTIONS = tuple(name for name in _SINGLE if name != "cross_entropy_of_probabilities")


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
