"""Verification of receptive fields: yes where the real model agrees, no for a planted mistake."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from examples.unet import UNet
from shapecalc.access import WHOLE, Access, Interval, Window, same
from shapecalc.analysis import Analysis, analyze
from shapecalc.cli import main
from shapecalc.errors import InputError
from shapecalc.ops.convolution import Conv
from shapecalc.ops.matmul import MatMul
from shapecalc.ops.mutating import Roll
from shapecalc.ops.pooling import Pool
from shapecalc.ops.softmax import Softmax
from shapecalc.ops.transposed_convolution import ConvTranspose
from shapecalc.render import schema
from shapecalc.verify import Verification
from tests import field_models
from tests.random_steps.networks import networks

SMALL = [(32, 48)]


def plain() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 3, 3))


def dilated() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, 3, dilation=2), nn.ReLU(), nn.Conv2d(3, 3, 3, dilation=4))


def strided() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2), nn.ReLU(), nn.Conv2d(3, 3, 5, stride=3, padding=1)
    )


def transposed() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.ConvTranspose2d(3, 3, 4, stride=2, padding=1)
    )


def pooled() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.MaxPool2d(3, 2), nn.AvgPool2d(2))


def unet() -> nn.Module:
    return UNet(1, 2, width=4)


def windows() -> nn.Module:
    return nn.Sequential(
        field_models.Windows(shift=0), nn.Conv2d(4, 1, 1), field_models.Windows(shift=2)
    )


def verified(model: nn.Module, *patterns: str, **options: Any) -> Verification:
    torch.manual_seed(0)
    return analyze(model, *(patterns or ("N,1,H,W",))).verify(**options)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


# ---------------------------------------------------------------------------- right fields


@pytest.mark.parametrize(
    ("model", "patterns", "sizes"),
    [
        (plain, ["N,1,H,W"], SMALL),
        (dilated, ["N,1,H,W"], SMALL),
        (strided, ["N,1,H,W"], SMALL),
        (transposed, ["N,1,H,W"], SMALL),
        (pooled, ["N,1,H,W"], SMALL),
        (unet, ["N,1,H,W"], SMALL),
        (field_models.Gridding, ["N,1,H,W"], [(15, 18)]),
        (field_models.Uneven, ["N,1,H,W"], [(31, 32)]),
        (field_models.Excited, ["N,1,H,W"], [(16, 16)]),
        (lambda: field_models.Windows(shift=0), ["N,1,H,W"], [(24, 32)]),
        (lambda: field_models.Windows(shift=2), ["N,1,H,W"], [(24, 32)]),
        (windows, ["N,1,H,W"], [(48, 32)]),
        (lambda: field_models.Tokens(attention=False), ["N,1,H,W"], [(18, 15)]),
        (lambda: field_models.Tokens(attention=True), ["N,1,H,W"], [(18, 15)]),
        (lambda: field_models.Recurrent(bidirectional=False), ["N,1,L"], [(33,)]),
        (lambda: field_models.Recurrent(bidirectional=True), ["N,1,L"], [(33,)]),
        (field_models.Volume, ["N,1,D,H,W"], [(6, 7, 8)]),
        (field_models.TwoInputs, ["N,1,2*H,2*W", "N,1,H,W"], [(9, 11)]),
        (lambda: nn.Embedding(9, 4), ["N,T:int64"], [(7,)]),
    ],
)
def test_right_fields_are_verified(
    model: Callable[[], nn.Module], patterns: list[str], sizes: list[tuple[int, ...]]
) -> None:
    verification = verified(model(), *patterns, sizes=sizes)
    assert verification, str(verification)
    (run,) = verification.field_runs
    assert run.ops
    assert run.slices >= 7
    assert not run.error


def test_sizes_are_long_enough_to_see_the_ends_of_fields() -> None:
    model = nn.Sequential(*(nn.Conv2d(1, 1, 9, stride=2) for _ in range(4)))
    analysis = analyze(model, "N,1,H,W")
    field = analysis["3"].receptive_field
    assert isinstance(field.size[0], int)
    verification = analysis.verify()
    assert verification, str(verification)
    assert any(run.sizes["H"] > field.size[0] for run in verification.field_runs)
    assert any(run.sizes["W"] > field.size[1] for run in verification.field_runs)


def test_what_is_too_faint_to_see_is_no_difference() -> None:
    """The edge of the field of 60 layers is weighted with less than float64 can tell from 0."""
    model = nn.Sequential(*(nn.Conv1d(1, 1, 5, padding=2, bias=False) for _ in range(60)))
    for module in model:
        nn.init.constant_(module.weight, 0.01)
        module.weight.data[..., 2] = 1
    verification = verified(model, "N,1,L", sizes=[(301,)])
    assert verification, str(verification)
    assert verification.reads_not_seen > 0
    assert "not seen" in str(verification)


def test_a_dead_relu_is_no_difference() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Conv2d(1, 1, 3))
    nn.init.zeros_(model[0].weight)
    nn.init.constant_(model[0].bias, -1)
    verification = verified(model, sizes=SMALL)
    assert verification, str(verification)
    assert verification.reads_not_seen > 0


class Between(nn.Module):
    """A function between two convolutions."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.before, self.after = nn.Conv1d(2, 2, 3), nn.Conv1d(2, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.function(self.before(x)))


