"""Advice on what outputs see of the image: the remarks on receptive fields, as findings."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc import dims
from shapecalc.diagnose.rule import Draft, advice
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer
from shapecalc.ops.convolution import Conv
from shapecalc.receptive_field.remarks import Kind, Remark
from shapecalc.receptive_field.remarks.survey import Survey
from shapecalc.receptive_field.setting import InputAxis
from shapecalc.receptive_field.sizes import fields_of


@advice("SC302", "lost_pixels")
def lost_pixels(subject: Subject) -> Iterator[Draft]:
    """Some rows or columns of the image reach no output.

    A layer with a stride takes windows from the left and the top, and leaves out what is too
    little for another window. On 15 rows, a pooling by 2 makes 7 and drops the last row. That is
    harmless on photographs. Where the border matters, feed a size that divides, or pad.

    Wrong:
        nn.MaxPool2d(2)  # of 15x15: row 14 is never read
    Right:
        nn.MaxPool2d(2, ceil_mode=True)
    """
    yield from _said(subject, Kind.UNSEEN)


@advice("SC304", "even_kernel")
def even_kernel(subject: Subject) -> Iterator[Draft]:
    """A kernel of even size shifts the map against the image.

    A kernel of 4 has no middle element, so that output i looks half a pixel beside pixel i. That
    adds up over layers, and matters where positions do: masks, boxes, skips. An odd kernel with
    `padding = kernel_size // 2` stays centred.

    Wrong:
        nn.Conv2d(3, 8, kernel_size=4, padding="same")
    Right:
        nn.Conv2d(3, 8, kernel_size=3, padding="same")
    """
    for remark in _remarks(subject, Kind.OFF_CENTRE):
        layer = _layer(subject, remark)
        if layer is not None and isinstance(layer.op, Conv) and _has_no_middle(layer.op):
            yield _draft(subject, remark, argument="kernel_size")


def _has_no_middle(op: Conv) -> bool:
    axes = zip(op.kernel_size, op.stride, strict=True)
    numbers = [(dims.as_int(size), dims.as_int(stride)) for size, stride in axes]
    return any(size is not None and size % 2 == 0 and stride == 1 for size, stride in numbers)


@advice("SC306", "gridding")
def gridding(subject: Subject) -> Iterator[Draft]:
    """Stacked dilated convolutions leave holes: an output sees every second pixel only.

    A kernel with dilation 2 reads every second element. Where all layers have that dilation, the
    elements between them are never looked at by the same output, and maps come out as grids.
    Dilations without a common divisor, such as 1, 2, 3, or a first layer without dilation, fill
    the holes.

    Wrong:
        nn.Sequential(nn.Conv2d(3, 8, 3, dilation=2), nn.Conv2d(8, 8, 3, dilation=2))
    Right:
        nn.Sequential(nn.Conv2d(3, 8, 3, dilation=1), nn.Conv2d(8, 8, 3, dilation=2))
    """
    for remark in _remarks(subject, Kind.HOLES):
        if remark.numbers.get("never filled"):
            yield _draft(subject, remark, argument="dilation")


@advice("SC307", "field_larger")
def field_larger(subject: Subject) -> Iterator[Draft]:
    """An output could see more than the whole image.

    Where the receptive field is larger than the image, its outer part lies on padding for every
    output. Layers beyond that point see nothing new: fewer layers, or smaller strides before
    them, do the same on images of this size.

    Wrong:
        nn.Sequential(*[nn.Conv2d(3, 3, 3, stride=2, padding=1) for _ in range(5)])  # of 32x32
    Right:
        nn.Sequential(*[nn.Conv2d(3, 3, 3, stride=2, padding=1) for _ in range(4)])  # of 32x32
    """
    yield from _said(subject, Kind.LARGER)


@advice("SC308", "misaligned")
def misaligned(subject: Subject) -> Iterator[Draft]:
    """Branches that meet look at different places of the image.

    Where two maps are added or joined, element i of both should look at the same pixel. A crop
    at one side, an even kernel, or paddings that differ move one branch against the other.

    Wrong:
        x[:, :, 2:, 2:] + nn.Conv2d(3, 3, 3)(x)
    Right:
        x[:, :, 1:-1, 1:-1] + nn.Conv2d(3, 3, 3)(x)
    """
    yield from _said(subject, Kind.MISALIGNED)


@advice("SC309", "field_smaller")
def field_smaller(subject: Subject) -> Iterator[Draft]:
    """No output sees an object as a whole.

    What is decided about an object has to be decided by outputs that see enough of it. Where
    `object_size` says how large the objects are, in pixels, and the largest receptive field is
    smaller, more layers, larger strides or dilations are needed. A layer that looks at the whole
    map, such as a Linear after a flatten, only puts together what the parts were found to be.

    Wrong:
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3))  # sees 5x5, objects have 20x20
    Right:
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(4), nn.Conv2d(8, 8, 5))  # sees 22x22
    """
    wanted = subject.object_size
    if wanted is None or subject.graph.findings:
        return
    survey = Survey(fields_of(subject.graph.home))

    def largest(key: InputAxis) -> tuple[int, Layer] | None:
        windows = ((survey.window(place, key), layer) for layer, place in survey.tensors())
        known = [(window.size, layer) for window, layer in windows if window is not None]
        return max(known, key=lambda pair: pair[0]) if known else None

    found = [each for key in survey.names if (each := largest(key)) is not None]
    if found:
        size, layer = min(found, key=lambda pair: pair[0])
        if size < wanted:
            yield Draft(
                message=(
                    f"the largest receptive field, that of layer '{layer.name}', is {size} pixels "
                    f"wide; an object has {wanted}"
                ),
                got=size,
                expected=wanted,
                at=layer,
            )


def _said(subject: Subject, kind: Kind) -> Iterator[Draft]:
    return (_draft(subject, remark) for remark in _remarks(subject, kind))


def _remarks(subject: Subject, kind: Kind) -> Iterator[Remark]:
    return (remark for remark in subject.remarks if remark.kind is kind)


def _draft(subject: Subject, remark: Remark, *, argument: str = "") -> Draft:
    return Draft(message=remark.text, argument=argument, at=_layer(subject, remark))


def _layer(subject: Subject, remark: Remark) -> Layer | None:
    """Return the layer where what a remark is about begins."""
    names = {layer.name: layer for layer in reversed(subject.graph.layers)}
    return next((names[name] for name in remark.layers if name in names), None)
