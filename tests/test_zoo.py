"""Real models against the record of their forward passes, where it is at hand."""

from __future__ import annotations

import importlib.util
from collections import Counter

import pytest

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
