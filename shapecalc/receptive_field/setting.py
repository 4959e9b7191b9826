"""What stays the same all through a walk over a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from shapecalc.conditions import Hint
from shapecalc.dims import Dim
from shapecalc.receptive_field.reach import Image


class InputAxis(NamedTuple):
    """One axis of one input of the model."""

    input: str
    axis: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known around all fields: the axes of the inputs, and when two sizes are equal."""

    images: Mapping[InputAxis, Image]
    hint: Hint
    equal: Callable[[Dim, Dim], bool]
    concrete: bool
