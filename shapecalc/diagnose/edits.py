"""Changes to a model or its input, made to see whether a repair repairs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import nn

from shapecalc.diagnose.arguments import arguments
from shapecalc.trace.tracer import Rewriting
from shapecalc.trace.watching import Recalling


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """Build a layer with another value of one of its arguments."""

    layer: str
    argument: str
    value: Any
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Feed other sizes: new values for symbols of the case."""

    sizes: Mapping[str, int]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshaped:
    """Feed the inputs in another layout: new patterns, by the name of the input."""

    shapes: Mapping[str, tuple[Any, ...]]  # numbers, symbols as text
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """Write one call of the model's code differently: call number `index` of the trace.

    `also` are other calls that the same change touches, by their number; none of them, but for
    the last, is replaced by more or fewer calls than it is.
    """

    index: int
    text: str
    rewriting: Rewriting
    also: Mapping[int, Rewriting] = field(default_factory=dict)

    @property
    def rewritings(self) -> dict[int, Rewriting]:
        """All that is written differently, by the number of the call."""
        return {self.index: self.rewriting, **self.also}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Call a module differently, or use what it returns differently: module call number `index`.

    `recalling` gets the call, the module, its arguments and its keyword arguments.
    """

    index: int
    text: str
    recalling: Recalling


Candidate: TypeAlias = Rebuild | Feed | Reshaped | Rewrite | Recall


@contextlib.contextmanager
def rebuilding(model: nn.Module, edits: list[Rebuild]) -> Iterator[None]:
    """Let layers be replaced by rebuilt ones for a while.

    Raises:
        ValueError: a layer cannot be built so.
    """
    kept: list[tuple[nn.Module, str, nn.Module]] = []
    try:
        for edit in edits:
            if not edit.layer:
                raise ValueError("the model is no part of itself")
            parent_name, _, name = edit.layer.rpartition(".")
            parent = model.get_submodule(parent_name)
            old = parent.get_submodule(name)
            kept.append((parent, name, old))
            parent._modules[name] = rebuilt(old, **{edit.argument: edit.value})
        yield
    finally:
        for parent, name, old in reversed(kept):
            parent._modules[name] = old


def rebuilt(module: nn.Module, **changes: Any) -> nn.Module:
    """Return a layer of torch as its constructor makes it with some arguments changed.

    `type` is one of them: the name of the same layer for other data. What an argument says of
    every axis alike is then said of the axes of that layer.

    Raises:
        ValueError: its arguments cannot be told from it, or the constructor refuses the new ones.

    >>> rebuilt(nn.Linear(512, 64), in_features=800)
    Linear(in_features=800, out_features=64, bias=True)
    >>> rebuilt(nn.Conv2d(3, 8, 5), type="Conv1d")
    Conv1d(3, 8, kernel_size=(5,), stride=(1,))
    """
    if not type(module).__module__.startswith("torch.nn."):
        raise ValueError(f"{type(module).__name__} is no layer of torch")
    cls, given = type(module), arguments(module)
    if "type" in changes:
        cls = getattr(nn, changes.pop("type"))
        alike = {k: v for k, v in given.items() if isinstance(v, tuple) and len(set(v)) == 1}
        given |= {name: value[0] for name, value in alike.items()}
    try:
        with torch.device("meta"):
            return cls(**{**given, **changes})
    except Exception as error:  # the constructor says what it does not take
        raise ValueError(str(error)) from error
