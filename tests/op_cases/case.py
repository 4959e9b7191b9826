"""What a row of an op table is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from shapecalc import dims
from shapecalc.dims import floordiv, symbol

N, C, D, H, L, T, W = (symbol(name) for name in "NCDHLTW")

SIZES = (9, 10, 11, 16)  # odd, even, and both sides of a stride


def half(size: Any) -> Any:
    """What a stride of 2 leaves: floor((size + 1)/2)."""
    return floordiv(size + 1, 2)


@dataclass(frozen=True)
class Case:
    """One behaviour: a call, the shapes that go in, and the formula that comes out.

    `out` is written by hand: a shape, or shapes nested as torch returns them. `x` is one shape,
    or a list of shapes for several operands. A shape may end in a type: (N, T, "int64").
    `sizes` replaces the usual sizes where the op takes only some. `unseen` says why changing an
    input does not show all that the op reads: a sign, for example, seldom changes.
    """

    call: Callable[..., Any]
    x: Any
    out: Any
    sizes: Sequence[Mapping[str, int]] = ()
    unseen: str = ""

    def __str__(self) -> str:
        return f"{_text(self.call)} {self.x}"

    def operands(self) -> list[tuple[tuple[Any, ...], str]]:
        """Return (shape, type) for every operand."""
        shapes = self.x if isinstance(self.x, list) else [self.x]
        return [
            (tuple(s[:-1]), s[-1]) if s and isinstance(s[-1], str) else (tuple(s), "float32")
            for s in shapes
        ]

    def samples(self) -> list[dict[str, int]]:
        """Return the sizes at which the formula is compared with torch."""
        names = [
            str(s) for s in dims.symbols_of([dims.as_dim(d) for o, _ in self.operands() for d in o])
        ]
        if self.sizes:
            return [dict(sizes) for sizes in self.sizes]
        if not names:
            return [{}]
        return [
            {name: SIZES[(first + n) % len(SIZES)] for n, name in enumerate(names)}
            for first in range(len(SIZES))
        ]


@dataclass(frozen=True)
class Rejects:
    """A call that torch refuses at these concrete shapes, and so must the rule."""

    call: Callable[..., Any]
    x: Any

    def __str__(self) -> str:
        return f"{_text(self.call)} {self.x}"


class Calls(nn.Module):
    """A module around a function, so that both can be traced alike."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        if isinstance(function, nn.Module):
            self.inner = function
        self.function = function

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Call the function."""
        return self.function(*tensors)


def _text(call: Callable[..., Any]) -> str:
    if isinstance(call, nn.Module):
        return repr(call).replace("\n", " ")
    code = getattr(call, "__code__", None)
    return f"line {code.co_firstlineno}" if code else getattr(call, "__name__", str(call))
