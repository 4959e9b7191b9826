"""Pairs of a broken and a repaired model for every kind of finding: a file for each family.

A file holds `PAIRS`, a list of `Pair`; `tests/test_diagnosis.py` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A model with one mistake of a kind, and the same model without it.

    `inputs` are the patterns or shapes for the broken model, `repaired_inputs` those for the
    repaired one where the mistake is in what is fed. Errors raise in torch at the sizes of the
    inputs (symbols count 2); warnings do not. `options` go to `check`, such as `train`.
    """

    kind: str
    broken: Callable[[], nn.Module]
    repaired: Callable[[], nn.Module]
    inputs: tuple[Any, ...]
    repaired_inputs: tuple[Any, ...] | None = None
    layer: str | None = None  # where the finding has to be
    options: Mapping[str, Any] = field(default_factory=dict)
    raises: bool = True  # whether torch raises on the broken one
    repairs: bool = True  # whether a repair has to be offered
