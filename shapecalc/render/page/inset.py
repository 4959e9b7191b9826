"""What another renderer puts into the page: the diagram."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inset:
    """A part of the page with its own style and script, escaped where it is made.

    The script runs in the scope of the page's own, after it. It takes part in two events of
    `document`, `shapecalc:select` with the name of a layer and `shapecalc:sizes` with the sizes
    that are typed, by symbol.
    """

    markup: str = ""
    style: str = ""
    script: str = ""
