"""Mistakes between the output of a model, its target and its loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from shapecalc import dims
from shapecalc.diagnose.cause import name_of
from shapecalc.diagnose.edits import Candidate, Rewrite
from shapecalc.diagnose.rule import Draft, demand, mistake, warning
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.dims import Shape
from shapecalc.graph import Layer, OutputRef, shapes_in
from shapecalc.ops.loss import Loss

_OF_CLASSES = ("cross_entropy", "nll_loss")


@mistake("SC180", "loss_class_axis")
def loss_class_axis(m: Mistake) -> Draft | None:
    """The loss looks for the classes on axis 1, and they are on the last one.

    For an output with positions, such as words or pixels, cross_entropy wants the classes right
    after the batch: [N, classes, T] with a target of [N, T]. Layers such as Linear leave them on
    the last axis.

    Wrong:
        F.cross_entropy(logits, target)  # [N, T, 1000] and [N, T]
    Right:
        F.cross_entropy(logits.transpose(1, 2), target)
    """
    found = _operands(m)
    if found is None or found[0].op.function not in _OF_CLASSES:  # type: ignore[attr-defined]
        return None
    layer, output, target = found
    subject = m.subject
    numbers = [subject.number(size) for size in output]
    if len(output) < 3 or numbers[:-1] != [subject.number(size) for size in target]:
        return None
    last = len(output) - 1
    moved = Shape((output[0], output[-1], *output[1:-1]))
    return Draft(
        message=f"{layer.kind} takes axis 1 of {subject.shape(output)} for the "
        f"{subject.size(output[1])} classes, and the {subject.size(output[-1])} of the last axis "
        "for positions",
        argument="input",
        got=subject.shape(output),
        expected=subject.shape(moved),
        because=(
            f"{name_of(subject, layer.sources[0])} gives {subject.shape(output)}",
            f"the target is {subject.shape(target)}: one class for each position",
        ),
        candidates=(
            Rewrite(
                index=layer.index,
                text="pass output.movedim(-1, 1) to the loss"
                if last > 2
                else "pass output.transpose(1, 2) to the loss",
                rewriting=_classes_first,
            ),
        ),
    )


def _classes_first(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    output, *rest = args
    return func(output.movedim(-1, 1), *rest, **kwargs)


@mistake("SC181", "loss_target_shape")
def loss_target_shape(m: Mistake) -> Draft | None:
    """The target has another shape than the loss expects for this output.

    cross_entropy wants the number of a class for each sample: [N] for an output of [N, classes].
    Losses of numbers, such as mse_loss or binary_cross_entropy, want a target of the very shape
    of the output: [N, 1] and [N] are two shapes.

    Wrong:
        F.cross_entropy(logits, target)  # [N, 10] and [N, 1]
    Right:
        F.cross_entropy(logits, target.squeeze(1))
    """
    found = _operands(m)
    if found is None:
        return None
    layer, output, target = found
    subject = m.subject
    function = layer.op.function  # type: ignore[attr-defined]
    expected = output
    if function in _OF_CLASSES and len(output) > 0:
        axis = min(len(output) - 1, 1)
        expected = Shape((*output[:axis], *output[axis + 1 :]))
    return Draft(
        message=f"{layer.kind} expects a target of {subject.shape(expected)} for an output of "
        f"{subject.shape(output)}, receives {subject.shape(target)}",
        argument="target",
        got=subject.shape(target),
        expected=subject.shape(expected),
        because=(
            f"{name_of(subject, layer.sources[0])} gives {subject.shape(output)}",
            "its target holds the number of a class, so it has no axis for classes"
            if function in _OF_CLASSES
            else "every number of the output is compared with one of the target",
        ),
        candidates=tuple(_fitted(m, layer, target, expected)),
    )


def _operands(m: Mistake) -> tuple[Layer, Shape, Shape] | None:
    """Return the loss that a mistake is in, the output and the target."""
    layer = m.layer
    if layer is None or not isinstance(layer.op, Loss) or layer.op.roles[:2] != ("input", "target"):
        return None
    return layer, layer.in_shapes[0], layer.in_shapes[1]


def _fitted(m: Mistake, layer: Layer, target: Shape, expected: Shape) -> Iterator[Candidate]:
    """Yield calls in which an axis of size 1 is given or taken away, which mixes nothing."""
    shapes = (layer.in_shapes[0], target, expected)
    given, asked, fitting = ([m.subject.number(size) for size in shape] for shape in shapes)
    if asked[-1:] == [1] and asked[:-1] == fitting:
        text, rewriting = "pass target.squeeze(-1) to the loss", partial(_squeezed, 1)
    elif given[-1:] == [1] and given[:-1] == asked:
        text, rewriting = "pass output.squeeze(-1) to the loss", partial(_squeezed, 0)
    else:
        return
    yield Rewrite(index=layer.index, text=text, rewriting=rewriting)


def _squeezed(place: int, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    given = list(args)
    given[place] = given[place].squeeze(-1)
    return func(*given, **kwargs)


@demand("SC182", "output_shape")
def output_shape(subject: Subject) -> Iterator[Draft]:
    """The model returns another shape than was said it does.

    `check(model, "N,3,32,32", output="N,10")` says what comes out: ten numbers for each sample.

    Wrong:
        nn.Sequential(nn.Conv2d(3, 10, 32))  # [N, 10, 1, 1]
    Right:
        nn.Sequential(nn.Conv2d(3, 10, 32), nn.Flatten())
    """
    wanted = subject.output
    shape = next(shapes_in(subject.graph.output), None)
    if wanted is None or shape is None or subject.graph.findings:
        return
    if len(wanted) == len(shape) and all(map(partial(_agree, subject), shape, wanted)):
        return
    source = next(iter(subject.graph.calls[0].out_sources), None)
    made = subject.graph.layers[source.layer] if isinstance(source, OutputRef) else None
    yield Draft(
        message=f"the model returns {subject.shape(shape)}, expected {subject.shape(wanted)}",
        got=subject.shape(shape),
        expected=subject.shape(wanted),
        because=(f"{name_of(subject, source)} gives {dims.format_shape(shape)}",),
        at=made,
    )


def _agree(subject: Subject, size: Any, wanted: Any) -> bool:
    """Tell whether a size is what was asked for; a symbol that no input has may be any."""
    names = {str(symbol) for symbol in dims.symbols_of((wanted,))}
    if not names <= set(subject.case.symbols):
        return True
    if not names:
        return subject.number(size) == subject.number(wanted)
    return subject.axes.numbers(Shape((size,))) == subject.axes.numbers(Shape((wanted,)))


@warning("SC231", "loss_one_class")
def loss_one_class(subject: Subject) -> Iterator[Draft]:
    """A loss of classes is computed of one class, which is always right.

    cross_entropy makes shares of the classes, and the share of a single one is 1: the loss is 0,
    whatever the model says, and nothing is learned. For a yes or no, one number goes into
    binary_cross_entropy_with_logits, or two into cross_entropy.

    Wrong:
        F.cross_entropy(nn.Linear(64, 1)(x), target)
    Right:
        F.cross_entropy(nn.Linear(64, 2)(x), target)
    """
    for layer in subject.graph.layers:
        if not isinstance(layer.op, Loss) or layer.op.function not in _OF_CLASSES:
            continue
        output = layer.in_shapes[0]
        if len(output) > 1 and output[1] == 1 and not layer.rests_on:
            yield Draft(
                message=f"{layer.kind} of {subject.shape(output)} has a single class to choose "
                "from: it is always 0",
                argument="input",
                got=1,
                because=("the shares of all classes sum to 1, so the only one has all of it",),
                at=layer,
            )
