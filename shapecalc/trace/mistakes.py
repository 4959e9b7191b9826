"""What a trace that goes on writes down of mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from shapecalc import dims
from shapecalc.conditions import Hint
from shapecalc.dims import Dim
from shapecalc.errors import DataDependentError, ForwardError, ShapeError
from shapecalc.graph import Finding, Layer
from shapecalc.trace.module_calls import ModuleCalls, is_of_torch
from shapecalc.trace.source import caller, is_caught, torch_refused

_TRANSFORMERS = (
    nn.Transformer,
    nn.TransformerEncoder,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoder,
    nn.TransformerDecoderLayer,
)


class Mistakes:
    """The mistakes of one trace, and the symbols for the sizes that they put in doubt.

    `layers` and `modules` are what the trace has recorded so far.
    """

    def __init__(
        self, hint: Hint, layers: list[Layer], modules: ModuleCalls, *, recover: bool
    ) -> None:
        self.recover = recover
        self.found: list[Finding] = []
        self._hint = hint
        self._layers = layers
        self._modules = modules
        self._assumed = 0

    def add(self, index: int, errors: Sequence[ShapeError], where: str) -> None:
        """Write down what does not fit at a layer; what follows rests on it."""
        layer = self._layers[index]
        first = len(self.found)
        if self._is_echo(layer):
            errors = ()
        for error in errors:
            self.found.append(
                Finding(
                    message=error.message,
                    layer=where,
                    fix=error.fix,
                    location=layer.location,
                    condition=error.condition,
                    demand=error.demand,
                    index=index,
                )
            )
        own = frozenset(range(first, len(self.found)))
        self._layers[index] = replace(layer, rests_on=layer.rests_on | own)

    def _is_echo(self, layer: Layer) -> bool:
        """Tell whether a mistake follows from another one within a transformer of torch.

        Its code is right. Only its attention receives tensors from outside, each for itself.
        """
        for frame in self._modules.open:
            if isinstance(frame.module, _TRANSFORMERS):
                seen = len(self.found) > frame.first_mistake
                return seen and "attention" not in layer.function
        return False

    def refused(self, error: Exception, index: int | None = None) -> None:
        """Write down what the running module of torch raised; its layer, where one stands in."""
        running = self._modules.open[-1]
        if len(self.found) > running.first_mistake:
            return  # what is refused follows from a mistake within the module
        if index is not None:
            own = frozenset({len(self.found)})
            self._layers[index] = replace(self._layers[index], rests_on=own)
        known = error if isinstance(error, ShapeError) else ShapeError(str(error))
        shape = isinstance(error, ShapeError) or torch_refused(error)
        self.found.append(
            Finding(
                message=known.message if shape else f"{type(error).__name__}: {error}",
                layer=getattr(error, "layer", ""),
                kind="shape" if shape else "forward",
                fix=known.fix,
                location=getattr(error, "location", None) or caller(),
                condition=known.condition,
                demand=known.demand,
                index=index,
                call=running.index,
            )
        )

    def misused(self, call: int, why: str) -> None:
        """Write down that the tuple of a module call is taken for a tensor."""
        running = self._modules.running
        leaf = running is not None and running.is_leaf
        layer = running.path if running and leaf else self._modules.calls[call].name
        self.found.append(
            Finding(message=why, layer=layer, kind="tuple", location=caller(), call=call)
        )

    def goes_on(self, module: nn.Module, error: Exception) -> bool:
        """Tell whether the trace goes on after what a module raised: one of torch, uncaught."""
        if not self.recover or isinstance(error, (DataDependentError, ForwardError)):
            return False
        return is_of_torch(module) and not is_caught(caller())

    def assumed_size(self, hint: int, *either: int) -> Dim:
        """Return a new symbol for a size in doubt after a mistake.

        Nothing is demanded of it but what it fails whichever it is of `either`.
        """
        name = f"a{self._assumed}"
        self._assumed += 1
        self._hint[name] = hint
        self._hint.data.add(name)
        if either:
            self._hint.either[name] = either
        return dims.symbol(name)
