"""Real models against the record of their forward passes, where it is at hand."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from shapecalc.graph import shapes_in
from tests import zoo

QUICK = {
    "ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn", "alexnet",
    "quantized_resnet18", "swin_t",
}  # fmt: skip
# what comes out of them, or of a layer in them, are as many as the data have
OF_DATA = {
    "fasterrcnn_mobilenet_v3_large_320_fpn", "fasterrcnn_mobilenet_v3_large_fpn",
    "fcos_resnet50_fpn", "retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2", "ssd300_vgg16",
    "ssdlite320_mobilenet_v3_large", "x:SuperPointForKeypointDetection",
}  # fmt: skip

at_hand = pytest.mark.skipif(
    not zoo.PLACE.exists() or None in map(importlib.util.find_spec, zoo.PACKAGES),
    reason="the recorded models are not at hand",
)


@pytest.fixture(scope="module")
def quick() -> list[zoo.Outcome]:
    return [zoo.compared(model) for model in zoo.models(QUICK, zoo.PACKAGES[:1])]


@at_hand
def test_some_models_are_as_recorded(quick: list[zoo.Outcome]) -> None:
    assert {str(o.model): o.wrong for o in quick if o.wrong} == {}
    assert {o.model.name for o in quick} == QUICK
    assert all(o.leaves and o.probes > 1 for o in quick)


@at_hand
def test_sizes_that_depend_on_data_are_symbols(quick: list[zoo.Outcome]) -> None:
    assert {o.model.name for o in quick if o.of_data} == QUICK & OF_DATA


@pytest.fixture(scope="module")
def every() -> list[zoo.Outcome]:
    return [zoo.compared(model) for model in zoo.models()]


@at_hand
@pytest.mark.slow
def test_every_model_is_as_recorded(every: list[zoo.Outcome]) -> None:
    assert {str(o.model): o.wrong for o in every if o.wrong} == {}
    assert {o.model.name for o in every if o.of_data} == OF_DATA


@at_hand
@pytest.mark.slow
def test_nearly_all_is_proved(every: list[zoo.Outcome]) -> None:
    labels = sum((o.labels for o in every), Counter[str]())
    assert labels["proved"] >= 0.995 * labels.total(), labels


# what torch.export follows in a few seconds, with outputs that grow with the input
EXPORTED = [
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet",
    "inception_v3", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf",
    "regnet_y_400mf", "resnet18", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_1",
    "deeplabv3_resnet50@aux", "fcn_resnet101", "fpn:resnet18", "fx:resnet50-multi", "ilg:mobilenet_v2",
]  # fmt: skip


@at_hand
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The default weight initialization:FutureWarning")
@pytest.mark.parametrize("name", EXPORTED)
def test_torch_export_says_the_same(name: str) -> None:
    """Every convolution and every output, at sizes that neither of the two was derived from."""
    (model,) = zoo.models([name], zoo.PACKAGES[:1])
    (shape,), (pattern,) = model.shapes, model.patterns
    free = {n: torch.export.Dim.AUTO for n, token in enumerate(pattern.split(",")) if token in "HW"}
    exported = torch.export.export(
        model.build().eval(), (torch.rand(shape),), dynamic_shapes=[free], strict=False
    )
    nodes = {node: node.meta["val"] for node in exported.graph.nodes if "val" in node.meta}
    calls = {node: value for node, value in nodes.items() if node.op == "call_function"}
    given = [v for n, v in nodes.items() if n.op == "placeholder"][-1]
    height, width = (size.node.expr for size in given.shape[2:])
    analysis = model.analysed()
    for sizes in ({"H": 193, "W": 250}, {"H": 256, "W": 129}):
        known = {height: sizes["H"], width: sizes["W"]}
        at = analysis.at(N=1, **sizes)
        theirs = Counter(
            _numbers(value, known) for node, value in calls.items() if "conv2d" in str(node.target)
        )
        ours = Counter(layer.out_shape for layer in at.layers if layer.kind == "Conv2d")
        assert ours == theirs
        outputs = [
            _numbers(nodes[node], known)
            for node in exported.graph.output_node().args[0]
            if node in nodes
        ]
        assert [at.shape(shape) for shape in shapes_in(at.graph.output)] == outputs


def _numbers(value: torch.Tensor, known: Mapping[Any, int]) -> tuple[int, ...]:
    """Return a shape of torch.export at some sizes."""
    sizes = (getattr(getattr(size, "node", None), "expr", size) for size in value.shape)
    return tuple(int(size.subs(known)) if hasattr(size, "subs") else size for size in sizes)
