"""What a real forward pass does: the shapes of every module call and of every torch call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from shapecalc import dims
from shapecalc.errors import InputError
from shapecalc.inputs import Pattern, Patterns, fill
from shapecalc.trace.containers import shapes_of
from shapecalc.trace.function_names import function_name
from shapecalc.trace.queries import QUERIES
from shapecalc.trace.restore import left_as_it_was
from shapecalc.trace.symbolic_tensor import DTYPES

IntShape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ObservedCall:
    """A call of a module: its qualified name, and the shapes that went in and came out."""

    name: str
    kind: str
    inputs: Any
    outputs: Any


@dataclass(slots=True)
class Observation:
    """All that one forward pass did. `error` is what it raised, if it did."""

    calls: list[ObservedCall | None] = field(default_factory=list)
    events: list[tuple[str, tuple[IntShape, ...]]] = field(default_factory=list)
    output: Any = None
    error: str = ""


class Observer(TorchFunctionMode):
    """Writes down every torch call that the tracer would have answered."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.seen = Observation()
        self._paths = {id(module): path for path, module in model.named_modules()}
        self._stack: list[str] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a call, and note the shapes that come out of it."""
        kwargs = kwargs or {}
        if func is torch.Tensor.__iter__:  # one call of unbind, as in a trace
            with self:
                return iter(args[0].unbind(0))
        result = func(*args, **kwargs)
        if func not in QUERIES:
            shapes = tuple(
                tuple(leaf.shape)
                for leaf in pytree.tree_leaves(result)
                if isinstance(leaf, torch.Tensor)
            )
            self.seen.events.append((function_name(func), shapes))
        return result

    @contextlib.contextmanager
    def watching_modules(self) -> Iterator[None]:
        """Write down every module call, by standing in for `nn.Module.__call__`."""
        original = nn.Module.__call__

        def recorded(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            path = self._paths.get(id(module))
            if path is None:
                around = f"{self._stack[-1]}." if self._stack and self._stack[-1] else ""
                path = f"{around}{type(module).__name__}"
            kind = type(module).__name__  # a lazy module is of another kind afterwards
            place = len(self.seen.calls)
            self.seen.calls.append(None)
            self._stack.append(path)
            inputs = shapes_of((args, kwargs))
            try:
                output = original(module, *args, **kwargs)
            finally:
                self._stack.pop()
            self.seen.calls[place] = ObservedCall(path, kind, inputs, shapes_of(output))
            return output

        nn.Module.__call__ = recorded  # type: ignore[method-assign]
        try:
            yield
        finally:
            nn.Module.__call__ = original  # type: ignore[method-assign]


def observe(
    model: nn.Module,
    patterns: Patterns,
    sizes: Mapping[str, int],
    *,
    train: bool,
    device: str,
) -> Observation:
    """Run the model for real at `sizes`, on random values. The model is left as it was.

    Raises:
        InputError: the machine cannot hold the tensors.
    """
    generator = torch.Generator().manual_seed(0)

    def tensor(pattern: Pattern) -> torch.Tensor:
        shape = [dims.evaluate(dim, sizes) for dim in pattern.shape]
        dtype = DTYPES[pattern.dtype]
        if dtype.is_floating_point or dtype.is_complex:
            made = torch.rand(shape, generator=generator).to(dtype)
        else:  # 0 and 1 are within every vocabulary
            made = torch.randint(0, 2, shape, generator=generator).to(dtype)
        return made.to(device)

    observer = Observer(model)
    with left_as_it_was(model, train=train), torch.no_grad(), buffers_kept(model):
        try:
            args, kwargs = fill(patterns, tensor)
        except (RuntimeError, TypeError) as error:  # so torch says that a size is too large
            raise too_large(sizes) from error
        try:
            with observer.watching_modules(), observer:
                result = model(*args, **kwargs)
            observer.seen.output = shapes_of(result)
        except (Exception, SystemExit) as error:  # that a model refuses a size is an observation
            if is_out_of_memory(error):
                raise too_large(sizes) from error
            observer.seen.error = f"{type(error).__name__}: {error}".split("\n")[0]
    return observer.seen


_NO_MEMORY = "DefaultCPUAllocator: can't allocate memory"


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception says that the machine has too little memory."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or _NO_MEMORY in str(error)


def too_large(sizes: Mapping[str, int]) -> InputError:
    """Return the error for sizes that the machine has too little memory for."""
    given = ", ".join(f"{name}={size}" for name, size in sizes.items())
    return InputError(f"this machine cannot hold the tensors at {given}: choose smaller sizes")


@contextlib.contextmanager
def buffers_kept(model: nn.Module) -> Iterator[None]:
    """Put back the values of buffers, such as running means, that a forward changes in place."""
    kept = [
        (buffer, buffer.clone())
        for buffer in model.buffers()
        if not torch.nn.parameter.is_lazy(buffer)
    ]
    try:
        yield
    finally:
        for buffer, values in kept:
            buffer.copy_(values)
