"""Time grows with the model, not faster; the figures themselves are in the benchmark."""

from __future__ import annotations

import time

import pytest
import torch

from shapecalc.analysis import analyze
from tests.models import Chain, LanguageModel


def seconds(depth: int) -> float:
    with torch.device("meta"):
        model = Chain(depth)
    best = float("inf")
    for _ in range(3):  # the machine is shared: the quickest of three is the least disturbed
        began = time.perf_counter()
        assert not analyze(model, "N,4,L").findings
        best = min(best, time.perf_counter() - began)
    return best


def test_a_chain_takes_linear_time() -> None:
    seconds(100)
    assert seconds(800) < 4 * 8 * seconds(100)  # quadratic would be 64 times


def test_no_weight_is_allocated() -> None:
    with torch.device("meta"):
        model = LanguageModel(depth=4)
    analysis = analyze(model, "N,T:int64")
    assert analysis.parameters > 5e9
    assert str(analysis.output) == "(N, T, 128256)"
    assert {str(layer.label) for layer in analysis.layers} == {"proved"}


@pytest.mark.benchmark
def test_the_figures_are_reached() -> None:
    from tests.benchmark import markdown, measure

    rows = measure(export=False)
    print(markdown(rows))
    assert all(row.reached != "NO" for row in rows), markdown(rows)
