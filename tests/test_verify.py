"""Verification says yes only where real torch agrees, and no where it does not."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shapecalc.analysis import analyze
from shapecalc.errors import InputError, RejectedInput
from shapecalc.op import forget_outcomes
from shapecalc.verify.compare import same_structure


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, stride=2, padding=1)
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.up(self.conv(x))


def test_an_honest_model_is_verified() -> None:
    analysis = analyze(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), "N,3,H,W")
    verification = analysis.verify()
    assert verification
    assert len(verification.runs) >= 3
    assert verification.calls_compared == 3 * len([r for r in verification.runs if r.accepted])
    assert "verified" in str(verification)


def test_sizes_are_chosen_to_tell_floors_apart() -> None:
    verification = analyze(nn.Conv2d(3, 8, 3, stride=2), "N,3,H,W").verify()
    heights = {run.sizes["H"] for run in verification.runs}
    assert {h % 2 for h in heights} == {0, 1}
    assert all(run.sizes["H"] != run.sizes["W"] for run in verification.runs)
    assert any(run.sizes["N"] > 1 for run in verification.runs)


def test_rejected_sizes_are_predictions_too() -> None:
    verification = analyze(Block(), "N,3,H,W").verify(sizes=[(8, 8), (9, 8), (8, 9)])
    assert verification
    assert [run.accepted for run in verification.runs] == [True, False, False]


def test_a_size_that_is_wrongly_rejected_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.analysis import Analysis

    def refuse(self: Analysis, **sizes: int) -> None:
        raise RejectedInput("no", reasons=["no"])

    monkeypatch.setattr(Analysis, "at", refuse)
    verification = analyze(nn.Conv2d(3, 8, 3), "N,3,H,W").verify(sizes=[(8, 8)])
    assert not verification
    assert "predicted rejected" in str(verification)


def test_a_wrong_op_inside_a_module_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module's own output is right; the op within it is not."""
    from shapecalc.ops.convolution import Conv

    class Crop(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.conv2d(x, torch.ones(4, 3, 2, 2))[:, :, :4, :4]

    right = Conv.out_shape
    monkeypatch.setattr(Conv, "out_shape", lambda op, x: (*right(op, x)[:-1], right(op, x)[-1] + 1))
    forget_outcomes()
    verification = analyze(Crop(), "N,3,H,W").verify(sizes=[(18, 19)])
    assert not verification
    assert "conv2d" in str(verification).lower()
    forget_outcomes()


def test_a_model_without_values_is_not_verified() -> None:
    with torch.device("meta"):
        model = nn.Conv2d(3, 8, 3)
    with pytest.raises(InputError, match="meta"):
        analyze(model, "N,3,H,W").verify()


def test_nothing_compared_is_not_verified() -> None:
    assert not analyze(nn.Conv2d(3, 8, 3), "N,3,H,W").verify(sizes=[])


def test_training_mode_is_verified_in_training_mode() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Dropout())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    analysis = analyze(model, "N,3,H,W", train=True)
    assert analysis.verify(sizes=[(9, 12), {"N": 1, "H": 3, "W": 3}])
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_structures_are_compared_place_by_place() -> None:
    assert same_structure({"a": (1, 2), "b": [(3,)]}, {"a": (1, 2), "b": [(3,)]})
    assert not same_structure({"a": (1, 2)}, {"a": (2, 1)})
    assert not same_structure(((1, 2), (3,)), ((1, 2),))
    assert not same_structure((1, 2), None)
