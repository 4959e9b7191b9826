"""Receptive fields: the published numbers, and every element against what really reaches it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from torch import nn

import shapecalc
from shapecalc import dims
from shapecalc.access import Access, Same
from shapecalc.errors import InputError
from shapecalc.receptive_field import ReceptiveField, fields, receptive_fields
from tests import field_models, torchvision_models
from tests.field_oracle import differences, shares
from tests.random_steps.networks import Net, networks


def field_of(model: nn.Module, layer: str, *patterns: str) -> ReceptiveField:
    return shapecalc.analyze(model, *(patterns or ("N,3,H,W",)))[layer].receptive_field


def on_meta(name: str) -> nn.Module:
    kept: dict[str, Any] = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        return getattr(torchvision_models, name)(**kept).eval()


# ---------------------------------------------------------------- published numbers


def alexnet_v2() -> nn.Module:
    """Krizhevsky 2014, as TensorFlow's slim has it, up to the last pooling."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 11, stride=4), nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 8, 5, padding=2), nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1),
        nn.Conv2d(8, 8, 3, padding=1), nn.MaxPool2d(3, 2),
    )  # fmt: skip


def mobilenet_v1() -> nn.Module:
    """Howard et al. 2017: a 3x3 depthwise and a 1x1 convolution, thirteen times."""
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    layers: list[nn.Module] = [nn.Conv2d(3, 8, 3, stride=2, padding=1)]
    for stride in strides:
        layers += [nn.Conv2d(8, 8, 3, stride=stride, padding=1, groups=8), nn.Conv2d(8, 8, 1)]
    return nn.Sequential(*layers)


def resnet_v1(name: str) -> nn.Module:
    """He et al. 2015 have the stride in the first 1x1 convolution, torchvision in the 3x3."""
    model = on_meta(name)
    blocks: Any = (m for m in model.modules() if type(m).__name__ == "Bottleneck")
    for block in blocks:
        block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)
    return model


PUBLISHED = [
    # Araujo, Norris & Sim, Distill 2019, table of the appendix
    ("AlexNet v2",            alexnet_v2,                           "",            195),
    ("VGG-16",                lambda: on_meta("vgg16"),             "features",    212),
    ("ResNet-50 v1",          lambda: resnet_v1("resnet50"),        "layer4",      483),
    ("ResNet-101 v1",         lambda: resnet_v1("resnet101"),       "layer4",     1027),
    ("ResNet-152 v1",         lambda: resnet_v1("resnet152"),       "layer4",     1507),
    ("Inception v3",          lambda: on_meta("inception_v3"),      "Mixed_7c",   1311),
    ("MobileNet v1",          mobilenet_v1,                         "",            315),
    # torchvision's models, on which torchlens and torchscan agree
    ("torchvision ResNet-18", lambda: on_meta("resnet18"),          "layer4",      435),
    ("torchvision ResNet-50", lambda: on_meta("resnet50"),          "layer4",      427),
    ("torchvision ResNet-101", lambda: on_meta("resnet101"),        "layer4",      971),
    ("torchvision ResNet-152", lambda: on_meta("resnet152"),        "layer4",     1451),
    ("MobileNetV2",           lambda: on_meta("mobilenet_v2"),      "features",    491),
    ("GoogLeNet",             lambda: on_meta("googlenet"),         "inception5b", 379),
    ("DenseNet-121",          lambda: on_meta("densenet121"),       "features",   2071),
]  # fmt: skip


@pytest.mark.parametrize(("model", "layer", "size"), [row[1:] for row in PUBLISHED],
                         ids=[row[0] for row in PUBLISHED])  # fmt: skip
def test_published_sizes(model: Any, layer: str, size: int) -> None:
    field = field_of(model(), layer)
    assert field.size == (size, size)
    assert field.stride == (32, 32)
    assert field.exact
    for pad, centre in zip(field.padding, field.centre, strict=True):
        assert centre == -pad + Fraction(size - 1, 2)


def test_densenet_is_off_centre() -> None:
    field = field_of(on_meta("densenet201"), "features.denseblock4")
    assert str(field.relation[0]) == "{ [i] -> [j] : -1917 + 32i <= j <= 1945 + 32i }"


