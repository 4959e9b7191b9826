"""One element of a layer's output, explained with the numbers of a real forward pass."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import torch

import shapecalc.explain.activation
import shapecalc.explain.convolution
import shapecalc.explain.linear
import shapecalc.explain.normalization
import shapecalc.explain.pooling
import shapecalc.explain.resampling
import shapecalc.explain.view  # noqa: F401  # each registers what it explains
from shapecalc.errors import InputError
from shapecalc.explain.call import EXPLAINERS, Call, explainer, number
from shapecalc.explain.explanation import Explanation, Index
from shapecalc.explain.functions import FUNCTIONS
from shapecalc.explain.run import Passed, called, passed
from shapecalc.explain.sharing import sharing
from shapecalc.explain.values import fitted
from shapecalc.graph import Layer, LayerGraph, ModuleCall
from shapecalc.inputs import Pattern
from shapecalc.verify.effective import default_sizes

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_ROUNDING = 64  # times the precision of a type: what a sum in another order may differ by


def explain(
    analysis: Analysis,
    layer: str,
    element: Sequence[int] | None = None,
    *,
    x: Any = None,
    call: int | None = None,
    seed: int = 0,
    said: str = "",
    **sizes: int,
) -> Explanation:
    """Explain one element of the output of a layer, which is a module of torch.

    `element` is its index, where the batch may be left out; without it, it is the first one. `x`
    is the input of the model, as a tensor or nested lists, or a mapping of them by the names of
    the inputs; `said` says where it is from. Without it, the input is random, of whole numbers
    from 0 to 9. `call` counts the calls of a layer from 1.

    Raises:
        InputError: there is no such layer or element, there is no explanation for layers of its
            kind, or the model cannot be run.
        RejectedInput: the model does not accept these sizes.
    """
    given, found = _given(analysis, x)
    for name, size in sizes.items():
        if found.setdefault(name, size) != size:
            raise InputError(f"{name} is {found[name]} in the given input, and {size} is asked for")
    every = default_sizes(analysis, found)
    complete = {name: every[name] for name in analysis.symbols}
    graph = analysis.at(**complete).graph
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for the weights of a spec, which are made now
        records, run = _passed(analysis, graph, layer, call, complete, given, seed)
    module, x, y = run.module, run.x, run.y
    explains = None if module is None else explainer(module)
    if module is None or explains is None:
        kind = f"call of {records[0].function}" if module is None else type(module).__name__
        raise _unexplained(layer, kind)
    index = _index(element, tuple(y.shape), layer)
    by_hand = explains(Call(module=module, x=x, y=y, training=run.training, element=index))
    precision = torch.finfo(y.dtype).eps if y.dtype.is_floating_point else 0.0
    magnitude = by_hand.size if math.isfinite(by_hand.size) else 0.0
    return Explanation(
        model=graph.name,
        layer=layer,
        kind=f"{type(module).__name__}({module.extra_repr()})" if run.own else str(records[0].op),
        records=tuple(records),
        sizes=complete,
        input=said or ("as given" if given else f"random whole numbers, from seed {seed}"),
        in_shape=tuple(x.shape),
        out_shape=tuple(y.shape),
        element=index,
        reads=by_hand.reads,
        parts=by_hand.parts,
        value=by_hand.value,
        torch=number(y[index]),
        tolerance=_ROUNDING * precision * magnitude,
        weights=sharing(records, complete),
        notes=by_hand.notes,
    )


def _given(analysis: Analysis, x: Any) -> tuple[dict[str, torch.Tensor], dict[str, int]]:
    """Return the inputs that are given by name, and the sizes that they have."""
    if x is None:
        return {}, {}
    patterns: dict[str, Pattern] = {pattern.name: pattern for pattern in analysis.patterns.all()}
    if not isinstance(x, Mapping):
        if len(patterns) != 1:
            names = ", ".join(patterns)
            raise InputError(f"the model has the inputs {names}: give x by their names")
        x = {next(iter(patterns)): x}
    given, sizes = {}, dict[str, int]()
    for name, values in x.items():
        if name not in patterns:
            raise InputError(f"{name} is no input of the model; they are: {', '.join(patterns)}")
        try:
            tensor = values.detach() if isinstance(values, torch.Tensor) else torch.tensor(values)
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise InputError(f"the values of {name} are no tensor: {error}") from error
        given[name], own = fitted(tensor, patterns[name], "the input")
        for symbol, size in own.items():
            if sizes.setdefault(symbol, size) != size:
                raise InputError(f"{symbol} is {sizes[symbol]} in one input, {size} in {name}")
    return given, sizes


def _passed(
    analysis: Analysis,
    graph: LayerGraph,
    layer: str,
    call: int | None,
    sizes: Mapping[str, int],
    given: Mapping[str, torch.Tensor],
    seed: int,
) -> tuple[Sequence[Layer], Passed]:
    """Return the ops of a layer, which is a module or a call of a function, and its run."""
    modules = [record for record in graph.calls if record.name == layer]
    functions = [record for record in graph.layers if record.name == layer]
    if modules:
        number_of_call = _call(layer, call, len(modules))
        ops = _ops(graph, modules[number_of_call - 1])
        return ops, passed(analysis, layer, number_of_call, sizes, given, seed)
    if functions:
        record = functions[_call(layer, call, len(functions)) - 1]
        return (record,), called(analysis, graph, record, sizes, given, seed)
    known = _layers(graph)
    near = get_close_matches(layer, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"the layers are {_listed(known)}"
    raise InputError(f"there is no layer {layer!r}; {hint}")


def _call(layer: str, call: int | None, count: int) -> int:
    """Return which call of a layer is asked for; of a single one, that.

    Raises:
        InputError: there is no such call, or there are several to choose from.
    """
    if call is None and count > 1:
        raise InputError(f"{layer!r} is called {count} times: choose one of the calls 1 to {count}")
    if call is not None and not 1 <= call <= count:
        raise InputError(f"{layer!r} is called {'once' if count == 1 else f'{count} times'}")
    return call or 1


def _ops(graph: LayerGraph, record: ModuleCall) -> Sequence[Layer]:
    """Return the ops of a call of a module.

    Raises:
        InputError: it has layers of its own.
    """
    if not record.leaf:
        name = record.name
        inside = [each for each in _layers(graph) if not name or each.startswith(f"{name}.")]
        what = f"{name!r} is a {record.kind}" if name else f"the model is a {record.kind}"
        raise InputError(f"{what}, which has layers: choose one of {_listed(inside)}")
    return graph.layers[record.layers.start : record.layers.stop]


def _unexplained(layer: str, kind: str) -> InputError:
    names = {re.sub(r"[123]d$", "Nd", module.__name__) for module in EXPLAINERS}
    kinds = ", ".join(sorted(names))
    return InputError(
        f"{layer!r} is a {kind}, for which there is no explanation; there is one for {kinds}, and "
        f"for calls of {', '.join(sorted(FUNCTIONS))}"
    )


def _layers(graph: LayerGraph) -> list[str]:
    """Return the names of the modules without modules of their own, then of the other calls."""
    modules = [record.name for record in graph.calls if record.leaf]
    return list(dict.fromkeys((*modules, *(record.name for record in graph.layers))))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")


def _index(element: Sequence[int] | None, shape: Index, layer: str) -> Index:
    """Return the index of an element; one that is short by an axis is of the first of the batch.

    Raises:
        InputError: there is no such element.
    """
    text = " x ".join(map(str, shape)) or "one number"
    if not all(shape):
        raise InputError(f"the output of {layer!r} is {text}: it has no element")
    if element is None:
        return (0,) * len(shape)
    index = tuple(element)
    if len(index) == len(shape) - 1:
        index = (0, *index)
    if len(index) != len(shape):
        wanted = f"{len(shape) - 1} indices, or {len(shape)} with the batch" if shape else "none"
        raise InputError(f"expected {wanted}, for an output of {text}, got {len(index)}")
    for i, size in zip(index, shape, strict=True):
        if not 0 <= i < size:
            raise InputError(f"there is no element {i}: the output is {text}, counted from 0")
    return index
