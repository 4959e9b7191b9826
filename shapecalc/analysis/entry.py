"""From a model or a spec to its analysis."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from shapecalc.analysis.analysis import Analysis
from shapecalc.analysis.source import is_spec
from shapecalc.errors import PatternError, TargetError
from shapecalc.hints import hint_for
from shapecalc.inputs import Pattern, parse_inputs

if TYPE_CHECKING:
    from torch import nn

    from shapecalc.spec import Spec


def analyze(
    model: nn.Module | Spec | str | os.PathLike[str] | Mapping[str, Any],
    *inputs: Any,
    train: bool = False,
    **kwinputs: Any,
) -> Analysis:
    """Return the shapes of a model for every input size.

    `model` is an `nn.Module`, the path of a YAML spec, or a parsed spec. `inputs` and
    `kwinputs` are patterns such as `"N,3,H,W"` or `"N,T:int64"`, nested in lists, tuples and
    dicts as `forward` expects them; without any, the pattern is inferred from the layers that
    see the input first. The model is traced in evaluation mode unless `train`.

    Raises:
        PatternError: a pattern cannot be read, or none can be inferred.
        SpecError: the spec has a mistake.
        TargetError: `model` is nothing that can be analysed.
    """
    if is_spec(model) or isinstance(model, (str, os.PathLike, Mapping)):
        return _analyze_spec(model, inputs, kwinputs)
    import torch

    if type(model).__name__ == "OptimizedModule":  # of torch.compile, which is slow to import
        model = cast("nn.Module", getattr(model, "_orig_mod", model))
    if not isinstance(model, torch.nn.Module):
        given: Any = model
        got = f"the class {given.__name__}" if isinstance(given, type) else repr(given)
        raise TargetError(
            f"expected an nn.Module, the path of a YAML spec or a parsed spec, got {got}"
        )
    from shapecalc.trace.infer_inputs import check_call, infer_inputs, positional_names
    from shapecalc.trace.run import explore

    if inputs or kwinputs:
        patterns = parse_inputs(inputs, kwinputs, positional_names(model))
        check_call(model, patterns)
    else:
        patterns = infer_inputs(model, train=train)
    graph = explore(model, patterns, hint_for(patterns), train=train)
    return Analysis(graph, patterns, model, train)


def _analyze_spec(model: Any, inputs: tuple[Any, ...], kwinputs: Mapping[str, Any]) -> Analysis:
    from shapecalc import spec

    if inputs or kwinputs:
        raise PatternError("a spec names its own inputs: change `input:` in the spec")
    if isinstance(model, str) and re.fullmatch(r"[\w./-]+(\.py)?:\w[\w.]*", model):
        raise TargetError(f"{model} is a target of the command line: import it, and pass the model")
    loaded = model if is_spec(model) else spec.load(model)
    graph = spec.graph(loaded)
    received = tuple(Pattern(tensor.name, tensor.shape, tensor.dtype) for tensor in graph.inputs)
    patterns = parse_inputs(received, {})
    return Analysis(graph, patterns, loaded)
