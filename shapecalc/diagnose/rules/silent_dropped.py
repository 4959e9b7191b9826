"""What torch does not raise: the batch that is dropped, or taken for another axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from shapecalc import dims
from shapecalc.diagnose.edits import Reshaped, Rewrite
from shapecalc.diagnose.rule import Draft, warning
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer
from shapecalc.ops.axes import Squeeze


@warning("SC203", "squeeze_batch")
def squeeze_batch(subject: Subject) -> Iterator[Draft]:
    """A squeeze drops the batch when it holds a single sample.

    `squeeze()` takes every axis of size 1 away, the batch included: with one sample the output
    has an axis less than with two, and what comes after sees another tensor. Name the axis that
    is to go.

    Wrong:
        x.squeeze()  # [N, 512, 1, 1] becomes [N, 512], but [512] where N = 1
    Right:
        x.squeeze((-2, -1))
    """
    batch = subject.axes.batch
    for layer in subject.graph.layers:
        if not isinstance(layer.op, Squeeze) or not batch:
            continue
        given, dim = layer.in_shapes[0], layer.op.dim
        rank = len(given)
        named = range(rank) if dim is None else [axis % rank for axis in dim]
        if not any(str(given[axis]) == batch for axis in named):
            continue
        ones = tuple(axis - rank for axis in named if given[axis] == 1)
        kept = [size for axis, size in enumerate(given) if axis - rank not in ones]
        alone = [size for size in kept if str(size) != batch]
        yield Draft(
            message=f"squeeze drops the batch where {batch} = 1: "
            f"{subject.shape(given)} becomes {subject.shape(tuple(alone))}",
            argument="dim",
            got=dim,
            expected=ones,
            because=(
                f"with more samples it is {dims.format_shape(kept)}",
                f"with one, {batch} is a size of 1 like the others, and goes too",
            ),
            candidates=(
                Rewrite(
                    index=layer.index,
                    text=f"write x.squeeze({_listed(ones)})" if ones else "leave the squeeze out",
                    rewriting=partial(_squeezed, ones),
                ),
            ),
            at=layer,
        )


def _listed(axes: tuple[int, ...]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


def _squeezed(ones: tuple[int, ...], func: Any, args: tuple[Any, ...], _: Any) -> Any:
    return args[0].squeeze(ones) if ones else args[0]


@warning("SC204", "unbatched_input")
def unbatched_input(subject: Subject) -> Iterator[Draft]:
    """A layer takes the batch for another axis, because the input has an axis too few.

    Most layers of torch take a single sample as well. A Conv2d that receives three axes takes
    them for channels, height and width: a batch of grey images without an axis for their one
    channel runs, if at all, as a single image with as many channels as there are samples.

    Wrong:
        nn.Conv2d(1, 8, 3)(images)  # images: [N, 28, 28]
    Right:
        nn.Conv2d(1, 8, 3)(images.unsqueeze(1))  # [N, 1, 28, 28]
    """
    for layer in subject.graph.layers:
        if layer.rests_on or not takes_batch_for_another(layer, subject):
            continue
        given = layer.in_shapes[0]
        shapes = {
            tensor.name: (tensor.shape[0], 1, *tensor.shape[1:])
            for tensor in subject.graph.inputs
            if len(tensor.shape) == len(given)
        }
        shapes = {name: tuple(map(subject.size, shape)) for name, shape in shapes.items()}
        fed = ", ".join(next(iter(shapes.values()), ()))
        yield Draft(
            message=f"{layer.kind} takes the batch {given[0]} for channels: "
            f"{subject.shape(given)} is a single sample to it",
            got=len(given),
            expected=len(given) + 1,
            because=(f"it expects (N, C, ...), {len(given) + 1} axes, and receives {len(given)}",),
            candidates=(Reshaped(shapes=shapes, text=f"feed [{fed}]"),) if shapes else (),
            at=layer,
        )
        return


def takes_batch_for_another(layer: Layer, subject: Subject) -> bool:
    """Tell whether a convolution has the batch, which the question names, for its channels."""
    kernel = getattr(layer.op, "kernel_size", None)
    if not isinstance(kernel, tuple) or not hasattr(layer.op, "in_channels"):
        return False
    given = layer.in_shapes[0]
    named = subject.axes.batch in subject.case.free
    return named and len(given) == len(kernel) + 1 and str(given[0]) == subject.axes.batch
