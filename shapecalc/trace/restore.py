"""A model is left as it was: its mode, its hooks, and all that a forward changes in it."""

from __future__ import annotations

import contextlib
import copy
import operator
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@contextlib.contextmanager
def left_as_it_was(model: nn.Module, *, train: bool) -> Iterator[None]:
    """Set the model's mode, and put back whatever a forward changes in its modules."""
    kept = [(module, _Kept.of(module)) for module in model.modules()]
    try:
        with torch.random.fork_rng(devices=[]), _uncompiled():
            model.train(train)
            _copy_counters(model)
            yield
    finally:
        for module, state in kept:
            state.restore(module)


def _uncompiled() -> contextlib.AbstractContextManager[object]:
    """Let what `torch.compile` wraps run as it is written."""
    if "torch._dynamo" not in sys.modules:
        return contextlib.nullcontext()
    stance: Any = torch.compiler.set_stance
    return stance("force_eager")  # type: ignore[no-any-return]


def _copy_counters(model: nn.Module) -> None:
    """Let the model count its batches on copies: BatchNorm2d(momentum=None) divides by them."""
    for module in model.modules():
        for name, buffer in module.named_buffers(recurse=False):
            if not torch.nn.parameter.is_lazy(buffer) and buffer.dim() == 0:
                module._buffers[name] = buffer.clone()


@dataclass(frozen=True, slots=True)
class _Kept:
    """The attributes of a module, and what its containers held.

    Containers are put back as the objects that they were: the handle of a hook refers to the
    very dict that holds the hook.
    """

    attributes: dict[str, Any]
    contents: tuple[tuple[Any, Any], ...]

    @classmethod
    def of(cls, module: nn.Module) -> _Kept:
        attributes = dict(module.__dict__)
        containers = [v for v in attributes.values() if isinstance(v, (dict, list, set))]
        return cls(attributes, tuple((v, copy.copy(v) if v else ()) for v in containers))

    def restore(self, module: nn.Module) -> None:
        module.__dict__.clear()
        module.__dict__.update(self.attributes)
        for container, held in self.contents:
            if not _same_entries(container, held):
                container.clear()
                container.extend(held) if isinstance(container, list) else container.update(held)


def _same_entries(container: Any, held: Any) -> bool:
    """Tell whether two containers hold the same objects; tensors are not compared by value."""
    if len(container) != len(held):
        return False
    if isinstance(container, dict):
        return all(key in held and held[key] is value for key, value in container.items())
    return isinstance(container, set) or all(map(operator.is_, container, held))
