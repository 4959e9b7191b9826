"""One trace of a model, and the search for a hint at which it runs to its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from shapecalc import sets
from shapecalc.conditions import Condition, Hint
from shapecalc.errors import DataDependentError, ForwardError, ShapeError
from shapecalc.graph import Finding, LayerGraph
from shapecalc.inputs import Pattern, Patterns, fill
from shapecalc.trace.containers import shapes_of
from shapecalc.trace.source import raised_at
from shapecalc.trace.tracer import Tracer

_ATTEMPTS = 24  # hints that are tried before a model is said to fail


@dataclass(frozen=True, slots=True)
class Traced:
    """A graph, and the premise that has to fall for another path to be taken, if it failed."""

    graph: LayerGraph
    wanted: Condition | None = None


def trace(
    model: nn.Module, patterns: Patterns, hint: Mapping[str, int], *, train: bool = False
) -> LayerGraph:
    """Run `model` once on symbolic inputs, at one hint. The model is left as it was."""
    return _trace(model, patterns, hint, train=train).graph


def explore(
    model: nn.Module, patterns: Patterns, hint: Mapping[str, int], *, train: bool = False
) -> LayerGraph:
    """Trace at hints that are repaired until the model runs to its end.

    Where a trace fails, the condition that failed, or else the last choice before the failure
    and then the ones before that, is turned round and a hint on that side is searched. When
    nothing is left to turn round, the first failure is the answer.
    """
    first: LayerGraph | None = None
    tried: set[tuple[tuple[str, int], ...]] = set()
    pending = [dict(hint)]
    while pending and len(tried) < _ATTEMPTS:
        at = pending.pop()
        key = tuple(sorted(at.items()))
        if key in tried:
            continue
        tried.add(key)
        traced = _trace(model, patterns, at, train=train)
        graph = traced.graph
        if not graph.findings:
            return graph
        first = first or graph
        path = [premise.condition for premise in graph.premises]
        turned = [(path[:n], c.negated()) for n, c in enumerate(path)]
        if traced.wanted is not None:
            turned.append((path, traced.wanted))
        # the last to be pushed is the first to be tried: the choice nearest to the failure
        for before, other in turned:
            named = {name: at[name] for name in at}
            if found := sets.find_sizes([*before, other], named):
                pending.append(found)
    assert first is not None
    return first


def _trace(model: nn.Module, patterns: Patterns, hint: Mapping[str, int], *, train: bool) -> Traced:
    tracer = Tracer(model, Hint(hint))
    wanted: Condition | None = None
    output: Any = None
    findings: tuple[Finding, ...] = ()

    def tensor(pattern: Pattern) -> Any:
        return tracer.tensor(pattern.name, pattern.shape, pattern.dtype)

    with left_as_it_was(model, train=train):
        args, kwargs = fill(patterns, tensor)
        try:
            with tracer.watching_modules(), torch.no_grad(), tracer:
                output = shapes_of(model(*args, **kwargs))
        except ShapeError as error:
            wanted = error.condition
            findings = (_shape_finding(error),)
        except DataDependentError as error:
            findings = (_finding(error, str(error), "data"),)
        except ForwardError as error:
            findings = (_finding(error, str(error), "forward"),)
        except Exception as error:  # the model's own code may raise anything
            findings = (_finding(error, f"{type(error).__name__}: {error}", "forward"),)
    graph = tracer.graph(
        name=type(model).__name__,
        inputs=patterns.inputs(),
        output=output,
        findings=findings,
        notes=tuple(tracer.notes),
        parameters=sum(
            0 if torch.nn.parameter.is_lazy(p) else p.numel() for p in model.parameters()
        ),
    )
    return Traced(graph, wanted)


def _shape_finding(error: ShapeError) -> Finding:
    return Finding(
        message=error.message,
        layer=getattr(error, "layer", ""),
        fix=error.fix,
        location=getattr(error, "location", None) or raised_at(error),
        condition=error.condition,
    )


def _finding(error: BaseException, message: str, kind: str) -> Finding:
    return Finding(message=message, location=raised_at(error), kind=kind)


@contextlib.contextmanager
def left_as_it_was(model: nn.Module, *, train: bool) -> Iterator[None]:
    """Set the model's mode, and put back whatever a forward changes in its modules."""
    modules = list(model.modules())
    kept = [(module, _snapshot(module)) for module in modules]
    hashing = torch.SymInt.__hash__
    try:
        # a size may be a key of a dict: it is then asked for its number, which is recorded
        torch.SymInt.__hash__ = lambda size: hash(size.node.int_())  # type: ignore
        with torch.random.fork_rng(devices=[]):
            model.train(train)
            yield
    finally:
        torch.SymInt.__hash__ = hashing  # type: ignore[method-assign]
        for module, attributes in kept:
            module.__dict__.clear()
            module.__dict__.update(attributes)


def _snapshot(module: nn.Module) -> dict[str, Any]:
    copied = {}
    for name, value in module.__dict__.items():
        copied[name] = value.copy() if type(value) in (dict, list, set) else value
    return copied
