"""torchvision's models beside the CPU build of torch: a module that targets can name.

The wheel of the registry is a CUDA build. Its compiled ops cannot be loaded without CUDA, and
its Python code only needs their schemas to be there. They are declared here before the import;
no classification or segmentation model calls one.
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
    _library.impl("_cuda_version", lambda: -1, "CompositeExplicitAutograd")


if torch.version.cuda is None:
    _declare()
    _load = torch.ops.load_library
    torch.ops.load_library = lambda path: None if "torchvision" in str(path) else _load(path)
    try:
        from torchvision.models import *  # noqa: F403
        from torchvision.models.segmentation import *  # noqa: F403
    finally:
        torch.ops.load_library = _load
else:
    from torchvision.models import *  # noqa: F403
    from torchvision.models.segmentation import *  # noqa: F403

from torchvision.models import list_models  # noqa: E402


def factories() -> list[str]:
    """Return the names of the classification and segmentation models."""
    import torchvision.models as classification
    from torchvision.models import segmentation

    return sorted(
        name for module in (classification, segmentation) for name in list_models(module=module)
    )
