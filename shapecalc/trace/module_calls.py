"""The module calls of a trace, in the order of their beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from shapecalc.graph import Home, Layer, ModuleCall
from shapecalc.trace.containers import shapes_of, sources_in
from shapecalc.trace.source import caller


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

    @property
    def is_leaf(self) -> bool:
        """Whether the module has no modules within."""
        return next(self.module.children(), None) is None


class ModuleCalls:
    """The calls of all modules of one model; those under way are `open`, the innermost last.

    `layers` are the op calls that the trace has recorded so far.
    """

    def __init__(self, model: nn.Module, layers: list[Layer], home: Home) -> None:
        self.calls: list[ModuleCall] = []
        self.open: list[OpenCall] = []
        self._layers = layers
        self._home = home
        self._named = dict(model.named_modules())
        self._paths = {id(module): path for path, module in self._named.items()}

    @property
    def running(self) -> OpenCall | None:
        """The innermost call under way."""
        return self.open[-1] if self.open else None

    def enter(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], *, mistakes: int
    ) -> OpenCall:
        """Record that a call begins, `mistakes` after the beginning of the trace."""
        parent = self.running
        path = self._paths.get(id(module))
        if path is None:
            around = f"{parent.path}." if parent and parent.path else ""
            path = f"{around}{type(module).__name__}"
        if parent:
            parent.children += 1
        begun = OpenCall(len(self.calls), path, module, len(self._layers), mistakes)
        self.calls.append(
            ModuleCall(
                index=begun.index,
                name=path,
                kind=type(module).__name__,
                inputs=shapes_of(args),
                keywords=shapes_of(kwargs),
                parent=parent.index if parent else None,
                parameters=_owned(module),
                location=caller() if parent else None,
                leaf=begun.is_leaf,
                finished=False,
                home=self._home,
            )
        )
        self.open.append(begun)
        return begun

    def leave(self) -> None:
        """Record that the innermost call has ended."""
        ended = self.open.pop()
        layers = range(ended.first_layer, len(self._layers))
        self.calls[ended.index] = replace(self.calls[ended.index], layers=layers)
        if len(layers) == 1 and not ended.children and ended.path:
            # an op that is all that its module does goes by the module's name
            only = self._layers[ended.first_layer]
            self._layers[ended.first_layer] = replace(only, name=ended.path)

    def hand_out(self, call: int, output: Any) -> None:
        """Record what a call that has ended returns."""
        outputs = shapes_of(output)
        self.calls[call] = replace(
            self.calls[call], outputs=outputs, finished=True, out_sources=sources_in(outputs)
        )

    def where(self, function: str) -> str:
        """Return the name by which a mistake in a call of `function` is reported here."""
        running = self.running
        if running is None or not running.path:
            return function
        return running.path if running.is_leaf else f"{running.path}.{function}"

    def owner(self, *given: Any) -> str:
        """Return the layer that holds a weight which a call is given; empty where none does.

        Attention takes the weights of its projections without calling them.
        """
        if self.running and self.running.is_leaf:
            return ""  # the module itself is called
        weights = {id(x) for x in torch.utils._pytree.tree_leaves(given) if _is_weight(x)}
        found = (
            path
            for path, module in self._named.items()
            if weights and is_of_torch(module)
            if any(id(p) in weights for p in module._parameters.values())
        )
        return next(found, "")

    def with_all_parameters(self) -> Sequence[ModuleCall]:
        """Count the weights of modules that are never called where they are used: around them."""
        called = {call.name for call in self.calls}
        beside: Counter[str] = Counter()
        for path, module in self._named.items():
            if path not in called and (owned := _owned(module)):
                while path and path not in called:
                    path = path.rpartition(".")[0]
                beside[path] += owned
        return [
            replace(call, parameters=call.parameters + beside[call.name])
            if call.name in beside
            else call
            for call in self.calls
        ]


def is_of_torch(module: nn.Module) -> bool:
    """Tell whether a module is one of torch's layers."""
    return type(module).__module__.startswith("torch.nn.modules.")


def _is_weight(value: Any) -> bool:
    return isinstance(value, nn.Parameter)


def _owned(module: nn.Module) -> int:
    """Return the number of elements of the parameters that a module holds itself."""
    found = (p for p in module._parameters.values() if p is not None)
    return sum(0 if torch.nn.parameter.is_lazy(p) else p.numel() for p in found)
