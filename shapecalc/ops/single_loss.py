"""The loss of a single sample or element: its shape, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shapecalc import dims
from shapecalc.access import (
    WHOLE,
    Access,
    Interval,
    Same,
    broadcast_axes,
    everything,
    index,
    placed,
    reduced,
)
from shapecalc.conditions import decide, require_element, require_positive, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import DimMismatchError, RankError
from shapecalc.op import require_rank
from shapecalc.ops.matmul import require_expands, require_shape
from shapecalc.ops.pointwise import broadcast
from shapecalc.ops.window import require_elements


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


SINGLE: dict[str, Callable[..., Shape]] = {
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
"""The shape of the single losses, of the tensors by their roles."""

DECIDED = {
    "nll_loss": {"input": "target", "weight": "target"},
    "cross_entropy": {"weight": "target"},
    "multi_margin_loss": {"weight": "target"},
    "multilabel_margin_loss": {"target": "target"},
    "ctc_loss": {"log_probs": "targets", "targets": "lengths"},
}
"""The tensors of which only a part may be read, and the tensor whose values decide."""

_OF_CLASSES = ("cross_entropy", "cross_entropy_of_probabilities", "nll_loss")
_OF_ROWS = (
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "cosine_embedding_loss",
    "triplet_margin_loss",
)


def read_single(function: str, role: str, operands: Mapping[str, Shape], out: Shape) -> Access:
    """Return the access of a single loss to the tensor of one role."""
    x, first = operands[role], next(iter(operands.values()))
    if function == "ctc_loss":
        return _read_sequence(role, operands, out)
    if function in (*_OF_CLASSES, *_OF_ROWS):
        return _read_row(function, role, x, first, out)
    if role == "var" and len(x) < len(first):  # one for each sample
        before = len(out) - 1 - len(x)
        return placed(x, out, range(before, before + len(x)))
    return Access(broadcast_axes(x, out))


def _read_row(function: str, role: str, x: Shape, first: Shape, out: Shape) -> Access:
    """Read a whole row: one axis of the first tensor is not in the output."""
    rank, row = len(out) + 1, len(first) - 1
    if function == "multilabel_soft_margin_loss":
        return reduced(x, out, [row], rank=rank)
    if role == "weight" or rank != len(first):  # of all classes, or there is one sample
        return everything(x)
    if len(x) < rank:  # one entry for each row
        return Access(broadcast_axes(x, out))
    return reduced(x, out, [min(row, 1) if function in _OF_CLASSES else row])


def _read_sequence(role: str, operands: Mapping[str, Shape], out: Shape) -> Access:
    """Read what belongs to one sequence of a batch."""
    x, in_a_row = operands[role], len(operands["targets"]) == 1
    if not out or (role == "targets" and in_a_row):
        return everything(x)
    if role == "target_lengths" and in_a_row:  # its targets stand after those before it
        return Access((Interval(dims.ZERO, index(0)),))
    batch = 1 if role == "log_probs" else 0
    return Access(tuple(Same(0) if axis == batch else WHOLE for axis in range(len(x))))