@pytest.mark.parametrize("dead", [False, True])
@pytest.mark.parametrize(
    "function",
    [
        nn.ReLU6(), nn.Hardswish(), nn.Softshrink(), nn.Threshold(1e12, 0.0), nn.MaxPool1d(2),
        nn.AdaptiveMaxPool1d(4), nn.LPPool1d(2, 2), nn.Softmax(-1), nn.GroupNorm(1, 2),
        nn.Upsample(scale_factor=2, mode="linear"),
        lambda x: (x > 1e9).to(x.dtype),
        lambda x: torch.where(x > 1e9, x, 0.0),
        lambda x: torch.fmax(x, torch.full((1, 3, 2, 1), 1e12, dtype=x.dtype))[:, 0],
        lambda x: x.masked_fill(x < 1e9, 0.0),
        lambda x: x + x.nansum(-1, keepdim=True),
        lambda x: x * x.argmax(-1, keepdim=True),
        lambda x: x.sort(-1).values,
        lambda x: x.topk(6, -1).values,
        lambda x: x.cummax(-1).values,
        lambda x: x * 0,
        lambda x: torch.fft.rfft(x).abs(),
        lambda x: F.scaled_dot_product_attention(x.mT, x.mT, x.mT, is_causal=True).mT,
        lambda x: F.dropout(x, training=True),
    ],
)  # fmt: skip
def test_ops_that_hide_what_they_read(function: Callable[[Tensor], Tensor], dead: bool) -> None:
    """A threshold, a maximum, a sort, a NaN that is left out: nothing is said to be wrong."""
    model = Between(function)
    if dead:
        nn.init.zeros_(model.before.weight)
        nn.init.constant_(model.before.bias, -5.0)
    verification = verified(model, "N,2,L", sizes=[(24,)])
    assert verification, str(verification)
    assert not any(run.error for run in verification.field_runs)


class Mixed(nn.Module):
    """Every image sees all others."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x - x.mean(0))


class Single(nn.Module):
    """Takes no float64."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.ones(1, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv1d(x.to(torch.float32), self.weight)


@pytest.mark.parametrize(
    ("model", "pattern"),
    [
        (Mixed, "N,1,H,W"),
        (Single, "N,1,L"),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.Dropout()), "N,1,H,W"),
        (lambda: nn.Sequential(nn.LazyConv2d(2, 3), nn.ReLU(inplace=True)), "N,1,H,W"),
        (lambda: nn.Sequential(nn.FractionalMaxPool2d(2, output_size=4)), "N,1,H,W"),
        (lambda: nn.Conv2d(1, 2, 3).requires_grad_(False), "1,1,H,W"),
        (lambda: nn.Conv2d(1, 2, 3), "1,1,20,24"),
    ],
)
def test_models_that_are_hard_to_run(model: Callable[[], nn.Module], pattern: str) -> None:
    verification = verified(model(), pattern)
    assert verification, str(verification)
    assert sum(run.slices for run in verification.field_runs) >= 4
    assert not any(run.error for run in verification.field_runs)


def test_training_mode() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.Conv2d(2, 1, 3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    verification = analyze(model, "N,1,H,W", train=True).verify(sizes=[(12, 13)])
    assert verification, str(verification)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_the_model_is_left_as_it_was() -> None:
    model = unet().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    verified(model, sizes=SMALL)
    assert model.training
    assert torch.get_default_dtype() is torch.float32
    for name, value in model.state_dict().items():
        assert value.dtype == before[name].dtype
        assert torch.equal(value, before[name]), name


def test_a_spec() -> None:
    path = Path(__file__).parents[1] / "examples" / "residual.yaml"
    verification = analyze(path).verify(sizes=[(65, 64)], seconds=5)
    assert verification, str(verification)
    (run,) = verification.field_runs
    assert run.ops >= 3
    assert run.slices


def test_nothing_is_compared_without_positions() -> None:
    verification = verified(nn.Linear(4, 3), "N,C", sizes=[{"N": 3, "C": 4}])
    assert verification
    assert verification.field_runs == ()
    assert "receptive" not in str(verification)


def test_fields_are_left_out_on_request() -> None:
    assert verified(plain(), sizes=SMALL, fields=False).field_runs == ()


def test_time_is_kept_to() -> None:
    verification = verified(unet(), sizes=[(64, 96)], seconds=0.01)
    (run,) = verification.field_runs
    assert 0 < run.slices < run.slices + run.left_out
    assert "no time for" in str(verification)


def test_unknown_fields_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.trace.targets import targets

    table = {f: reader for f, reader in targets().items() if f is not torch.roll}
    monkeypatch.setattr("shapecalc.trace.targets.targets", lambda: table)

    class Rolled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.roll(x * 2, 1, -1).relu()

    verification = verified(Rolled(), "N,1,L", sizes=[(9,)])
    (run,) = verification.field_runs
    assert (run.ops, run.unknown) == (1, 2)
    assert "2 fields unknown" in str(verification)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.sampled_from([(13, 17), (30, 31), (16, 12)]))
