"""A second oracle: torch.export with dynamic sizes derives the same sizes by other means."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torch import nn

from shapecalc.analysis import analyze
from shapecalc.target import load_target
from tests.models import small_language_model

DYNAMIC = torch.export.Dim.AUTO
SIZES = [{"N": 3, "H": 64, "W": 96}, {"N": 5, "H": 128, "W": 80}, {"N": 2, "H": 160, "W": 256}]


def exported(model: nn.Module, image: torch.Tensor, names: dict[int, str]) -> Any:
    """Return the output shapes of every call, with torch's symbols named as ours."""
    program = torch.export.export(model, (image,), dynamic_shapes=(dict.fromkeys(names, DYNAMIC),))
    (placeholder,) = (
        node for node in program.graph.nodes
        if node.op == "placeholder" and node.name in program.graph_signature.user_inputs
    )  # fmt: skip
    shape = placeholder.meta["val"].shape
    symbols = {shape[axis].node.expr: name for axis, name in names.items()}
    shapes = [
        [size.node.expr if isinstance(size, torch.SymInt) else size for size in value.shape]
        for node in program.graph.nodes
        if node.op == "call_function" and isinstance(value := node.meta["val"], torch.Tensor)
    ]
    return symbols, shapes


def at(symbols: Any, shapes: Any, sizes: dict[str, int]) -> Counter[tuple[int, ...]]:
    """Return the shapes of torch.export at sizes."""
    numbers = {symbol: sizes[name] for symbol, name in symbols.items()}
    return Counter(
        tuple(d if isinstance(d, int) else int(d.subs(numbers)) for d in shape) for shape in shapes
    )


@pytest.mark.parametrize(
    "target", ["examples/resnet.py:resnet18", "examples/unet.py:UNet"], ids=["resnet", "unet"]
)
def test_images(target: str) -> None:
    model = load_target(target, values=True).model.eval()
    symbols, shapes = exported(model, torch.rand(2, 3, 96, 128), {0: "N", 2: "H", 3: "W"})
    analysis = analyze(model, "N,3,H,W")
    for sizes in SIZES:
        theirs = at(symbols, shapes, sizes)
        ours = Counter(layer.out_shape for layer in analysis.at(**sizes).layers)
        assert not ours - theirs, "sizes that torch.export does not know"
        assert set(theirs) <= set(ours), "sizes that we do not know"


def test_text() -> None:
    model = small_language_model().eval()
    symbols, shapes = exported(model, torch.randint(0, 2, (2, 24)), {0: "N", 1: "T"})
    analysis = analyze(model, "N,T:int64")
    for sizes in ({"N": 3, "T": 17}, {"N": 2, "T": 40}):
        theirs = at(symbols, shapes, sizes)
        ours = Counter(layer.out_shape for layer in analysis.at(**sizes).layers)
        missing = set(ours) - set(theirs)
        assert not missing, "sizes that torch.export does not know"
