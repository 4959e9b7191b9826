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


def test_functions_of_a_spec_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.ops.joining import Cat

    source = {
        "input": "N,3,H",
        "layers": [{"ReLU": {"name": "a"}}, {"cat": {"inputs": ["a", "input"], "dim": 1}}],
    }
    verification = analyze(source).verify(sizes=[(8,)])
    assert verification
    assert (verification.calls_compared, verification.layers_compared) == (2, 2)
    right = Cat.out_shape
    monkeypatch.setattr(Cat, "out_shape", lambda op, *x: (*right(op, *x)[:-1], x[0][-1] + 1))
    forget_outcomes()
    verification = analyze(source).verify(sizes=[(8,)])
    forget_outcomes()
    assert [difference.layer for difference in verification.differences] == ["", "cat"]


def test_a_size_just_outside_of_the_domain_is_a_prediction() -> None:
    verification = analyze(nn.Conv2d(3, 8, 5), "N,3,H,W").verify()
    assert verification
    rejected = [run.sizes for run in verification.runs if not run.accepted]
    assert [sizes["H"] < 5 or sizes["W"] < 5 for sizes in rejected] == [True, True]


def test_a_model_that_takes_few_batches_is_run_with_another() -> None:
    class Regrouped(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.view(-1, 100)

    verification = analyze(Regrouped(), "N,20").verify()
    assert verification
    assert any(run.accepted for run in verification.runs)


def test_lazy_modules_are_left_lazy() -> None:
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU())
    assert analyze(model, "N,3,H,W").verify(sizes=[(8, 9), (9, 8)])
    assert isinstance(model[0], nn.LazyConv2d)


def test_all_sizes_rejected_is_said() -> None:
    verification = analyze(Block(), "N,3,H,W").verify(sizes=[(9, 8)])
    assert str(verification).startswith("verified: 1 size, rejected as predicted, so no shapes")


@pytest.mark.parametrize(
    ("sizes", "device", "message"),
    [
        ([(8, 8)], "nowhere", "the device 'nowhere' cannot be used"),
        ([(8, 8)], "meta", "nothing runs on the meta device"),
        ([(1 << 40, 1 << 40)], "cpu", "this machine cannot hold the tensors at N=2"),
        ([(8,)], "cpu", "a size is missing for H"),
        ((8, 8), "cpu", "sizes are several, .* got 8 for one of them"),
        ("8x8", "cpu", "sizes are several, .* got '8x8'"),
        ([(8, 8, 8, 8)], "cpu", "4 sizes given, the inputs have 3 symbols: N, H, W"),
    ],
)
def test_what_cannot_be_run_is_asked_for(sizes: object, device: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        analyze(nn.Conv2d(3, 8, 3), "N,3,H,W").verify(sizes=sizes, device=device)  # type: ignore[arg-type]
