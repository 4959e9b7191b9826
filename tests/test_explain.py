"""Explanations: every element of every kind of layer, by hand and as torch has it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from itertools import product

import jsonschema
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.analysis import Analysis, analyze
from shapecalc.errors import InputError, RejectedInput
from shapecalc.explain import Explanation, Patch, Step, Sum, explain
from shapecalc.explain.call import EXPLAINERS, Call, explains
from shapecalc.explain.explanation import Made
from shapecalc.explain.formula import value_of
from shapecalc.explain.functions import FUNCTIONS
from shapecalc.explain.run import passed
from shapecalc.render import explain_json, explain_text
from shapecalc.render.explain_grids import grids
from shapecalc.render.explain_schema import EXPLANATION
from shapecalc.render.numbers import short

MOST = 127  # a prime: elements that are not all of one row or channel
L, P, V = "N,4,L", "N,4,H,W", "N,4,D,H,W"  # a line, a picture, a volume
ROW = "N,6"


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer and an input for it; `sizes` are odd and even ones, on each side of a stride."""

    module: nn.Module
    pattern: str
    sizes: tuple[dict[str, int], ...]
    train: bool = False

    def __str__(self) -> str:
        return f"{self.module}{' in training' if self.train else ''}".replace("\n", "")


def case(module: nn.Module, pattern: str, *, train: bool = False) -> Case:
    every = {
        L: ({"N": 2, "L": 7}, {"N": 1, "L": 10}),
        P: ({"N": 2, "H": 6, "W": 7},),
        V: ({"N": 1, "D": 4, "H": 5, "W": 4},),
        ROW: ({"N": 3},),
    }
    return Case(module, pattern, every.get(pattern, ({},)), train)


