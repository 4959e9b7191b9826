"""Mistakes in what is fed: the order of the axes, or how many there are."""

from __future__ import annotations

import re

from shapecalc import dims
from shapecalc.diagnose.cause import ancestors, gives, name_of, shape_of
from shapecalc.diagnose.edits import Candidate, Reshaped, Rewrite
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.dims import Shape
from shapecalc.graph import InputRef, Layer, Source
from shapecalc.ops.linear import Linear
from shapecalc.trace.meant import Meant, meant_at

_AXES = {1: "L", 2: "H, W", 3: "D, H, W"}


@mistake("SC111", "channels_last_input")
def channels_last_input(m: Mistake) -> Draft | None:
    """The channels are the last axis, and PyTorch wants them before height and width.

    Images that come from NumPy, PIL, OpenCV or TensorFlow are [H, W, C]: the colours of a pixel
    lie next to each other. Convolutions of PyTorch take [N, C, H, W]: samples, channels, height,
    width. `permute` moves the axes; `reshape` and `view` do not, they shuffle the pixels.

    Wrong:
        nn.Conv2d(3, 8, 3)(torch.zeros(1, 32, 32, 3))
    Right:
        nn.Conv2d(3, 8, 3)(torch.zeros(1, 32, 32, 3).permute(0, 3, 1, 2))
    """
    found = _other_layout(m)
    if found is None or found[1].fault != "channels last":
        return None
    layer, wanted = found
    x, subject = layer.in_shapes[0], m.subject
    expected = subject.number(layer.op.in_channels)  # type: ignore[attr-defined]
    channels = x[1] if len(x) == len(wanted.shape) else x[0]
    axes = _AXES[len(wanted.shape) - 2]
    name = name_of(subject, layer.sources[0])
    return Draft(
        message=(
            f"{m.op} expects [N, {expected}, {axes}], "
            f"receives {subject.shape(x)}: the channels are last"
        ),
        argument="input",
        got=_sizes(m, x),
        expected=_sizes(m, wanted.shape),
        because=(
            gives(subject, layer.sources[0]),
            f"{m.op} wants [N, C, {axes}] with C = in_channels = {expected}",
            f"where it looks for the channels there are {subject.size(channels)}, "
            f"the {expected} are the last axis",
        ),
        candidates=tuple(_in_the_layout(m, layer, wanted)),
        root=("layout", name),
    )


@mistake("SC112", "input_rank")
def input_rank(m: Mistake) -> Draft | None:
    """The input has an axis too few or too many: no batch axis, no channel axis, a spare one.

    Layers take a batch of samples: [N, C, H, W] for images, [N, F] for rows of features. A single
    image is a batch of one, `x.unsqueeze(0)`. A grey image has one channel, and that is an axis,
    too: `x.unsqueeze(1)` makes [N, 1, H, W] of [N, H, W].

    Wrong:
        nn.Conv2d(1, 8, 3)(torch.zeros(16, 28, 28))
    Right:
        nn.Conv2d(1, 8, 3)(torch.zeros(16, 28, 28).unsqueeze(1))
    """
    return _no_batch(m) or _no_channels(m)


def _other_layout(m: Mistake) -> tuple[Layer, Meant] | None:
    layer = m.layer
    if layer is None or not layer.in_shapes:
        return None
    wanted = meant_at(m.subject.graph.layers, layer, m.subject.sizes)
    return None if wanted is None else (layer, wanted)


def _in_the_layout(m: Mistake, layer: Layer, wanted: Meant) -> list[Candidate]:
    """Return the input as it is meant, and the same as a line of the model's code."""
    source = layer.sources[0]
    found: list[Candidate] = []
    if isinstance(source, InputRef):
        found.append(_fed(m, source, wanted.shape, wanted.written(source.name)))
    name = source.name if isinstance(source, InputRef) else "x"
    found.append(
        Rewrite(
            index=layer.index,
            text=f"in forward, pass {wanted.written(name)} to {m.raw.layer or m.op}",
            rewriting=lambda func, args, kwargs: func(wanted.applied(args[0]), *args[1:], **kwargs),
        )
    )
    return found


