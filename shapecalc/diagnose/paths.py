"""The paths to a merge: what lies behind each side, and what each side alone went through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from torch import nn

from shapecalc import dims
from shapecalc.diagnose.cause import ancestors, derivation, name_of, shape_of
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.subject import Subject
from shapecalc.dims import Dim, Shape
from shapecalc.graph import InputRef, Layer, OutputRef, Source
from shapecalc.ops.convolution import Conv
from shapecalc.ops.interpolation import Interpolate
from shapecalc.ops.linear import Linear
from shapecalc.ops.pooling import Pool
from shapecalc.ops.transposed_convolution import ConvTranspose
from shapecalc.ops.unpooling import MaxUnpool
from shapecalc.ops.vision import PixelShuffle
from shapecalc.trace.tracer import Rewriting

_ENLARGING = (ConvTranspose, Interpolate, MaxUnpool, PixelShuffle)

Path: TypeAlias = tuple[Layer, ...]


def behind(subject: Subject, source: Source) -> frozenset[int]:
    """Return the numbers of all layers that a tensor comes from, along every operand."""
    found, waiting = set[int](), [source]
    while waiting:
        match waiting.pop():
            case OutputRef(layer=index) if index not in found:
                found.add(index)
                waiting.extend(subject.graph.layers[index].sources)
    return frozenset(found)


def parted(subject: Subject, left: Source, right: Source) -> tuple[Path, Path]:
    """Return what each of two tensors alone went through since their paths parted, in order."""
    layers = subject.graph.layers
    first, second = behind(subject, left), behind(subject, right)
    return (
        tuple(layers[index] for index in sorted(first - second)),
        tuple(layers[index] for index in sorted(second - first)),
    )


def is_constant(subject: Subject, source: Source) -> bool:
    """Tell whether no input is behind a tensor: a parameter, or what is made of parameters."""
    if isinstance(source, InputRef):
        return False
    layers = (subject.graph.layers[index] for index in behind(subject, source))
    return not any(isinstance(s, InputRef) for layer in layers for s in layer.sources)


def readers(subject: Subject, layer: Layer) -> list[Layer]:
    """Return the layers that read an output of a layer."""
    return [
        later
        for later in subject.graph.layers[layer.index + 1 :]
        if any(isinstance(s, OutputRef) and s.layer == layer.index for s in later.sources)
    ]


def module_of(subject: Subject, layer: Layer) -> tuple[str, nn.Module] | None:
    """Return the module whose call a layer is in, with its name; None within a larger one."""
    if not subject.graph.calls:
        return None
    name = subject.graph.calls[layer.call].name
    module = subject.modules.get(name)
    if not name or module is None or next(module.children(), None) is not None:
        return None
    return name, module


def block_of(subject: Subject, source: Source) -> str:
    """Return what a tensor is called: by the largest module that hands it on, or as the input."""
    for call in subject.graph.calls:
        if call.name and source in call.out_sources and call.name in subject.modules:
            return call.name
    return name_of(subject, source)


def enlarged(path: Path) -> bool:
    """Tell whether a path makes maps larger."""
    return any(isinstance(layer.op, _ENLARGING) for layer in path)


def map_size(subject: Subject, shape: Shape) -> str:
    """Return height and width of a map as text: `14x14`."""
    return "x".join(subject.size(size) for size in shape[2:])


def way(subject: Subject, source: Source, axis: int) -> str:
    """Return how one axis of a side of a merge came about, in a line."""
    shape = shape_of(subject, source) or Shape()
    told = derivation(subject, source, axis)
    start = f"{block_of(subject, source)} is {subject.shape(shape)}"
    return f"{start}: {', '.join(told)}" if told else start


def channel_axis(subject: Subject, source: Source, rank: int) -> int:
    """Return which axis of a tensor holds channels or features: 1 for maps, else the last."""
    if rank <= 2:
        return rank - 1
    for layer in ancestors(subject, source):
        if len(layer.out_shape) != rank:
            break
        window = getattr(layer.op, "kernel_size", None)
        if isinstance(window, tuple) and len(window) == rank - 2:
            return 1
        if isinstance(layer.op, Linear) or layer.kind in ("LayerNorm", "Embedding", "permute"):
            return rank - 1
    return 1 if rank > 3 else rank - 1


def asked_channels(layer: Layer) -> tuple[str, int, Dim] | None:
    """Return which argument says how many channels a layer takes, the axis, and the number."""
    op = layer.op
    if isinstance(op, Linear):
        return "in_features", -1, op.in_features
    if isinstance(op, (Conv, ConvTranspose)):
        return "in_channels", -len(op.kernel_size) - 1, op.in_channels
    features = getattr(op, "num_features", None)
    return None if features is None else ("num_features", 1, dims.as_dim(features))


# ---------------------------------------------------------------------------- repairs


def padded(subject: Subject, path: Path) -> list[Candidate]:
    """Return the change of padding after which the windows of a path keep the size of a map."""
    found = list[Rebuild]()
    ways: dict[int, Rewriting] = {}
    for layer in path:
        op, module = layer.op, module_of(subject, layer)
        if module is None or not isinstance(op, (Conv, Pool)) or any(s != 1 for s in op.stride):
            continue
        wanted = [d * (k - 1) for k, d in zip(op.kernel_size, op.dilation, strict=True)]
        missing = any(
            low + high != whole for (low, high), whole in zip(op.padding, wanted, strict=True)
        )
        if missing and all(whole.is_Integer and int(whole) % 2 == 0 for whole in wanted):
            sizes = tuple(int(whole) // 2 for whole in wanted)
            value = sizes[0] if len(set(sizes)) == 1 else sizes
            found.append(Rebuild(layer=module[0], argument="padding", value=value))
            if isinstance(op, Conv):
                ways[layer.index] = _with_padding(value)
    if len(found) < 2 or len(ways) < len(found):
        return [*found]
    listed = ", ".join(f"{each.layer} with padding={each.value}" for each in found)
    (index, way), *others = ways.items()
    together = Rewrite(index=index, text=f"build {listed}", rewriting=way, also=dict(others))
    return [*found, together]


def _with_padding(padding: int | tuple[int, ...]) -> Rewriting:
    """Return a convolution's call with another padding."""

    def rewriting(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(*args[:4], padding, *args[5:], **kwargs)

    return rewriting


def strided(subject: Subject, left: Path, right: Path) -> list[Rebuild]:
    """Return the changes of stride after which two paths take the same steps."""
    found = []
    for path, other in ((left, right), (right, left)):
        steps = [layer for layer in path if _step(layer) > 1]
        if len(steps) != 1 or any(_step(layer) > 1 for layer in other):
            continue
        convolutions = [layer for layer in other if isinstance(layer.op, Conv)]
        for layer, value in ((convolutions[:1], _step(steps[0])), (steps, 1)):
            if layer and (module := module_of(subject, layer[0])) is not None:
                found.append(Rebuild(layer=module[0], argument="stride", value=value))
    return found


def spread(subject: Subject, path: Path, wanted: Shape) -> list[Rebuild]:
    """Return the changes by which the transposed convolution of a path makes maps of a size.

    One that makes its maps larger by exactly its stride is right: what it halved was odd.
    """
    layer = next((each for each in reversed(path) if isinstance(each.op, ConvTranspose)), None)
    module = module_of(subject, layer) if layer is not None else None
    if layer is None or module is None or not isinstance(layer.op, ConvTranspose):
        return []
    op, axes = layer.op, len(layer.op.kernel_size)
    trimmed = [
        subject.number(d * (k - 1) + 1 - low - high)
        for k, d, (low, high) in zip(op.kernel_size, op.dilation, op.padding, strict=True)
    ]
    sizes = list(zip(layer.in_shapes[0][-axes:], wanted[-axes:], trimmed, strict=True))
    step, held = _step(layer), {subject.number(size) for size in op.output_padding}
    if all(rest == step for rest in trimmed) and held == {0}:
        return []
    steps = [(subject.number(n) - 1, subject.number(size) - rest) for n, size, rest in sizes]
    found = []
    strides = {whole // n for n, whole in steps if n and whole % n == 0}
    if len(strides) == 1 and all(n and whole % n == 0 for n, whole in steps) and held == {0}:
        found.append(Rebuild(layer=module[0], argument="stride", value=strides.pop()))
    missing = {whole - n * step for n, whole in steps}
    if len(missing) == 1 and 0 <= (more := missing.pop()) < step and {more} != held:
        found.append(Rebuild(layer=module[0], argument="output_padding", value=more))
    return [each for each in found if int(each.value) > 0 or each.argument == "output_padding"]


def _step(layer: Layer) -> int:
    """Return the stride of a layer, 1 where it has none or different ones."""
    strides = {dims.as_int(dims.as_dim(s)) for s in getattr(layer.op, "stride", ())}
    return next(iter(strides)) or 1 if len(strides) == 1 else 1
