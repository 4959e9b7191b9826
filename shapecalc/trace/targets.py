"""From the torch function that arrives to the reader that understands it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch

import shapecalc.ops  # noqa: F401  # registers the readers
from shapecalc.registry import READERS, Reader

# the places where torch keeps one function under one name
_PLACES = (
    torch,
    torch.Tensor,
    torch.nn.functional,
    torch._C._nn,
    torch._C._TensorBase,
    torch.functional,
)


@cache
def targets() -> dict[Callable[..., Any], Reader]:
    """Return every torch function that has a reader.

    Raises:
        ValueError: two readers claim one function.
        LookupError: a reader is registered under a name that torch does not have.
    """
    table: dict[Callable[..., Any], Reader] = {}
    of_torch = (reader for reader in READERS.values() if "::" not in reader.name)
    dotted = sorted(of_torch, key=lambda reader: "." not in reader.name)
    exact: set[Callable[..., Any]] = set()
    for reader in dotted:  # dotted names first: they override what a bare name would cover
        functions = list(functions_named(reader.name))
        if not functions:
            raise LookupError(f"torch has no function named {reader.name}")
        for function in functions:
            if "." in reader.name:
                if function in exact:
                    raise ValueError(f"two readers for {reader.name}")
                exact.add(function)
            elif function in exact:
                continue
            elif table.get(function, reader).written is not reader.written:
                raise ValueError(f"{reader.name} and {table[function].name} are one function")
            table[function] = reader
    return table


def reader_of(function: Callable[..., Any]) -> Reader | None:
    """Return the reader of a torch function, None where there is none.

    `torch.ops.aten.relu` has the arguments of `torch.relu`, where torch makes the one of the other.
    An op of another library, such as `torchvision::nms`, goes by its own name.
    """
    table = targets()
    found = table.get(function)
    packet = getattr(function, "overloadpacket", function)
    space, _, name = str(getattr(packet, "_qualified_op_name", "")).partition("::")
    if found is None and space == "aten":
        made = (getattr(place, name, None) for place in (torch._C._VariableFunctions, torch._C._nn))
        found = next((table[f] for f in made if f in table), None)
    return found or READERS.get(f"{space}::{name}")


def functions_named(name: str) -> Iterator[Callable[..., Any]]:
    """Yield the functions of torch that a name stands for, as `reader` documents it."""
    if "." in name:
        function: Any = torch
        for part in name.split("."):
            function = getattr(function, part, None)
        if function is not None:
            yield from _forms(function, name.rpartition(".")[2])
        return
    for place in _PLACES:
        for spelling in (name, f"{name}_"):
            function = getattr(place, spelling, None)
            if callable(function) and not isinstance(function, type):
                yield from _forms(function, name)


def _forms(function: Any, name: str) -> Iterator[Callable[..., Any]]:
    """Yield a function in each form in which it arrives: properties arrive as their getter."""
    if hasattr(function, "__get__") and not callable(function):
        yield function.__get__
        return
    yield function
    # boolean_dispatch of torch, as in F.max_pool2d: what arrives is one of its inner functions
    if getattr(function, "__name__", "") == "fn":
        for cell in function.__closure__ or ():
            inner = getattr(cell.cell_contents, "__name__", "")
            if callable(cell.cell_contents) and inner.lstrip("_") == name:
                yield cell.cell_contents
