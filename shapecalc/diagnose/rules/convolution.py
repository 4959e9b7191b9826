"""Mistakes of convolutions: channels, groups, dimensions, and what is added to an output."""

from __future__ import annotations

import math

from shapecalc import dims
from shapecalc.diagnose.cause import ancestors, gives, name_of
from shapecalc.diagnose.channels import counted, module_name, origin, several_sites
from shapecalc.diagnose.edits import Candidate, Rebuild, Reshaped
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.graph import InputRef
from shapecalc.ops.convolution import Conv
from shapecalc.ops.transposed_convolution import ConvTranspose

_DATA = {1: "sequences [N, C, L]", 2: "images [N, C, H, W]", 3: "volumes [N, C, D, H, W]"}


@mistake("SC113", "conv_dim")
def conv_dim(m: Mistake) -> Draft | None:
    """A layer for data of one kind gets another: images in a Conv1d, sequences in a Conv2d.

    The number in the name counts the axes that the window slides along: 1 for sequences
    [N, C, L], 2 for images [N, C, H, W], 3 for volumes and videos [N, C, D, H, W].

    Wrong:
        nn.Conv1d(3, 8, 3)(torch.zeros(1, 3, 32, 32))
    Right:
        nn.Conv2d(3, 8, 3)(torch.zeros(1, 3, 32, 32))
    """
    layer = m.layer
    kernel = None if layer is None else getattr(layer.op, "kernel_size", None)
    if layer is None or not isinstance(kernel, tuple) or not layer.in_shapes:
        return None
    x, subject, axes = layer.in_shapes[0], m.subject, len(kernel)
    given = len(x) - 2
    unfit = m.raw.demand is None or (len(x) == axes + 1 and m.raw.demand.left == x[0])
    channels = getattr(layer.op, "in_channels", None)
    if not unfit or given == axes or given not in _DATA:
        return None
    if channels is not None and subject.number(x[1]) != subject.number(channels):
        return None
    other = f"{layer.kind[:-2]}{given}d"
    first = next(reversed([*ancestors(subject, layer.sources[0])]), layer).sources[0]
    candidates: list[Candidate] = []
    if m.module is not None:
        path = module_name(subject, layer)
        text = f"build {path} as nn.{other}, for {_DATA[given]}"
        candidates.append(Rebuild(layer=path, argument="type", value=other, text=text))
    if isinstance(layer.sources[0], InputRef) and channels is not None:
        fed = subject.case.shapes(subject.case.sizes)[layer.sources[0].name]
        spatial = [*fed[2:], *[fed[-1]] * axes][:axes] if given < axes else [*fed[-axes:]]
        fed = (*fed[:2], *spatial)
        candidates.append(
            Reshaped(
                shapes={layer.sources[0].name: fed},
                text=f"feed {_DATA[axes].partition(' ')[0]}: [{', '.join(map(str, fed))}]",
            )
        )
    return Draft(
        message=(
            f"{m.op} is for {_DATA[axes]}, receives {subject.shape(x)}: {len(x)} axes, "
            f"which is {_DATA[given].partition(' ')[0]}"
        ),
        argument="input",
        got=len(x),
        expected=axes + 2,
        because=(gives(subject, layer.sources[0]),),
        candidates=tuple(candidates),
        root=("layout", name_of(subject, first)),
    )


@mistake("SC110", "input_channels")
def input_channels(m: Mistake) -> Draft | None:
    """A convolution is built for another number of channels than it receives.

    `in_channels` is the number of channels that come in: 3 for colour images, 1 for grey ones, and
    inside of a network the `out_channels` of the layer before. Other than height and width, it
    is fixed when the layer is built.

    Wrong:
        nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(32, 64, 3))
    Right:
        nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 64, 3))
    """
    layer, demand = m.layer, m.raw.demand
    if layer is None or demand is None or not isinstance(layer.op, (Conv, ConvTranspose)):
        return None
    subject, x = m.subject, layer.in_shapes[0]
    channels = x[-len(layer.op.kernel_size) - 1]
    if demand.left != channels or demand.right != layer.op.in_channels:
        return None
    got, expected = subject.number(channels), subject.number(layer.op.in_channels)
    found = origin(m, layer.sources[0], channels, layer.op.in_channels)
    candidates: list[Candidate] = [*found.repairs()]
    if m.module is not None and channels.is_Integer:
        own = Rebuild(layer=module_name(subject, layer), argument="in_channels", value=got)
        first = several_sites(m) or isinstance(found.source, InputRef)
        candidates.insert(len(candidates) if first else 0, own)
    return Draft(
        message=f"{m.op} expects in_channels = {expected}, receives {counted(got)}",
        argument="in_channels",
        got=got,
        expected=expected,
        because=tuple(dict.fromkeys((found.line, gives(subject, layer.sources[0])))),
        candidates=tuple(candidates),
        root=found.root,
    )


