"""Random networks: every shape, and every size that is refused, against real torch."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from torch import nn

import shapecalc.ops  # noqa: F401  # registers the readers
from shapecalc.analysis import Analysis, analyze
from shapecalc.errors import RejectedInput
from shapecalc.op import forget_outcomes
from shapecalc.registry import READERS
from tests.random_steps import STEPS
from tests.random_steps.networks import DRAWN, Net, any_networks
from tests.random_steps.step import made

OF_OTHERS = {"boxes"}  # what torchvision registers
SIZES = [
    {"N": 2, "H": h, "W": w} for h, w in ((13, 17), (16, 12), (9, 8), (3, 5), (1, 2), (30, 31))
]
SEEN = SIZES[2]  # where receptive fields are compared, too


LARGEST = 60_000  # elements of a tensor, beyond which attention over all pairs takes long


def affordable(analysis: Analysis, sizes: dict[str, int]) -> bool:
    try:
        shapes = [shape for layer in analysis.at(**sizes).layers for shape in layer.out_shapes]
    except RejectedInput:
        return True
    return all(
        math.prod(size for size in shape if isinstance(size, int)) <= LARGEST for shape in shapes
    )


def check(net: Net) -> Any:
    """Compare shapes, what is accepted, and what outputs see with the real network."""
    note(repr(net))
    with warnings.catch_warnings(action="ignore"):
        analysis = analyze(net, "N,4,H,W")
        assert all(layer.label == "proved" for layer in analysis.layers)
        sizes = [at for at in SIZES if affordable(analysis, at)]
        verification = analysis.verify(sizes=sizes, fields=False)
        assert verification, f"{net}\n{verification}"
        if any(run.sizes == SEEN and run.compared for run in verification.runs):
            seen = analysis.verify(sizes=[SEEN])
            assert seen, f"{net}\n{seen}"
    return verification


QUICK = settings(max_examples=200, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=10_000, suppress_health_check=list(HealthCheck))


def test_every_family_is_drawn_from() -> None:
    """A family of rules is part of random networks, and its steps are made of its own ops."""
    families = {reader.family for reader in READERS.values()} - OF_OTHERS
    assert families == DRAWN.keys() | STEPS.keys(), "add steps to tests/random_steps"
    for family, rows in STEPS.items():
        for row in rows:
            graph = analyze(Net([made(family, row, 2)]).eval(), "N,4,H,W").graph
            used = {READERS[layer.function].family for layer in graph.layers}
            assert family in used, f"{made(family, row, 2)} has no op of its family"


@QUICK
@given(any_networks())
def test_random_networks(net: Net) -> None:
    check(net)


@pytest.mark.slow
@LONG
@given(any_networks())
def test_many_random_networks(net: Net) -> None:
    check(net)


def test_a_planted_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a rule that is wrong by one is told apart."""
    from shapecalc.ops import convolution as family

    right = family.Conv.out_shape
    monkeypatch.setattr(
        family.Conv, "out_shape", lambda op, x: (*right(op, x)[:-1], right(op, x)[-1] + 1)
    )
    forget_outcomes()
    verification = analyze(nn.Conv2d(4, 4, 3), "N,4,H,W").verify(sizes=SIZES)
    forget_outcomes()
    assert not verification
    assert len(verification.differences) >= len(SIZES)
