"""Ops without a rule are measured and labelled; nothing is made up about them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from shapecalc.analysis import analyze
from shapecalc.graph import Label
from shapecalc.op import forget_outcomes
from shapecalc.registry import READERS
from shapecalc.trace.targets import targets


class Adds(nn.Module):
    """A model around one function, with an op of a known rule behind it."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x) + 1


@pytest.fixture
def unruled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the readers of a few functions away."""
    table = dict(targets())
    for function in (torch.tril, torch.roll, torch.nn.functional.pixel_shuffle, torch.flatten):
        table.pop(function, None)
    monkeypatch.setattr("shapecalc.trace.targets.targets", lambda: table)


@pytest.mark.usefixtures("unruled")
@pytest.mark.parametrize(
    ("function", "x", "out", "label"),
    [
        (torch.tril, "N,H,W", "(N, H, W)", Label.PROBED),
        (lambda x: torch.roll(x, 1, 0), "H,W", "(H, W)", Label.PROBED),
        (lambda x: nn.functional.pixel_shuffle(x, 2), "N,8,H,W", "(N, 2, 2*H, 2*W)", Label.PROBED),
        (lambda x: torch.flatten(x, 1), "N,8,H,W", "(N, u0)", Label.UNKNOWN),
    ],
)
def test_what_is_measured_is_labelled(function: object, x: str, out: str, label: Label) -> None:
    analysis = analyze(Adds(function), x)
    assert not analysis.graph.findings
    assert str(analysis.layers[0].out_shape) == out
    assert analysis.layers[0].label is label
    assert analysis.layers[1].label is label, "what rests on a measured size is known no better"
    assert "no rule" in analysis.layers[0].note
    assert label in str(analysis)


@pytest.mark.usefixtures("unruled")
def test_a_measured_size_is_verified() -> None:
    analysis = analyze(Adds(lambda x: nn.functional.pixel_shuffle(x, 2)), "N,8,H,W")
    assert analysis.verify(sizes=[(3, 4), (5, 9)])


def test_a_rule_that_fails_is_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.ops.axes import Permute

    def slip(op: object, x: object) -> None:
        raise KeyError("slip")

    monkeypatch.setattr(Permute, "out_shape", slip)
    forget_outcomes()
    analysis = analyze(Adds(lambda x: x.transpose(0, 1)), "H,W")
    forget_outcomes()
    assert str(analysis.output) == "(W, H)"
    assert analysis.layers[0].label is Label.PROBED
    assert "its rule failed with KeyError" in analysis.layers[0].note


def test_arguments_that_torch_refuses_are_torchs_message() -> None:
    analysis = analyze(Adds(lambda x: torch.relu(x, 3, 4, 5)), "H,W")
    (finding,) = analysis.graph.findings
    assert finding.kind == "forward"
    assert "relu" in finding.message


def test_an_op_without_a_rule_is_never_the_identity() -> None:
    assert "conv_tbc" not in READERS
    weight, bias = torch.rand(3, 4, 6), torch.rand(6)
    analysis = analyze(Adds(lambda x: torch.conv_tbc(x, weight, bias, 1)), "T,N,4")
    assert analysis.layers[0].label is not Label.PROVED
    assert analysis.at(T=9, N=2).output == (9, 2, 6)
    assert analysis.verify(sizes=[(9, 2)])
