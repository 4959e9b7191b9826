"""Verification: the real model runs, and shapes and receptive fields are compared with it."""

from __future__ import annotations

from shapecalc.verify.compare import verify
from shapecalc.verify.report import Difference, FieldDifference, FieldRun, Run, Verification

__all__ = ["Difference", "FieldDifference", "FieldRun", "Run", "Verification", "verify"]