@mistake("SC114", "conv_groups")
def conv_groups(m: Mistake) -> Draft | None:
    """The channels of a convolution do not divide into its groups.

    With `groups` a convolution is split into that many smaller ones, each with an equal share of
    the channels that come in and of those that go out. Both have to be multiples of `groups`. A
    depthwise convolution has `groups` = `in_channels`, and a multiple of it as `out_channels`.

    Wrong:
        nn.Conv2d(3, 16, 3, groups=2)
    Right:
        nn.Conv2d(4, 16, 3, groups=2)
    """
    if "divisible by groups" not in m.raw.message:
        return None
    given = m.raw.arguments
    ways = [given.get(name) for name in ("in_channels", "out_channels", "groups")]
    if not all(isinstance(way, int) and way > 0 for way in ways):
        return Draft(message=m.raw.message, argument="groups")
    into, out, groups = (int(way) for way in ways if way is not None)
    fitting = max(n for n in range(1, groups + 1) if math.gcd(into, out) % n == 0)
    unfit = "in_channels" if into % groups else "out_channels"
    return Draft(
        message=f"{m.op} has groups = {groups}, which does not divide {unfit} = {given[unfit]}",
        argument="groups",
        got=groups,
        expected=fitting,
        because=(
            f"in_channels = {into} and out_channels = {out} both have to be multiples of groups",
            f"{given[unfit]} = {groups}*{given[unfit] // groups} + {given[unfit] % groups}",
        ),
        candidates=(Rebuild(layer=m.raw.layer, argument="groups", value=fitting),),
    )


@mistake("SC124", "padding_same_stride")
def padding_same_stride(m: Mistake) -> Draft | None:
    """A convolution with a stride cannot have padding='same'.

    'same' means that the output is as large as the input, and a stride makes it smaller. A padding
    of (kernel_size - 1)//2 is what is meant as a rule: H becomes H/stride, rounded up.

    Wrong:
        nn.Conv2d(3, 16, 3, stride=2, padding="same")
    Right:
        nn.Conv2d(3, 16, 3, stride=2, padding=1)
    """
    if "padding='same' is not supported for strided" not in m.raw.message:
        return None
    given = m.raw.arguments
    kernel, dilation = given.get("kernel_size"), given.get("dilation", 1)
    candidates: list[Candidate] = []
    if isinstance(kernel, int) and isinstance(dilation, int):
        padding: object = dilation * (kernel - 1) // 2
    elif isinstance(kernel, tuple) and isinstance(dilation, int):
        padding = tuple(dilation * (size - 1) // 2 for size in kernel)
    else:
        padding = None
    if padding is not None:
        candidates.append(Rebuild(layer=m.raw.layer, argument="padding", value=padding))
    stride = given.get("stride")
    return Draft(
        message=f"{m.op} has padding='same' and stride = {stride}, which do not go together",
        argument="padding",
        got="same",
        expected=padding,
        because=(
            "'same' keeps height and width; a stride above 1 makes them smaller",
            f"with a kernel of {kernel}, padding = {padding} makes H/stride of H, rounded up",
        ),
        candidates=tuple(candidates),
    )


@mistake("SC120", "output_padding")
def output_padding(m: Mistake) -> Draft | None:
    """The output_padding of a transposed convolution is not smaller than its stride.

    With stride 2, inputs of 7 and of 8 both lead to 4 in a convolution. `output_padding` says which
    of the two a transposed convolution leads back to, so it is at most stride - 1 (or dilation -
    1, if that is more).

    Wrong:
        nn.ConvTranspose2d(16, 8, 3, output_padding=1)
    Right:
        nn.ConvTranspose2d(16, 8, 3, stride=2, output_padding=1)
    """
    layer = m.layer
    if layer is None or not isinstance(layer.op, ConvTranspose):
        return None
    if not m.raw.message.startswith("output_padding") or m.module is None:
        return None
    subject, path, op = m.subject, module_name(m.subject, layer), layer.op
    extra = max(map(subject.number, op.output_padding))
    bounds = [
        subject.number(dims.maximum(s, d)) for s, d in zip(op.stride, op.dilation, strict=True)
    ]
    return Draft(
        message=(
            f"{m.op} has output_padding = {extra}, which has to be smaller than "
            f"stride = {min(map(subject.number, op.stride))}"
        ),
        argument="output_padding",
        got=extra,
        expected=min(bounds) - 1,
        because=("output_padding is at most stride - 1, or dilation - 1 if that is more",),
        candidates=(
            Rebuild(layer=path, argument="stride", value=extra + 1),
            Rebuild(layer=path, argument="output_padding", value=min(bounds) - 1),
        ),
        root=("output_padding", layer.index),
    )
