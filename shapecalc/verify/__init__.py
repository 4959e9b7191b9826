"""Verification: the real model runs, and every shape is compared with its formula."""

from __future__ import annotations

from shapecalc.verify.compare import verify
from shapecalc.verify.report import Difference, Run, Verification

__all__ = ["Difference", "Run", "Verification", "verify"]
