"""Boxes: what torchvision's detectors do with the places that they find."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.access import Reads, everything
from shapecalc.conditions import require_same
from shapecalc.dims import Dim, IntoDim, Shape, as_dim
from shapecalc.op import DATA, Call, Op, Operand, OutShape, require_rank
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Nms(Op):
    """The boxes that no better one overlaps too much, by their number: how many, data decide.

    Shapes:
        boxes: (N, 4)
        scores: (N,)
        idxs: (N,), of `batched_nms`: boxes of one category alone are compared
        output: (K,), with K at most N

    Raises:
        RankError: the operands have other ranks.
        DimMismatchError: a box has not 4 coordinates, or there are more scores than boxes.

    Source:
        https://pytorch.org/vision/stable/generated/torchvision.ops.nms.html
    """

    function: str = "nms"

    @property
    def kind(self) -> str:
        """`nms` or `batched_nms`, as the function is called."""
        return self.function

    def out_shape(self, boxes: Shape, scores: Shape, *idxs: Shape) -> OutShape:
        """Leave a number of boxes that depends on data."""
        require_rank(boxes, 2, layout="(N, 4)")
        require_rank(scores, 1, layout="(N,)")
        require_same(boxes[1], 4, "coordinates of a box")
        require_same(scores[0], boxes[0], "scores")
        for categories in idxs:
            require_same(categories[0], boxes[0], "categories")
        return (DATA,)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Compare every box with all others."""
        return [everything(operand, bound="every box is compared") for operand in inputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiAlign(Op):
    """A small map of fixed size for each of K boxes, interpolated from an image of the batch.

    Shapes:
        input: (N, C, H, W)
        rois: (K, 5), the number of the image and the box
        output: (K, C, pooled_height, pooled_width)

    Units:
        pooled_height, pooled_width: elements.

    Raises:
        RankError: the operands have other ranks.
        DimMismatchError: a row of `rois` has not 5 entries.

    Source:
        https://pytorch.org/vision/stable/generated/torchvision.ops.roi_align.html
    """

    pooled_height: Dim
    pooled_width: Dim

    @property
    def kind(self) -> str:
        """`roi_align`, as the function is called."""
        return "roi_align"

    def out_shape(self, input: Shape, rois: Shape) -> OutShape:
        """Make one map for each box."""
        require_rank(input, 4, layout="(N, C, H, W)")
        require_rank(rois, 2, layout="(K, 5)")
        require_same(rois[1], 5, "entries of a row of rois")
        return (rois[0], input[1], self.pooled_height, self.pooled_width)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read what a box lies on: its place is data."""
        return [everything(operand, bound="its place depends on data") for operand in inputs]


@reader("torchvision::nms")
def read_nms(dets: Operand, scores: Operand, iou_threshold: object) -> Call:
    """https://pytorch.org/vision/stable/generated/torchvision.ops.nms.html"""
    return Call(Nms(), (dets, scores), "int64")


@reader("torchvision::batched_nms")
def read_batched_nms(boxes: Operand, scores: Operand, idxs: Operand, iou_threshold: object) -> Call:
    """https://pytorch.org/vision/stable/generated/torchvision.ops.batched_nms.html"""
    return Call(Nms(function="batched_nms"), (boxes, scores, idxs), "int64")


@reader("torchvision::roi_align")
def read_roi_align(
    input: Operand,
    rois: Operand,
    spatial_scale: object,
    pooled_height: IntoDim,
    pooled_width: IntoDim,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Call:
    """https://pytorch.org/vision/stable/generated/torchvision.ops.roi_align.html"""
    op = RoiAlign(pooled_height=as_dim(pooled_height), pooled_width=as_dim(pooled_width))
    return Call(op, (input, rois))
