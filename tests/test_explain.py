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
from torch import nn

from shapecalc.analysis import Analysis, analyze
from shapecalc.explain import Explanation, Patch, Step, Sum, explain
from shapecalc.explain.call import EXPLAINERS, Call
from shapecalc.explain.explanation import Made
from shapecalc.explain.formula import value_of
from shapecalc.explain.run import passed
from shapecalc.render import explain_json, explain_text
from shapecalc.render.explain_schema import EXPLANATION

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
def test_every_element_is_what_torch_has(case: Case) -> None:
    model = prepared(case.module)
    analysis = analyze(model, case.pattern, train=case.train)
    for sizes in case.sizes:
        x = inputs(analysis, sizes)
        check(explain(analysis, "0", x=x, **sizes))
        for found, torchs in every_element(analysis, x, sizes):
            assert found.value == pytest.approx(torchs, rel=1e-5, abs=1e-5, nan_ok=True)


def every_element(
    analysis: Analysis, x: torch.Tensor, sizes: dict[str, int]
) -> Iterator[tuple[Made, float]]:
    """Yield how every element is made, after one run, and what torch has there."""
    run = passed(analysis, "0", 1, sizes, {"input": x}, seed=0)
    explainer = EXPLAINERS[type(run.module)]
    for element in product(*map(range, run.y.shape)):
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
