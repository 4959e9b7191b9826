"""The layout that a convolution wants, where what it is given has the same axes in another.

Channels last, a missing channel axis, an axis too many: the sizes tell which it is, and how the
trace goes on as if the tensor had come in the layout that is meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Layer
from shapecalc.op import Op
from shapecalc.trace.channels_axis import channels_are_on_axis_one

Fault: TypeAlias = Literal[
    "channels last",  # [N, H, W, C]
    "no channel axis",  # [N, H, W] of one channel
    "an axis of one",  # [N, 1, C, H, W]
    "frames",  # [N, T, C, H, W]
    "other axes",  # a sequence for a Conv2d, an image for a Conv1d
]


@dataclass(frozen=True, slots=True)
class Meant:
    """What is wrong with a layout, the shape as it is meant, and how to get from one to the other.

    `call` are methods of a tensor with their arguments, one after the other.
    """

    fault: Fault
    shape: Shape
    calls: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def written(self, name: str) -> str:
        """Return the code that brings a tensor into the layout that is meant."""
        calls = (f".{call}({', '.join(map(str, given))})" for call, given in self.calls)
        return name + "".join(calls)

    def applied(self, x: Any) -> Any:
        """Return a tensor in the layout that is meant."""
        for call, given in self.calls:
            x = getattr(x, call)(*given)
        return x


def meant_at(layers: Sequence[Layer], layer: Layer, hint: Mapping[str, int]) -> Meant | None:
    """Return the layout that a layer wants, None where it gets that, or nothing tells."""
    if not layer.in_shapes:
        return None
    known = channels_are_on_axis_one(layers, layer.sources[0])
    return meant(layer.op, layer.in_shapes[0], hint, channels_known=known)


def meant(
    op: Any, x: Shape, hint: Mapping[str, int], *, channels_known: bool = False
) -> Meant | None:
    """Return the layout that an op wants, None where `x` has it, or nothing tells.

    Where the channels are known to be on axis 1, an axis of the size that is wanted is not them.
    """
    if not hasattr(op, "in_channels") or not hasattr(op, "kernel_size"):
        return None

    def fits(size: Dim) -> bool:
        wanted = dims.as_dim(op.in_channels)
        return size == wanted or dims.evaluate(size, hint) == dims.evaluate(wanted, hint)

    rank, axes = len(x), len(op.kernel_size)
    match rank - axes:
        case 2 if not channels_known and not fits(x[1]) and fits(x[-1]):
            return _last_to(1, x)
        case 1 if fits(x[0]):
            return None  # a sample without a batch, which torch takes
        case 1 if fits(x[-1]):
            first = _last_to(0, x)
            return replace(
                first, shape=Shape((1, *first.shape)), calls=(*first.calls, ("unsqueeze", (0,)))
            )
        case 1 if axes > 1 and fits(x[1]):
            return Meant("other axes", x)
        case 1 if op.in_channels == 1 and not channels_known:
            return Meant("no channel axis", Shape((x[0], 1, *x[1:])), (("unsqueeze", (1,)),))
        case 0 if op.in_channels == 1 and not channels_known:
            twice = (("unsqueeze", (0,)), ("unsqueeze", (0,)))
            return Meant("no channel axis", Shape((1, 1, *x)), twice)
        case 3:
            return _of_one_axis_more(x, fits)
        case more if more > 3 and fits(x[1]):
            return Meant("other axes", x)
    return None


def _last_to(axis: int, x: Shape) -> Meant:
    order = [*range(len(x) - 1)]
    order.insert(axis, len(x) - 1)
    call = ("permute", tuple(order))
    return Meant("channels last", Shape(x[n] for n in order), (call,))


def _of_one_axis_more(x: Shape, fits: Any) -> Meant | None:
    for axis in range(1, len(x)):
        rest = Shape((*x[:axis], *x[axis + 1 :]))
        if x[axis] == 1 and fits(rest[1]):
            return Meant("an axis of one", rest, (("squeeze", (axis,)),))
    if fits(x[1]):
        return Meant("other axes", x)
    if fits(x[2]):
        return Meant("frames", Shape((dims.mul(x[0], x[1]), *x[2:])), (("flatten", (0, 1)),))
    return None


def for_axes(op: Any, axes: int) -> Op | None:
    """Return an op as it is over another number of axes, None where its axes differ.

    >>> from shapecalc.ops.convolution import conv
    >>> for_axes(conv(3, 8, (3, 3)), 1).kind
    'Conv1d'
    """
    changed: dict[str, Any] = {}
    for entry in fields(op):
        value = getattr(op, entry.name)
        if isinstance(value, tuple):
            if len(set(value)) != 1:
                return None
            changed[entry.name] = value[:1] * axes
    made: Op = replace(op, **changed)
    return made
