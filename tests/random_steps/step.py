"""What a step of a random network is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import Tensor, nn

Function: TypeAlias = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class With:
    """A step that calls a layer: what makes the layer, and a function that gets it, too."""

    layer: Callable[[], nn.Module]
    function: Callable[[Tensor, int, Any], Tensor]


class Step(nn.Module):
    """A function as a module, so that its call is compared, too."""

    def __init__(self, name: str, function: Callable[[Tensor], Tensor], *inner: nn.Module) -> None:
        super().__init__()
        self.name = name
        self.function = function
        self.inner = nn.ModuleList(inner)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)

    def extra_repr(self) -> str:
        return self.name


def made(family: str, row: Function | With, number: int) -> Step:
    """Return a row of a family's table as a module."""
    function = row.function if isinstance(row, With) else row
    code = function.__code__
    name = f"{family}, {code.co_filename.rpartition('/')[2]}:{code.co_firstlineno}, {number}"
    if isinstance(row, With):
        layer = row.layer()
        return Step(name, lambda x: row.function(x, number, layer), layer)
    return Step(name, lambda x: row(x, number))
