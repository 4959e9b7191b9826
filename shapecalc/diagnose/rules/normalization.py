"""Mistakes of normalization layers: how many channels, how many axes, how many values."""

from __future__ import annotations

from typing import Any

from torch import nn

from shapecalc import dims
from shapecalc.diagnose.cause import gives
from shapecalc.diagnose.channels import counted, module_name, origin, several_sites
from shapecalc.diagnose.edits import Candidate, Feed, Rebuild, Rewrite
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Layer
from shapecalc.ops.layer_normalization import GroupNorm, LayerNorm
from shapecalc.ops.normalization import BatchNorm, InstanceNorm
from shapecalc.trace.channels_axis import channels_are_on_axis_one

_DATA = {2: "rows [N, C]", 3: "sequences [N, C, L]", 4: "images [N, C, H, W]"}


@mistake("SC116", "norm_rank")
def norm_rank(m: Mistake) -> Draft | None:
    """A BatchNorm for data of one kind gets another: images in a BatchNorm1d, rows in a 2d.

    BatchNorm1d is for rows [N, C] behind a Linear, and for sequences [N, C, L]. BatchNorm2d is for
    images [N, C, H, W], BatchNorm3d for volumes [N, C, D, H, W]. The same holds for InstanceNorm.

    Wrong:
        nn.Sequential(nn.Linear(10, 16), nn.BatchNorm2d(16))
    Right:
        nn.Sequential(nn.Linear(10, 16), nn.BatchNorm1d(16))
    """
    layer, kind = m.layer, type(m.module).__name__
    if layer is None or not isinstance(m.module, nn.modules.batchnorm._NormBase):
        return None
    if "D input (got" not in m.raw.message or kind[-2:] not in ("1d", "2d", "3d"):
        return None
    subject, x, axes = m.subject, layer.in_shapes[0], int(kind[-2])
    other = f"{kind[:-2]}{max(len(x) - 2, 1)}d"
    candidates: list[Candidate] = []
    if len(x) in (2, 3, 4, 5) and x[1] == module_features(m):
        path = module_name(subject, layer)
        data = _DATA.get(len(x), "volumes [N, C, D, H, W]")
        text = f"build {path} as nn.{other}, for {data}"
        candidates.append(Rebuild(layer=path, argument="type", value=other, text=text))
    wanted = "2 or 3 axes" if axes == 1 else f"{axes + 2} axes"
    return Draft(
        message=f"{m.op} expects {wanted}, receives {subject.shape(x)} with {len(x)}",
        argument="input",
        got=len(x),
        expected=axes + 2,
        because=(gives(subject, layer.sources[0]),),
        candidates=tuple(candidates),
        root=("norm_rank", layer.index),
    )


def module_features(m: Mistake) -> Any:
    """Return the number of channels that the module of a mistake is built for."""
    return getattr(m.module, "num_features", None)


@mistake("SC115", "norm_num_features")
def norm_num_features(m: Mistake) -> Draft | None:
    """A normalization layer is built for another number of channels than it receives.

    BatchNorm and InstanceNorm keep a weight for each channel, `num_features` of them; GroupNorm has
    `num_channels`, and LayerNorm `normalized_shape`, the sizes of the last axes. The number is the
    `out_channels` of the convolution, or `out_features` of the Linear, before it.

    Wrong:
        nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(32))
    Right:
        nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16))
    """
    layer = m.layer
    if layer is None or not layer.in_shapes:
        return None
    x, subject = layer.in_shapes[0], m.subject
    found = _channels(m, layer, x)
    if found is None:
        return None
    argument, axis, built_for = found
    got, expected = subject.number(x[axis]), subject.number(built_for)
    candidates: list[Candidate] = []
    known = channels_are_on_axis_one(subject.graph.layers, layer.sources[0])
    last = not known and _at(m, x, -1) == expected and argument != "normalized_shape"
    second = argument == "normalized_shape" and len(x) > 2 and _at(m, x, 1) == expected
    where = origin(m, layer.sources[0], x[axis], built_for)
    because = [where.line, gives(subject, layer.sources[0])]
    if last or second:
        because.append(f"the {expected} channels are on axis {len(x) - 1 if last else 1}")
        candidates.append(_moved(m, layer, len(x), last=last))
    else:
        candidates += where.repairs()
        if m.module is not None and x[axis].is_Integer:
            value: Any = got
            if argument == "normalized_shape":
                shape = getattr(m.module, argument)
                value = (*shape[: len(shape) + axis], got, *shape[len(shape) + axis :][1:])
            own = Rebuild(layer=module_name(subject, layer), argument=argument, value=value)
            candidates.insert(len(candidates) if several_sites(m) else 0, own)
    return Draft(
        message=f"{m.op} expects {argument} = {expected}, receives {counted(got)}",
        argument=argument,
        got=got,
        expected=expected,
        because=tuple(dict.fromkeys(because)),
        candidates=tuple(candidates),
        root=where.root,
    )


def _at(m: Mistake, x: Shape, axis: int) -> int:
    return m.subject.number(x[axis])