CASES = [
    # convolution.py
    case(nn.Conv1d(4, 6, 3), L),
    case(nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), L),
    case(nn.Conv1d(4, 4, 4, padding="same"), L),
    case(nn.Conv2d(4, 2, 3, padding=1, bias=False), P),
    case(nn.Conv2d(4, 8, (2, 3), stride=(2, 1), padding=(0, 2), groups=4), P),
    case(nn.Conv2d(4, 2, 3, padding=2, padding_mode="reflect"), P),
    case(nn.Conv2d(4, 2, 3, padding=2, padding_mode="replicate"), P),
    case(nn.Conv2d(4, 2, (3, 5), padding=(1, 3), padding_mode="circular", stride=2), P),
    case(nn.Conv2d(4, 2, 4, padding="same", padding_mode="reflect"), P),
    case(nn.Conv2d(4, 2, 3, padding="valid", dilation=2), P),
    case(nn.Conv2d(6, 2, 2), "2,6,3,3"),
    case(nn.Conv3d(4, 2, (2, 3, 1), stride=(1, 2, 1), padding=(1, 1, 0)), V),
    case(nn.Conv2d(2, 2, 2), "2,3,3"),
    case(nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), L),
    case(nn.ConvTranspose1d(4, 2, 2, stride=3), L),
    case(nn.ConvTranspose2d(4, 2, (3, 2), stride=2, padding=(1, 0), dilation=(2, 1)), "1,4,3,4"),
    case(nn.ConvTranspose2d(4, 2, 3, bias=False), "1,4,3,4"),
    case(nn.ConvTranspose3d(4, 2, 2, stride=(1, 2, 2)), "1,4,2,2,3"),
    # pooling.py
    case(nn.MaxPool1d(3, 2, padding=1), L),
    case(nn.MaxPool2d(2), P),
    case(nn.MaxPool2d((3, 2), stride=2, padding=1, dilation=(1, 2), ceil_mode=True), P),
    case(nn.MaxPool2d(2, return_indices=True), P),
    case(nn.MaxPool3d(2, stride=1), V),
    case(nn.AvgPool1d(3, 2, padding=1), L),
    case(nn.AvgPool1d(3, 2, padding=1, count_include_pad=False), L),
    case(nn.AvgPool2d(3, 2, padding=1, ceil_mode=True), P),
    case(nn.AvgPool2d(3, 2, padding=1, ceil_mode=True, count_include_pad=False), P),
    case(nn.AvgPool2d(2, divisor_override=3), P),
    case(nn.AvgPool3d((2, 3, 2), stride=2, padding=1, ceil_mode=True), V),
    case(nn.LPPool1d(3, 3, stride=2), L),
    case(nn.LPPool2d(2, 2), P),
    case(nn.LPPool2d(2, (3, 2), stride=2, ceil_mode=True), P),
    case(nn.LPPool3d(2, 2), V),
    case(nn.AdaptiveAvgPool1d(3), L),
    case(nn.AdaptiveAvgPool2d((4, 3)), P),
    case(nn.AdaptiveAvgPool2d((None, 1)), P),
    case(nn.AdaptiveAvgPool3d(2), V),
    case(nn.AdaptiveMaxPool1d(4), L),
    case(nn.AdaptiveMaxPool2d((4, 3)), P),
    case(nn.AdaptiveMaxPool3d(2), V),
    # normalization.py
    case(nn.BatchNorm1d(4), L),
    case(nn.BatchNorm1d(6), ROW),
    case(nn.BatchNorm1d(6), ROW, train=True),
    case(nn.BatchNorm2d(4), P),
    case(nn.BatchNorm2d(4), P, train=True),
    case(nn.BatchNorm2d(4, affine=False, track_running_stats=False), P),
    case(nn.BatchNorm3d(4), V),
    case(nn.InstanceNorm1d(4), L),
    case(nn.InstanceNorm2d(4, affine=True), P),
    case(nn.InstanceNorm2d(4, track_running_stats=True), P),
    case(nn.InstanceNorm2d(4, track_running_stats=True), P, train=True),
    case(nn.InstanceNorm3d(4), V),
    case(nn.GroupNorm(2, 4), P),
    case(nn.GroupNorm(3, 6, affine=False), ROW),
    case(nn.LayerNorm(6), ROW),
    case(nn.LayerNorm((3, 5)), "2,3,5"),
    case(nn.LayerNorm(5, bias=False), "2,3,5"),
    case(nn.LayerNorm(5, elementwise_affine=False), "2,3,5"),
    case(nn.RMSNorm(6), ROW),
    case(nn.RMSNorm((3, 5), eps=0.1), "2,3,5"),
    # linear.py
    case(nn.Linear(6, 3), ROW),
    case(nn.Linear(40, 3, bias=False), "2,40"),
    case(nn.Linear(5, 2), "2,3,5"),
    case(nn.Linear(5, 2), "5"),
    case(nn.Embedding(2, 3), "2,4:int64"),
    # activation.py
    *(
        case(module, "N,6")
        for module in (
            nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(0.5),
            nn.CELU(0.5), nn.SELU(), nn.GELU(), nn.GELU(approximate="tanh"), nn.SiLU(), nn.Mish(),
            nn.Sigmoid(), nn.LogSigmoid(), nn.Tanh(), nn.Tanhshrink(), nn.Softsign(),
            nn.Softshrink(0.7), nn.Hardshrink(0.7), nn.Hardtanh(-0.5, 0.7), nn.Hardsigmoid(),
            nn.Hardswish(), nn.Softplus(), nn.Softplus(2.0, threshold=1.0), nn.Threshold(0.1, 20.0),
            nn.PReLU(), nn.PReLU(6), nn.Identity(), nn.Dropout(), nn.Softmax(1), nn.Softmax(0),
            nn.Softmin(1), nn.LogSoftmax(-1),
        )
    ),
    case(nn.Dropout(0.3), ROW, train=True),
    case(nn.Dropout1d(0.3), L, train=True),
    case(nn.Dropout2d(0.3), P, train=True),
    case(nn.Dropout3d(0.3), V),
    # view.py
    case(nn.Flatten(), P),
    case(nn.Flatten(2), P),
    case(nn.Flatten(0), "2,3"),
    case(nn.Unflatten(1, (2, 2)), P),
    case(nn.PixelShuffle(2), P),
    case(nn.ZeroPad1d(2), L),
    case(nn.ZeroPad2d((1, 2, 3, 0)), P),
    case(nn.ZeroPad3d(1), V),
    case(nn.ConstantPad1d((1, 0), 2.5), L),
    case(nn.ConstantPad2d((1, -1, -2, 3), 2.5), P),
    case(nn.ConstantPad3d(1, 2.5), V),
    case(nn.ReflectionPad1d((2, 3)), L),
    case(nn.ReflectionPad2d((2, 1, 3, 0)), P),
    case(nn.ReflectionPad3d(1), V),
    case(nn.ReplicationPad1d((2, 3)), L),
    case(nn.ReplicationPad2d((2, 1, 3, 0)), P),
    case(nn.ReplicationPad3d(1), V),
    case(nn.CircularPad1d((2, 3)), L),
    case(nn.CircularPad2d((2, 1, 3, 0)), P),
    case(nn.CircularPad3d(1), V),
    # resampling.py
    case(nn.Upsample(scale_factor=2), L),
    case(nn.Upsample(scale_factor=1.7), P),
    case(nn.Upsample(size=(9, 4)), P),
    case(nn.Upsample(scale_factor=1.1), "1,1,97"),  # 33/1.1 is 30, and just below it in float64
    case(nn.Upsample(scale_factor=2.3), "1,1,97"),
    case(nn.Upsample(scale_factor=1.1, mode="nearest-exact"), "1,1,97"),
    case(nn.Upsample(scale_factor=(1.1, 2.05)), "1,1,7,7"),
    case(nn.Upsample(scale_factor=(1.1, 2.05, 1.1)), "1,1,7,7,3"),
    case(nn.Upsample(scale_factor=1.1, mode="linear"), "1,1,7"),
    case(nn.Upsample(scale_factor=1.1, mode="bicubic"), "1,1,7,7"),
    case(nn.Upsample(size=(9, 4), mode="nearest-exact"), P),
    case(nn.Upsample(scale_factor=2, mode="linear"), L),
    case(nn.Upsample(scale_factor=2, mode="bilinear"), P),
    case(nn.Upsample(scale_factor=1.7, mode="bilinear"), P),
    case(nn.Upsample(scale_factor=1.7, mode="bilinear", recompute_scale_factor=True), P),
    case(nn.Upsample(size=(4, 9), mode="bilinear", align_corners=True), P),
    case(nn.Upsample(size=(1, 9), mode="bilinear", align_corners=True), P),
    case(nn.Upsample(scale_factor=2, mode="bicubic"), P),
    case(nn.Upsample(size=(9, 4), mode="bicubic", align_corners=True), P),
    case(nn.Upsample(scale_factor=2, mode="trilinear"), "1,4,2,3,2"),
    case(nn.UpsamplingNearest2d(scale_factor=2), P),
    case(nn.UpsamplingBilinear2d(scale_factor=2), P),
]  # fmt: skip


