"""Which sizes a model accepts, as predicted from its formulas, against the real model."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import nn

from shapecalc import dims
from shapecalc.analysis import Analysis, analyze
from shapecalc.graph import LayerGraph
from shapecalc.trace.run import trace
from shapecalc.trace.symbolic_tensor import DTYPES
from tests.size_models import SizeModel, every_model, of_factory

Sizes = Mapping[str, int]


def predicted(analysis: Analysis, sizes: Sizes) -> bool:
    """Tell whether the model is said to accept these sizes."""
    return analysis.sizes.contains(**sizes)


# ---------------------------------------------------------------------------- the truth


def real(model: nn.Module, analysis: Analysis, sizes: Sizes) -> str | None:
    """Run the model, and return how it refuses these sizes, or None where it accepts them.

    Any exception of the forward is a refusal. The meta device lets some pass that real values do
    not: an index beyond its table, an `output_padding` not below the stride; and it refuses an
    empty result of a transposed convolution, which oneDNN gives in float32.
    """
    torch.manual_seed(0)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    inputs = []
    for pattern in analysis.patterns.inputs():
        shape = [dims.evaluate(dim, sizes) for dim in pattern.shape]
        dtype = DTYPES[pattern.dtype]
        if dtype.is_floating_point:
            inputs.append(torch.rand(shape, device=device, dtype=dtype))
        else:
            inputs.append(torch.zeros(shape, device=device, dtype=dtype))
    try:
        with torch.no_grad():
            model(*inputs)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return None


# ---------------------------------------------------------------------------- paths


@dataclass
class Paths:
    """Traces of a model, each with the sizes that it speaks for: more than the ones it was made at.

    A trace tells of every size that takes its path, and of those that leave it where it has a
    requirement: they are refused there.
    """

    model: nn.Module
    analysis: Analysis
    train: bool
    traces: list[LayerGraph] = field(default_factory=list)

    def told(self, sizes: Sizes) -> Iterator[tuple[bool, str, LayerGraph]]:
        """Yield (accepted, why, trace) for every trace that tells; one is made if none does."""
        found = False
        for graph in self.traces:
            if (verdict := told_by(graph, sizes)) is not None:
                found = True
                yield *verdict, graph
        if not found:
            graph = trace(self.model, self.analysis.patterns, sizes, train=self.train)
            verdict = told_by(graph, sizes)
            assert verdict is not None, f"a trace leaves the path of its own hint: {sizes}"
            self.traces.append(graph)
            yield *verdict, graph


def told_by(graph: LayerGraph, sizes: Sizes) -> tuple[bool, str] | None:
    """Return whether a trace says that these sizes are accepted, and why, or None: it is silent."""
    for premise in graph.premises:
        if not premise.condition.holds(sizes):
            if premise.assumption.kind == "branch":
                return None
            return False, f"{premise.condition}, {premise.layer}, {premise.location}"
    return not graph.mistakes, str(next(iter(graph.mistakes), ""))


# ---------------------------------------------------------------------------- the comparison


def differences(entry: SizeModel, sizes: Iterable[Sizes]) -> list[str]:
    """Return what is predicted otherwise than the real model does, one line for each size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = entry.made()
        analysis = analyze(model, *entry.patterns, train=entry.train)
        paths = Paths(model, analysis, entry.train)
        wrong = []
        for at in sizes:
            refusal = real(model, analysis, at)
            truth = refusal or "it runs"
            said = predicted(analysis, at)
            if said != (refusal is None):
                wrong.append(f"{dict(at)}: {'accepted' if said else 'refused'}, but {truth}")
            wrong += [
                f"{dict(at)}, traced at {graph.hint}: {f'refused for {why}' if why else 'accepted'}, but {truth}"
                for said, why, graph in paths.told(at)
                if said != (refusal is None)
            ]
    return wrong


MODELS = {str(entry): entry for entry in every_model()}
QUICK = (
    "padded to 32 by reflection", "branch on H % 32", "square", "checked", "LeNet view", "LeNet flatten", "patches",
    "windows of 7", "divided by a quarter", "unfold and fold", "pooled batch norm in training", "reflected", "ceiling",
    "adaptive", "space to depth", "positions cut", "LSTM", "audio, 9", "U-Net transposed 2, 3 levels, cat",
    "U-Net nearest, 5 levels, add", "U-Net to the skip's size, 4 levels, cat", "U-Net subpixel, 2 levels, stride",
    "U-Net transposed 2, 2 levels, centre, 0", "inception_v3",
)  # fmt: skip
# one of each family of torchvision, small enough to run for real
FAMILIES = (
    "alexnet", "convnext_tiny", "deeplabv3_mobilenet_v3_large", "densenet121", "efficientnet_b0", "fcn_resnet50",
    "googlenet", "googlenet in training", "inception_v3", "inception_v3 in training", "lraspp_mobilenet_v3_large",
    "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_small in training", "regnet_y_400mf",
    "resnet18", "resnet18 in training", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11_bn", "vit_b_32",
)  # fmt: skip
TORCHVISION = importlib.util.find_spec("torchvision") is not None


def named(names: Iterable[str]) -> list[SizeModel]:
    """Return models by name, without those of torchvision where that is not installed."""
    return [MODELS[name] for name in names if name in MODELS or TORCHVISION]


def marked(entry: SizeModel) -> Any:
    """Return an entry as a parameter; one that is known to be wrong has to stay wrong."""
    gap = pytest.mark.xfail(reason=entry.gap, strict=True, raises=AssertionError)
    return pytest.param(entry, marks=gap if entry.gap else (), id=str(entry))


@pytest.mark.parametrize("entry", named(QUICK), ids=str)
def test_accepted_sizes(entry: SizeModel) -> None:
    axes = [name for name in entry.usual if name != "N"]
    smallest = [{**entry.usual, name: size} for name in axes for size in range(1, 12)]
    wrong = differences(entry, [*smallest, *entry.sizes()[:24]])
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("entry", [marked(entry) for entry in MODELS.values()])
def test_accepted_sizes_of_every_model(entry: SizeModel) -> None:
    wrong = differences(entry, entry.sizes())
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("entry", named(FAMILIES), ids=str)
def test_accepted_sizes_of_torchvision_with_real_values(entry: SizeModel) -> None:
    with_values = replace(entry, build=lambda: of_factory(entry.name, "cpu"))
    small = [sizes for sizes in entry.sizes() if sizes["H"] * sizes["W"] <= 20_000]
    wrong = differences(with_values, small[:24])
    assert not wrong, "\n".join(wrong)


def test_there_are_sizes_enough() -> None:
    assert all(len(entry.sizes()) >= 200 for entry in MODELS.values())
