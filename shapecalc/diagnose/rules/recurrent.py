"""Mistakes of recurrent layers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from shapecalc import dims
from shapecalc.diagnose.cause import ancestors, name_of, producer, setter
from shapecalc.diagnose.edits import Candidate, Rebuild, Recall, Rewrite
from shapecalc.diagnose.inputs_that_fit import feed
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Layer, OutputRef, Source
from shapecalc.ops.linear import Linear
from shapecalc.ops.recurrent import Recurrent
from shapecalc.ops.recurrent_cells import RecurrentCell

# what the constructors of layers call the size of what they hand on
_SETS = {nn.Linear: "out_features", nn.Embedding: "embedding_dim"}


@mistake("SC162", "rnn_directions")
def rnn_directions(m: Mistake) -> Draft | None:
    """The layer after a recurrent layer counts its directions wrongly.

    With `bidirectional=True` a recurrent layer runs along the sequence forward and backward, and
    puts what both directions say side by side: its output has 2*hidden_size features. Each entry
    of its last hidden state, such as `h_n[-1]`, belongs to one direction and has hidden_size.

    Wrong:
        self.rnn = nn.GRU(8, 16, bidirectional=True)
        self.head = nn.Linear(16, 10)
    Right:
        self.rnn = nn.GRU(8, 16, bidirectional=True)
        self.head = nn.Linear(2 * 16, 10)
    """
    layer = m.layer
    if layer is None or m.raw.demand is None or not isinstance(layer.op, (Linear, Recurrent)):
        return None
    argument = "in_features" if isinstance(layer.op, Linear) else "input_size"
    got, expected = layer.in_shapes[0][-1], dims.as_dim(getattr(layer.op, argument))
    rnn = _recurrent_before(m, layer.sources[0], got)
    if rnn is None or m.raw.demand.left != got:
        return None
    op: Recurrent = rnn.op  # type: ignore[assignment]
    hidden = dims.as_dim(op.features)
    name, subject = _name(m, rnn), m.subject
    if (got, expected) == (2 * hidden, hidden) and op.bidirectional:
        why = f"{name} is bidirectional: both directions make 2*{subject.size(hidden)} features"
    elif (got, expected) == (hidden, 2 * hidden):
        both = "is bidirectional, but this is the state of one direction"
        why = f"{name} {both if op.bidirectional else 'runs in one direction'}"
        why += f": {subject.size(hidden)} features"
    else:
        return None
    found: list[Candidate] = []
    if argument == "in_features" or m.module is not None:
        found.append(Rebuild(layer=m.raw.layer, argument=argument, value=subject.number(got)))
    if (got == hidden) != op.bidirectional:
        found.append(Rebuild(layer=name, argument="bidirectional", value=not op.bidirectional))
    else:
        found += _both_states(m, layer.sources[0])
    return Draft(
        message=f"{m.op} expects {argument} = {subject.number(expected)}, "
        f"receives {subject.number(got)} from {name}",
        argument=argument,
        got=subject.number(got),
        expected=subject.number(expected),
        because=(why,),
        candidates=tuple(found),
        root=("directions", name),
    )


def _recurrent_before(m: Mistake, source: Source, features: Dim) -> Layer | None:
    """Return the recurrent layer whose features arrive, where nothing changes them on the way."""
    for layer in ancestors(m.subject, source):
        if isinstance(layer.op, Recurrent):
            return layer
        if features not in layer.out_shape[-1:] or "out_features" in dir(layer.op):
            return None
    return None


def _both_states(m: Mistake, source: Source) -> Iterator[Rewrite]:
    """Propose to join the last states of both directions where one of them is taken."""
    taken = producer(m.subject, source)
    if taken is None or taken.kind != "getitem" or len(taken.in_shapes[0]) != 3:
        return
    if isinstance(behind := taken.sources[0], OutputRef) and behind.output == 1:
        text = "join both directions: torch.cat((h_n[-2], h_n[-1]), dim=-1)"
        yield Rewrite(
            index=taken.index,
            text=text,
            rewriting=lambda func, args, kwargs: torch.cat((args[0][-2], args[0][-1]), -1),
        )


@mistake("SC160", "rnn_input_size")
def rnn_input_size(m: Mistake) -> Draft | None:
    """A recurrent layer is built for another number of features than it receives.

    A recurrent layer reads one vector of `input_size` numbers at every step. They are the last
    axis of its input: [batch, time, features] with `batch_first=True`, else [time, batch,
    features]. Behind an Embedding they are its embedding_dim.

    Wrong:
        self.embed = nn.Embedding(1000, 64)
        self.rnn = nn.LSTM(32, 128, batch_first=True)
    Right:
        self.embed = nn.Embedding(1000, 64)
        self.rnn = nn.LSTM(64, 128, batch_first=True)
    """
    layer = m.layer
    if layer is None or not isinstance(layer.op, (Recurrent, RecurrentCell)):
        return None
    arriving, expected = layer.in_shapes[0], dims.as_dim(layer.op.input_size)
    demand = m.raw.demand
    if demand is None or (demand.left, demand.right) != (arriving[-1], expected):
        return None
    subject = m.subject
    got, wanted = subject.number(arriving[-1]), subject.number(expected)
    because = [f"what arrives is {subject.shape(arriving)}; the last axis is the features"]
    found: list[Candidate] = []
    if _axes_are_swapped(m, arriving, wanted):
        because.append(f"axis 1 has {wanted}: features and time are swapped")
        found.append(_transposed(m))
    found += feed(m)
    found.append(Rebuild(layer=_name(m, layer), argument="input_size", value=got))
    found += resized(m, layer.sources[0], arriving[-1], wanted)
    origin = setter(subject, layer.sources[0], arriving[-1])
    return Draft(
        message=f"{layer.op.kind} expects input_size = {wanted}, receives {got} features",
        argument="input_size",
        got=got,
        expected=wanted,
        because=tuple(because),
        candidates=tuple(found),
        root=("size", name_of(subject, origin), got, wanted),
    )


def _axes_are_swapped(m: Mistake, x: Shape, wanted: int) -> bool:
    op = m.layer.op if m.layer else None
    batched = isinstance(op, Recurrent) and len(x) == 3
    return batched and getattr(m.module, "batch_first", False) and m.subject.number(x[1]) == wanted


def _transposed(m: Mistake) -> Recall:
    assert m.layer is not None
    name = _name(m, m.layer)
    return Recall(
        index=m.layer.call,
        text=f"swap the axes first: {name}(x.transpose(1, 2))",
        recalling=lambda call, module, args, kwargs: call(
            module, args[0].transpose(1, 2), *args[1:], **kwargs
        ),
    )


def resized(m: Mistake, source: Source, size: Dim, wanted: int) -> Iterator[Rebuild]:
    """Propose that the layer that set a size hands on as many as are wanted."""
    made = producer(m.subject, setter(m.subject, source, size))
    if made is None:
        return
    name = _name(m, made)
    argument = _SETS.get(type(m.subject.modules.get(name)))
    if argument is not None:
        yield Rebuild(layer=name, argument=argument, value=wanted)


@mistake("SC164", "rnn_input_rank")
def rnn_input_rank(m: Mistake) -> Draft | None:
    """A recurrent layer receives a tensor with too many or too few axes.

    It takes a batch of sequences of vectors, three axes, or one sequence of vectors, two. A
    feature map [batch, channels, height, width] is none: its axes have to be laid out as a
    sequence first, such as the width as time and channels*height as features.

    Wrong:
        nn.GRU(64, 32, batch_first=True)(torch.zeros(8, 16, 4, 25))
    Right:
        x = torch.zeros(8, 16, 4, 25).permute(0, 3, 1, 2).flatten(2)
        nn.GRU(64, 32, batch_first=True)(x)
    """
    layer, module = m.layer, m.module
    ranks = {nn.RNNBase: (2, 3), nn.RNNCellBase: (1, 2)}
    taken = next((ranks[cls] for cls in ranks if isinstance(module, cls)), None)
    if layer is None or taken is None or not layer.in_shapes or isinstance(layer.op, Recurrent):
        return None
    arriving = layer.in_shapes[0]
    if len(arriving) in taken or m.raw.call is None:
        return None
    axes = "[batch, time, features]" if taken == (2, 3) else "[batch, features]"
    if not getattr(module, "batch_first", True):
        axes = "[time, batch, features]"
    return Draft(
        message=f"{m.op} expects {taken[1]} axes {axes}, receives {len(arriving)}",
        argument="input",
        got=len(arriving),
        expected=taken[1],
        because=(f"what arrives is {m.subject.shape(arriving)}",),
    )


def _name(m: Mistake, layer: Layer) -> str:
    """Return the name of the module that a layer is called in."""
    return m.subject.graph.calls[layer.call].name or layer.name
