"""Mistakes with the states that recurrent layers start with."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn

from shapecalc.diagnose.cause import producer
from shapecalc.diagnose.edits import Candidate, Rebuild, Recall
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.dims import Shape
from shapecalc.graph import ModuleCall, OutputRef, Source
from shapecalc.ops.recurrent import Recurrent
from shapecalc.ops.recurrent_cells import RecurrentCell

_ZEROS = ("zeros", "zeros_like", "new_zeros")


@mistake("SC161", "rnn_hidden_shape")
def rnn_hidden_shape(m: Mistake) -> Draft | None:
    """The first state of a recurrent layer has a wrong shape.

    The state h_0 has one row for every layer and direction: [num_layers, batch, hidden_size], with
    2*num_layers rows where the layer is bidirectional; `batch_first` changes nothing about it. An
    LSTM takes two such tensors as a pair (h_0, c_0). Without them a layer starts with zeros.

    Wrong:
        rnn = nn.GRU(8, 16, num_layers=2, batch_first=True)
        rnn(x, torch.zeros(x.size(0), 2, 16))
    Right:
        rnn = nn.GRU(8, 16, num_layers=2, batch_first=True)
        rnn(x, torch.zeros(2, x.size(0), 16))
    """
    layer, module = m.layer, m.module
    if layer is None or not isinstance(layer.op, (Recurrent, RecurrentCell)):
        recurrent = isinstance(module, (nn.RNNBase, nn.RNNCellBase))
        return _of_other_form(m, module) if recurrent else None
    subject, op = m.subject, layer.op
    x, *states = layer.in_shapes
    wanted, meaning = _wanted(op, x, states)
    names = ("h_0", "c_0") if isinstance(op, Recurrent) else ("hx", "cx")
    for name, state in zip(names, states, strict=False):
        expected = wanted
        if name == "c_0" and isinstance(op, Recurrent):
            expected = Shape((*wanted[:-1], op.hidden_size))
        got, right = _numbers(m, state), _numbers(m, expected)
        if got == right:
            continue
        because = [f"{name} is {meaning}"]
        if isinstance(op, Recurrent) and op.bidirectional:
            because.append(f"a bidirectional {op.kind} has 2 rows for every layer")
        if isinstance(op, Recurrent) and len(got) == 3 and got == _turned(right):
            because.append("the first two axes are swapped; batch_first does not concern states")
        return Draft(
            message=f"{op.kind} expects {name} of shape {subject.shape(expected)}, "
            f"receives {subject.shape(state)}",
            argument=name,
            got=got,
            expected=right,
            because=tuple(because),
            candidates=(
                *_swapped(m, got, right),
                *_left_out(m),
                *_resized(m, got, right),
                *_one_way(m, got, right),
            ),
            root=("state", layer.index),
        )
    return None


def _wanted(op: Recurrent | RecurrentCell, x: Shape, states: list[Shape]) -> tuple[Shape, str]:
    """Return the shape of a first state, and what its axes are."""
    if isinstance(op, RecurrentCell):
        return Shape((*x[:-1], op.hidden_size)), "[batch, hidden_size]"
    rows = op.directions * op.num_layers
    batch = states[0][1:2] if op.packed else x[:-1][0 if op.batch_first else 1 :][:1]
    count = "2*num_layers" if op.bidirectional else "num_layers"
    size = "proj_size" if op.proj_size != 0 else "hidden_size"
    return Shape((rows, *batch, op.features)), f"[{count}, batch, {size}]"


def _turned(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[1::-1], *shape[2:])


def _numbers(m: Mistake, shape: Shape) -> tuple[int, ...]:
    return tuple(map(m.subject.number, shape))


def _left_out(m: Mistake) -> list[Candidate]:
    """Propose to pass no states where zeros are passed: they are what the layer starts with."""
    layer, graph = m.layer, m.subject.graph
    if layer is None or not isinstance(m.module, (nn.RNNBase, nn.RNNCellBase)):
        return []
    if not all(map(partial(_are_zeros, m), layer.sources[1 : len(layer.in_shapes)])):
        return []
    name = graph.calls[layer.call].name
    return [
        Recall(
            index=layer.call,
            text=f"leave the state out: {name}(x) starts with zeros by itself",
            recalling=lambda call, module, args, kwargs: call(module, args[0]),
        )
    ]


def _are_zeros(m: Mistake, source: Source) -> bool:
    """Tell whether a state is made of zeros: by a layer, or as a constant of `forward`."""
    if isinstance(source, OutputRef):
        return m.subject.graph.layers[source.layer].function.endswith(_ZEROS)
    made = {name for name, layer in m.subject.graph.events if layer is None}
    own = [module for module in m.subject.modules.values() if next(module.children(), None)]
    learned = any(True for module in own for _ in module.parameters(recurse=False))
    return source is None and bool(made) and made <= {*_ZEROS} and not learned


def _swapped(m: Mistake, got: tuple[int, ...], right: tuple[int, ...]) -> list[Candidate]:
    """Propose to swap the first two axes of the states where that is all that is wrong."""
    if m.layer is None or m.module is None or len(got) != 3 or got != _turned(right):
        return []

    def recalling(call: Any, module: Any, args: Any, kwargs: Any) -> Any:
        states = args[1] if len(args) > 1 else kwargs["hx"]
        several = isinstance(states, (tuple, list))
        turned = tuple(s.transpose(0, 1).contiguous() for s in (states if several else (states,)))
        return call(module, args[0], turned if several else turned[0])

    text = f"build the state as {list(right)}: rows of layers first, then the batch"
    return [Recall(index=m.layer.call, text=text, recalling=recalling)]


def _resized(m: Mistake, got: tuple[int, ...], right: tuple[int, ...]) -> list[Candidate]:
    """Propose the hidden_size of the state that is passed, where nothing else is wrong."""
    if m.layer is None or got[:-1] != right[:-1]:
        return []
    name = m.subject.graph.calls[m.layer.call].name
    return [Rebuild(layer=name, argument="hidden_size", value=got[-1])]


def _one_way(m: Mistake, got: tuple[int, ...], right: tuple[int, ...]) -> list[Candidate]:
    """Propose one direction for the layer that made the states, where it makes twice the rows."""
    if m.layer is None or got[:1] != (2 * right[0],) or got[1:] != right[1:]:
        return []
    made = producer(m.subject, m.layer.sources[1])
    if made is None or not isinstance(made.op, Recurrent) or not made.op.bidirectional:
        return []
    name = m.subject.graph.calls[made.call].name
    return [Rebuild(layer=name, argument="bidirectional", value=False)]


def _of_other_form(m: Mistake, module: nn.Module | None) -> Draft | None:
    """Return what is said where the state is one tensor for a pair, or has other axes."""
    graph = m.subject.graph
    number = m.raw.call if m.layer is None else m.layer.call
    if number is None:
        return None
    call = graph.calls[number]
    given = call.keywords.get("hx", call.inputs[1] if len(call.inputs) > 1 else None)
    if given is None:
        return None
    pair = isinstance(module, (nn.LSTM, nn.LSTMCell))
    form = "a pair (h_0, c_0)" if pair else "one tensor h_0"
    alone = isinstance(given, Shape)
    shape = m.subject.shape(given) if isinstance(given, Shape) else f"{len(given)} tensors"
    if alone and pair:
        message = f"{call.kind} expects its states as {form}, receives one tensor {shape}"
    elif not alone and not pair:
        message = f"{call.kind} expects {form}, receives {shape}"
    else:
        message = f"{call.kind}: {m.raw.message}"
    return Draft(
        message=message,
        argument="hx",
        because=(_why(call),),
        layer=call.name,
        op=call.kind,
        root=("state", number),
        candidates=_recalls(call, given, pair=pair),
    )


def _why(call: ModuleCall) -> str:
    if "LSTM" in call.kind:
        return f"an {call.kind} keeps two states for every layer, h and c"
    return f"a {call.kind} keeps one state for every layer, h"


def _recalls(call: ModuleCall, given: Any, *, pair: bool) -> tuple[Candidate, ...]:
    """Propose to pass a pair for one state, or the first of a pair where one is wanted."""
    if pair != isinstance(given, Shape):
        return ()

    def recalling(original: Any, module: Any, args: Any, kwargs: Any) -> Any:
        state = args[1] if len(args) > 1 else kwargs["hx"]
        return original(module, args[0], (state, torch.zeros_like(state)) if pair else state[0])

    name = call.name or call.kind
    cells = f"pass both states: {name}(x, (h_0, torch.zeros_like(h_0)))"
    text = cells if pair else f"pass h_0 alone: {name}(x, h_0)"
    return (Recall(index=call.index, text=text, recalling=recalling),)
