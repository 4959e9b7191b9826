"""The two registries that lead to an op.

`reader` takes the arguments of a torch function, `layer` those of a `torch.nn` module as a YAML
spec writes them. Neither imports torch: a reader is registered under a name, and receives every
tensor as an `Operand`, every size as a `Dim` or an int. A missing registration leaves an op
without a rule, which is visible; a doubled one is an error at import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapecalc.dims import Shape
from shapecalc.op import Call, Op


@dataclass(frozen=True, slots=True)
class Reader:
    """A function from torch's arguments to a `Call`, and the function's name in torch."""

    read: Callable[..., Call]
    name: str
    family: str
    written: Callable[..., Call]  # the function as it stands in the family's file


@dataclass(frozen=True, slots=True)
class Built:
    """A `torch.nn` module as a spec describes it: its op and the shapes of its parameters."""

    op: Op
    parameters: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerType:
    """A function from the constructor arguments of a `torch.nn` module to what it builds."""

    build: Callable[..., Built]
    name: str
    family: str


READERS: dict[str, Reader] = {}
LAYERS: dict[str, LayerType] = {}


def reader(
    *names: str, named: bool = False
) -> Callable[[Callable[..., Call]], Callable[..., Call]]:
    """Register a reader for torch functions.

    A bare name such as `relu` stands for that function wherever torch has it: in `torch`,
    `torch.Tensor`, `torch.nn.functional`, in-place and as an operator. A dotted one, such as
    `linalg.norm` or `Tensor.expand`, is just that attribute of torch. With `named`, the reader
    receives the name first, so that one reader can serve many functions.

    Raises:
        ValueError: a name has a reader already.
    """

    def register(read: Callable[..., Call]) -> Callable[..., Call]:
        for name in names:
            if name in READERS:
                raise ValueError(f"two readers for {name}")
            bound = _with_name(read, name) if named else read
            READERS[name] = Reader(bound, name, _family(read), read)
        return read

    return register


def _with_name(read: Callable[..., Call], name: str) -> Callable[..., Call]:
    def bound(*args: Any, **kwargs: Any) -> Call:
        return read(name, *args, **kwargs)

    return bound


def layer(*names: str) -> Callable[[Callable[..., Built]], Callable[..., Built]]:
    """Register the builder of a `torch.nn` module for specs.

    A builder has the parameters of the module's constructor, in the order of torch; before
    them come `name`, the module's own name, and `inputs`, the shapes that reach the layer,
    from which it completes what the spec leaves out.

    Raises:
        ValueError: a name has a builder already.
    """

    def register(build: Callable[..., Built]) -> Callable[..., Built]:
        for name in names:
            if name in LAYERS:
                raise ValueError(f"two builders for {name}")
            LAYERS[name] = LayerType(build, name, _family(build))
        return build

    return register


def _family(function: Callable[..., object]) -> str:
    return function.__module__.rpartition(".")[2]
