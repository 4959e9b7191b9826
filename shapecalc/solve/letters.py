"""Axes by letter: which axis of a tensor is H."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.errors import InputError

# torch's layouts: https://pytorch.org/docs/stable/nn.html#convolution-layers
_LAYOUTS: Mapping[int, str] = {2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}
_SAME: Mapping[str, str] = {"B": "N", "T": "L", "S": "L"}  # other letters for the batch, the length
_LETTERS = {*"NCDHWL", *_SAME}


def axis_of(shape: Shape, letter: str, inputs: Collection[str], what: str) -> int:
    """Return the axis of a tensor that a letter stands for.

    It is the axis whose size depends on the input size of that name and on no other, if there is
    just one; else the axis where torch has the letter: N, C, H, W of four axes. An axis that
    follows another letter of the input is not taken for that. `inputs` are the symbols of the
    inputs' sizes, and `what` is the tensor in an error.

    Raises:
        InputError: no axis is that letter.

    >>> N, H, W = dims.symbol("N"), dims.symbol("H"), dims.symbol("W")
    >>> axis_of(Shape((N, dims.floordiv(H, 4), dims.floordiv(W, 4), 96)), "H", "NHW", "out")
    1
    """
    following = [_follows(dim, inputs) for dim in shape]
    if following.count(letter) == 1:
        return following.index(letter)
    layout = _LAYOUTS.get(len(shape), "")
    axis = layout.find(letter)
    if len(letter) == 1 and axis >= 0:
        other = following[axis]
        if other is None or other not in _LETTERS or _SAME.get(other, other) == letter:
            return axis
    raise InputError(_no_axis(shape, letter, following, what))


def _follows(dim: dims.Dim, inputs: Collection[str]) -> str | None:
    """Return the one size of the inputs that a size depends on; parameters do not count."""
    found = [str(symbol) for symbol in dim.free_symbols if str(symbol) in inputs]
    return found[0] if len(found) == 1 else None


def _no_axis(shape: Shape, letter: str, following: list[str | None], what: str) -> str:
    if not shape:
        return f"{what} is a number, which has no axes"
    text = f"{what} is {dims.format_shape(shape)}"
    same = following.count(letter)
    why = f"{same} of its axes follow {letter}" if same > 1 else f"which of its axes is {letter}"
    if same < 2 and letter not in _LAYOUTS.get(len(shape), ""):
        why = f"none of its axes is {letter}"
    elif same < 2:
        why += " is not clear"
    likely = following.index(letter) if same else min(2, len(shape) - 1)
    return f"{text}: {why}; name one by its number, as in {what}[{likely}]"
