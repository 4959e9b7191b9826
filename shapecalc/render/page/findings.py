"""What is wrong with a model, as JSON: one entry for each cause, with its repairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from shapecalc.render.places import place, source_line
from shapecalc.render.plain import plain
from shapecalc.render.writing import Json

if TYPE_CHECKING:
    from shapecalc.diagnose.finding import Finding


def findings(found: Sequence[Finding]) -> list[Json]:
    """Return the causes, errors first; each names its layers, and what was tried to repair it."""
    if not found:
        return []
    from shapecalc.render.diagnosis_text import blocks  # imports torch

    return [_block(block) for block in blocks(found)]


def _block(block: Sequence[Finding]) -> Json:
    first, *others = block
    return {
        "severity": first.severity,
        "code": first.code,
        "layer": plain(first.layer),
        "message": plain(first.message),
        "because": [plain(line) for line in first.because],
        "places": list(_places(first)),
        "also": [
            [plain(other.layer), plain(other.message)] for other in _once(others, first.layer)
        ],
        "repairs": list(
            dict.fromkeys((plain(r.text), plain(r.tried)) for f in block for r in f.repairs)
        ),
    }


def _once(others: Iterable[Finding], layer: str) -> Iterator[Finding]:
    seen = {layer}
    for other in others:
        if other.layer not in seen:
            seen.add(other.layer)
            yield other


def _places(finding: Finding) -> Iterator[str]:
    if finding.used is not None:
        yield f"{plain(place(finding.used))}  {plain(source_line(finding.used))}"
    if finding.built is not None and finding.built != finding.used:
        yield f"built at {plain(place(finding.built))}"
