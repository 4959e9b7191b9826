"""Floats where torch takes whole numbers: `h / 2` for a size."""

from __future__ import annotations

import math
from typing import Any

import torch

WHOLE = "whole numbers are taken, not the float"  # how a mistake of this kind begins


def floats_in(value: Any) -> list[Any]:
    """Return the floats in nested arguments, those of sizes included."""
    if isinstance(value, (float, torch.SymFloat)):
        return [value]
    if isinstance(value, dict):
        return [found for entry in value.values() for found in floats_in(entry)]
    if isinstance(value, (list, tuple)):
        return [found for entry in value for found in floats_in(entry)]
    return []


def in_whole_numbers(value: Any) -> Any:
    """Return arguments with every float rounded down, as `//` does."""
    if isinstance(value, float):
        return int(value)
    if isinstance(value, torch.SymFloat):
        return math.floor(value)
    if isinstance(value, dict):
        return {key: in_whole_numbers(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        made = [in_whole_numbers(entry) for entry in value]
        return made if isinstance(value, list) else tuple(made)
    return value
