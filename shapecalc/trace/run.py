"""One trace of a model, and the search for a hint at which it runs to its end."""

from __future__ import annotations

import contextlib
import copy
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from shapecalc.conditions import Hint
from shapecalc.errors import DataDependentError, ForwardError, ShapeError
from shapecalc.graph import Finding, LayerGraph
from shapecalc.inputs import Pattern, Patterns, fill
from shapecalc.sets import search
from shapecalc.sizes.exploration import Exploration
from shapecalc.trace.caches import UNHASHABLE, sizes, sizes_as_keys
from shapecalc.trace.containers import shapes_of
from shapecalc.trace.data_choices import Choices
from shapecalc.trace.libraries import read_as_ops
from shapecalc.trace.restore import left_as_it_was
from shapecalc.trace.source import raised_at, torch_refused
from shapecalc.trace.symbolic_tensor import is_symbolic
from shapecalc.trace.tracer import Rewriting, Tracer
from shapecalc.trace.transforms import unwrapped
from shapecalc.trace.watching import Recalling, watching_modules
from shapecalc.trace.ways import followed, one_that_goes_on

NO_BOOL = "must be bool, not SymBool"  # what torch says of an undecided comparison
_SYMBOLIC_SIZE = re.compile(r"\bSym(Int|Float|Bool)\b")
_ATTEMPTS = 24  # hints that are tried before a model is said to fail


def explore(
    model: nn.Module, patterns: Patterns, hint: Mapping[str, int], *, train: bool = False
) -> LayerGraph:
    """Trace at hints that are repaired until the model runs to its end.

    When no path does that, the trace that came furthest is the answer.
    """
    graph = first = trace(model, patterns, hint, train=train)
    for _ in range(_ATTEMPTS):
        if not graph.mistakes:
            return graph
        beyond = _beyond(graph, hint)
        if beyond is None:
            break
        before, graph = graph, trace(model, patterns, beyond, train=train)
        if graph.mistakes and len(graph.layers) <= len(before.layers):
            break  # it came no further
    graph = first
    exploration = Exploration(lambda at: trace(model, patterns, at, train=train), hint)
    exploration.add(graph)
    return exploration.until_accepted(traces=_ATTEMPTS) or exploration.furthest() or graph


def _beyond(graph: LayerGraph, hint: Mapping[str, int]) -> dict[str, int] | None:
    """Return sizes that follow a path up to the requirement that failed, and meet it.

    They are looked for among usual ones: cutting the space of sizes takes longer than a trace.
    """
    failed = graph.mistakes[0].condition
    if failed is None or failed.negated() not in (p.condition for p in graph.premises):
        return None
    conditions = [premise.condition for premise in graph.premises]
    path = conditions[: conditions.index(failed.negated())]
    found = search([*path, failed], hint, thorough=False)
    return None if found is None else {name: found[name] for name in hint}


def trace(
    model: nn.Module,
    patterns: Patterns,
    hint: Mapping[str, int],
    *,
    train: bool = False,
    recover: bool = False,
    rewritings: Mapping[int, Rewriting] | None = None,
    recalls: Mapping[int, Recalling] | None = None,
) -> LayerGraph:
    """Run `model` once on symbolic inputs, at one hint. The model is left as it was.

    The first mistake ends the trace, unless it is to `recover`: then what a layer declares is
    taken for granted, and the next mistake is found. `rewritings` are done in the place of the
    calls that would be layers of these numbers, `recalls` in that of module calls.

    Sizes are no keys of dicts, as torch has it; where that fails, they are. Libraries such as
    einops take another way round their caches when a size has no hash, and keep it symbolic. A
    size that is a key is asked for its number. A comparison of sizes is decided when its answer
    is asked for; where it is passed on to torch, which takes a plain bool alone, at once.

    Where data decide, the graph tells what is true on every way: see `ways`.
    """
    as_keys = at_once = False

    def once(choices: Choices) -> LayerGraph:
        nonlocal as_keys, at_once
        while True:
            graph = _trace(
                model, patterns, hint, choices, train=train, as_keys=as_keys, at_once=at_once,
                recover=recover, rewritings=rewritings or {}, recalls=recalls or {},
            )  # fmt: skip
            messages = " ".join(finding.message for finding in graph.findings)
            if UNHASHABLE in messages and not as_keys:
                as_keys = True
            elif NO_BOOL in messages and not at_once:
                at_once = True
            else:
                return graph
            choices.forget()

    return one_that_goes_on(once) if recover else followed(once)


