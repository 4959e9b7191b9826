"""Floats that a model computes from sizes: as Python computes them, at every size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim
from shapecalc.trace.caches import sizes
from shapecalc.trace.size_node import SizeNode, as_torch

H = dims.symbol("H")
LARGEST = 400

GENERAL: dict[str, Callable[[Any], Any]] = {
    "a half": lambda h: math.floor(h / 2),
    "a seventh": lambda h: math.ceil(h / 7),
    "a seventh and one": lambda h: math.floor(h / 7 + 1),
    "a window": lambda h: math.floor((h + 2 * 1 - 3) / 2 + 1),
    "a window of three": lambda h: math.ceil((h - 5) / 3 + 1),
    "a third of a seventh": lambda h: math.floor(h / 7 / 3),
    "halved, doubled": lambda h: math.floor(h / 7 * 2),
    "times a float": lambda h: math.floor(h * 0.7),
    "floor division": lambda h: math.floor(h // 2.5),
    "less and negative": lambda h: math.floor((3 - h) / 7),
    "below infinity": lambda h: 1 if h < math.inf else 2,
}
BY_CASES: dict[str, Callable[[Any], Any]] = {
    "divided and multiplied": lambda h: math.floor(h / 49 * 49),
    "divided and multiplied, up": lambda h: math.ceil(h / 49 * 49),
    "two parts": lambda h: math.floor(h * 0.7 + h * 0.3),
    "a third and a sixth": lambda h: math.floor(h / 3 + h / 6 + h / 2),
    "a tenth, ten times": lambda h: 1 if h * 0.1 * 10 == h else 2,
    "equal again": lambda h: 1 if h / 49 * 49 == h else 2,
    "divided by a float": lambda h: math.floor(h / 0.1),
    "by a ratio": lambda h: math.floor(h * (224 / h)),
    "a multiple": lambda h: 1 if h / 8 == h // 8 else 2,
    "a whole number": lambda h: 1 if (h / 3).is_integer() else 2,
    "a threshold": lambda h: 1 if h / 7 > 10 else 2,
    "a negative base": lambda h: (h - 50) ** -1 if h != 50 else 0,
    "a root": lambda h: math.floor(((h - 200) / 2) ** 2),
    "the larger": lambda h: math.floor(max(h / 3, 20.5)),
    "the distance": lambda h: math.floor(abs(h / 4 - 20.25)),
    "rounded": lambda h: round(h / 7, 1),
    "remainder": lambda h: h % 2.5,
    "by a size that can be 0": lambda h: h // (h // 8),
    "remainder of a size that can be 0": lambda h: h % (h // 8),
    "over a size that can be 0": lambda h: math.floor(20 / (h // 8)),
}


class Path:
    """The choices at a hint, as a trace makes them."""

    at_once = False

    def __init__(self, hint: Mapping[str, int]) -> None:
        self.hint = hint
        self.taken: list[Condition] = []

    def decide(self, condition: Condition) -> bool:
        answer = condition.holds(self.hint)
        self.taken.append(condition if answer else condition.negated())
        return answer

    def pin(self, size: Dim) -> int:
        number = dims.evaluate(size, self.hint)
        self.taken.append(Condition(size, "==", number))
        return number

    def pin_float(self, value: Dim) -> float:
        return float(value.subs({name: self.pin(name) for name in dims.symbols_of((value,))}))


def computed(function: Callable[[Any], Any], hint: int) -> tuple[Any, Path]:
    """Return what a function makes of a symbolic size: a formula, a number, or an exception."""
    path = Path({"H": hint})
    with sizes():
        try:
            result = function(as_torch(path, H))
        except ZeroDivisionError:
            return ZeroDivisionError, path
    if isinstance(result, torch.SymInt | torch.SymFloat):
        node: SizeNode = result.node
        return (node.expr if node.is_int() else node.guard_float("", 0)), path
    return result, path


def compare(function: Callable[[Any], Any], hint: int) -> int:
    """Compare with Python wherever the path of the hint holds, and return at how many sizes."""
    result, path = computed(function, hint)
    compared = 0
    for size in range(1, LARGEST):
        if not all(condition.holds({"H": size}) for condition in path.taken):
            continue
        try:
            expected = function(size)
        except ZeroDivisionError:
            expected = ZeroDivisionError
        got = dims.evaluate(result, {"H": size}) if hasattr(result, "free_symbols") else result
        assert got == expected, f"H = {size}, on the path of {hint}: {got}, Python has {expected}"
        compared += 1
    return compared


@pytest.mark.parametrize("name", GENERAL)
def test_formulas_hold_for_every_size(name: str) -> None:
    assert compare(GENERAL[name], 97) == LARGEST - 1


@pytest.mark.parametrize("name", BY_CASES)
def test_formulas_hold_on_their_path(name: str) -> None:
    for hint in (*range(1, 12), 48, 49, 50, 61, 98, 196, 225):
        assert compare(BY_CASES[name], hint) > 0
