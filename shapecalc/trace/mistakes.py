"""What a trace that goes on writes down of mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from torch import nn

from shapecalc import dims
from shapecalc.conditions import Hint
from shapecalc.dims import Dim
from shapecalc.errors import DataDependentError, ForwardError, ShapeError
from shapecalc.graph import Finding, Layer, ModuleCall
from shapecalc.trace.source import caller, is_caught, torch_refused

_TRANSFORMERS = (
    nn.Transformer,
    nn.TransformerEncoder,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoder,
    nn.TransformerDecoderLayer,
)


@dataclass(slots=True)
class OpenCall:
    """A module call that has begun: what its record will say, and what was called within it."""

    index: int
    path: str
    module: nn.Module
    first_layer: int
    first_mistake: int = 0
    names: Counter[str] = field(default_factory=Counter)
    children: int = 0


class Mistakes:
    """The mistakes of one trace, and the symbols for the sizes that they put in doubt.

    `_stack` are the module calls under way; `layers` and `calls` are what was recorded so far.
    """

    def __init__(self, hint: Hint, *, recover: bool) -> None:
        self.hint = hint
        self.recover = recover
        self.mistakes: list[Finding] = []
        self.layers: list[Layer] = []
        self.calls: list[ModuleCall] = []
        self._stack: list[OpenCall] = []
        self._assumed = 0

    def mistaken(self, index: int, errors: Sequence[ShapeError], where: str) -> None:
        """Write down what does not fit at a layer; what follows rests on it."""
        layer = self.layers[index]
        first = len(self.mistakes)
        if self._is_echo(layer):
            errors = ()
        for error in errors:
            self.mistakes.append(
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
        own = frozenset(range(first, len(self.mistakes)))
        self.layers[index] = replace(layer, rests_on=layer.rests_on | own)

    def _is_echo(self, layer: Layer) -> bool:
        """Tell whether a mistake follows from another one within a transformer of torch.

        Its code is right. Only its attention receives tensors from outside, each for itself.
        """
        for frame in self._stack:
            if isinstance(frame.module, _TRANSFORMERS):
                seen = len(self.mistakes) > frame.first_mistake
                return seen and "attention" not in layer.function
        return False

    def refused(self, error: Exception, index: int | None = None) -> None:
        """Write down what the running module of torch raised; its layer, where one stands in."""
        call = self._stack[-1].index
        if len(self.mistakes) > self._stack[-1].first_mistake:
            return  # what is refused follows from a mistake within the module
        if index is not None:
            own = frozenset({len(self.mistakes)})
            self.layers[index] = replace(self.layers[index], rests_on=own)
        known = error if isinstance(error, ShapeError) else ShapeError(str(error))
        shape = isinstance(error, ShapeError) or torch_refused(error)
        self.mistakes.append(
            Finding(
                message=known.message if shape else f"{type(error).__name__}: {error}",
                layer=getattr(error, "layer", ""),
                kind="shape" if shape else "forward",
                fix=known.fix,
                location=getattr(error, "location", None) or caller(),
                condition=known.condition,
                demand=known.demand,
                index=index,
                call=call,
            )
        )

    def misused(self, call: int, why: str) -> None:
        """Write down that the tuple of a module call is taken for a tensor."""
        frame = self._stack[-1] if self._stack else None
        leaf = frame is not None and next(frame.module.children(), None) is None
        layer = frame.path if leaf and frame else self.calls[call].name
        self.mistakes.append(
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
        self.hint[name] = hint
        self.hint.data.add(name)
        if either:
            self.hint.either[name] = either
        return dims.symbol(name)


def is_of_torch(module: nn.Module) -> bool:
    """Tell whether a module is one of torch's layers."""
    return type(module).__module__.startswith("torch.nn.modules.")
