"""What torch does not raise: a layer that runs along another axis than is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from shapecalc.diagnose.cause import producer
from shapecalc.diagnose.edits import Candidate, Rebuild, Recall, Reshaped, Rewrite
from shapecalc.diagnose.identity import Axes, Axis, is_batch, is_features
from shapecalc.diagnose.rule import Draft, warning
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer, ModuleCall
from shapecalc.ops.attention import ScaledDotProductAttention
from shapecalc.ops.convolution import Conv
from shapecalc.ops.layer_normalization import Normalize
from shapecalc.ops.linear import Linear
from shapecalc.ops.multihead_attention import MultiheadAttention
from shapecalc.ops.pointwise import Pointwise
from shapecalc.ops.recurrent import Recurrent
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
    name, last = layer.name or layer.kind, len(given) - 1
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
        message=f"{name} runs along {what} of {shown}",
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
            message=f"{layer.name or layer.kind} takes axis 1 of {subject.shape(given)} for "
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


# ---------------------------------------------------------------------------- sequences


@warning("SC214", "rnn_batch_first")
def rnn_batch_first(subject: Subject) -> Iterator[Draft]:
    """A recurrent layer runs over the samples of the batch instead of the steps of a sequence.

    LSTM, GRU and RNN read [T, N, features] unless they are built with `batch_first=True`. Given
    [N, T, features] they take the samples for steps: nothing is raised, and each sample sees those
    before it.

    Wrong:
        nn.LSTM(16, 32)(x)  # x: [N, T, 16]
    Right:
        nn.LSTM(16, 32, batch_first=True)(x)
    """
    for layer in subject.graph.layers:
        if not isinstance(layer.op, Recurrent) or layer.op.packed or layer.rests_on:
            continue
        axes = subject.axes.operands(layer)[0]
        step = 1 if layer.op.batch_first else 0
        if axes is None or len(axes) != 3 or not is_batch(axes[step]):
            continue
        if not _is_meant_for_batch(subject):
            continue
        yield _over_the_batch(subject, layer, "batch_first", step)


@warning("SC215", "attn_batch_first")
def attn_batch_first(subject: Subject) -> Iterator[Draft]:
    """Attention runs over the samples of the batch instead of the places of a sequence.

    nn.MultiheadAttention and the transformer layers read [T, N, features] unless they are built
    with `batch_first=True`. Given [N, T, features] they attend from each sample to the others:
    nothing is raised, and the answer for one sample depends on its batch.

    Wrong:
        nn.TransformerEncoderLayer(64, 4)(x)  # x: [N, T, 64]
    Right:
        nn.TransformerEncoderLayer(64, 4, batch_first=True)(x)
    """
    for layer in subject.graph.layers:
        axes = subject.axes.operands(layer)[0] if layer.in_shapes else None
        if not axes or layer.rests_on:
            continue
        if isinstance(layer.op, MultiheadAttention):
            step = 1 if layer.op.batch_first else 0
        elif isinstance(layer.op, ScaledDotProductAttention):
            step = len(axes) - 2
        else:
            continue
        if len(axes) >= 3 and is_batch(axes[step]) and _is_meant_for_batch(subject):
            yield _over_the_batch(subject, layer, "batch_first", step)
            return  # the layers of an encoder are built alike


def _is_meant_for_batch(subject: Subject) -> bool:
    """Tell whether the first axis is the batch without doubt.

    The question names it N, or the output still has it, and not the axis after it: then a step
    of that axis was chosen, and so it is the one that holds steps.
    """
    if subject.axes.batch in subject.case.free:
        return True
    outputs = subject.graph.calls[0].out_sources if subject.graph.calls else ()
    axes = subject.axes.of(outputs[0]) if outputs else None
    seconds = _inputs(subject, axis=1)
    return bool(axes) and is_batch(axes[0]) and not any(_from(axis, seconds) for axis in axes)  # type: ignore[index, union-attr]


def _from(axis: Axis, origins: list[str]) -> bool:
    return any(part.origin in origins for part in axis)


def _around(subject: Subject, layer: Layer) -> ModuleCall | None:
    """Return the call of the transformer around an attention, whose layers are built alike."""
    calls, found = subject.graph.calls, None
    index: int | None = calls[layer.call].parent if calls else None
    while index is not None:
        if calls[index].kind.startswith("Transformer") and calls[index].name in subject.modules:
            module = type(subject.modules[calls[index].name])
            found = calls[index] if module.__module__.startswith("torch.nn.") else found
        index = calls[index].parent
    return found


def _steps_first(call: Any, module: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call a transformer as it runs with batch_first: the batch is out of the way meanwhile."""
    given = [x.transpose(0, 1) if isinstance(x, Tensor) and x.dim() == 3 else x for x in args]
    return call(module, *given, **kwargs).transpose(0, 1)


def _over_the_batch(subject: Subject, layer: Layer, argument: str, step: int) -> Draft:
    given = layer.in_shapes[0]
    module = subject.graph.calls[layer.call].name
    candidates: list[Candidate] = []
    if hasattr(subject.modules.get(module), argument):
        value = not getattr(subject.modules[module], argument)
        candidates.append(Rebuild(layer=module, argument=argument, value=value))
    whole = _around(subject, layer)
    if whole is not None:
        text = f"build the layers of {whole.name or 'the model'} with batch_first=True"
        candidates.append(Recall(index=whole.index, text=text, recalling=_steps_first))
    shapes = {
        tensor.name: tuple(map(subject.size, (tensor.shape[1], tensor.shape[0], *tensor.shape[2:])))
        for tensor in subject.graph.inputs
        if len(tensor.shape) >= 2 and str(tensor.shape[0]) == subject.axes.batch
    }
    if shapes and subject.axes.batch in subject.case.free:
        fed = ", ".join(next(iter(shapes.values())))
        candidates.append(Reshaped(shapes=shapes, text=f"feed [{fed}], the steps first"))
    return Draft(
        message=f"{module or layer.name} runs over the batch: of {subject.shape(given)} it "
        f"takes axis {step}, {subject.size(given[step])}, for the steps of a sequence",
        argument=argument,
        got=False,
        expected=True,
        because=(
            f"axis {step} of what it receives is the batch of the input",
            "without batch_first=True the steps come first: [T, N, features]",
        ),
        candidates=tuple(candidates),
        layer=module or None,
        at=layer,
    )
