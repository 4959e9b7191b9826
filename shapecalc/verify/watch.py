"""The torch calls of a real run: their results, and which of them lose a NaN on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from shapecalc.graph import LayerGraph
from shapecalc.trace.function_names import function_name
from shapecalc.trace.queries import QUERIES

Lost: TypeAlias = tuple[int | None, int]  # an output of a layer; None is a call of no layer
Take: TypeAlias = Callable[[int | None, Any], None]


class Calls(TorchFunctionMode):
    """Hands on the results of all torch calls, and notes which of them may lose a NaN.

    `number` says which layer the next call is, by the name of its function.
    """

    def __init__(
        self,
        take: Take,
        number: Callable[[str], int | None],
        lost: set[Lost] | None = None,
    ) -> None:
        super().__init__()
        self._take = take
        self._number = number
        self._lost = lost

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a call."""
        if func is torch.Tensor.__iter__:  # one call of unbind, as in a trace
            with self:
                return iter(args[0].unbind(0))
        asks = func in QUERIES
        plain = all(map(_is_plain, tensors((args, kwargs))))
        carried = [] if self._lost is None or asks or not plain else _carried((args, kwargs))
        result = func(*args, **(kwargs or {}))
        if asks:
            return result
        made = args[0] if result is None and args else result  # as __setitem__ returns nothing
        name = function_name(func)
        layer = self._number(name)
        if not plain or not all(map(_is_plain, tensors(made))):
            return result  # within `vmap` a tensor has no elements to look at, nor may it leave
        if self._lost is not None:
            self._lost.update((layer, output) for output in _losing(name, carried, made))
        self._take(layer, made)
        return result


@contextlib.contextmanager
def hooked(model: nn.Module, graph: LayerGraph, take: Take) -> Iterator[None]:
    """Hand on the results of the modules that are the layers of a spec, call by call."""
    unseen: Any = torch._C.DisableTorchFunction  # its stub has other arguments
    modules = dict(model.named_modules())
    left: dict[str, list[int]] = {}
    for layer in graph.layers:
        left.setdefault(layer.name, []).append(layer.index)

    def watch(name: str) -> Any:
        def hook(module: nn.Module, args: Any, result: Any) -> None:
            if left[name]:
                with unseen():  # what is done with the result is no call of the model
                    take(left[name].pop(0), result)

        return hook

    handles = [modules[n].register_forward_hook(watch(n)) for n in left if n in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def tensors(value: Any) -> list[torch.Tensor]:
    """Return the tensors of a nested result, in order."""
    return [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def _is_plain(value: torch.Tensor) -> bool:
    return not torch._C._functorch.is_functorch_wrapped_tensor(value)


def is_nan(value: torch.Tensor) -> torch.Tensor:
    """Tell for every element whether it is a NaN."""
    if value.is_floating_point() or value.is_complex():
        return value.isnan()
    return torch.zeros(value.shape, dtype=torch.bool)


def _carried(values: Any) -> list[tuple[torch.Size, int]]:
    """Return the shapes of all tensors that hold a NaN, and how many each holds."""
    counted = [(x.shape, int(is_nan(x).sum())) for x in tensors(values)]
    return [(shape, count) for shape, count in counted if count]


def _losing(name: str, carried: Sequence[tuple[torch.Size, int]], result: Any) -> Iterator[int]:
    """Yield which outputs of an op may have a number where a NaN should have come.

    These are the outputs that are no floating-point numbers, those of ops that choose among
    elements by their values, and those with fewer NaNs than an operand that was stretched to
    their shape. A crop or a stride leaves elements out as well, but changes the shape.
    """
    if not carried:
        return
    chooses = any(word in name for word in _CHOOSING)
    for output, made in enumerate(tensors(result)):
        count = int(is_nan(made).sum())
        fewer = any(count < _stretched(*each, made.shape) for each in carried)
        if chooses or fewer or not (made.is_floating_point() or made.is_complex()):
            yield output


# kernels of attention take the greatest of each row, past a NaN
_CHOOSING = ("nan", "sort", "topk", "kthvalue", "median", "mode", "unique", "histc", "renorm",
             "grid_sample", "dot_product_attention")  # fmt: skip


def _stretched(shape: torch.Size, count: int, to: torch.Size) -> int:
    """Return how many of `count` elements there are after broadcasting; 0 where it does not fit."""
    own = (1,) * (len(to) - len(shape)) + tuple(shape)
    if len(own) != len(to) or any(a not in (1, b) for a, b in zip(own, to, strict=True)):
        return 0
    return count * to.numel() // max(shape.numel(), 1)
