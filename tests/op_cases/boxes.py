"""Rows for shapecalc/ops/boxes.py."""

from __future__ import annotations

import importlib

import torch

import tests.torchvision_models  # noqa: F401  # torchvision beside the CPU build of torch
from tests.op_cases.case import C, Case, H, N, Rejects, T, W

ops = importlib.import_module("torchvision.ops")  # after the import above, whatever the order

PLACE = "its place depends on data"

CASES = [
    Case(lambda x, scores: (torch.ops.torchvision.nms(x, scores, 0.5), x)[1], [(N, 4), (N,)], (N, 4)),
    Case(lambda x, scores, idxs: (ops.batched_nms(x, scores, idxs, 0.5), x)[1], [(N, 4), (N,), (N, "int64")], (N, 4)),
    Case(lambda x, rois: torch.ops.torchvision.roi_align(x, rois, 0.5, 3, 2, -1, False), [(N, C, H, W), (T, 5)], (T, C, 3, 2), unseen=PLACE),
    Case(lambda x, rois: torch.ops.torchvision.roi_align(x, rois, 1.0, 7, 7, 2, True), [(N, C, H, W), (T, 5)], (T, C, 7, 7), unseen=PLACE),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x, scores: torch.ops.torchvision.nms(x, scores, 0.5), [(7, 5), (7,)]),
    Rejects(lambda x, scores: torch.ops.torchvision.nms(x, scores, 0.5), [(7, 4), (6,)]),
    Rejects(lambda x, scores: torch.ops.torchvision.nms(x, scores, 0.5), [(4,), (4,)]),
    Rejects(lambda x, rois: torch.ops.torchvision.roi_align(x, rois, 1.0, 7, 7, 2, True), [(2, 3, 8, 8), (6, 4)]),
]  # fmt: skip