def _fed(m: Mistake, source: InputRef, shape: Shape, written: str) -> Reshaped:
    fed = _sizes(m, shape)
    return Reshaped(shapes={source.name: fed}, text=f"feed [{', '.join(map(str, fed))}]: {written}")


def _sizes(m: Mistake, shape: Shape) -> tuple[int | str, ...]:
    """Return a shape in the numbers of the case; sizes left open are text."""
    texts = map(m.subject.size, shape)
    return tuple(int(text) if text.isdecimal() else text for text in texts)


def _no_channels(m: Mistake) -> Draft | None:
    """Explain a convolution that gets its image without channels, or with an axis too many."""
    found = _other_layout(m)
    if found is None or found[1].fault not in ("no channel axis", "an axis of one", "frames"):
        return None
    layer, wanted = found
    x, subject = layer.in_shapes[0], m.subject
    axes = _AXES[len(wanted.shape) - 2]
    name = name_of(subject, layer.sources[0])
    expected = subject.number(layer.op.in_channels)  # type: ignore[attr-defined]
    said = {
        "no channel axis": "there is no axis for the channel",
        "an axis of one": "there is an axis of size 1 too many",
        "frames": "there is an axis too many, as in a series of images",
    }[found[1].fault]
    return Draft(
        message=(
            f"{m.op} expects [N, {expected}, {axes}], {len(wanted.shape)} axes, "
            f"receives {subject.shape(x)}: {said}"
        ),
        argument="input",
        got=_sizes(m, x),
        expected=_sizes(m, wanted.shape),
        because=(
            gives(subject, layer.sources[0]),
            f"{m.op} wants samples, channels and {axes}, with in_channels = {expected}",
        ),
        candidates=tuple(_in_the_layout(m, layer, wanted)),
        root=("layout", name),
    )


def _no_batch(m: Mistake) -> Draft | None:
    """Explain a layer that misses the batch axis that convolutions before it do without."""
    layer, subject = m.layer, m.subject
    source = _single(m)
    if source is None:
        return None
    shape = shape_of(subject, source)
    if shape is None:
        return None
    if layer is not None and isinstance(layer.op, Linear):
        total = dims.product(layer.in_shapes[0])
        if m.raw.demand is None or subject.number(total) != subject.number(layer.op.in_features):
            return None
    elif not _one_axis_short(m.raw.message):
        return None
    batched = Shape((1, *shape))
    return Draft(
        message=(
            f"{m.op} expects a batch, receives a single sample: "
            f"{name_of(subject, source)} is {subject.shape(shape)}, without a batch axis"
        ),
        argument="input",
        got=_sizes(m, shape),
        expected=_sizes(m, batched),
        because=(
            f"convolutions and poolings take a single sample {subject.shape(shape)}, too; "
            f"{m.op} takes its first axis for the batch",
        ),
        candidates=(_fed(m, source, batched, f"{source.name}.unsqueeze(0)"),),
        root=("layout", name_of(subject, source)),
    )


def _one_axis_short(message: str) -> bool:
    """Tell whether torch says of an input that it has one axis less than is expected."""
    found = re.search(r"(\d)D input \(got (\d)D input\)", message)
    return found is not None and int(found[1]) == int(found[2]) + 1


def _single(m: Mistake) -> InputRef | None:
    """Return the input that a convolution or pooling before a mistake takes for a single sample."""
    start: Source = m.layer.sources[0] if m.layer is not None and m.layer.sources else None
    layers = [*ancestors(m.subject, start)] if start is not None else [*m.subject.graph.layers]
    for layer in layers:
        kernel = getattr(layer.op, "kernel_size", None)
        source = layer.sources[0] if layer.sources else None
        if isinstance(source, InputRef) and isinstance(kernel, tuple):
            return source if len(layer.in_shapes[0]) == len(kernel) + 1 else None
    return None
