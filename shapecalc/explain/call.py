"""One call of a module in a real forward pass, and who can explain it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn

from shapecalc.explain.explanation import AxisReads, Index, Made
from shapecalc.explain.formula import Number

_SPATIAL = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}  # as torch names them


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What went into a module and came out, and the element of the output that is asked for.

    `x` and `y` are the first tensors of each, as they were before anything changed them;
    `training` is the mode that the module was in.
    """

    module: Any  # an nn.Module, whose attributes are those of its class
    x: torch.Tensor
    y: torch.Tensor
    training: bool
    element: Index

    def spatial(self, axes: int) -> tuple[Index, int, Index]:
        """Return the element as the batch it is in, its channel and its place.

        The batch is an empty index where the tensors have none.
        """
        lead = self.x.dim() - axes - 1
        return self.element[:lead], self.element[lead], self.element[lead + 1 :]

    def axes(self, axes: int) -> tuple[str, ...]:
        """Return the names of the axes of `x`, of which the last are `axes` positions."""
        batch = ("N",) if self.x.dim() == axes + 2 else ()
        return (*batch, "C", *_SPATIAL[axes])

    def reads(
        self, names: Iterable[str], indices: Iterable[Iterable[int]]
    ) -> tuple[AxisReads, ...]:
        """Return the reads on all axes of `x`."""
        found = zip(names, self.x.shape, indices, strict=True)
        return tuple(AxisReads(axis=n, size=s, indices=tuple(i)) for n, s, i in found)

    def own(self, names: Iterable[str] | None = None) -> tuple[AxisReads, ...]:
        """Return the reads of an element that is made of the one at the same place alone."""
        names = names or (f"axis {axis}" for axis in range(self.x.dim()))
        return self.reads(names, ((index,) for index in self.element))


Explainer: TypeAlias = Callable[[Call], Made]

EXPLAINERS: dict[type[nn.Module], Explainer] = {}


def explains(*modules: type[nn.Module]) -> Callable[[Explainer], Explainer]:
    """Register what explains these modules."""

    def register(explainer: Explainer) -> Explainer:
        for module in modules:
            assert module not in EXPLAINERS, f"{module.__name__} is explained twice"
            EXPLAINERS[module] = explainer
        return explainer

    return register


def explainer(module: nn.Module) -> Explainer | None:
    """Return what explains a module; a class with a `forward` of its own is none of torch's."""
    for kind in type(module).__mro__:
        if kind in EXPLAINERS:
            same = type(module).forward is kind.forward
            return EXPLAINERS[kind] if same else None
    return None


def number(value: torch.Tensor) -> Number:
    """Return the one element of a tensor as a number of Python."""
    found: Number = value.item()
    return found
