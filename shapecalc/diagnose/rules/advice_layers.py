"""Advice on layers: paddings, parameters, and kernels beside their strides."""

from __future__ import annotations

from collections.abc import Iterator

from torch.nn.parameter import is_lazy

from shapecalc import dims
from shapecalc.diagnose.cause import ancestors, factors, producer, shape_of
from shapecalc.diagnose.edits import Rebuild
from shapecalc.diagnose.rule import Draft, advice
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer
from shapecalc.ops.convolution import Conv
from shapecalc.ops.linear import Linear
from shapecalc.ops.padding import Pad
from shapecalc.ops.transposed_convolution import ConvTranspose

_SHRINKS = 8  # a map that loses less than an eighth of its rows is not remarked on
_MANY = 100_000  # parameters; below, nobody minds where they are


@advice("SC301", "forgotten_padding")
def forgotten_padding(subject: Subject) -> Iterator[Draft]:
    """Convolutions without padding shrink the map, layer by layer.

    A kernel of size k fits k - 1 times less into a row than there are elements: 3x3 takes a row
    at each border, 5x5 takes two. With `padding = kernel_size // 2`, as nearly all networks have
    it, the map keeps its size, and the pixels at the border count as much as the others.

    Wrong:
        nn.Sequential(nn.Conv2d(3, 8, 5), nn.Conv2d(8, 8, 5), nn.Conv2d(8, 8, 5))  # 28 to 16
    Right:
        nn.Sequential(*[nn.Conv2d(c, 8, 5, padding=2) for c in (3, 8, 8)])  # 28 to 28
    """
    shrinking = [layer for layer in subject.graph.layers if _shrinks(subject, layer)]
    axes: dict[int, tuple[int, Layer]] = {}
    for layer in shrinking:
        for axis in range(-len(layer.op.kernel_size), 0):  # type: ignore[attr-defined]
            before = subject.number(layer.in_shapes[0][axis])
            lost = before - subject.number(layer.out_shape[axis])
            most = axes.get(axis, (0, layer))[0]
            axes[axis] = (most + lost, axes.get(axis, (0, layer))[1])
    if not axes:
        return
    axis = max(axes, key=lambda n: axes[n][0])
    lost, first = axes[axis]
    size = subject.number(first.in_shapes[0][axis])
    if lost * _SHRINKS < size:
        return
    names = list(dict.fromkeys(layer.name for layer in shrinking))
    kernel = dims.as_int(first.op.kernel_size[axis])  # type: ignore[attr-defined]
    several = f"{len(names)} convolutions have" if len(names) > 1 else f"layer '{names[0]}' has"
    yield Draft(
        message=(
            f"{several} no padding and shrink{'' if len(names) > 1 else 's'} the map: "
            f"{_rows(lost)} lost, of {size} that come into layer '{first.name}'"
        ),
        argument="padding",
        got=0,
        expected=None if kernel is None else kernel // 2,
        because=tuple(
            f"{layer.name}: {subject.shape(layer.in_shapes[0])} -> {subject.shape(layer.out_shape)}"
            for layer in shrinking[:6]
        ),
        candidates=tuple(
            Rebuild(layer=name, argument="padding", value=kernel // 2)
            for name in names
            if len(names) == 1 and kernel is not None and name in subject.modules
        ),
        at=first,
    )


def _shrinks(subject: Subject, layer: Layer) -> bool:
    """Tell whether a convolution moves by one element, and nothing is padded."""
    op = layer.op
    if not isinstance(op, Conv) or any(dims.as_int(stride) != 1 for stride in op.stride):
        return False
    padded = any(dims.as_int(side) != 0 for sides in op.padding for side in sides)
    large = any((dims.as_int(size) or 0) > 1 for size in op.kernel_size)
    before = producer(subject, layer.sources[0]) if layer.sources else None
    whole = any(dims.as_int(size) == 1 for size in layer.out_shape[2:])  # a Linear in disguise
    by_hand = before is not None and isinstance(before.op, Pad)
    return large and not (padded or by_hand or whole) and not layer.rests_on


def _rows(count: int) -> str:
    return f"{count} {'row is' if count == 1 else 'rows are'}"


@advice("SC303", "heavy_linear")
def heavy_linear(subject: Subject) -> Iterator[Draft]:
    """A Linear layer after a flatten holds most of the parameters.

    After a flatten, every pixel of every channel has a weight of its own for each unit: a 32x32
    grey image into 512 units is 524,288 weights. Convolutions and poolings before the flatten,
    or an average over the map in its place, leave far fewer, and the model takes any image size.

    Wrong:
        nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 512))
    Right:
        nn.Sequential(nn.Conv2d(1, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 9))
    """
    total = sum(p.numel() for p in subject.model.parameters() if not is_lazy(p))
    for layer in subject.graph.layers:
        op, source = layer.op, layer.sources[0] if layer.sources else None
        if not isinstance(op, Linear) or layer.rests_on:
            continue
        weights = subject.number(op.in_features) * subject.number(op.out_features)
        if weights < _MANY or weights * 2 <= total or not _flattened(subject, layer):
            continue
        width, units = subject.number(op.in_features), subject.number(op.out_features)
        product = factors(subject, source)
        shown = f"{width} = {product}" if "*" in product else str(width)
        yield Draft(
            message=(
                f"{width:,} numbers into {units:,} units are {weights:,} weights, "
                f"{100 * weights // total}% of the {total:,} parameters of the model"
            ),
            argument="in_features",
            got=width,
            because=(f"what is flattened has {shown} numbers",),
            at=layer,
        )


def _flattened(subject: Subject, layer: Layer) -> bool:
    """Tell whether what a layer receives was a map of more than one pixel."""
    source = layer.sources[0]
    width = shape_of(subject, source)
    for before in ancestors(subject, source):
        inner = before.in_shapes[0] if before.in_shapes else ()
        if len(inner) > 2 and width:
            pixels = dims.product(inner[2:])
            return len(before.out_shape) == 2 and dims.as_int(pixels) != 1
        if isinstance(before.op, Linear):
            return False
    return False


@advice("SC305", "checkerboard")
def checkerboard(subject: Subject) -> Iterator[Draft]:
    """A transposed convolution writes some pixels more often than others.

    It puts a window of `kernel_size` at every `stride` elements. Where the kernel is no multiple
    of the stride, windows overlap on some pixels and not on others, and a pattern like a
    checkerboard shows. A kernel of twice the stride, or an up-sampling with a convolution after
    it, is even everywhere.

    Wrong:
        nn.ConvTranspose2d(64, 32, kernel_size=3, stride=2, padding=1, output_padding=1)
    Right:
        nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1)
    """
    told = set()
    for layer in subject.graph.layers:
        op = layer.op
        if not isinstance(op, ConvTranspose) or layer.name in told:
            continue
        for size, stride in zip(op.kernel_size, op.stride, strict=True):
            kernel, step = dims.as_int(size), dims.as_int(stride)
            if kernel is None or step is None or step == 1 or kernel % step == 0:
                continue
            told.add(layer.name)
            even = -(-kernel // step) * step
            most = -(-kernel // step)
            yield Draft(
                message=(
                    f"kernel_size = {kernel} is no multiple of stride = {step}: some pixels are "
                    f"written {most} times along an axis, some {kernel // step}"
                ),
                argument="kernel_size",
                got=kernel,
                expected=even,
                at=layer,
            )
            break