def _trace(
    model: nn.Module,
    patterns: Patterns,
    hint: Mapping[str, int],
    choices: Choices,
    *,
    train: bool,
    as_keys: bool,
    at_once: bool,
    recover: bool,
    rewritings: Mapping[int, Rewriting],
    recalls: Mapping[int, Recalling],
) -> LayerGraph:
    if is_lazy(model):
        model = copied(model)  # a lazy module turns into another one when it is called
    tracer = Tracer(model, Hint(hint), choices, at_once=at_once, recover=recover)
    tracer.rewritings.update(rewritings)
    record = tracer.record
    output: Any = None
    findings: tuple[Finding, ...] = ()

    def tensor(pattern: Pattern) -> Any:
        return tracer.tensor(pattern.name, pattern.shape, pattern.dtype)

    with left_as_it_was(model, train=train), sizes_as_keys() if as_keys else sizes():
        args, kwargs = fill(patterns, tensor)
        try:
            with (
                watching_modules(tracer, recalls),
                _unasked(),
                _unchecked() if recover else contextlib.nullcontext(),
                _scripts(tracer),
                read_as_ops(tracer),
                unwrapped(),
                torch.no_grad(),
                tracer,
            ):
                output = shapes_of(_call_model(model, args, kwargs))
        except ShapeError as error:
            findings = (_shape_finding(error),)
        except DataDependentError as error:
            findings = (_finding(error, str(error), "data"),)
        except ForwardError as error:  # a trace that goes on after mistakes ends here all the same
            kind = "data" if recover or choices.made else "forward"
            findings = (_finding(error, str(error), kind),)
        except (Exception, SystemExit) as error:  # the model's own code may raise anything
            kind = "shape" if torch_refused(error) else "forward"
            text = str(error) if kind == "shape" else f"{type(error).__name__}: {error}"
            if recover and _SYMBOLIC_SIZE.search(text):
                kind = "data"  # a library that takes plain numbers alone: no mistake of the model
            findings = (_finding(error, text, kind),)
    return record.graph(
        name=type(model).__name__,
        inputs=patterns.inputs(),
        output=output,
        findings=(*record.mistakes.found, *findings),
        parameters=sum(
            0 if torch.nn.parameter.is_lazy(p) else p.numel() for p in model.parameters()
        ),
    )


def is_lazy(model: nn.Module) -> bool:
    """Tell whether a model has parameters whose sizes its first call decides."""
    return any(map(torch.nn.parameter.is_lazy, (*model.parameters(), *model.buffers())))


def copied(model: nn.Module) -> nn.Module:
    """Return a copy of a model; the buffers of lazy modules torch cannot copy by itself."""
    lazy_buffer: Any = torch.nn.parameter.UninitializedBuffer  # its stub has other arguments
    buffers = {
        id(lazy): lazy_buffer(device=lazy.device, dtype=lazy.dtype)
        for lazy in model.buffers()
        if torch.nn.parameter.is_lazy(lazy)
    }
    return copy.deepcopy(model, buffers)


def _call_model(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the model; places in the source are looked for within this call (see `source`)."""
    return model(*args, **kwargs)


def _shape_finding(error: ShapeError) -> Finding:
    return Finding(
        message=error.message,
        layer=getattr(error, "layer", ""),
        fix=error.fix,
        location=getattr(error, "location", None) or raised_at(error),
        condition=error.condition,
    )


def _finding(error: BaseException, message: str, kind: str) -> Finding:
    layer = getattr(error, "layer", "")
    return Finding(message=message, layer=layer, location=raised_at(error), kind=kind)


@contextlib.contextmanager
def _unasked() -> Iterator[None]:
    """Spare the model questions about values whose answer changes no shape.

    A transformer asks whether a mask is causal, which picks a faster kernel; False is right for
    every mask. An observer of a quantised model asks whether it has seen values yet.
    """
    module = torch.nn.modules.transformer
    observer: Any = sys.modules.get("torch.ao.quantization.observer")
    answers: list[tuple[Any, str, Callable[..., bool]]] = [
        (module, "_detect_is_causal_mask", lambda mask, is_causal=None, size=None: bool(is_causal))
    ]
    if observer is not None:
        answers.append((observer, "check_min_max_valid", lambda low, high: True))
    kept = [getattr(place, name) for place, name, _ in answers]
    for place, name, answer in answers:
        setattr(place, name, answer)
    try:
        yield
    finally:
        for (place, name, _), original in zip(answers, kept, strict=True):
            setattr(place, name, original)


@contextlib.contextmanager
def _unchecked() -> Iterator[None]:
    """Leave it to the rules to refuse the shapes that a recurrent layer checks in Python.

    A rule goes on after the first that does not fit.
    """

    def lenient(check: Callable[..., None]) -> Callable[..., None]:
        def checked(*args: Any) -> None:
            try:
                check(*args)
            except RuntimeError:  # the type of the numbers is a ValueError
                return

        return checked

    kept = [(cls, cls.check_forward_args) for cls in (nn.RNNBase, nn.LSTM)]
    for cls, check in kept:
        cls.check_forward_args = lenient(check)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for cls, check in kept:
            cls.check_forward_args = check  # type: ignore[method-assign]


@contextlib.contextmanager
def _scripts(tracer: Tracer) -> Iterator[None]:
    """Let the tracer see functions of `torch.jit.script`, which call torch without asking it.

    Such a function keeps the Python function that it was made of, which is run in its place. A
    real run shows nothing of what happens within, so that no event is noted.
    """
    script: Any = torch.jit.ScriptFunction
    jit: Any = torch.jit
    original, asked = script.__call__, jit.is_scripting

    def seen(function: Any, *args: Any, **kwargs: Any) -> Any:
        if not (is_symbolic(args) or is_symbolic(kwargs)):
            return original(function, *args, **kwargs)
        written = getattr(function, "_torchdynamo_inline", None)
        if not callable(written):
            return tracer.__torch_function__(function, (), args, kwargs)
        events = len(tracer.record.events)
        jit.is_scripting = lambda: True
        try:
            return written(*args, **kwargs)
        finally:
            jit.is_scripting = asked
            del tracer.record.events[events:]

    script.__call__ = seen
    try:
        yield
    finally:
        script.__call__ = original
