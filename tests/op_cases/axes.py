"""Rows for shapecalc/ops/axes.py."""

from __future__ import annotations

import torch

from tests.op_cases.case import C, Case, H, N, Rejects, W

CASES = [
    Case(lambda x: x.permute(0, 2, 3, 1),                     (N, C, H, W),   (N, H, W, C)),
    Case(lambda x: x.permute((1, 0)),                         (N, H),         (H, N)),
    Case(lambda x: torch.permute(x, dims=(-1, 0, 1)),         (N, H, W),      (W, N, H)),
    Case(lambda x: x.transpose(1, -1),                        (N, C, H),      (N, H, C)),
    Case(lambda x: torch.transpose(x, dim0=0, dim1=1),        (N, H),         (H, N)),
    Case(lambda x: x.swapaxes(0, 2),                          (N, C, H),      (H, C, N)),
    Case(lambda x: torch.swapaxes(x, axis0=0, axis1=1),       (N, H),         (H, N)),
    Case(lambda x: x.swapdims(0, 1),                          (N, H),         (H, N)),
    Case(lambda x: x.t(),                                     (N, H),         (H, N)),
    Case(torch.t,                                             (N,),           (N,)),
    Case(lambda x: x.T,                                       (N, H),         (H, N)),
    Case(lambda x: x.H,                                       (N, H),         (H, N)),
    Case(lambda x: x.mT,                                      (N, C, H),      (N, H, C)),
    Case(lambda x: x.mH,                                      (N, C, H),      (N, H, C)),
    Case(lambda x: x.adjoint(),                               (N, C, H),      (N, H, C)),
    Case(lambda x: x.movedim(1, -1),                          (N, C, H, W),   (N, H, W, C)),
    Case(lambda x: torch.movedim(x, (0, 1), (2, 0)),          (N, C, H),      (C, H, N)),
    Case(lambda x: x.moveaxis(0, 1),                          (N, C, H),      (C, N, H)),
    Case(lambda x: x.unsqueeze(1),                            (N, H),         (N, 1, H)),
    Case(lambda x: torch.unsqueeze(x, -1),                    (N, H),         (N, H, 1)),
    Case(lambda x: x.unsqueeze_(0),                           (N, H),         (1, N, H)),
    Case(lambda x: x.squeeze(1),                              (N, 1, H),      (N, H)),
    Case(lambda x: x.squeeze(1),                              (N, C, H),      (N, C, H)),
    Case(lambda x: x.squeeze(),                               (1, N, 1, H),   (N, H)),
    Case(lambda x: torch.squeeze(x, dim=(0, -1)),             (1, N, 1),      (N,)),
    Case(lambda x: x.expand(x.shape[0], 4, -1),               (N, 1, H),      (N, 4, H)),
    Case(lambda x: x.expand((3, -1, 5)),                      (N, 1),         (3, N, 5)),
    Case(lambda x, y: x.expand(y.shape[0], -1, -1),           [(1, 1, 8), (N, 3)], (N, 1, 8)),
    Case(lambda x, y: x.expand_as(y),                         [(N, 1), (H, N, W)], (H, N, W)),
    Case(lambda x: torch.broadcast_to(x, (2, *x.shape)),      (N, H),         (2, N, H)),
    Case(lambda x: x.broadcast_to(size=(x.shape[0], 5)),      (N, 1),         (N, 5)),
    Case(lambda x: x.sum_to_size(1, x.shape[2]),              (N, H, W),      (1, W)),
    Case(lambda x: x.sum_to_size(x.shape),                    (N, 1),         (N, 1)),
]  # fmt: skip

REJECTS = [
    Rejects(lambda x: x.expand(x.shape[0] - 5, -1),           (3,)),
    Rejects(lambda x: x[:, :1].expand(-1, x.shape[0] - 5),    (3, 4)),
    Rejects(lambda x: x.permute(0, 1),                        (2, 3, 4)),
    Rejects(lambda x: x.permute(0, 0, 1),                     (2, 3, 4)),
    Rejects(lambda x: x.transpose(0, 3),                      (2, 3, 4)),
    Rejects(lambda x: x.t(),                                  (2, 3, 4)),
    Rejects(lambda x: x.mT,                                   (3,)),
    Rejects(lambda x: x.movedim((0, 1), (0,)),                (2, 3)),
    Rejects(lambda x: x.movedim((0, 0), (0, 1)),              (2, 3)),
    Rejects(lambda x: x.unsqueeze(3),                         (2, 3)),
    Rejects(lambda x: x.squeeze(2),                           (2, 3)),
    Rejects(lambda x: x.squeeze((0, 0)),                      (1, 3)),
    Rejects(lambda x: x.expand(3),                            (2, 3)),
    Rejects(lambda x: x.expand(2, 4),                         (2, 3)),
    Rejects(lambda x: x.expand(-1, 2, 3),                     (2, 3)),
    Rejects(lambda x, y: x.expand_as(y),                      [(2, 3), (3, 3)]),
    Rejects(lambda x: x.sum_to_size(2, 4),                    (2, 3)),
    Rejects(lambda x: x.sum_to_size(1, 2, 3),                 (2, 3)),
]  # fmt: skip
