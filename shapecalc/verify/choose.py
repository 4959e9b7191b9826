"""Sizes to verify at: those that tell one formula from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shapecalc import dims, sets
from shapecalc.conditions import Condition
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
_REJECTED = 2  # sizes that the model rejects: that it does is a prediction, too
_BEYOND = 8  # premises that are turned round in search of those


def choose_sizes(analysis: Analysis) -> Iterator[dict[str, int]]:
    """Yield sizes, most telling first: accepted ones, and rejected ones where there are any."""
    symbols = analysis.symbols
    if not symbols:
        yield {}
        return
    derived = {name: analysis.graph.hint.get(name) for name in symbols}
    given: list[dict[str, int]] = []
    accepted = rejected = 0
    for candidate in (*_rounds(analysis), *_beyond(analysis)):
        at = {name: candidate[name] for name in symbols}
        if at == derived or at in given:
            continue
        takes = _accepts(analysis, at)
        if (accepted if takes else rejected) >= (_ENOUGH if takes else _REJECTED):
            continue
        given.append(at)
        accepted, rejected = accepted + takes, rejected + (not takes)
        yield at


def _rounds(analysis: Analysis) -> Iterator[dict[str, int]]:
    """Yield the sizes of every round, and those near to them at which the formulas hold."""
    inputs = [name for name in analysis.symbols if name in map(str, analysis.graph.symbols)]
    parameters = [name for name in analysis.symbols if name not in inputs]  # of a spec: small
    conditions = [premise.condition for premise in analysis.premises]
    derived = analysis.graph.hint
    for number, (round_, batch) in enumerate(zip(_ROUNDS, _BATCHES, strict=True)):
        sizes = _assign(inputs, round_, batch)
        sizes |= {name: 1 + (number + n) % 3 for n, name in enumerate(parameters)}
        yield sizes
        for name in analysis.symbols:  # elsewhere than where they were derived
            other = Condition(dims.symbol(name), "!=", dims.as_dim(derived[name]))
            found = sets.find_sizes([*conditions, other], sizes)
            if found is not None:
                yield found
                break


def _beyond(analysis: Analysis) -> Iterator[dict[str, int]]:
    """Yield sizes just outside of what the formulas rest on: rejected, or of other formulas."""
    conditions = [premise.condition for premise in analysis.premises]
    near = next(_rounds(analysis))
    for number, condition in enumerate(conditions[:_BEYOND]):
        found = sets.find_sizes([*conditions[:number], condition.negated()], near)
        if found is not None:
            yield found


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
