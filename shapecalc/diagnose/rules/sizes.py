"""Mistakes of sizes that have to divide, or have to be whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch.nn import functional

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.diagnose.cause import gives
from shapecalc.diagnose.edits import Rebuild, Rewrite
from shapecalc.diagnose.inputs_that_fit import feed
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.graph import Layer
from shapecalc.ops.view import View
from shapecalc.ops.vision import PixelUnshuffle
from shapecalc.trace.whole import WHOLE, in_whole_numbers


@mistake("SC123", "window_divisibility")
def window_divisibility(m: Mistake) -> Draft | None:
    """Height or width does not divide into windows or patches.

    A view that cuts an image into windows of 7x7, [N, H//7, 7, W//7, 7, C], keeps all elements
    only where H and W are multiples of 7; H//7 drops the rest, and the view then fails. Feed such
    sizes, or pad the image first: `F.pad(x, (0, -W % 7, 0, -H % 7))`.

    Wrong:
        torch.zeros(1, 30, 30, 8).view(1, 30 // 7, 7, 30 // 7, 7, 8)
    Right:
        torch.zeros(1, 28, 28, 8).view(1, 28 // 7, 7, 28 // 7, 7, 8)
    """
    layer, subject = m.layer, m.subject
    if layer is None or m.raw.demand is None:
        return None
    x, cut = layer.in_shapes[0], _cut(layer)
    unfit = {
        (subject.number(x[each.axis]), each.window)
        for each in cut
        if subject.number(dims.mod(x[each.axis], each.window))
    }
    if not unfit:
        return None
    words = [f"{size} is not a multiple of {window}" for size, window in sorted(unfit)]
    demands = [Condition(dims.mod(x[each.axis], each.window), "==", 0) for each in cut]
    return Draft(
        message=f"{m.op} cuts {subject.shape(x)} into windows, and {' and '.join(words)}",
        argument="input",
        got=tuple(size for size, _ in sorted(unfit)),
        expected=tuple(window for _, window in sorted(unfit)),
        because=(
            gives(subject, layer.sources[0]),
            *(f"{n} = {window}*{n // window} + {n % window}" for n, window in sorted(unfit)),
        ),
        candidates=(*feed(m, demands), _padded(layer, cut)),
        root=("windows", layer.index),
    )


@dataclass(frozen=True, slots=True)
class Cut:
    """An axis of a tensor that is cut into windows of so many elements.

    `place` is where a view says how many windows that makes.
    """

    axis: int
    window: int
    place: int | None = None


def _cut(layer: Layer) -> list[Cut]:
    """Return which axes of what comes in are cut into windows."""
    x = layer.in_shapes[0]
    if isinstance(layer.op, PixelUnshuffle):
        window = int(layer.op.downscale_factor)
        return [Cut(axis, window) for axis in range(len(x) - 2, len(x))]
    if not isinstance(layer.op, View):
        return []
    found: list[Cut] = []
    shape = layer.op.shape
    for place, count in enumerate(shape):
        for window in (*shape[place + 1 : place + 2], *shape[max(place - 1, 0) : place]):
            if not window.is_Integer or int(window) < 2:
                continue
            taken = {each.axis for each in found}
            for axis, size in enumerate(x):
                if axis not in taken and dims.floordiv(size, window) == count:
                    found.append(Cut(axis, int(window), place))
                    break
    return found


def _padded(layer: Layer, cut: list[Cut]) -> Rewrite:
    """Return the repair that pads the axes to whole windows first."""
    axes, rank = {each.axis: each for each in cut}, len(layer.in_shapes[0])
    names = {rank - 1: "W", rank - 2: "H"} if rank - 1 in axes else {rank - 2: "W", rank - 3: "H"}

    def padding(x: Any) -> list[Any]:
        ends = [-x.shape[a] % axes[a].window if a in axes else 0 for a in range(rank)]
        return [pad for end in reversed(ends[min(axes) :]) for pad in (0, end)]

    def rewriting(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x = args[0]
        whole = functional.pad(x, padding(x))
        given = args[1:]
        shape = [*(given[0] if given and isinstance(given[0], (tuple, list)) else given)]
        if any(each.place is None for each in cut):
            return func(whole, *given, **kwargs)
        for each in cut:
            shape[each.place or 0] = whole.shape[each.axis] // each.window
        return func(whole, *shape)

    written = [
        f"-{names.get(a, 'size')} % {axes[a].window}" if a in axes else "0"
        for a in range(min(axes), rank)
    ]
    pairs = ", ".join(f"0, {end}" for end in reversed(written))
    text = f"pad x before its height and width are read: x = F.pad(x, ({pairs}))"
    return Rewrite(index=layer.index, text=text, rewriting=rewriting)


@mistake("SC125", "float_scale")
def float_scale(m: Mistake) -> Draft | None:
    """A size is a float, where torch takes whole numbers only.

    `/` always makes a float in Python, `8 / 2` is `4.0`. Sizes, kernels and strides are whole
    numbers: divide by `//`, or round with `int(...)`.

    Wrong:
        F.interpolate(x, size=(x.shape[2] / 2, x.shape[3] / 2))
    Right:
        F.interpolate(x, size=(x.shape[2] // 2, x.shape[3] // 2))
    """
    if m.raw.kind == "constructor":
        return _in_constructor(m)
    if not m.raw.message.startswith(WHOLE) or m.layer is None:
        return None
    given = m.raw.message.removeprefix(WHOLE).strip()
    name = m.function
    return Draft(
        message=f"{name} takes whole numbers, receives the float {given}",
        argument="size",
        got=given,
        expected="int",
        because=(_SLASH,),
        candidates=(
            Rewrite(
                index=m.layer.index,
                text="divide by // in the place of /, or round with int(...)",
                rewriting=_rounded,
            ),
        ),
        root=("float", m.raw.location),
    )


_SLASH = "/ makes a float even where the result is whole: 8 / 2 is 4.0, 8 // 2 is 4"


def _in_constructor(m: Mistake) -> Draft | None:
    """Explain a layer that is built with a float for a number of channels or a size."""
    given = m.raw.arguments
    if "float" not in m.raw.message:
        return None
    name = next((n for n in _COUNTS if isinstance(given.get(n), float)), None)
    if name is None:
        return None
    value = given[name]
    return Draft(
        message=f"{m.op} takes whole numbers, receives {name} = {value}, a float",
        argument=name,
        got=value,
        expected=int(value),
        because=(_SLASH,),
        candidates=(Rebuild(layer=m.raw.layer, argument=name, value=int(value)),),
    )


_COUNTS = (
    "in_channels", "out_channels", "in_features", "out_features", "kernel_size", "stride",
    "padding", "dilation", "groups", "num_features", "num_channels", "num_groups",
    "normalized_shape", "num_embeddings", "embedding_dim", "input_size", "hidden_size",
    "in1_features", "in2_features", "embed_dim", "num_heads", "d_model", "nhead",
)  # fmt: skip


def _rounded(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return func(*in_whole_numbers(args), **in_whole_numbers(kwargs))