# ---------------------------------------------------------------- every element, for real


ONE = {"N": 1, "H": 16, "W": 20}
MODELS = [
    (field_models.UNet("transposed"), "N,1,H,W", ONE),
    (field_models.UNet("bilinear"), "N,1,H,W", ONE),
    (field_models.UNet("nearest"), "N,1,H,W", ONE),
    (field_models.Gridding(), "N,1,H,W", ONE),
    (field_models.Uneven(), "N,1,H,W", {"N": 1, "H": 21, "W": 18}),
    (field_models.Excited(), "N,1,H,W", {"N": 1, "H": 12, "W": 11}),
    (field_models.Branches(shuffled=False), "N,1,H,W", ONE),
    (field_models.Branches(shuffled=True), "N,1,H,W", ONE),
    (field_models.Windows(shift=0), "N,1,H,W", {"N": 1, "H": 16, "W": 24}),
    (field_models.Windows(shift=2), "N,1,H,W", {"N": 1, "H": 16, "W": 24}),
    (field_models.Tokens(attention=False), "N,1,H,W", {"N": 1, "H": 7, "W": 9}),
    (field_models.Tokens(attention=True), "N,1,H,W", {"N": 1, "H": 7, "W": 9}),
    (
        field_models.TwoInputs(),
        ["N,1,H,W", "N,1,h,w"],
        {"N": 1, "H": 9, "W": 12, "h": 5, "w": 6},
    ),
    (field_models.Recurrent(bidirectional=False), "N,1,L", {"N": 1, "L": 14}),
    (field_models.Recurrent(bidirectional=True), "N,1,L", {"N": 1, "L": 14}),
    (field_models.Volume(), "N,1,D,H,W", {"N": 1, "D": 5, "H": 6, "W": 7}),
    *(
        (
            field_models.Writes(how),
            "1,2,9,10" if how == "into_zeros" else "1,2,H,W",
            {} if how == "into_zeros" else {"H": 9, "W": 10},
        )
        for how in field_models.WRITES
    ),
]


@pytest.mark.parametrize(("model", "pattern", "sizes"), MODELS)
def test_every_element_sees_what_reaches_it(model: Any, pattern: Any, sizes: Any) -> None:
    assert differences(model, pattern, sizes, all_modules=True) == []


SIZES = st.sampled_from([(13, 17), (16, 12), (9, 9), (10, 7)])
SLOW_SHRINK = list(HealthCheck)


def _cancels(module: nn.Module) -> bool:
    """Tell whether the mean over all outputs of a module is a constant, for any input at all."""
    if isinstance(module, nn.BatchNorm2d):
        return not module.track_running_stats
    return isinstance(module, (nn.GroupNorm, nn.InstanceNorm2d, nn.Softmax2d))


def check(net: Net, size: tuple[int, int]) -> None:
    assume(not any(map(_cancels, net.modules())))
    note(repr(net))
    sizes = {"N": 1, "H": size[0], "W": size[1]}
    analysis = shapecalc.analyze(net, "N,4,H,W")
    try:
        analysis.at(**sizes)
    except shapecalc.RejectedInput:
        return
    if not analysis.graph.findings:
        assert differences(net, "N,4,H,W", sizes) == []


@settings(max_examples=30, suppress_health_check=SLOW_SHRINK)
@given(networks(), SIZES)
def test_random_networks(net: Net, size: tuple[int, int]) -> None:
    check(net, size)


@pytest.mark.slow
@settings(max_examples=500, suppress_health_check=SLOW_SHRINK)
@given(networks(), SIZES)
def test_many_random_networks(net: Net, size: tuple[int, int]) -> None:
    check(net, size)


@pytest.mark.parametrize("by", [-1, 1])
def test_a_planted_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch, by: int) -> None:
    """The comparison can fail, in both directions."""
    from dataclasses import replace

    from shapecalc.ops.convolution import Conv

    right = Conv.reads

    def wrong(op: Conv, *args: Any) -> Any:
        (access,) = right(op, *args)
        *rest, last = access.axes
        return [Access((*rest, replace(last, kernel_size=last.kernel_size + by)))]

    monkeypatch.setattr(Conv, "reads", wrong)
    found = differences(nn.Conv2d(1, 1, 3), "N,1,H,W", {"N": 1, "H": 6, "W": 8})
    kind = "denied" if by < 0 else "claimed"
    assert found
    assert all(kind in difference for difference in found)


