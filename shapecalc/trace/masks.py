"""Masks: constants of minus infinity, and what they cut off.

Whether a softmax reads a score that was masked, and whether its zeros read a value, only the
values of the mask say, and a shape has none. So it is followed where minus infinity, or a number
that comes to the same, enters a constant or stands in for a score: an op that adds such a
constant, and the next one that multiplies the masked scores by something else, are `masked`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import torch

from shapecalc.trace.symbolic_tensor import SymbolicTensor, storage_of, tensors_in

# below, exp is 0 in every type even beside large scores; Swin's -100 is not: it is only small
CUTS_OFF = -1e4
_LARGEST = 1 << 24  # elements of a constant that are looked through
_ADDING = {
    "add", "__add__", "__radd__", "__iadd__", "add_", "sub", "__sub__", "__rsub__", "baddbmm",
}  # fmt: skip
_FILLING = {"masked_fill", "masked_fill_", "where", "masked_scatter"}


def is_masked(name: str, args: Any) -> bool:
    """Tell whether a call adds minus infinity to something, or uses what is masked so."""
    tensors = list(tensors_in(args))
    symbolic = [t for t in tensors if isinstance(t, SymbolicTensor) and not t.constant]
    if any(tensor.masked for tensor in symbolic) and len(symbolic) > 1:
        return True
    adds = name.rpartition(".")[2] in _ADDING
    return adds and bool(symbolic) and any(map(_cuts_off, tensors))


def has_no_values(name: str, args: Any, buffers: Collection[int]) -> bool:
    """Tell whether a call adds a buffer that may be a mask, and has no values on meta.

    `buffers` are those of the model, by their storage.
    """
    if name.rpartition(".")[2] not in _ADDING:
        return False
    return any(
        not isinstance(tensor, (SymbolicTensor, torch.nn.Parameter))
        and tensor.is_floating_point()
        and tensor.device.type == "meta"
        and tensor.dim() > 1
        and tensor.shape[-1] == tensor.shape[-2] > 1
        and storage_of(tensor) in buffers
        for tensor in tensors_in(args)
    )


def follow(name: str, args: Any, outputs: Sequence[SymbolicTensor]) -> None:
    """Note of the outputs of a call whether they are constants, hold minus infinity, or zeros."""
    tensors = list(tensors_in(args))
    symbolic = [t for t in tensors if isinstance(t, SymbolicTensor)]
    constant = all(tensor.constant for tensor in symbolic)
    cuts = any(map(_cuts_off, tensors)) or any(n <= CUTS_OFF for n in _numbers(args))
    free = [tensor for tensor in symbolic if not tensor.constant]
    adds, fills = (name.rpartition(".")[2] in names for names in (_ADDING, _FILLING))
    handed_on = len(free) == 1 and free[0].masked
    for output in outputs:
        output.constant, output.cuts_off = constant, constant and cuts
        output.masked = not constant and (handed_on or ((adds or fills) and cuts))


def _cuts_off(tensor: torch.Tensor) -> bool:
    if isinstance(tensor, SymbolicTensor):
        return tensor.cuts_off
    if isinstance(tensor, torch.nn.Parameter) or not tensor.is_floating_point():
        return False
    with torch._C.DisableTorchFunction():  # a question of ours, not of the model
        if tensor.device.type == "meta" or not 0 < tensor.numel() <= _LARGEST:
            return False
        return bool((tensor <= CUTS_OFF).any())


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _numbers(entry)
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from _numbers(entry)