def prepared(module: nn.Module) -> nn.Module:
    """Return a layer with numbers in all that it holds: no weight is 1 and no mean is 0."""
    random = torch.Generator().manual_seed(1)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.data = torch.rand(tensor.shape, generator=random) + 0.25
    return nn.Sequential(module)


def inputs(analysis: Analysis, sizes: dict[str, int]) -> torch.Tensor:
    """Return numbers of both signs, with halves among them; ties and zeros are likely."""
    shape = analysis.at(**sizes).inputs["input"]
    random = torch.Generator().manual_seed(2)
    found = torch.randint(-4, 5, shape, generator=random) / 2
    dtype = next(analysis.patterns.all()).dtype
    return found.abs().clamp(max=1).floor() if dtype == "int64" else found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_elements_are_what_torch_has(case: Case) -> None:
    model = prepared(case.module)
    analysis = analyze(model, case.pattern, train=case.train)
    for sizes in case.sizes:
        x = inputs(analysis, sizes)
        check(explain(analysis, "0", x=x, **sizes))
        for found, torchs in elements_of(analysis, x, sizes):
            assert found.value == pytest.approx(torchs, rel=1e-5, abs=1e-5, nan_ok=True)


def elements_of(
    analysis: Analysis, x: torch.Tensor, sizes: dict[str, int]
) -> Iterator[tuple[Made, float]]:
    """Yield how elements are made, after one run, and what torch has there.

    They are so many that each window at a border is among them.
    """
    run = passed(analysis, "0", 1, sizes, {"input": x}, seed=0)
    explainer = EXPLAINERS[type(run.module)]
    elements = list(product(*map(range, run.y.shape)))
    for element in elements[:: math.ceil(len(elements) / MOST)] + elements[-1:]:
        call = Call(module=run.module, x=run.x, y=run.y, training=run.training, element=element)
        yield explainer(call), run.y[element].item()


