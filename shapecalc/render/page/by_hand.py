"""What layers do to one element, with the numbers of a real run, for learners."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapecalc.errors import InputError
from shapecalc.op import Op
from shapecalc.render import explain_text

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_COLUMNS = 60  # of a pane
_SECONDS = 5.0  # of runs; layers whose turn does not come have no explanation


def by_hand(analysis: Analysis, sizes: Mapping[str, Any]) -> dict[str, str]:
    """Return the explanation of the first element of layers, one of each kind, by their names.

    Raises:
        InputError: the model has no values to run with.
    """
    found, seen = dict[str, str](), set[Op]()
    end = time.monotonic() + _SECONDS
    for layer in analysis.layers:
        if layer.op in seen:
            continue
        seen.add(layer.op)
        try:
            explanation = analysis.explain(layer.name, **sizes)
            found[layer.name] = explain_text.explanation(explanation, width=_COLUMNS)
        except InputError as error:
            if "meta device" in str(error):
                raise
        if time.monotonic() > end:
            break
    return found
