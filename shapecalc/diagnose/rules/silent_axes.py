"""What torch does not raise: a layer that runs along another axis than is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapecalc.diagnose.axis_parts import Axes, is_batch, is_features
from shapecalc.diagnose.cause import producer
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.rule import Draft, warning
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer
from shapecalc.ops.convolution import Conv
from shapecalc.ops.layer_normalization import Normalize
from shapecalc.ops.linear import Linear
from shapecalc.ops.pointwise import Pointwise
from shapecalc.ops.reduction import Reduction, axes_of
from shapecalc.ops.softmax import Softmax

# ---------------------------------------------------------------------------- normalisation


@warning("SC212", "norm_axis")
def norm_axis(subject: Subject) -> Iterator[Draft]:
    """A softmax or norm runs along the batch, or along an axis with a single number.

    The probabilities of one sample sum to 1 over its classes, the last axis of [N, classes].
    Along the batch they sum to 1 over the samples, so that the answer for one image depends on
    the others. Along an axis of size 1 there is nothing to share: every answer is 1.

    Wrong:
        torch.softmax(logits, dim=0)  # of [N, 10]
    Right:
        torch.softmax(logits, dim=-1)
    """
    for layer in subject.graph.layers:
        axes = subject.axes.operands(layer)[0] if layer.in_shapes else None
        if not axes or layer.rests_on:
            continue
        if isinstance(layer.op, (Softmax, Normalize)) and isinstance(layer.op.dim, int):
            axis = layer.op.dim % len(axes)
            single = isinstance(layer.op, Softmax) and _is_single(subject, layer, axis)
            if _along_batch(axes, axis) or single:
                yield _along_wrong_axis(subject, layer, axis)
        elif isinstance(layer.op, Reduction) and not subject.train:
            over = axes_of(layer.op.dim, len(axes))
            mixed = any(_along_batch(axes, axis) for axis in over)
            if mixed and len(over) < len(axes) and _divides(subject, layer):
                yield _along_wrong_axis(subject, layer, over[0], repairs=False)


def _along_batch(axes: Axes, axis: int) -> bool:
    """Tell whether an axis is the batch, and other axes are left that are not."""
    return is_batch(axes[axis]) and sum(map(is_batch, axes)) == 1 and len(axes) > 1


def _is_single(subject: Subject, layer: Layer, axis: int) -> bool:
    """Tell whether an axis holds the one feature that a layer hands on."""
    if layer.in_shapes[0][axis] != 1:
        return False
    before = producer(subject, layer.sources[0])
    if isinstance(before, Layer) and isinstance(before.op, Linear):
        return axis == len(layer.in_shapes[0]) - 1 and before.op.out_features == 1
    return isinstance(before, Layer) and isinstance(before.op, Conv) and axis == 1


def _divides(subject: Subject, layer: Layer) -> bool:
    """Tell whether what was reduced is divided by the sum or norm of it."""
    sums = ("sum", "norm", "vector_norm", "linalg_vector_norm")
    name = layer.function.rpartition(".")[2]
    return name in sums and any(
        isinstance(each.op, Pointwise)
        and each.op.function in ("div", "__truediv__", "true_divide", "divide")
        and list(each.sources[:2]) == [layer.sources[0], layer.out_sources[0]]
        for each in subject.graph.layers[layer.index + 1 :]
    )


def _along_wrong_axis(subject: Subject, layer: Layer, axis: int, *, repairs: bool = True) -> Draft:
    given = layer.in_shapes[0]
    last = len(given) - 1
    single = given[axis] == 1
    what = "an axis of size 1" if single else f"the batch {subject.size(given[axis])}"
    shown = subject.shape(given)
    candidates: list[Candidate] = []
    if repairs and not single:
        module = subject.graph.calls[layer.call].name
        if hasattr(subject.modules.get(module), "dim"):
            candidates.append(Rebuild(layer=module, argument="dim", value=-1))
        else:
            rewriting = _along_last
            text = f"write dim={last}, the last axis"
            candidates.append(Rewrite(index=layer.index, text=text, rewriting=rewriting))
    return Draft(
        message=f"{layer.kind} runs along {what} of {shown}",
        argument="dim",
        got=axis,
        expected=None if single else last,
        because=(
            "one number has a share of 1, whatever it is: the answer is always 1"
            if single
            else "so the answer for one sample depends on the other samples of the batch",
        ),
        candidates=tuple(candidates),
        at=layer,
    )


def _along_last(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    norm = args[1:2] if getattr(func, "__name__", "") == "normalize" else ()
    return func(args[0], *norm, **{**kwargs, "dim": -1})


# ---------------------------------------------------------------------------- channels


@warning("SC213", "time_channel_swapped")
def time_channel_swapped(subject: Subject) -> Iterator[Draft]:
    """A convolution takes the time for channels, because the sizes happen to fit.

    Convolutions want the channels before the positions: [N, C, L], and [N, C, T, H, W] of a
    video. Sequences are often kept as [N, T, C]. Where there are as many steps as channels
    nothing is raised, and the kernel slides along the features.

    Wrong:
        nn.Conv1d(16, 32, 3)(x)  # x: [N, T, 16], which runs where T = 16
    Right:
        nn.Conv1d(16, 32, 3)(x.transpose(1, 2))
    """
    for layer in subject.graph.layers:
        kernel = getattr(layer.op, "kernel_size", None)
        if not isinstance(layer.op, Conv) or not isinstance(kernel, tuple) or layer.rests_on:
            continue
        axes, given = subject.axes.operands(layer)[0], layer.in_shapes[0]
        if axes is None or len(given) != len(kernel) + 2 or not _is_time(subject, layer, axes):
            continue
        order = (0, 2, 1, *range(3, len(given)))
        text = "x.transpose(1, 2)"
        yield Draft(
            message=f"{layer.kind} takes axis 1 of {subject.shape(given)} for "
            f"its channels, which is the {subject.size(given[1])} of the input",
            argument="in_channels",
            got=subject.size(given[1]),
            expected=subject.size(given[2]),
            because=(
                f"it runs only where {subject.size(given[1])} = "
                f"{subject.size(layer.op.in_channels)}",
                f"it slides along axis 2, of size {subject.size(given[2])}",
            ),
            candidates=(
                Rewrite(
                    index=layer.index,
                    text=f"give it {text}",
                    rewriting=lambda func, args, kwargs, order=order: func(  # type: ignore[misc]
                        args[0].permute(order), *args[1:], **kwargs
                    ),
                ),
            ),
            at=layer,
        )


def _is_time(subject: Subject, layer: Layer, axes: Axes) -> bool:
    """Tell whether the channels of a convolution are steps: left open, or before features."""
    channels, following = axes[1], axes[2]
    size = layer.in_shapes[0][1]
    if not size.is_Symbol or len(channels) != 1:
        return False
    named = str(size) in subject.case.free and str(size)[:1] in "TLS"
    if named and channels[0].origin in _inputs(subject, axis=1):
        return True
    kernel = layer.op.kernel_size  # type: ignore[attr-defined]
    made = is_features(following) and following[0].origin[:1].isdigit()
    return made and channels[0].role == "positions" and any(size != 1 for size in kernel)


def _inputs(subject: Subject, axis: int) -> list[str]:
    return [f"{tensor.name}[{axis}]" for tensor in subject.graph.inputs]
