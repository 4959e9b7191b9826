"""torchvision's models beside the CPU build of torch: a module that targets can name.

The wheel of the registry is a CUDA build. Its compiled ops cannot be loaded without CUDA, and
its Python code only needs their schemas to be there. They are declared here before the import;
no classification or segmentation model calls one. Of those that detectors call, `nms` and
`roi_align` are written out below, so that detectors run.
"""

from __future__ import annotations

import torch

_SIZES = "SymInt pooled_height, SymInt pooled_width"
_INPUT = "SymInt batch_size, SymInt channels, SymInt height, SymInt width"
_SPACING = (
    "SymInt stride_h, SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, "
    "SymInt dilation_w, SymInt groups, SymInt offset_groups, bool use_mask"
)
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"qroi_align(Tensor input, Tensor rois, float input_scale, int input_zero_point, float rois_scale, int rois_zero_point, float spatial_scale, {_SIZES}, int sampling_ratio) -> Tensor",
    f"roi_align(Tensor input, Tensor rois, float spatial_scale, {_SIZES}, int sampling_ratio, bool aligned) -> Tensor",
    f"_roi_align_backward(Tensor grad, Tensor rois, float spatial_scale, {_SIZES}, {_INPUT}, int sampling_ratio, bool aligned) -> Tensor",
    f"ps_roi_align(Tensor input, Tensor rois, float spatial_scale, {_SIZES}, int sampling_ratio) -> (Tensor, Tensor)",
    f"_ps_roi_align_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale, {_SIZES}, int sampling_ratio, {_INPUT}) -> Tensor",
    f"roi_pool(Tensor input, Tensor rois, float spatial_scale, {_SIZES}) -> (Tensor, Tensor)",
    f"_roi_pool_backward(Tensor grad, Tensor rois, Tensor argmax, float spatial_scale, {_SIZES}, {_INPUT}) -> Tensor",
    f"ps_roi_pool(Tensor input, Tensor rois, float spatial_scale, {_SIZES}) -> (Tensor, Tensor)",
    f"_ps_roi_pool_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale, {_SIZES}, {_INPUT}) -> Tensor",
    f"deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, {_SPACING}) -> Tensor",
    f"_deform_conv2d_backward(Tensor grad, Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, {_SPACING}) -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
    "_cuda_version() -> int",
)

_library = torch.library.Library("torchvision", "FRAGMENT")


def _declare() -> None:
    for schema in _SCHEMAS:
        name = schema.partition("(")[0]
        if not hasattr(torch.ops.torchvision, name):
            _library.define(schema)
            if name in _KERNELS:
                _library.impl(name, _KERNELS[name], "CPU")
    _library.impl("_cuda_version", lambda: -1, "CompositeExplicitAutograd")


def _nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Keep the best box, drop those that overlap it, and so on."""
    if boxes.dim() != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
        raise ValueError("boxes should be (N, 4), scores (N,)")
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order, kept = scores.argsort(descending=True), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = torch.maximum(boxes[best, :2], boxes[order, :2])
        high = torch.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        order = order[shared <= iou_threshold * (area[best] + area[order] - shared)]
    return torch.stack(kept) if kept else order


def _roi_align(
    x: torch.Tensor,
    rois: torch.Tensor,
    scale: float,
    height: int,
    width: int,
    ratio: int,
    aligned: bool,
) -> torch.Tensor:
    """Sample the middle of every cell of a box, which is enough for shapes."""
    if rois.dim() != 2 or rois.shape[1] != 5:
        raise ValueError("rois should be (K, 5)")
    number, low, high = rois[:, 0].long(), rois[:, 1:3] * scale, rois[:, 3:] * scale
    across, down = ((torch.arange(n, device=x.device) + 0.5) / n for n in (width, height))
    columns = low[:, :1] + across * (high - low)[:, :1]
    rows = low[:, 1:] + down * (high - low)[:, 1:]
    place = torch.stack(
        [
            (columns[:, None] / x.shape[-1]).expand(-1, height, -1),
            (rows[:, :, None] / x.shape[-2]).expand(-1, -1, width),
        ],
        dim=-1,
    )
    return torch.nn.functional.grid_sample(x[number], 2 * place - 1, align_corners=False)


_KERNELS = {"nms": _nms, "roi_align": _roi_align}

if torch.version.cuda is None:
    _declare()
    _load = torch.ops.load_library
    torch.ops.load_library = lambda path: None if "torchvision" in str(path) else _load(path)
    try:
        from torchvision.models import *  # noqa: F403
        from torchvision.models.detection import *  # noqa: F403
        from torchvision.models.segmentation import *  # noqa: F403
    finally:
        torch.ops.load_library = _load
else:
    from torchvision.models import *  # noqa: F403
    from torchvision.models.detection import *  # noqa: F403
    from torchvision.models.segmentation import *  # noqa: F403

from torchvision.models import list_models  # noqa: E402


def factories() -> list[str]:
    """Return the names of the classification and segmentation models."""
    import torchvision.models as classification
    from torchvision.models import segmentation

    return sorted(
        name for module in (classification, segmentation) for name in list_models(module=module)
    )
