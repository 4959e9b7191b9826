"""The sizes at which a model is traced first."""

from __future__ import annotations

from shapecalc import dims
from shapecalc.inputs import Patterns

# sizes that tell floors apart and leave room for the usual networks; all different
_HINTS = {"N": 5, "B": 5, "C": 3, "D": 16, "T": 24, "L": 96, "H": 224, "W": 256}
_OTHERS = (160, 192, 288, 320, 352, 416, 448)


def hint_for(patterns: Patterns) -> dict[str, int]:
    """Return a first size for every symbol, different for each.

    >>> from shapecalc.inputs import parse_inputs
    >>> hint_for(parse_inputs(("N,3,H,W",), {}))
    {'N': 5, 'H': 224, 'W': 256}
    """
    names: dict[str, None] = {}
    for pattern in patterns.all():
        for dim in pattern.shape:
            names.update(dict.fromkeys(str(symbol) for symbol in dims.symbols_of((dim,))))
    others = iter(_OTHERS * len(names))
    taken: dict[str, int] = {}
    for name in names:
        size = _HINTS.get(name)
        while size is None or size in taken.values():
            size = next(others, None) or 7 + len(taken)
        taken[name] = size
    return taken
