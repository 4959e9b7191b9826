"""Rows for shapecalc/ops/casting.py."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch

from shapecalc.ops.casting import _TYPES
from tests.op_cases.case import Case, H, N


def typed(name: str) -> Callable[[torch.Tensor], torch.Tensor]:
    def call(x: torch.Tensor) -> torch.Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls complex32 an experiment
            return getattr(x, name)()

    return call


def on_gpu(x: torch.Tensor) -> torch.Tensor:
    return x.cuda(0).pin_memory() if type(x) is not torch.Tensor else x  # there may be none


CASES = [
    *(Case(typed(name), (N, H), (N, H)) for name in _TYPES),
    Case(lambda x: x.to(torch.float16),                       (N, H),           (N, H)),
    Case(lambda x: x.to("cpu", torch.int64),                  (N, H),           (N, H)),
    Case(lambda x: x.to(torch.device("cpu"), non_blocking=True), (N, H),        (N, H)),
    Case(lambda x: x.to(dtype=torch.bool, copy=True),         (N, H),           (N, H)),
    Case(lambda x, y: x.to(y),                                [(N, H), (3, "int32")], (N, H)),
    Case(lambda x, y: x.type_as(y),                           [(N, H), (3, "float64")], (N, H)),
    Case(lambda x: x.type("torch.DoubleTensor"),              (N, H),           (N, H)),
    Case(lambda x: x.type(torch.int32),                       (N, H),           (N, H)),
    Case(lambda x: x.cpu(),                                   (N, H),           (N, H)),
    Case(on_gpu,                                              (N, H),           (N, H)),
    Case(lambda x: x.contiguous(),                            (N, H),           (N, H)),
    Case(lambda x: x.clone().detach(),                        (N, H),           (N, H)),
    Case(lambda x: torch.clone(x, memory_format=torch.contiguous_format), (N, H), (N, H)),
    Case(lambda x: x.data,                                    (N, H),           (N, H)),
    Case(lambda x: x.half().add_(x).float(),                  (N, H),           (N, H)),
]  # fmt: skip

REJECTS = []