def check(found: Explanation) -> None:
    """Hold what is written against itself: sums are those of their terms, values of formulas."""
    for part in found.parts:
        match part:
            case Patch():
                assert len(part.values) == math.prod(part.shape)
                if part.sum is not None:
                    check_sum(part.sum)
                    products = part.values if part.products is None else part.products
                    assert part.sum.total == pytest.approx(math.fsum(products), abs=1e-12)
            case Sum():
                check_sum(part)
            case Step():
                assert part.value == pytest.approx(value_of(part.formula, part.values), nan_ok=True)
    assert found.agrees
    assert "DIFFERS" not in explain_text.explanation(found)
    jsonschema.validate(json.loads(explain_json.document(found)), EXPLANATION)


def check_sum(part: Sum) -> None:
    terms = [t.value if t.weight is None else t.value * t.weight for t in part.terms]
    assert part.total == pytest.approx(math.fsum(terms), abs=1e-9)


def test_every_kind_has_a_case() -> None:
    missing = EXPLAINERS.keys() - {type(case.module) for case in CASES}
    assert not missing, f"add a row to CASES for {missing}"


# ---------------------------------------------------------------------------- functions

CALLS = {
    "relu": lambda x: F.relu(x - 4),
    "relu_": lambda x: torch.relu_(x - 4),
    "Tensor.relu": lambda x: (x - 4).relu(),
    "relu6": lambda x: F.relu6(x),
    "silu": lambda x: F.silu(x - 4),
    "mish": lambda x: F.mish(x - 4),
    "sigmoid": lambda x: torch.sigmoid(x),
    "logsigmoid": lambda x: F.logsigmoid(x),
    "tanh": lambda x: (x - 4).tanh(),
    "tanhshrink": lambda x: F.tanhshrink(x),
    "softsign": lambda x: F.softsign(x),
    "hardsigmoid": lambda x: F.hardsigmoid(x - 4),
    "hardswish": lambda x: F.hardswish(x - 4),
    "selu": lambda x: F.selu(x - 4),
    "leaky_relu": lambda x: F.leaky_relu(x - 4, 0.2),
    "elu": lambda x: F.elu(x - 4, alpha=0.5),
    "celu": lambda x: F.celu(x - 4, 0.5),
    "hardtanh": lambda x: F.hardtanh(x - 4, -2, max_val=3),
    "softplus": lambda x: F.softplus(x - 4, 2, threshold=3),
    "gelu": lambda x: F.gelu(x - 4, approximate="tanh"),
    "softmax": lambda x: F.softmax(x, dim=2),
    "torch.softmax": lambda x: torch.softmax(x, 1),
    "Tensor.softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "max_pool1d": lambda x: F.max_pool1d(x[:, :, 0], 3, 2, padding=1, ceil_mode=True),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "max_pool1d with indices": lambda x: F.max_pool1d(x[:, :, 0], 3, return_indices=True),
    "max_pool2d with indices": lambda x: F.max_pool2d(x, 3, 2, 1, return_indices=True),
    "max_pool3d with indices": lambda x: F.max_pool3d(x, 2, return_indices=True),
    "torch.max_pool2d": lambda x: torch.max_pool2d(x, 3, 1, 1, 2),
    "max_pool3d": lambda x: F.max_pool3d(x, 2, stride=1),
    "avg_pool1d": lambda x: F.avg_pool1d(x[:, :, 0], 3, 2, 1, count_include_pad=False),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 2, divisor_override=3),
    "avg_pool3d": lambda x: F.avg_pool3d(x, 2),
    "adaptive_avg_pool1d": lambda x: F.adaptive_avg_pool1d(x[:, :, 0], 3),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (2, None)),
    "adaptive_avg_pool3d": lambda x: F.adaptive_avg_pool3d(x, 2),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "interpolate to a size": lambda x: F.interpolate(x, size=x.shape[-1] + 3),
    "flatten": lambda x: torch.flatten(x, 1),
    "Tensor.flatten": lambda x: x.flatten(2),
    "reshape": lambda x: x.reshape(-1, 2),
    "view": lambda x: x.view(x.shape[0], -1),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "ravel": lambda x: x.ravel(),
}


