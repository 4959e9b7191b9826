"""The cases of the tutorial, as the examples have them."""

from __future__ import annotations

import pytest
import torch

from shapecalc.analysis import analyze
from shapecalc.target import load_target

EXAMPLE = "examples/first_convolutions.py"


@pytest.mark.parametrize(
    ("name", "x", "out", "weight", "bias"),
    [
        ("halving", (1, 1, 6, 6), (1, 2, 3, 3), (2, 1, 3, 3), (2,)),
        ("keeping", (2, 3, 32, 32), (2, 8, 32, 32), (8, 3, 3, 3), (8,)),
        ("widening", (1, 1, 8, 8), (1, 4, 8, 8), (4, 1, 3, 3), (4,)),
    ],
)
def test_first_convolutions(
    name: str,
    x: tuple[int, ...],
    out: tuple[int, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...],
) -> None:
    model = load_target(f"{EXAMPLE}:{name}", values=True).model
    assert model(torch.rand(x)).shape == out
    assert model[0].weight.shape == weight
    assert model[0].bias.shape == bias
    analysis = analyze(model, f"N,{x[1]},H,W")
    n, _, h, w = x
    assert analysis.at(N=n, H=h, W=w).output == out
    assert analyze(model).inputs[0].shape[1] == x[1]  # the channels are inferred
    assert analysis.verify(sizes=[(h, w), (h + 1, w + 4)])


def test_the_formula_of_halving() -> None:
    analysis = analyze(load_target(f"{EXAMPLE}:halving").model)
    assert str(analysis["0"].out_shape) == "(N, 2, floor((H + 1)/2), floor((W + 1)/2))"
