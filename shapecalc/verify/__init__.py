"""Verification: the real model runs, and every shape is compared with its formula."""

from __future__ import annotations

from shapecalc.verify.compare import Difference, Run, Verification, verify

__all__ = ["Difference", "Run", "Verification", "verify"]
