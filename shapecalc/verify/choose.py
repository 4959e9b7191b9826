"""Sizes to verify at: those that tell one formula from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shapecalc import sets
from shapecalc.errors import RejectedInput

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

# Per round, a size for the 1st, 2nd, 3rd ... symbol that is not the batch: odd and even, on each
# side of multiples of 32, never two alike, small ones first because they are quick.
_ROUNDS = (
    (65, 96, 33),
    (97, 64, 47),
    (128, 161, 30),
    (193, 224, 63),
    (225, 231, 71),
    (256, 299, 90),
)
_BATCHES = (2, 3, 1, 4, 2, 5)
_ENOUGH = 3  # accepted sizes
_EDGES = 2  # sizes that the model rejects: that it does is a prediction, too


def choose_sizes(analysis: Analysis) -> Iterator[dict[str, int]]:
    """Yield sizes, most telling first: accepted ones, and rejected ones where there are any."""
    symbols = analysis.symbols
    inputs = {str(symbol) for symbol in analysis.graph.symbols}
    if not symbols:
        yield {}
        return
    derived = dict(analysis.graph.hint)
    conditions = [premise.condition for premise in analysis.premises]
    given: set[tuple[int, ...]] = set()
    accepted = rejected = 0
    for number, (round_, batch) in enumerate(zip(_ROUNDS, _BATCHES, strict=True)):
        sizes = _assign([name for name in symbols if name in inputs], round_, batch)
        parameters = [name for name in symbols if name not in inputs]  # of a spec: small
        sizes |= {name: 1 + (number + n) % 3 for n, name in enumerate(parameters)}
        for candidate in (sizes, sets.find_sizes(conditions, sizes)):
            if candidate is None:
                continue
            at = {name: candidate[name] for name in symbols}
            key = tuple(at.values())
            if key in given or all(derived.get(name) == size for name, size in at.items()):
                continue
            if _accepts(analysis, at):
                if accepted < _ENOUGH:
                    accepted += 1
                    given.add(key)
                    yield at
            elif rejected < _EDGES:
                rejected += 1
                given.add(key)
                yield at


def _assign(symbols: list[str], round_: tuple[int, ...], batch: int) -> dict[str, int]:
    sizes, place = {}, 0
    for symbol in symbols:
        if symbol in ("N", "B"):
            sizes[symbol] = batch
        else:
            sizes[symbol] = round_[place % len(round_)] + place // len(round_)
            place += 1
    return sizes


def _accepts(analysis: Analysis, sizes: Mapping[str, int]) -> bool:
    try:
        analysis.at(**sizes)
    except RejectedInput:
        return False
    return True
