"""Mistakes of windows that find no room, and of sizes that a layer cannot make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.diagnose.cause import ancestors, derivations, gives, producer
from shapecalc.diagnose.channels import module_name, origin
from shapecalc.diagnose.edits import Candidate, Rebuild, Recall, Rewrite
from shapecalc.diagnose.inputs_that_fit import feed, feed_for_all
from shapecalc.diagnose.paddings import paddings
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.dims import Dim, Shape
from shapecalc.errors import PatternError
from shapecalc.graph import Layer
from shapecalc.inputs import parse_formula
from shapecalc.ops.pooling import Pool
from shapecalc.ops.transposed_convolution import spread_size
from shapecalc.ops.unpooling import MaxUnpool
from shapecalc.ops.vision import PixelShuffle


@mistake("SC119", "spatial_collapse")
def spatial_collapse(m: Mistake) -> Draft | None:
    """Nothing is left of the image: the kernel is larger than the map that reaches it.

    Every convolution without padding takes kernel_size - 1 off height and width, and every pooling
    divides them. After enough of them the map is smaller than the next kernel. Feed larger
    images, pad the convolutions, or pool less often.

    Wrong:
        nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(2))(torch.zeros(1, 3, 4, 4))
    Right:
        nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(2))(torch.zeros(1, 3, 8, 8))
    """
    layer, demand = m.layer, m.raw.demand
    kernel = None if layer is None else getattr(layer.op, "kernel_size", None)
    if layer is None or demand is None or not isinstance(kernel, tuple):
        return None
    if not m.raw.message.startswith("the kernel spans"):
        return None
    subject, x, source = m.subject, layer.in_shapes[0], layer.sources[0]
    axes = range(len(x) - len(kernel), len(x))
    dilation = getattr(layer.op, "dilation", None) or (1,) * len(kernel)
    padding = getattr(layer.op, "padding", None) or ((0, 0),) * len(kernel)
    left = "x".join("?" if _in_doubt(subject, x[axis]) else subject.size(x[axis]) for axis in axes)
    spans = [
        subject.number(d * (k - 1) + 1 - low - high)
        for k, d, (low, high) in zip(kernel, dilation, padding, strict=True)
    ]
    size = "x".join(str(subject.number(k)) for k in kernel)
    padded = any(subject.number(low + high) for low, high in padding)
    alike = len({subject.number(x[axis]) for axis in axes}) == 1 and len(set(spans)) == 1
    told = axes[:1] if alike else axes  # height and width that go the same way are told once
    shrunk = derivations(subject, source, told, most=8)
    return Draft(
        message=(
            f"{m.op} has a kernel of {size} and receives a map of {left}: "
            f"nothing is left of the image"
        ),
        argument="kernel_size",
        got=left,
        expected="x".join(map(str, spans)),
        because=(
            gives(subject, source),
            *dict.fromkeys(shrunk),
            f"at least {'x'.join(map(str, spans))} is needed here"
            + (", with the padding" if padded else ""),
        ),
        candidates=(*feed_for_all(m), *_wider(m, layer)),
        root=("collapse", layer.index),
    )


def _in_doubt(subject: Subject, size: Dim) -> bool:
    """Tell whether a size hangs on one that an earlier mistake puts in doubt."""
    return not {str(s) for s in dims.symbols_of((size,))} <= {*subject.case.symbols}


def _wider(m: Mistake, layer: Layer) -> Iterator[Candidate]:
    """Yield changes of the layers on the way that leave more of the map."""
    way = [layer, *ancestors(m.subject, layer.sources[0])]
    yield from paddings(m.subject, way)
    for each in way:
        if isinstance(each.op, Pool) and not each.op.return_indices:
            yield Rewrite(
                index=each.index,
                text=f"leave out {each.name} ({each.kind}) in this place: pool one time less",
                rewriting=lambda func, args, kwargs: args[0],
            )
            break


@mistake("SC122", "pixelshuffle_channels")
def pixelshuffle_channels(m: Mistake) -> Draft | None:
    """The channels of a PixelShuffle are no multiple of the square of its factor.

    PixelShuffle(r) makes a square of r*r pixels out of r*r channels. For C channels in the end,
    the convolution before it has to make C*r*r.

    Wrong:
        nn.Sequential(nn.Conv2d(16, 3, 3), nn.PixelShuffle(2))
    Right:
        nn.Sequential(nn.Conv2d(16, 3 * 2 * 2, 3), nn.PixelShuffle(2))
    """
    layer = m.layer
    if layer is None or not isinstance(layer.op, PixelShuffle) or m.raw.demand is None:
        return None
    subject, channels = m.subject, layer.in_shapes[0][-3]
    factor = subject.number(layer.op.upscale_factor)
    got, area = subject.number(channels), factor * factor
    found = origin(m, layer.sources[0], channels, dims.as_dim(-(-got // area) * area))
    candidates: list[Candidate] = [*found.repairs()]
    smaller = next((r for r in range(factor - 1, 1, -1) if got % (r * r) == 0), None)
    if m.module is not None and smaller is not None:
        path = module_name(subject, layer)
        candidates.append(Rebuild(layer=path, argument="upscale_factor", value=smaller))
    return Draft(
        message=(
            f"{m.op} with upscale_factor = {factor} needs a multiple of "
            f"{factor}*{factor} = {area} channels, receives {got}"
        ),
        argument="upscale_factor",
        got=got,
        expected=found.expected,
        because=(
            found.line,
            f"each group of {area} channels becomes a square of {factor}x{factor} pixels",
        ),
        candidates=tuple(candidates),
        root=("pixels", layer.index),
    )


@mistake("SC121", "output_size")
def output_size(m: Mistake) -> Draft | None:
    """A layer is asked for an output size that it cannot make.

    A transposed convolution with stride s makes sizes within s of each other from one input:
    `output_size` picks one of those, it does not resize. The same holds for MaxUnpool. To get any
    size there is `F.interpolate`.

    Wrong:
        nn.ConvTranspose2d(3, 8, 3, stride=2)(torch.zeros(1, 3, 8, 8), output_size=(32, 32))
    Right:
        nn.ConvTranspose2d(3, 8, 3, stride=2)(torch.zeros(1, 3, 8, 8), output_size=(18, 18))
    """
    layer = m.layer
    if "output size" not in m.raw.message and "output_size" not in m.raw.message:
        return None
    if layer is not None and isinstance(layer.op, MaxUnpool) and layer.op.output_size:
        return _of_unpool(m, layer)
    if m.raw.message.startswith("requested an output size of"):
        return _of_transposed(m)
    return None


def _of_unpool(m: Mistake, layer: Layer) -> Draft:
    op: Any = layer.op
    subject, x = m.subject, layer.in_shapes[0]
    axes = len(op.kernel_size)
    asked = [subject.number(size) for size in op.output_size]
    usual = [
        subject.number((size - 1) * s - low - high + k)
        for size, s, (low, high), k in zip(
            x[-axes:], op.stride, op.padding, op.kernel_size, strict=True
        )
    ]
    steps = [subject.number(s) - 1 for s in op.stride]
    ranges = [f"{u - s} to {u + s}" for u, s in zip(usual, steps, strict=True)]
    pool = producer(subject, layer.sources[1])
    candidates: list[Candidate] = []
    if pool is not None and isinstance(pool.op, Pool):
        # the indices count the elements of the map that was pooled
        pooled = zip(pool.in_shapes[0][-axes:], op.output_size, strict=True)
        candidates += feed(m, [Condition(size, "==", wanted) for size, wanted in pooled])
    return Draft(
        message=f"{m.op} is asked for output_size = {asked}, it can make {', '.join(ranges)}",
        argument="output_size",
        got=tuple(asked),
        expected=tuple(usual),
        because=(
            gives(subject, layer.sources[0]),
            f"undone, its pooling leads to {' x '.join(map(str, usual))}, or a stride - 1 besides",
        ),
        candidates=(
            *candidates,
            Rewrite(
                index=layer.index,
                text=f"leave output_size away: the output is {' x '.join(map(str, usual))}",
                rewriting=lambda func, args, kwargs: func(
                    *args[:5], **{k: v for k, v in kwargs.items() if k != "output_size"}
                ),
            ),
        ),
        root=("output_size", layer.index),
    )


def _of_transposed(m: Mistake) -> Draft | None:
    module: Any = m.module
    if m.layer is None or not isinstance(module, nn.modules.conv._ConvTransposeNd):
        return None
    subject, x = m.subject, m.layer.in_shapes[0]
    lowest = [
        spread_size(
            size,
            kernel_size=dims.as_dim(k),
            stride=dims.as_dim(s),
            padding=(dims.as_dim(p), dims.as_dim(p)),
            output_padding=dims.ZERO,
            dilation=dims.as_dim(d),
        )
        for size, k, s, p, d in zip(
            x[-len(module.kernel_size) :],
            module.kernel_size, module.stride, module.padding, module.dilation, strict=True,
        )
    ]  # fmt: skip
    steps = [s - 1 for s in module.stride]
    low = [subject.number(size) for size in lowest]
    asked = _asked(m)
    wanted: list[Condition] = []
    if asked is not None and len(asked) >= len(lowest):
        for size, first, more in zip(asked[-len(lowest) :], lowest, steps, strict=True):
            wanted += [Condition(first, "<=", size), Condition(first + more, ">=", size)]
    shown = m.raw.message.split("of ", 1)[1].partition(", but")[0]
    if asked is not None:
        shown = subject.shape(asked)
    return Draft(
        message=(
            f"{m.op} is asked for output_size = {shown}, it can make "
            f"{low} to {[first + more for first, more in zip(low, steps, strict=True)]}"
        ),
        argument="output_size",
        got=shown,
        expected=tuple(low),
        because=(
            gives(subject, m.layer.sources[0]),
            "(size - 1)*stride - 2*padding + dilation*(kernel_size - 1) + 1 is the smallest, "
            "stride - 1 more the largest",
        ),
        candidates=(
            *feed(m, wanted),
            Recall(
                index=m.layer.call,
                text=f"leave output_size away: the output is {' x '.join(map(str, low))}",
                recalling=lambda call, module, args, kwargs: call(module, args[0]),
            ),
        ),
        root=("output_size", m.layer.index),
    )


def _asked(m: Mistake) -> Shape | None:
    """Return the output size that a call of a module asks for, as a message of torch has it."""
    text = m.raw.message.split("of ", 1)[1].partition(", but")[0].strip("()[]")
    try:
        return Shape(parse_formula(part) for part in text.split(", "))
    except PatternError:
        return None