class Calling(nn.Module):
    """A model that is calls of functions, of which the last one that can be is explained."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_functions_are_explained(name: str) -> None:
    analysis = analyze(Calling(CALLS[name]), P)
    sizes = {"N": 2, "H": 6, "W": 7}
    layer = [record for record in analysis.layers if record.function in FUNCTIONS][-1].name
    first = explain(analysis, layer, **sizes)
    check(first)
    elements = list(product(*map(range, first.out_shape)))
    for element in elements[1 :: math.ceil(len(elements) / 5)]:
        found = explain(analysis, layer, element, **sizes)
        assert found.value == pytest.approx(found.torch, rel=1e-5, abs=1e-5)


def test_every_function_has_a_call() -> None:
    called = set()
    for function in CALLS.values():
        called |= {record.function for record in analyze(Calling(function), P).layers}
    assert set(FUNCTIONS) <= called


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True),
        lambda x: F.interpolate(x, scale_factor=0.5, mode="area"),
        lambda x: torch.cat([x, x]),
    ],
)
def test_a_call_without_an_explanation_is_told(function: object) -> None:
    analysis = analyze(Calling(function), P)
    with pytest.raises(InputError, match=r"is a call of \w+, for which there is no explanation"):
        explain(analysis, analysis.layers[-1].name, N=1, H=6, W=6)


# ---------------------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2),
        nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
        nn.ConvTranspose1d(4, 2, 2, stride=3),
        nn.AvgPool1d(3, 2, padding=1, ceil_mode=True),
        nn.AdaptiveAvgPool1d(4),
        nn.InstanceNorm1d(4),
        nn.GroupNorm(2, 4),
        nn.Upsample(size=11, mode="linear"),
        nn.Upsample(size=5),
        nn.Softmax(2),
        nn.Linear(9, 3),
    ],
    ids=str,
)
def test_an_element_depends_on_what_it_reads_and_on_nothing_else(module: nn.Module) -> None:
    """By the gradient of torch, with positive weights, so that none of them cancels."""
    model = prepared(module).eval()
    x = torch.rand(2, 4, 9, generator=torch.Generator().manual_seed(3))
    analysis = analyze(model, "2,4,9")
    first = explain(analysis, "0", x=x)
    for element in product(*map(range, first.out_shape)):
        found = explain(analysis, "0", element, x=x)
        inside = [[i for i in axis.indices if 0 <= i < axis.size] for axis in found.reads]
        expected = torch.zeros(x.shape, dtype=torch.bool)
        for place in product(*inside):
            expected[place] = True
        given = x.clone().requires_grad_()
        model(given)[element].backward()
        assert given.grad is not None
        seen = given.grad != 0
        if isinstance(module, nn.Upsample):  # a weight of 0 is read, too
            assert not (seen & ~expected).any()
        else:
            assert seen.equal(expected), element


def test_padding_is_shown_as_such() -> None:
    found = explain(analyze(nn.Sequential(nn.Conv2d(1, 1, 3, padding=1))), "0", H=4, W=5)
    assert [axis.indices for axis in found.reads[2:]] == [(-1, 0, 1), (-1, 0, 1)]
    assert [axis.padding for axis in found.reads] == [(), (), (-1,), (-1,)]
    (patch, *_) = found.parts
    assert isinstance(patch, Patch)
    outside = [patch.is_padding(number) for number in range(9)]
    assert outside == [True, True, True, True, False, False, True, False, False]
    text = str(found)
    assert "  H  -1..1  of 4  -1 in the padding\n" in text
    assert "  (0): in the padding\n" in text


def test_copies_in_the_padding_are_named() -> None:
    model = nn.Sequential(nn.Conv1d(1, 1, 3, padding=2, padding_mode="reflect"))
    found = explain(analyze(model, "N,1,L"), "0", L=5)
    assert found.notes == ("padding_mode=reflect: on L, -2 is 2, -1 is 1",)
    assert len(found.records) == 2  # a padding and a convolution


# ---------------------------------------------------------------------------- how it is written


def line(module: nn.Module, x: list, element: tuple[int, ...]) -> str:
    pattern = ",".join(map(str, torch.tensor(x).shape))
    return str(explain(analyze(nn.Sequential(module), pattern), "0", element, x=x))


def test_the_winner_of_a_max_is_named() -> None:
    text = line(nn.MaxPool1d(3, 2, 1), [[[1, 7, 7, 3, 2]]], (0, 0, 1))
    assert "  *7  7  3\n  the largest is 7, at L 1\n" in text
    text = line(nn.MaxPool1d(3, 2, 1), [[[-1, -7, 7, 3, 2]]], (0, 0, 0))
    assert "  (-inf)  *-1  -7\n" in text


def test_an_average_has_its_divisor() -> None:
    text = line(nn.AvgPool1d(3, 2, 1), [[[1, 7, 7, 3, 2]]], (0, 0, 0))
    assert "average = sum/divisor = 8/3 = 2.667   divisor: the elements of the window, " in text
    text = line(nn.AvgPool1d(3, 2, 1, count_include_pad=False), [[[1, 7, 7, 3, 2]]], (0, 0, 0))
    assert "average = sum/divisor = 8/2 = 4   divisor: the elements of the window that are " in text


def test_many_channels_are_cut_and_the_sum_is_right() -> None:
    conv = nn.Conv1d(64, 1, 1, bias=False)
    nn.init.ones_(conv.weight)
    text = line(conv, [[[n] for n in range(64)]], (0, 0, 0))
    assert "\n  channel 0 + channel 1 + [61 more] + channel 63\n" in text
    assert "\n  0 + 1 + [61 more: 1952] + 63 = 2016\n" in text
    assert "channels 2 to 62 are left out" in text
    linear = nn.Linear(100, 1, bias=False)
    nn.init.ones_(linear.weight)
    found = explain(analyze(nn.Sequential(linear), "N,100"), "0", x=[[*range(100)]])
    assert "5*1 + [91 more: 4641] + 97*1 + 98*1 + 99*1 = 4950" in " ".join(str(found).split())


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("kernel_size", [2, 5, 11, (2, 3, 4)])
def test_no_number_is_broken_or_cut(width: int, kernel_size: object) -> None:
    axes = len(kernel_size) if isinstance(kernel_size, tuple) else 2
    conv = (nn.Conv3d if axes == 3 else nn.Conv2d)(1, 1, kernel_size)
    found = explain(analyze(nn.Sequential(conv)), "0", **dict(zip("HWD", (12,) * 3, strict=True))
                    if axes == 3 else {"H": 12, "W": 12})  # fmt: skip
    (patch, _) = found.parts
    assert isinstance(patch, Patch)
    lines = grids(patch, width - 2)
    assert all(f"  {line}".rstrip() in explain_text.explanation(found, width=width).splitlines()
               for line in lines)  # fmt: skip
    if max(map(len, lines)) <= width - 2:
        known = {short(v) for v in (*patch.values, *patch.weights, *patch.products)}
        numbers = {n for line in lines for n in line.split() if n[-1].isdigit()}
        assert numbers
        assert numbers <= known


def test_rounding_is_said() -> None:
    assert "rounded" not in line(nn.ReLU(), [[0.5, -2]], (0, 0))
    assert "rounded to 4 digits" in line(nn.Tanh(), [[0.5, -2]], (0, 0))


def test_what_differs_is_said_loudly() -> None:
    model = nn.Sequential(nn.ReLU())
    model[0].register_forward_hook(lambda module, args, y: y + 1)
    found = explain(analyze(model, "N,2"), "0", x=[[3, 4]])
    assert not found.agrees
    assert "THIS DIFFERS FROM TORCH: 3.0 by hand, 4.0 in the output" in str(found)
    assert json.loads(explain_json.document(found))["agrees"] is False


def test_a_layer_with_a_forward_of_its_own_is_not_explained_as_another() -> None:
    class Twice(nn.ReLU):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(x)

    with pytest.raises(InputError, match="'0' is a Twice, for which there is no explanation"):
        explain(analyze(nn.Sequential(Twice()), "N,2"), "0")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("module", [nn.ReLU(), nn.MaxPool1d(2), nn.AvgPool1d(2), nn.Softmax(2)])
def test_what_is_no_number_goes_through(module: nn.Module, value: float) -> None:
    found = explain(analyze(nn.Sequential(module), "1,1,4"), "0", x=[[[value, 1.0, 2.0, 3.0]]])
    assert found.agrees
    json.loads(explain_json.document(found))
    assert str(found)


# ---------------------------------------------------------------------------- parameter sharing


@pytest.mark.parametrize(
    ("module", "own"),
    [
        (nn.Conv2d(3, 8, (3, 2), padding=1, stride=2), 8 * 3 * 3 * 2),
        (nn.Conv2d(4, 8, 3, groups=4, padding=1, padding_mode="reflect"), 8 * 1 * 3 * 3),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), 4 * 3 * 3 * 3),
        (nn.Conv1d(3, 8, 3), 8 * 3 * 3),
        (nn.Conv3d(3, 2, 3), 2 * 3 * 27),
    ],
    ids=str,
)
def test_weights_are_those_of_real_layers(module: nn.Module, own: int) -> None:
    found = explain(analyze(nn.Sequential(module)), "0", **sized(module))
    this, local, dense = found.weights
    assert this.count == own == module.weight.numel()
    assert dense.count == math.prod(found.in_shape[1:]) * math.prod(found.out_shape[1:])
    repeated = found.in_shape if isinstance(module, nn.ConvTranspose2d) else found.out_shape
    assert local.count == own * math.prod(repeated[2:])


def sized(module: nn.Module) -> dict[str, int]:
    names = {1: "L", 2: "HW", 3: "DHW"}[len(module.kernel_size)]
    return dict(zip(names, (6, 7, 5), strict=False))


def test_weights_are_formulas() -> None:
    found = explain(analyze(nn.Sequential(nn.Conv2d(1, 1, 2))), "0", H=4, W=4)
    assert [w.formula for w in found.weights] == [
        "1*1*2*2", "(H - 1)*(W - 1)*1*1*2*2", "1*H*W*1*(H - 1)*(W - 1)"
    ]  # fmt: skip
    assert [w.count for w in found.weights] == [4, 36, 144]


# ---------------------------------------------------------------------------- the question


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    analysis = analyze(model, train=True)
    assert explain(analysis, "1", H=8, W=8).agrees
    assert model.training
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
    assert not model[1]._forward_hooks
    assert not model[1]._forward_pre_hooks


def test_the_same_seed_gives_the_same_numbers() -> None:
    analysis = analyze(nn.Sequential(nn.Flatten()), "N,40")
    values = [explain(analysis, "0", (0, 7), seed=seed).value for seed in (1, 1)]
    assert values[0] == values[1]
    every = {seed: [explain(analysis, "0", (0, i), seed=seed).value for i in range(8)]
             for seed in (1, 2)}  # fmt: skip
    assert every[1] != every[2]
    assert all(value in range(10) for value in every[1] + every[2])


def test_calls_are_chosen() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.LeakyReLU(0.5, inplace=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.act(self.act(x))

    analysis = analyze(Twice(), "N,1")
    assert [explain(analysis, "act", x=[[-4.0]], call=n).value for n in (1, 2)] == [-2, -1]
    with pytest.raises(InputError, match="'act' is called 2 times: choose one of the calls 1 to 2"):
        explain(analysis, "act")
    with pytest.raises(InputError, match="'act' is called 2 times"):
        explain(analysis, "act", call=3)


def test_inputs_go_by_name() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.Identity()

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return self.act(x + y)

    analysis = analyze(Two(), "N,2", "N,2")
    assert explain(analysis, "act", (0, 1), x={"x": [[1, 2]], "y": [[10, 20]]}).value == 22
    with pytest.raises(InputError, match="the model has the inputs x, y: give x by their names"):
        explain(analysis, "act", x=[[1, 2]])
    with pytest.raises(InputError, match="z is no input of the model; they are: x, y"):
        explain(analysis, "act", x={"z": [[1, 2]]})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer": "nothing"}, "there is no layer 'nothing'; the layers are 0, 1, 2"),
        ({"layer": "0", "element": (0, 9, 0, 0)}, "there is no element 9: the output is 1 x 2 x "),
        ({"layer": "0", "element": (0,)}, "expected 3 indices, or 4 with the batch, for an "),
        ({"layer": "0", "x": [[1, 2], [3]]}, "the values of input are no tensor: expected "),
        ({"layer": "0", "x": torch.zeros(3, 8, 8)}, "the input is 3x8x8, and input is N,1,H,W: 3 "),
        ({"layer": "0", "x": torch.zeros(1, 8, 8), "H": 7}, "H is 8 in the given input, and 7 is"),
        ({"layer": "2"}, "'2' is a GLU, for which there is no explanation; there is one for Ada"),
        ({"layer": ""}, "the model is a Sequential, which has layers: choose one of 0, 1, 2"),
        ({"layer": "0", "Q": 7}, "Q is no symbol of this model; they are: N, H, W"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_told_why(
    arguments: dict[str, object], message: str
) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.GLU(1))
    with pytest.raises(InputError) as raised:
        explain(analyze(model, "N,1,H,W"), **arguments)
    assert str(raised.value).startswith(message)


def test_sizes_that_are_rejected_are_told() -> None:
    with pytest.raises(RejectedInput):
        explain(analyze(nn.Sequential(nn.Conv2d(1, 2, 3)), "N,1,H,W"), "0", H=2, W=2)


def test_weights_on_the_meta_device_are_no_numbers() -> None:
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(InputError, match="meta device"):
        explain(analyze(model), "0")


def test_two_explainers_of_one_layer_are_refused() -> None:
    with pytest.raises(AssertionError, match="ReLU is explained twice"):
        explains(nn.ReLU)(lambda call: None)
