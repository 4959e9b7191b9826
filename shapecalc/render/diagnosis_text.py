"""A diagnosis as text, for someone who has just met convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.diagnose import Diagnosis


def text(diagnosis: Diagnosis) -> str:
    """Return all findings, errors first."""
    return "\n".join(f"{f.severity} {f.code} {f.layer} {f.message}" for f in diagnosis.findings)
