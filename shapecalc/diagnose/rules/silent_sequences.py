"""What torch does not raise: a layer of sequences that runs over the batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from shapecalc.diagnose.axis_parts import Axis, is_batch
from shapecalc.diagnose.edits import Candidate, Rebuild, Recall, Reshaped
from shapecalc.diagnose.rule import Draft, warning
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer, ModuleCall
from shapecalc.ops.attention import ScaledDotProductAttention
from shapecalc.ops.multihead_attention import MultiheadAttention
from shapecalc.ops.recurrent import Recurrent


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
        message=f"{layer.kind} runs over the batch: of {subject.shape(given)} it "
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


def _inputs(subject: Subject, axis: int) -> list[str]:
    return [f"{tensor.name}[{axis}]" for tensor in subject.graph.inputs]