# ---------------------------------------------------------------- symbols and numbers


@pytest.mark.parametrize("model", [row[0] for row in MODELS[:10]])
def test_symbols_say_what_numbers_say_far_from_the_borders(model: Any) -> None:
    """The relation in symbols, at an output in the middle, is the exact one."""
    field = shapecalc.analyze(model, "N,1,H,W")[""].receptive_field
    at = field.at(H=160, W=160)
    for n in range(2):
        if field.per_axis[n].whole:
            continue
        count = len(at.outputs(80, n, H=160, W=160))
        assert count > 0
        middle = at.outputs(80, n, H=160, W=160)[count // 2]
        outputs = field.per_axis[n].outputs
        index = (middle,) if len(outputs) == 1 else middle
        wanted = field.relation[n].at(H=160, W=160).image(index if outputs else ())
        assert at.inputs(middle if outputs else 0, n, H=160, W=160) == wanted


def test_inputs_and_outputs_are_each_other_turned_round() -> None:
    field = field_of(on_meta("resnet18"), "layer2")
    sizes = {"H": 64, "W": 40}
    for n, size in enumerate((64, 40)):
        there = {(i, j) for i in range(-(-size // 8)) for j in field.inputs(i, n, **sizes)}
        back = {(i, j) for j in range(size) for i in field.outputs(j, n, **sizes)}
        assert there == back


def test_gridding() -> None:
    field = field_of(field_models.Gridding(), "", "N,1,H,W")
    assert field.size == (13, 13)
    assert field.holes == (tuple(range(1, 13, 2)),) * 2
    assert field.density == (Fraction(7, 13),) * 2
    assert field.inputs(20, H=40, W=40) == list(range(14, 27, 2))


def test_whole_axes_name_what_widened_them() -> None:
    analysis = shapecalc.analyze(on_meta("resnet18"), "N,3,H,W")
    assert analysis["fc"].receptive_field.widened == ("avgpool", "avgpool")
    assert analysis["fc"].receptive_field.inputs(0, H=64, W=64) == list(range(64))
    assert [str(size) for size in analysis["fc"].receptive_field.size] == ["H", "W"]


def test_a_stride_that_does_not_fit_loses_rows() -> None:
    field = field_of(field_models.Excited(), "", "N,1,H,W")
    assert field.inputs(0, H=12, W=11) == list(range(11))  # of 12 rows, the last one is lost
    assert field.inputs(0, axis=1, H=12, W=11) == list(range(11))


def test_windows_of_attention_are_exact_with_symbols() -> None:
    field = field_of(field_models.Windows(shift=2), "", "N,1,H,W")
    assert field.exact
    assert field.size == (8, 8)
    assert field.inputs(3, H=32, W=32) == list(range(4, 12))
    assert field.inputs(0, H=32, W=32) == [0, 1, 2, 3, 28, 29, 30, 31]  # round the corner


def test_an_op_without_a_rule_ends_all_knowledge() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.after = nn.Conv1d(3, 3, 3), nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.conv(x).permute(2, 0, 1)
            return self.after(torch.conv_tbc(x, torch.rand(3, 3, 3), torch.rand(3), 1))

    analysis = shapecalc.analyze(Odd(), "N,3,L")
    assert analysis["conv"].receptive_field.exact
    after = analysis["after"].receptive_field
    assert after.label == "unknown"
    assert not after.exact
    assert after.size == ()
    with pytest.raises(InputError, match="has no rule"):
        after.inputs(0, L=9)


def test_an_op_whose_reads_are_missing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.ops.pooling import Pool

    monkeypatch.setattr(Pool, "reads", lambda *args: None)
    field = field_of(nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(3, 3, 3)), "1")
    assert field.unknown == "0"


def test_batch_norm_in_training_ties_the_batch() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3))
    trained = shapecalc.analyze(model, "N,3,H,W", train=True)
    assert trained["0"].receptive_field.batch == ""
    assert trained["2"].receptive_field.batch == "1"
    assert trained["2"].receptive_field.per_axis[0].whole
    assert shapecalc.analyze(model, "N,3,H,W")["2"].receptive_field.size == (5, 5)


def test_each_input_has_a_field_of_its_own() -> None:
    analysis = shapecalc.analyze(field_models.TwoInputs(), "N,1,H,W", "N,1,h,w")
    found = receptive_fields(analysis[""])
    assert {name: field.size for name, field in found.items()} == {
        "image": (3, 3),
        "guide": (1, 3),
    }


def test_sizes_on_another_path_of_the_model() -> None:
    class Forks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.large = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 7)
            self.last = nn.Conv2d(3, 3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.large(x) if x.shape[2] > 100 else self.small(x))

    field = shapecalc.analyze(Forks(), "N,3,H,W")["last"].receptive_field
    assert field.size == (7, 7)
    assert field.inputs(0, H=200, W=50) == list(range(7))
    assert field.inputs(0, H=50, W=50) == list(range(3))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda f: f.inputs(0, H=9), "a size is missing for W"),
        (lambda f: f.inputs(0, H=9, W=9, K=3), "K is no symbol of this model"),
        (lambda f: f.inputs(7, H=9, W=9), "there is no output 7: there are 7"),
        (lambda f: f.inputs(0, axis=2, H=9, W=9), "axis 2 is none of the input's"),
        (lambda f: f.inputs((1, 2), H=9, W=9), "expected an index for 1 axis"),
        (lambda f: f.outputs(9, H=9, W=9), "there is no input 9: there are 9"),
        (lambda f: f.outputs(-1, H=9, W=9), "there is no input -1"),
    ],
)
def test_wrong_questions(ask: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask(field_of(nn.Conv2d(3, 3, 3), "", "N,3,H,W"))


# ---------------------------------------------------------------- how much is exact


EXACT = [
    "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "mobilenet_v3_small",
    "resnet18", "shufflenet_v2_x1_0", "swin_t", "vit_b_16",
]  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_nothing_of_a_torchvision_model_is_a_bound(name: str) -> None:
    counts = shares(shapecalc.analyze(on_meta(name), "N,3,H,W"))
    assert counts["bound"] == counts["unknown"] == 0
    assert counts["exact"] > 0


def test_a_rule_that_reads_nothing_new_costs_no_relation() -> None:
    """Pointwise ops hand on the very field that they are given."""
    analysis = shapecalc.analyze(on_meta("resnet18"), "N,3,H,W")
    found = fields(analysis.graph)
    for layer in analysis.layers:
        accesses = layer.op.reads(layer.in_shapes, layer.out_shape)
        if accesses is not None and len(accesses) == 1 and isinstance(accesses[0], Access):
            entries = accesses[0].axes
            if entries == tuple(Same(n) for n in range(len(entries))):
                assert found.of(layer.out_sources[0]) is found.of(layer.sources[0])


def test_symbols_may_have_any_name() -> None:
    """The names that the relations use for indices are none that a user would write."""
    model = nn.Sequential(nn.Conv2d(3, 3, 3, stride=2), nn.AdaptiveAvgPool2d(1))
    for names in (("H", "W"), ("j", "i"), ("t", "n"), ("e", "q")):
        analysis = shapecalc.analyze(model, f"N,3,{names[0]},{names[1]}")
        sizes = dict(zip(names, (12, 11), strict=True))
        assert analysis["0"].receptive_field.size == (3, 3)
        assert analysis["1"].receptive_field.inputs(0, **sizes) == list(range(11))
        one, other = analysis["1"].receptive_field.size
        assert (dims.evaluate(one, sizes), dims.evaluate(other, sizes)) == (11, 11)


class Halves(nn.Module):
    """Slices whose bounds are sizes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = x.shape[-1] // 2
        return x[..., :half] + x[..., half : half * 2]


def test_slices_by_sizes() -> None:
    assert differences(Halves(), "N,1,H,W", {"N": 1, "H": 3, "W": 9}) == []
    field = field_of(Halves(), "", "N,1,H,W")
    assert field.inputs(1, axis=1, H=3, W=9) == [1, 5]


class Attends(nn.Module):
    """Attention written by hand, causal in one of the ways in which people write it."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.linear = how, nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        size = x.shape[1]
        ahead = torch.ones(size, size).tril() == 0
        scores = x @ x.transpose(1, 2)
        match self.how:
            case "infinite":
                full = torch.full((size, size), float("-inf"), dtype=x.dtype)
                scores = scores + torch.triu(full, 1)
            case "large":
                scores = scores + torch.zeros(size, size, dtype=x.dtype).masked_fill(ahead, -1e9)
            case "filled":
                scores = scores.masked_fill(ahead, -1e9)
            case "chosen":
                scores = torch.where(ahead, float("-inf"), scores)
            case "biased":
                scores = scores + torch.rand(size, size, dtype=x.dtype)
        if self.how == "rule":
            return nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
        return scores.softmax(-1) @ x


@pytest.mark.parametrize("how", ["infinite", "large", "filled", "chosen", "biased", "rule"])
def test_masks_by_hand_are_bounds(how: str) -> None:
    """What a mask of constants lets through is in its values, which no rule sees."""
    assert differences(Attends(how), "N,T,4", {"N": 1, "T": 7}) == []
    field = shapecalc.analyze(Attends(how).double(), "N,T,4")[""].receptive_field
    assert field.exact == (how in ("biased", "rule"))
    if how == "rule":
        assert field.inputs(3, T=7) == [0, 1, 2, 3]


def test_windows_as_large_as_the_image_of_the_trace() -> None:
    """At the hint there is one window on each axis; the formulas are for any number of them."""
    field = shapecalc.analyze(LargeWindows(), "N,1,H,W")[""].receptive_field
    assert field.exact
    assert differences(LargeWindows(), "N,1,H,W", {"N": 1, "H": 448, "W": 256}) == []


class LargeWindows(nn.Module):
    """The mean over windows of 32 x 32 of an image whose sides are strided by 8."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.avg_pool2d(x, 8)
        n, c, h, w = x.shape
        x = nn.functional.pad(x, (0, -w % 32, 0, -h % 32))
        down, across = x.shape[2] // 32, x.shape[3] // 32
        x = x.view(n, c, down, 32, across, 32).permute(0, 2, 4, 1, 3, 5).reshape(-1, c, 1024)
        return x.mean(-1).view(n, down, across, c)


class Masked(nn.Module):
    """Scores that a buffer of minus infinity is added to."""

    ahead: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ahead", torch.triu(torch.full((9, 9), float("-inf")), 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x @ x.transpose(1, 2) + self.ahead).softmax(-1) @ x


def test_a_mask_without_values_is_said() -> None:
    analysis = shapecalc.analyze(Masked(), "N,9,4")
    assert analysis[""].receptive_field.bound == "the values of the mask decide"
    assert analysis.notes == ()
    with torch.device("meta"):
        model = Masked()
    assert any("no values on the meta device" in n for n in shapecalc.analyze(model, "N,9,4").notes)


def test_holes_are_claimed_only_where_they_are_known() -> None:
    steady = field_of(field_models.Gridding(), "", "N,1,H,W")
    assert steady.density == (Fraction(7, 13),) * 2
    tokens = shapecalc.analyze(field_models.Windows(shift=2), "N,1,H,W")["reshape"]
    assert tokens.receptive_field.holes == tokens.receptive_field.density == (None, None)


class Pooled(nn.Module):
    """Joins what sees a window with what sees everything, as the pyramid of DeepLab does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = nn.functional.adaptive_avg_pool2d(x, 1)
        wide = nn.functional.interpolate(pooled, size=x.shape[-2:], mode="bilinear")
        return torch.cat([self.conv(x), wide], dim=1)


def test_where_one_channel_sees_everything_nothing_moves() -> None:
    field = shapecalc.analyze(Pooled(), "N,1,H,W")["cat"].receptive_field
    assert [len(axis.outputs) for axis in field.per_axis] == [0, 0]
    assert [relation.rank for relation in field.relation] == [0, 0]
    assert field.inputs((), axis=1, H=9, W=7) == list(range(7))
