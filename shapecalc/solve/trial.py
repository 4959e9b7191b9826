"""Answers by trying, where nothing is proved: all sizes up to some largest ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from shapecalc.conditions import Condition
from shapecalc.solve.solution import Trial

_AFFORDABLE = 200_000  # combinations
LARGEST = 128  # of the input sizes that are tried
_PARAMETERS = 16
_FEW = 4  # answers that are kept


def box(
    names: Sequence[str], inputs: Collection[str], affordable: int = _AFFORDABLE
) -> dict[str, int]:
    """Return how large the sizes are that are tried: input sizes are tried further.

    >>> box(["H", "k", "p"], ["H"])
    {'H': 128, 'k': 16, 'p': 16}
    """
    largest = {name: LARGEST if name in inputs else _PARAMETERS for name in names}
    while largest and math.prod(largest.values()) > affordable:
        name = max(largest, key=lambda name: (largest[name], name in inputs))
        largest[name] = largest[name] * 3 // 4
    return largest


def points(largest: Mapping[str, int], least: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Yield all sizes up to the largest ones."""
    ranges = (range(least.get(name, 1), last + 1) for name, last in largest.items())
    for values in itertools.product(*ranges):
        yield dict(zip(largest, values, strict=True))


def try_sizes(
    holds: Callable[[Mapping[str, int]], bool],
    largest: Mapping[str, int],
    least: Mapping[str, int],
) -> Trial:
    """Return the first sizes at which something holds."""
    found = itertools.islice((at for at in points(largest, least) if holds(at)), _FEW)
    return Trial(largest, tuple(found))


def try_for_all(
    accepted: Callable[[Mapping[str, int]], bool],
    solves: Callable[[Mapping[str, int]], bool],
    kept: Mapping[str, int],
    inputs: Mapping[str, int],
    others: Mapping[str, int],
    least: Mapping[str, int],
) -> Trial:
    """Return values of the `kept` symbols for which all accepted `inputs` are solutions.

    Both are given with the largest values that are tried; the `others` have one value alone.
    Of many answers a few are returned, the first and the last ones among them.
    """

    def hold(at: Mapping[str, int]) -> bool:
        some = False
        for inner in points(inputs, least):
            whole = {**others, **at, **inner}
            if accepted(whole):
                some = True
                if not solves(whole):
                    return False
        return some

    found = [at for at in points(kept, least) if hold(at)]
    places = sorted({n * (len(found) - 1) // (_FEW - 1) for n in range(_FEW)}) if found else ()
    return Trial({**kept, **inputs}, tuple(found[n] for n in places), others, len(found))


def spoken(conditions: Iterable[Condition]) -> set[str]:
    """Return the names of the symbols that conditions speak of."""
    return {str(symbol) for condition in conditions for symbol in condition.symbols}


def range_text(trial: Trial) -> str:
    """Return what was tried, in words.

    >>> range_text(Trial({"k": 16, "p": 16, "H": 128}, (), {"W": 128}))
    'all k, p up to 16 and H up to 128, with W = 128'
    """
    names: dict[int, list[str]] = {}
    for name, last in trial.largest.items():
        names.setdefault(last, []).append(name)
    text = " and ".join(f"{', '.join(group)} up to {last}" for last, group in names.items())
    fixed = ", ".join(f"{name} = {size}" for name, size in trial.fixed.items())
    return f"all {text}{f', with {fixed}' if fixed else ''}"
