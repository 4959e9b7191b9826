"""Every classification and segmentation model of torchvision, symbolic and for real."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import pytest

if importlib.util.find_spec("torchvision") is None:
    pytest.skip("pip install --no-deps torchvision==0.28.0", allow_module_level=True)

from shapecalc.analysis import Analysis, analyze
from shapecalc.target import load_target
from tests import torchvision_models
from tests.field_oracle import shares

QUICK = (
    "resnet18", "densenet121", "googlenet", "inception_v3", "mobilenet_v3_small", "shufflenet_v2_x0_5",
    "swin_t", "vit_b_32",
)  # fmt: skip
USUAL = [(2, 97, 128), (3, 129, 96), (1, 225, 231), (2, 64, 65)]
# models that take only some sizes, and a size next to them that they refuse: (N, H, W)
SIZES = {
    "vit": [(2, 224, 224), (1, 224, 224), (3, 224, 224), (2, 225, 224)],
    "maxvit": [(2, 224, 224), (1, 221, 223), (3, 109, 445), (2, 224, 225)],
    "inception": [*USUAL, (2, 74, 75)],
}


def verified(name: str) -> tuple[Analysis, Any]:
    """Analyse a model and run it for real at sizes that its formulas were not derived from."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load_target(f"tests.torchvision_models:{name}", values=True)
    analysis = analyze(loaded.model, "N,3,H,W")
    sizes = next((SIZES[key] for key in SIZES if name.startswith(key)), USUAL)
    runs = [{"N": n, "H": h, "W": w} for n, h, w in sizes]
    return analysis, analysis.verify(sizes=runs, fields=False)  # see test_verify_fields


def check(name: str) -> None:
    analysis, verification = verified(name)
    assert not analysis.graph.findings
    assert {str(layer.label) for layer in analysis.layers} == {"proved"}
    assert verification, str(verification)
    assert all(run.not_compared == 0 for run in verification.runs)
    accepted = [run for run in verification.runs if run.accepted]
    assert len(accepted) >= 3, str(verification)
    assert shares(analysis)["unknown"] == 0


@pytest.mark.parametrize("name", QUICK)
def test_eight_models(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", torchvision_models.factories())
def test_every_model(name: str) -> None:
    check(name)


def table() -> str:
    """Return the table of the README, from a run of all models."""
    lines = [
        "| model | op calls | proved | probed | fields exact | bound | unknown "
        "| sizes verified, N x H x W | the formulas hold for |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for name in torchvision_models.factories():
        analysis, verification = verified(name)
        labels = [str(layer.label) for layer in analysis.layers]
        assert verification, f"{name}: {verification}"
        ran = ["x".join(map(str, run.sizes.values())) for run in verification.runs if run.accepted]
        lines.append(
            f"| {name} | {len(labels)} | {labels.count('proved')} | {labels.count('probed')} "
            f"| {' | '.join(map(str, shares(analysis).values()))} "
            f"| {', '.join(ran)} | {', '.join(analysis.domain) or 'all'} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
