"""Explanations: what a layer does to one element of its output, with real numbers."""

from __future__ import annotations

from shapecalc.explain.explain import explain
from shapecalc.explain.explanation import (
    AxisReads,
    Explanation,
    Part,
    Patch,
    Step,
    Sum,
    Term,
    Weights,
)

__all__ = [
    "AxisReads",
    "Explanation",
    "Part",
    "Patch",
    "Step",
    "Sum",
    "Term",
    "Weights",
    "explain",
]
