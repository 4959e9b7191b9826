"""Copies of a model that compute in float64, where rounding cannot be taken for an effect."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from shapecalc import dims
from shapecalc.errors import InputError
from shapecalc.inputs import Pattern, Patterns, fill
from shapecalc.trace.run import copied
from shapecalc.trace.symbolic_tensor import DTYPES


def initialized(model: nn.Module, patterns: Patterns, sizes: Mapping[str, int]) -> nn.Module:
    """Return a copy of a lazy model after its first call, which gives it its weights.

    Raises:
        InputError: the model cannot be run.
    """
    model = copied(model)

    def tensor(pattern: Pattern) -> torch.Tensor:
        shape = [dims.evaluate(dim, sizes) for dim in pattern.shape]
        return torch.zeros(shape, dtype=DTYPES[pattern.dtype])

    try:
        args, kwargs = fill(patterns, tensor)
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            model.eval()(*args, **kwargs)
    except (Exception, SystemExit) as error:
        raise InputError(f"the model cannot be run: {type(error).__name__}: {error}") from error
    return model


def in_double(model: nn.Module) -> nn.Module | None:
    """Return a copy in float64, None where the model cannot be copied."""
    try:
        return copied(model).to("cpu").double().requires_grad_(False)
    except Exception:  # what a module holds beside its parameters may refuse to be copied
        return None


@contextlib.contextmanager
def double_by_default() -> Iterator[None]:
    """Let the tensors that a forward makes be of float64, too."""
    kept = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(kept)


@contextlib.contextmanager
def plain_kernels() -> Iterator[None]:
    """Keep to convolutions that add up products, and nothing else."""
    backends: Any = torch.backends  # its functions have no types
    (mkldnn, *_), (nnpack,) = backends.mkldnn.set_flags(False), backends.nnpack.set_flags(False)
    try:
        yield
    finally:
        backends.mkldnn.set_flags(mkldnn)
        backends.nnpack.set_flags(nnpack)
