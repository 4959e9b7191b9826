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

import torch
from torch import nn

from shapecalc import dims
from shapecalc.conditions import Condition
from shapecalc.dims import Dim, Shape
from shapecalc.errors import PatternError, TargetError
from shapecalc.graph import Finding, LayerGraph
from shapecalc.inputs import Pattern, Patterns
from shapecalc.trace.run import explore
from shapecalc.trace.symbolic_tensor import NAMES

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
    or else the first if the failure has nothing to do with it, so that the mistake is found in
    its place.

    Raises:
        PatternError: it cannot be inferred; the message names the inputs of `forward`.
        TargetError: the model has no `forward`.
    """
    signature = signature_of(model)
    if not signature.parameters:
        return Patterns()
    names = _required(signature)
    if len(names) != 1 or signature.parameters[names[0]].kind is inspect.Parameter.VAR_KEYWORD:
        raise PatternError(_question(model, names))
    (name,) = names
    failed: list[tuple[Patterns, Finding]] = []
    accepted: Patterns | None = None
    for layout, dtype in _candidates(model):
        pattern = Pattern(name, Shape(map(dims.symbol, layout.split(","))), dtype)
        graph = explore(model, _passed(pattern, signature), _hint(layout), train=train)
        fixed = _numbers(graph)
        shape = Shape(dim.subs(fixed) for dim in pattern.shape)
        inferred = _passed(replace(pattern, shape=shape), signature)
        if not graph.findings:
            return inferred
        failed.append((inferred, graph.findings[0]))
        accepted = accepted or (inferred if fixed else None)
    first, failure = failed[0]
    if accepted or any(failure == other for _, other in failed[1:]):
        return accepted or first
    raise PatternError(f"{_question(model, names)}\n  tried, and got: {failure.message}")


def _passed(pattern: Pattern, signature: inspect.Signature) -> Patterns:
    """Return the inputs of a call with one tensor, by keyword where `forward` wants that."""
    if signature.parameters[pattern.name].kind is inspect.Parameter.KEYWORD_ONLY:
        return Patterns((), {pattern.name: pattern}, inferred=True)
    return Patterns((pattern,), {}, inferred=True)


def _candidates(model: nn.Module) -> Iterator[tuple[str, str]]:
    """Yield layouts, beginning with that of the layer that was built first."""
    found: dict[tuple[str, str], None] = {}
    for module in model.modules():
        for kinds, layout, dtype in _LAYOUTS:
            if isinstance(module, kinds):
                found[layout, dtype] = None
    for _, layout, dtype in _LAYOUTS:
        found[layout, dtype] = None
    floating = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    for layout, dtype in found:
        yield layout, NAMES[floating] if dtype == "float32" else dtype


def _hint(layout: str) -> dict[str, int]:
    usual = {"N": 5, "C": 64, "D": 16, "H": 224, "W": 256, "L": 96, "T": 24}
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


def signature_of(model: nn.Module) -> inspect.Signature:
    """Return what `forward` takes.

    Raises:
        TargetError: the model has no `forward`.
    """
    forward: Any = model.forward
    if getattr(forward, "__func__", None) is nn.Module.forward:
        name = type(model).__name__
        raise TargetError(f"{name} has no `forward` of its own: there is nothing to trace")
    try:
        return inspect.signature(forward)
    except (TypeError, ValueError):  # a traced ScriptModule, which has a schema
        kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
        arguments = [entry for entry in forward.schema.arguments if entry.name != "self"]
        defaults = [e.default_value if e.has_default_value() else empty for e in arguments]
        return inspect.Signature(
            [
                inspect.Parameter(entry.name, kind, default=default)
                for entry, default in zip(arguments, defaults, strict=True)
            ]
        )


def positional_names(model: nn.Module) -> list[str]:
    """Return the names of the positional parameters of `forward`."""
    return _positional(signature_of(model))


def _positional(signature: inspect.Signature) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in signature.parameters.values() if p.kind in kinds]


def check_call(model: nn.Module, patterns: Patterns) -> None:
    """Demand that `forward` can be called with these inputs.

    Raises:
        PatternError: it takes fewer, more or other arguments.
    """
    signature = signature_of(model)
    try:
        signature.bind(*patterns.args, **dict(patterns.kwargs or {}))
    except TypeError as error:
        known = signature.parameters
        strange = [name for name in patterns.kwargs or {} if name not in known]
        why = f"it has no input {strange[0]!r}" if strange else str(error)
        if len(patterns.args) > len(_positional(signature)):
            named = [p.name for p in known.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
            why = f"{len(patterns.args)} are given without a name"
            why += f"; by name it takes {', '.join(named)}" if named else ", which is too many"
        name = type(model).__name__
        raise PatternError(f"{name}.forward{signature} does not take these inputs: {why}") from None


def _required(signature: inspect.Signature) -> list[str]:
    parameters = signature.parameters.values()
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in several]
    variadic = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    # `forward(self, *x)` and `forward(self, x=None)` are asked for one input
    return required or variadic[:1] or [p.name for p in parameters][:1]


def _question(model: nn.Module, names: list[str]) -> str:
    signature = signature_of(model)
    anything = inspect.Parameter.VAR_KEYWORD
    words = ["name" if signature.parameters[n].kind is anything else n for n in names]
    example = " ".join(f'--input "{word}=N,..."' for word in words)
    return (
        f"the inputs of {type(model).__name__}.forward{signature} cannot be inferred: "
        f"give {example}"
    )
