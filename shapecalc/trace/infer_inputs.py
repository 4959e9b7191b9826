"""What a model receives, found out from the layers that see it first.

Every size starts as a symbol. The rank is that of the first layer that states one; where a
layer then demands a number, such as the channels of a convolution, the trace records it as a
premise, and the symbol becomes that number.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim, Shape
from shapecalc.errors import PatternError
from shapecalc.graph import LayerGraph
from shapecalc.inputs import Pattern, Patterns
from shapecalc.trace.run import explore

# the layout that a layer expects, by how the field writes it
_LAYOUTS: tuple[tuple[tuple[type[nn.Module], ...], str, str], ...] = (
    ((nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.LazyConv2d), "N,C,H,W", "float32"),
    ((nn.Conv1d, nn.ConvTranspose1d, nn.LazyConv1d), "N,C,L", "float32"),
    ((nn.Conv3d, nn.ConvTranspose3d, nn.BatchNorm3d, nn.LazyConv3d), "N,C,D,H,W", "float32"),
    ((nn.Embedding, nn.EmbeddingBag), "N,T", "int64"),
    ((nn.RNNBase, nn.MultiheadAttention, nn.TransformerEncoderLayer), "N,T,C", "float32"),
    ((nn.Linear, nn.BatchNorm1d, nn.RNNCellBase), "N,C", "float32"),
)


def infer_inputs(model: nn.Module, *, train: bool = False) -> Patterns:
    """Return the pattern of every required input of `forward`.

    Where the model fails with every layout, the first whose channels a layer accepted is taken,
    so that the mistake is found in its place.

    Raises:
        PatternError: it cannot be inferred; the message names the inputs of `forward`.
    """
    names = _required(model)
    if len(names) != 1:
        raise PatternError(_question(model, names))
    failure, failing = "", None
    for layout, dtype in _candidates(model):
        symbols = [dims.symbol(name) for name in layout.split(",")]
        pattern = Pattern(names[0], Shape(symbols), dtype)
        patterns = Patterns((pattern,), {}, inferred=True)
        graph = explore(model, patterns, _hint(layout), train=train)
        fixed = _numbers(graph)
        shape = Shape(dim.subs(fixed) for dim in pattern.shape)
        inferred = Patterns((replace(pattern, shape=shape),), {}, inferred=True)
        if not graph.findings:
            return inferred
        failure = failure or graph.findings[0].message
        failing = failing or (inferred if fixed else None)
    if failing:
        return failing
    raise PatternError(
        _question(model, names) + (f"\n  tried, and got: {failure}" if failure else "")
    )


def _candidates(model: nn.Module) -> Iterator[tuple[str, str]]:
    """Yield layouts, beginning with that of the layer that was built first."""
    found: dict[tuple[str, str], None] = {}
    for module in model.modules():
        for kinds, layout, dtype in _LAYOUTS:
            if isinstance(module, kinds):
                found[layout, dtype] = None
    for _, layout, dtype in _LAYOUTS:
        found[layout, dtype] = None
    yield from found


def _hint(layout: str) -> dict[str, int]:
    usual = {"N": 3, "C": 64, "D": 16, "H": 224, "W": 256, "L": 96, "T": 24}
    return {name: usual[name] for name in layout.split(",")}


def _numbers(graph: LayerGraph) -> Mapping[Dim, int]:
    """Return the sizes of the channel axis that the premises fix.

    Only channels become numbers: that a model takes only images of 224 is a property to be
    shown, not one to be built into the question.
    """
    channels = dims.symbol("C")
    for premise in graph.premises:
        match premise.condition:
            case Condition(left=left, relation="==", right=right):
                gap = dims.expand(left - right)
                if gap.free_symbols == {channels} and gap.as_poly(channels).degree() == 1:
                    slope = gap.coeff(channels)
                    return {channels: -(gap - slope * channels) / slope}
    return {}


def positional_names(model: nn.Module) -> list[str]:
    """Return the names of the positional parameters of `forward`."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(model.forward).parameters.values()
    return [p.name for p in parameters if p.kind in kinds]


def check_call(model: nn.Module, patterns: Patterns) -> None:
    """Demand that `forward` can be called with these inputs.

    Raises:
        PatternError: it takes fewer, more or other arguments.
    """
    signature = inspect.signature(model.forward)
    try:
        signature.bind(*patterns.args, **dict(patterns.kwargs or {}))
    except TypeError as error:
        known = signature.parameters
        strange = [name for name in patterns.kwargs or {} if name not in known]
        why = f"it has no input {strange[0]!r}" if strange else str(error)
        name = type(model).__name__
        raise PatternError(f"{name}.forward{signature} does not take these inputs: {why}") from None


def _required(model: nn.Module) -> list[str]:
    parameters = inspect.signature(model.forward).parameters.values()
    named = positional_names(model)
    required = [p.name for p in parameters if p.name in named and p.default is p.empty]
    variadic = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    # `forward(self, *x)` and `forward(self, x=None)` are asked for one input
    return required or variadic[:1] or [p.name for p in parameters][:1]


def _question(model: nn.Module, names: list[str]) -> str:
    signature: Any = inspect.signature(model.forward)
    example = " ".join(f'--input "{name}=N,..."' for name in names)
    return (
        f"the inputs of {type(model).__name__}.forward{signature} cannot be inferred: "
        f"give {example}"
    )
