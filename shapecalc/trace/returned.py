"""A tuple that a layer of torch returns, in a trace that goes on after mistakes.

`y = self.rnn(x)` keeps the tuple (output, h_n), and the next line that takes `y` for a tensor
raises. Here the first tensor of the tuple stands in for it from there on, and the mistake is
written down once.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import torch

from shapecalc.trace.source import caller, is_caught

# functions that take a sequence of tensors, and at which place
_SEQUENCES = {
    "cat": 0, "concat": 0, "concatenate": 0, "stack": 0, "hstack": 0, "vstack": 0, "dstack": 0,
    "row_stack": 0, "column_stack": 0, "meshgrid": 0, "block_diag": 0, "cartesian_prod": 0,
    "broadcast_tensors": 0, "pad_sequence": 0, "lstm": 1, "lstm_cell": 1,
}  # fmt: skip
# what Python does with a tuple
_OF_TUPLES: dict[str, type] = {"__add__": tuple, "__mul__": int}


class Returned(tuple[Any, ...]):
    """What a layer returned; `misused` is told the first time that it is taken for a tensor."""

    misused: Callable[[str], None] | None = None

    def as_tensor(self, message: str) -> Any:
        """Return the first tensor, for a use that Python or torch refuses with a message.

        Raises:
            TypeError: the model's code expects just that, and catches it.
        """
        if is_caught(caller()):
            raise TypeError(message)
        if self.misused is not None:
            self.misused(message)
            self.misused = None
        return self[0]

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Let torch take the tuple where it takes a tensor; the tracer is asked before this."""
        return func(*unpacked(func, args), **unpacked(func, dict(kwargs or {})))

    def __getitem__(self, key: Any) -> Any:
        """Index the tuple, or its first tensor with what no tuple is indexed with."""
        if isinstance(key, (int, slice)):
            return super().__getitem__(key)
        kind = type(key).__name__
        return self.as_tensor(f"tuple indices must be integers or slices, not {kind}")[key]

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the first tensor, but to code that asks whether there is one."""
        message = f"'tuple' object has no attribute '{name}'"
        if (
            name.startswith("__")
            or not hasattr(torch.Tensor, name)
            or not _is_read(sys._getframe(1))
        ):
            raise AttributeError(message)
        if is_caught(caller()):
            raise AttributeError(message)
        return getattr(self.as_tensor(message), name)


def _operator(name: str) -> Callable[..., Any]:
    def operator(self: Returned, *others: Any) -> Any:
        if others and isinstance(others[0], _OF_TUPLES.get(name, ())):
            return getattr(tuple, name)(self, *others)
        tensor = self.as_tensor("unsupported operand type(s): 'tuple'")
        return getattr(tensor, name)(*others)

    return operator


for _name in ("add", "sub", "rsub", "mul", "truediv", "rtruediv", "pow", "neg", "matmul"):
    setattr(Returned, f"__{_name}__", _operator(f"__{_name}__"))


def _is_read(frame: FrameType) -> bool:
    """Tell whether the running instruction reads an attribute; `hasattr` and `getattr` call."""
    code = frame.f_code.co_code
    return dis.opname[code[frame.f_lasti]] in ("LOAD_ATTR", "LOAD_METHOD")


def unpacked(func: Callable[..., Any], given: Any) -> Any:
    """Return the arguments of a torch function with a tensor for every tuple taken for one."""
    name = str(getattr(func, "__name__", func))

    def tensor(value: Any) -> Any:
        if not isinstance(value, Returned):
            return value
        return value.as_tensor(f"{name}(): an argument must be Tensor, not tuple")

    if isinstance(given, dict):
        return {key: value if name in _SEQUENCES else tensor(value) for key, value in given.items()}
    kept = _SEQUENCES.get(name)
    return tuple(value if place == kept else tensor(value) for place, value in enumerate(given))


def returned(value: Any, is_tensor: Callable[[Any], bool], misused: Callable[[str], None]) -> Any:
    """Return an output as it is, but a plain tuple that begins with a tensor as `Returned`."""
    if type(value) is not tuple or not value or not is_tensor(value[0]):
        return value

    def told(place: int) -> Callable[[str], None]:
        return lambda why: misused(f"entry {place}: {why}")

    made = Returned(returned(entry, is_tensor, told(n)) for n, entry in enumerate(value))
    made.misused = misused
    return made
