"""Normalization by statistics of channels: https://pytorch.org/docs/stable/nn.html#normalization-layers."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import Reads, along
from shapecalc.conditions import require, require_positive, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.linear import features_fix
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNorm(Op):
    """Every channel shifted and scaled; in training, by what the whole batch holds.

    Shapes:
        x: (N, num_features, *)
        output: the shape of `x`

    Raises:
        RankError: `x` has no channel axis.
        DimMismatchError: the channel axis can never be `num_features`.
        SizeError: in training, a channel holds a single number; weights for no channels.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """

    num_features: Dim | None = None  # None without statistics and weights
    training: bool = False

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if len(x) < 2:
            raise RankError(f"expected (N, C, *), got {len(x)} dimensions: {x}")
        batch, channels, *spatial = x
        require_features(channels, self.num_features)
        if self.training:
            message = f"expected more than 1 value per channel when training, got {x}"
            require(dims.product((batch, *spatial)), "!=", 1, message)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element; in training, the channel in the whole batch."""
        others = [axis for axis in range(len(out)) if axis != 1]
        return [along(len(out), others if self.training else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceNorm(Op):
    """Every channel of every sample shifted and scaled by its own mean and variance.

    Shapes:
        x: (N, num_features, *spatial), or (num_features, *spatial) if not `batched`
        output: the shape of `x`

    Raises:
        RankError: `x` has no channel axis.
        DimMismatchError: the channel axis can never be `num_features`.
        SizeError: a channel of a sample holds a single number; weights, and no samples.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """

    num_features: Dim | None = None  # None without statistics and weights
    use_input_stats: bool = True
    batched: bool = True

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if len(x) < 2:
            raise RankError(f"expected (N, C, *spatial), got {len(x)} dimensions: {x}")
        channels, *spatial = x[1:] if self.batched else x
        require_features(channels, self.num_features)
        if self.use_input_stats:
            message = f"expected more than 1 spatial element when training, got {x}"
            require(dims.product(spatial), "!=", 1, message)
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the whole channel of the sample, or one element with running statistics."""
        spatial = range(2 if self.batched else 1, len(out))
        return [along(len(out), spatial if self.use_input_stats else [])]


def require_features(channels: Dim, num_features: Dim | None) -> None:
    """Demand as many channels as there are statistics and weights."""
    if num_features is not None:
        fix = features_fix(channels, num_features, "num_features")
        require_same(channels, num_features, "channels", fix=fix)


def features_of(**tensors: Operand | None) -> Dim | None:
    """Return how many channels the statistics and weights are for; they all have to agree."""
    found: Dim | None = None
    for name, tensor in tensors.items():
        if tensor is not None:
            size = dims.product(tensor.shape)
            require_same(size, size if found is None else found, f"size of {name}")
            found = size
    return found


def require_scalable(features: IntoDim, batch: IntoDim = 1) -> None:
    """Demand something to scale or shift; for nothing torch takes a first weight, if there is."""
    require_positive(features, "num_features")
    require_positive(batch, "batch size")


@reader("nn.functional.batch_norm")
def read_batch_norm(
    input: Operand,
    running_mean: Operand | None,
    running_var: Operand | None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html"""
    if not training and (running_mean is None or running_var is None):
        raise SizeError("running_mean and running_var are needed outside of training")
    num_features = features_of(
        running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if num_features is not None and (weight is not None or bias is not None):
        require_scalable(num_features)
    return Call(BatchNorm(num_features=num_features, training=bool(training)), (input,))


@reader("nn.functional.instance_norm")
def read_instance_norm(
    input: Operand,
    running_mean: Operand | None = None,
    running_var: Operand | None = None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html"""
    if not use_input_stats and (running_mean is None or running_var is None):
        raise SizeError("running_mean and running_var are needed without use_input_stats")
    num_features = features_of(
        running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if num_features is not None and (weight is not None or bias is not None):
        require_scalable(num_features, *input.shape[:1])
    op = InstanceNorm(num_features=num_features, use_input_stats=bool(use_input_stats))
    return Call(op, (input,))


# the axes that each module demands; SyncBatchNorm takes any
_RANKS = {
    "BatchNorm1d": (2, 3), "BatchNorm2d": (4,), "BatchNorm3d": (5,),
    "InstanceNorm1d": (2, 3), "InstanceNorm2d": (3, 4), "InstanceNorm3d": (4, 5),
}  # fmt: skip


@layer("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
def build_batch_norm(
    name: str,
    inputs: tuple[Shape, ...],
    num_features: IntoDim | None,
    eps: float = 1e-5,
    momentum: float | None = 0.1,
    affine: bool = True,
    track_running_stats: bool = True,
    *,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html"""
    require_rank(inputs[0], *_RANKS[name], layout="(N, C, *spatial)")
    features = inputs[0][1] if num_features is None else dims.as_dim(num_features)
    if affine:
        require_scalable(features)
    # without running statistics those of the batch are used outside of training, too
    op = BatchNorm(num_features=features, training=not track_running_stats)
    return Built(op, affine_parameters(Shape((features,)), affine=affine, bias=bias))


@layer("LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d")
def build_lazy_batch_norm(
    name: str,
    inputs: tuple[Shape, ...],
    eps: float = 1e-5,
    momentum: float | None = 0.1,
    affine: bool = True,
    track_running_stats: bool = True,
    *,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html"""
    rest = (eps, momentum, affine, track_running_stats)
    return build_batch_norm(name.removeprefix("Lazy"), inputs, None, *rest, bias=bias)


@layer("SyncBatchNorm")
def build_sync_batch_norm(
    name: str,
    inputs: tuple[Shape, ...],
    num_features: IntoDim | None,
    eps: float = 1e-5,
    momentum: float | None = 0.1,
    affine: bool = True,
    track_running_stats: bool = True,
    process_group: object = None,
    *,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html"""
    if len(inputs[0]) < 2:
        raise RankError(f"expected (N, C, *), got {len(inputs[0])} dimensions: {inputs[0]}")
    features = inputs[0][1] if num_features is None else dims.as_dim(num_features)
    if affine:
        require_scalable(features)
    op = BatchNorm(num_features=features, training=not track_running_stats)
    return Built(op, affine_parameters(Shape((features,)), affine=affine, bias=bias))


@layer("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d")
def build_instance_norm(
    name: str,
    inputs: tuple[Shape, ...],
    num_features: IntoDim | None,
    eps: float = 1e-5,
    momentum: float = 0.1,
    affine: bool = False,
    track_running_stats: bool = False,
    *,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html"""
    x = inputs[0]
    unbatched, batched = _RANKS[name]
    require_rank(x, unbatched, batched, layout="(N, C, *spatial)")
    channels = x[1] if len(x) == batched else x[0]
    features = channels if num_features is None else dims.as_dim(num_features)
    if affine:
        require_scalable(features, x[0] if len(x) == batched else 1)
    op = InstanceNorm(
        num_features=features if affine or track_running_stats else None,
        use_input_stats=not track_running_stats,
        batched=len(x) == batched,
    )
    return Built(op, affine_parameters(Shape((features,)), affine=affine, bias=bias))


@layer("LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d")
def build_lazy_instance_norm(
    name: str,
    inputs: tuple[Shape, ...],
    eps: float = 1e-5,
    momentum: float = 0.1,
    affine: bool = True,
    track_running_stats: bool = True,
    *,
    bias: bool = True,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html"""
    rest = (eps, momentum, affine, track_running_stats)
    return build_instance_norm(name.removeprefix("Lazy"), inputs, None, *rest, bias=bias)


def affine_parameters(shape: Shape, *, affine: bool, bias: bool = True) -> dict[str, Shape]:
    """Return the parameters of a layer that shifts and scales."""
    if not affine:
        return {}
    return {"weight": shape, "bias": shape} if bias else {"weight": shape}
