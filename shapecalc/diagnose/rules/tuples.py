"""Layers whose tuple is taken for a tensor."""

from __future__ import annotations

from typing import Any

from torch import nn

from shapecalc.diagnose.edits import Recall
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.graph import ModuleCall


@mistake("SC163", "rnn_tuple_output")
def rnn_tuple_output(m: Mistake) -> Draft | None:
    """What a recurrent layer returns is taken for a tensor, and it is a tuple.

    nn.RNN and nn.GRU return (output, h_n), and nn.LSTM returns (output, (h_n, c_n)): what the
    last layer says at every step, and the states after the last step. So they cannot stand in the
    middle of an nn.Sequential, and what they return has to be taken apart.

    Wrong:
        nn.Sequential(nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 10))
    Right:
        output, (h_n, c_n) = nn.LSTM(8, 16, batch_first=True)(x)
        nn.Linear(16, 10)(output[:, -1])
    """
    call = _returning(m)
    if call is None or not isinstance(_module(m, call), (nn.RNNBase, nn.LSTMCell)):
        return None
    names = ("output", "h_n")
    if "LSTM" in call.kind:
        names = ("h", "c") if "Cell" in call.kind else ("output", "(h_n, c_n)")
    if m.raw.message.startswith("entry 1: "):
        return _of_states(m, call)
    return _unpacked(m, call, names)


def _of_states(m: Mistake, call: ModuleCall) -> Draft:
    """Return what is said of `head(h)` after `output, h = lstm(x)`."""

    def recalling(original: Any, module: Any, args: Any, kwargs: Any) -> Any:
        output, (h_n, _) = original(module, *args, **kwargs)
        return output, h_n

    name = _called(call)
    return Draft(
        message=f"{call.kind} returns its states as a tuple (h_n, c_n), "
        "which is used as one tensor",
        argument="h_n",
        got="tuple",
        expected="Tensor",
        because=(
            f"h_n of {name} is {m.subject.shape(call.out_shapes[1])}",
            f"Python says: {m.raw.message.partition(': ')[2]}",
        ),
        candidates=(
            Recall(
                index=call.index,
                text=f"take it apart: output, (h_n, c_n) = {name}(...)",
                recalling=recalling,
            ),
        ),
        root=("tuple", call.index),
    )


@mistake("SC172", "tuple_output")
def tuple_output(m: Mistake) -> Draft | None:
    """What a layer returns is taken for a tensor, and it is a tuple.

    nn.MultiheadAttention returns (attn_output, attn_output_weights), and a pooling layer with
    `return_indices=True` returns (output, indices). The first entry is what goes on.

    Wrong:
        x = x + self.attention(x, x, x)
    Right:
        x = x + self.attention(x, x, x)[0]
    """
    call = _returning(m)
    if call is None:
        return None
    of_attention = isinstance(_module(m, call), nn.MultiheadAttention)
    return _unpacked(m, call, ("attn_output", "weights") if of_attention else ("output", "indices"))


def _returning(m: Mistake) -> ModuleCall | None:
    """Return the call whose tuple is misused."""
    if m.raw.kind != "tuple" or m.raw.call is None:
        return None
    return m.subject.graph.calls[m.raw.call]


def _module(m: Mistake, call: ModuleCall) -> nn.Module | None:
    return m.subject.modules.get(call.name)


def _called(call: ModuleCall) -> str:
    """Return how code may call a layer: an entry of a Sequential has a number for a name."""
    last = call.name.rpartition(".")[2]
    return call.kind.lower() if last.isdecimal() or not last else call.name


def _unpacked(m: Mistake, call: ModuleCall, names: tuple[str, str]) -> Draft:
    first, second = names
    shape = m.subject.shape(call.out_shape)
    return Draft(
        message=f"{call.kind} returns a tuple ({first}, {second}), which is used as one tensor",
        argument="output",
        got="tuple",
        expected="Tensor",
        because=(
            f"{first} of {call.name or call.kind} is {shape}",
            f"Python says: {m.raw.message}",
        ),
        candidates=(
            Recall(
                index=call.index,
                text=f"take the first entry: {first}, _ = {_called(call)}(...)",
                recalling=lambda original, module, args, kwargs: original(module, *args, **kwargs)[
                    0
                ],
            ),
        ),
        root=("tuple", call.index),
    )