def test_random_networks(net: nn.Module, size: tuple[int, int]) -> None:
    verification = analyze(net, "N,4,H,W").verify(sizes=[size])
    assert not verification.field_differences, f"{net}\n{verification}"


# ---------------------------------------------------------------------------- planted mistakes


Mistake = Callable[[Window], Window]
MISTAKES: Mapping[str, Mistake] = {
    "shifted": lambda w: replace(w, padding=w.padding + 1),
    "shifted back": lambda w: replace(w, padding=w.padding - 1),
    "too wide": lambda w: replace(w, kernel_size=w.kernel_size + 1),
    "too narrow": lambda w: replace(w, kernel_size=w.kernel_size - 1),
}


def planted(monkeypatch: pytest.MonkeyPatch, op: Any, mistake: Mistake, bound: str = "") -> None:
    """Make the reads of an op wrong."""
    right = op.reads

    def wrong(self: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return [
            replace(
                access,
                axes=tuple(mistake(e) if isinstance(e, Window) else e for e in access.axes),
                bound=bound or access.bound,
            )
            if isinstance(access, Access)
            else access
            for access in right(self, *args, **kwargs)
        ]

    monkeypatch.setattr(op, "reads", wrong)


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize(
    ("model", "op"),
    [
        (plain, Conv),
        (dilated, Conv),
        (strided, Conv),
        (transposed, Conv),
        (transposed, ConvTranspose),
        (pooled, Pool),
        (unet, Conv),
        (unet, Pool),
        (windows, Conv),
    ],
)
def test_a_planted_mistake_is_found(
    model: Callable[[], nn.Module], op: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch, op, MISTAKES[name])
    verification = verified(model(), sizes=SMALL)
    assert not verification, str(verification)
    assert not verification.differences, "the shapes are right"
    seen = {difference.seen for difference in verification.field_differences}
    assert seen == {"too wide": {False}, "too narrow": {True}}.get(name, {False, True})


@pytest.mark.parametrize("name", ["too wide", "too narrow", "shifted"])
def test_a_mistake_of_an_up_sampling_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes an axis that is longer than the field of the layers around."""
    planted(monkeypatch, ConvTranspose, MISTAKES[name])
    assert not verified(unet())


def test_a_mistake_deep_in_a_network_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """No value would show it."""
    planted(monkeypatch, Conv, MISTAKES["too wide"])
    model = nn.Sequential(*(nn.Conv1d(2, 2, 5, padding=2) for _ in range(60)))
    assert not verified(model, "N,2,L", sizes=[(301,)])


def whole_batch(self: Any, inputs: Any, out: Any, output: int = 0) -> list[Access]:
    """Read all windows where each is multiplied on its own."""
    right = READS_OF_MATMUL(self, inputs, out, output)
    return [replace(access, axes=(WHOLE, *access.axes[1:])) for access in right]


def only_own(self: Any, inputs: Any, out: Any, output: int = 0) -> list[Access]:
    """Read one score of each row, as if a softmax did not divide by their sum."""
    return [same(len(out))]


def one_further(self: Any, *args: Any, **kwargs: Any) -> list[Access]:
    """Read the element after the one that is rolled here."""
    return [
        replace(
            access,
            axes=tuple(
                Interval(e.low + 1, e.high + 1) if isinstance(e, Interval) else e
                for e in access.axes
            ),
        )
        for access in READS_OF_ROLL(self, *args, **kwargs)
    ]


READS_OF_MATMUL, READS_OF_ROLL = MatMul.reads, Roll.reads


@pytest.mark.parametrize(
    ("op", "wrong"), [(MatMul, whole_batch), (Roll, one_further)], ids=["windows", "shift"]
)
def test_a_mistake_in_windowed_attention_is_found(
    op: Any, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(op, "reads", wrong)
    assert not verified(field_models.Windows(shift=2), sizes=[(24, 32)])


def test_a_softmax_that_reads_too_little_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Softmax, "reads", only_own)
    assert not verified(nn.Sequential(nn.Conv1d(1, 2, 3), nn.Softmax(-1)), "N,1,L", sizes=[(20,)])


def test_a_bound_may_be_too_large_but_not_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        planted(patch, Conv, MISTAKES["too wide"], bound="so that it is one")
        assert verified(plain(), sizes=SMALL)
    planted(monkeypatch, Conv, MISTAKES["too narrow"], bound="so that it is one")
    assert not verified(plain(), sizes=SMALL)


def test_where_a_nan_gets_lost_nothing_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison hides both what is read and what is not."""

    class Thresholds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(1, 1, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv((x > 1e9).to(x.dtype))

    planted(monkeypatch, Conv, MISTAKES["too wide"])
    verification = verified(Thresholds(), "N,1,L", sizes=[(20,)])
    assert verification, str(verification)
    assert verification.reads_not_seen > 0


def test_a_mistake_in_a_spec_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    source = {
        "input": "N,3,H",
        "layers": [{"Conv1d": {"name": "a", "out_channels": 3, "kernel_size": 3}}, "ReLU"],
    }
    assert analyze(source).verify(sizes=[(12,)])
    planted(monkeypatch, Conv, MISTAKES["too wide"])
    verification = analyze(source).verify(sizes=[(12,)])
    assert {difference.layer for difference in verification.field_differences} == {"a", "relu"}


# ---------------------------------------------------------------------------- what is said


def test_a_difference_says_what_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, Conv, MISTAKES["too wide"])
    verification = verified(nn.Conv1d(1, 2, 3), "N,1,L", sizes=[(8,)])
    (difference,) = verification.field_differences
    assert (difference.layer, difference.axis, difference.seen) == ("conv1d", "L", False)
    assert difference.predicted == tuple(range(difference.output[0], difference.output[0] + 4))
    assert difference.index == difference.predicted[-1]
    assert "does not see index" in str(verification)
    assert str(verification).startswith("1 difference: 1 size, ")
    assert ", DIFFERENT (" in str(verification)


NETS = """
from torch import nn

def net():
    return nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU())
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    path = tmp_path / "nets.py"
    path.write_text(NETS)
    return ["verify", f"{path}:net", "--input", "N,1,H,W", "--sizes", "12x15"]


def test_the_command(command: list[str]) -> None:
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 0
    assert "receptive fields: verified\n  N=1, H=12, W=15: 360 outputs of 2 ops" in result.stdout
    without = CliRunner().invoke(main, [*command, "--no-fields"], catch_exceptions=False)
    assert "receptive" not in without.stdout


def test_the_command_fails_for_a_wrong_field(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch, Conv, MISTAKES["shifted"])
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 1
    assert "sees index" in result.stdout
    printed = CliRunner().invoke(main, [*command, "--format", "json"], catch_exceptions=False)
    assert printed.exit_code == 1
    document = json.loads(printed.stdout)
    jsonschema.validate(document, schema.VERIFICATION)
    assert not document["verified"]
    assert document["field_runs"][0]["outputs"] == 360
    assert {found["axis"] for found in document["field_differences"]} == {"H", "W"}


# ---------------------------------------------------------------------------- real models


def of_torchvision(name: str) -> Analysis:
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("pip install --no-deps torchvision==0.28.0")
    from tests import torchvision_models

    return analyze(getattr(torchvision_models, name)(weights=None), "N,3,H,W")


def test_resnet18() -> None:
    verification = of_torchvision("resnet18").verify(sizes=[(97, 64)])
    assert verification, str(verification)
    (run,) = verification.field_runs
    assert run.ops == 12
    assert run.left_out == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "densenet121", "swin_t", "vit_b_32", "convnext_tiny"])
def test_larger_models(name: str) -> None:
    verification = of_torchvision(name).verify()
    assert verification, str(verification)
    assert all(run.slices for run in verification.field_runs)


class Emptied(nn.Module):
    """Takes means and products over rows that are not there."""

    def forward(self, x: Tensor) -> Tensor:
        nothing = x[..., -1:-1, :]
        pooled = nn.functional.adaptive_avg_pool2d(nothing, 1)
        return pooled + nothing.mT @ nothing + x


def test_a_tensor_without_elements_hands_nothing_on() -> None:
    analysis = analyze(Emptied(), "N,4,H,W")
    (product,) = (layer for layer in analysis.layers if layer.kind == "matmul")
    with pytest.raises(InputError, match="no input"):
        print(product.receptive_field)
    assert analysis.verify(sizes=[(8, 8)])
    assert analysis["add_1"].receptive_field.size == (1, 1)