def _channels(m: Mistake, layer: Layer, x: Shape) -> tuple[str, int, Dim] | None:
    """Return the argument that does not fit, the axis it is about, and what it was built for."""
    demand, op = m.raw.demand, layer.op
    if isinstance(m.module, nn.modules.instancenorm._InstanceNorm) and demand is None:
        if "to match num_features" not in m.raw.message:
            return None
        axis = len(x) - 1 - int(type(m.module).__name__[-2])
        return "num_features", axis, dims.as_dim(m.module.num_features)
    if demand is None or demand.relation != "==":
        return None
    match op:
        case BatchNorm(num_features=built) | InstanceNorm(num_features=built):
            axis = 1 if getattr(op, "batched", True) else 0
            if built is not None and demand.right == built and demand.left == x[axis]:
                return "num_features", axis, built
        case GroupNorm(num_channels=built) if built is not None:
            if demand.right == built and demand.left == x[1]:
                return "num_channels", 1, built
        case LayerNorm(normalized_shape=shape) if len(shape) <= len(x):
            for axis in range(-len(shape), 0):
                if (demand.left, demand.right) == (x[axis], shape[axis]):
                    return "normalized_shape", axis, shape[axis]
    return None


def _moved(m: Mistake, layer: Layer, rank: int, *, last: bool) -> Rewrite:
    """Return the repair that brings the channels to the axis where the layer looks for them."""
    there = (0, rank - 1, *range(1, rank - 1)) if last else (0, *range(2, rank), 1)
    back = (0, *range(2, rank), 1) if last else (0, rank - 1, *range(1, rank - 1))
    written = [f".permute({', '.join(map(str, order))})" for order in (there, back)]
    return Rewrite(
        index=layer.index,
        text=f"{m.raw.layer}(x{written[0]}){written[1]}: the channels are on another axis",
        rewriting=lambda func, args, kwargs: func(
            args[0].permute(there), *args[1:], **kwargs
        ).permute(back),
    )


@mistake("SC117", "norm_divisibility")
def norm_divisibility(m: Mistake) -> Draft | None:
    """The channels of a GroupNorm do not divide into its groups.

    GroupNorm(num_groups, num_channels) normalizes groups of num_channels/num_groups channels, so
    the first has to divide the second. The order is easily taken for the other one, too.

    Wrong:
        nn.GroupNorm(3, 16)
    Right:
        nn.GroupNorm(4, 16)
    """
    layer, subject = m.layer, m.subject
    if "divisible by num_groups" not in m.raw.message:
        return None
    if layer is not None and isinstance(layer.op, GroupNorm):
        channels = subject.number(layer.in_shapes[0][1])
        groups = subject.number(layer.op.num_groups)
    else:
        given = (m.raw.arguments.get("num_channels"), m.raw.arguments.get("num_groups"))
        if not all(isinstance(value, int) and value > 0 for value in given):
            return Draft(message=m.raw.message, argument="num_groups")
        channels, groups = (int(value) for value in given if value is not None)
    fitting = max(n for n in range(1, min(groups, channels) + 1) if channels % n == 0)
    value = channels if groups % channels == 0 else fitting
    candidate: Candidate = Rebuild(layer=m.raw.layer, argument="num_groups", value=fitting)
    if layer is not None and m.module is None:
        candidate = Rewrite(
            index=layer.index,
            text=f"call group_norm with num_groups={fitting}",
            rewriting=lambda func, args, kwargs: func(
                args[0], *(fitting for _ in args[1:2]), *args[2:],
                **{k: fitting if k == "num_groups" else v for k, v in kwargs.items()},
            ),
        )  # fmt: skip
    return Draft(
        message=f"{m.op} has num_groups = {groups}, which does not divide {channels} channels",
        argument="num_groups",
        got=groups,
        expected=value,
        because=(f"{channels} = {groups}*{channels // groups} + {channels % groups}",),
        candidates=(candidate,),
    )


@mistake("SC118", "bn_single_value")
def bn_single_value(m: Mistake) -> Draft | None:
    """A normalization layer in training gets a single value to compute a variance of.

    In training, BatchNorm takes mean and variance of each channel over the batch, height and
    width. With one sample and a 1x1 map there is one value, and it has no variance. That comes of a
    batch of 1, often the last of an epoch: `DataLoader(drop_last=True)` leaves it out. To use a
    model on a single sample, call `model.eval()` first.

    Wrong:
        nn.BatchNorm1d(16).train()(torch.zeros(1, 16))
    Right:
        nn.BatchNorm1d(16).train()(torch.zeros(2, 16))
    """
    layer = m.layer
    if layer is None or "expected more than 1" not in m.raw.message:
        return None
    if not isinstance(layer.op, (BatchNorm, InstanceNorm, GroupNorm)):
        return None
    subject, x = m.subject, layer.in_shapes[0]
    candidates: list[Candidate] = []
    batch = isinstance(layer.op, BatchNorm)
    if batch and x[0].is_Symbol and subject.case.sizes.get(str(x[0])) == 1:
        candidates.append(
            Feed(
                sizes={str(x[0]): 2},
                text="feed batches of 2 or more: drop_last=True, if it is the last",
            )
        )
    if batch and subject.train:
        candidates.append(
            Rewrite(
                index=layer.index,
                text="call model.eval() where no training is meant: it uses the running statistics",
                rewriting=_evaluated,
            )
        )
    what = "the batch, height and width" if batch else "height and width"
    return Draft(
        message=(
            f"{m.op} needs more than one value per channel in training, receives {subject.shape(x)}"
        ),
        argument="input",
        got=1,
        expected=2,
        because=(
            f"{gives(subject, layer.sources[0])}: one value in a channel",
            f"mean and variance are taken over {what}",
        ),
        candidates=tuple(candidates),
        root=("single", layer.index),
    )


def _evaluated(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call batch_norm as it is called after `eval()`."""
    place = 5  # of `training` among the arguments of torch.nn.functional.batch_norm
    if len(args) > place:
        args = (*args[:place], False, *args[place + 1 :])
    return func(*args, **{k: False if k == "training" else v for k, v in kwargs.items()})
