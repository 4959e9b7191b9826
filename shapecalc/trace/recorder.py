"""What a trace leaves behind: its op calls, and the graph that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from shapecalc.conditions import Hint
from shapecalc.dims import Shape
from shapecalc.errors import ForwardError
from shapecalc.graph import Home, Label, Layer, LayerGraph, OutputRef, Source
from shapecalc.op import Call, Op
from shapecalc.trace.data_choices import Choices
from shapecalc.trace.mistakes import Mistakes
from shapecalc.trace.module_calls import ModuleCalls
from shapecalc.trace.path_conditions import PathConditions
from shapecalc.trace.source import caller

MOST_LAYERS = 100_000  # op calls, beyond which a forward is taken for one without an end


class Recorder:
    """The records of one trace at one hint, in the order of the calls."""

    def __init__(
        self,
        model: nn.Module,
        hint: Hint,
        choices: Choices,
        *,
        at_once: bool = False,
        recover: bool = False,
    ) -> None:
        self.layers: list[Layer] = []
        self.ordered: list[bool] = []  # which layers lie in memory in order, see `layout`
        self.notes: list[str] = []
        self.events: list[tuple[str, int | None]] = []
        self.home = Home()
        self.modules = ModuleCalls(model, self.layers, self.home)
        self.path = PathConditions(hint, choices, self.layers, self.modules, at_once=at_once)
        self.mistakes = Mistakes(hint, self.layers, self.modules, recover=recover)

    def layer(
        self,
        call: Call,
        function: str,
        out_shapes: tuple[Shape, ...],
        received: Sequence[Source],
        *,
        label: Label = Label.PROVED,
        note: str = "",
        masked: bool = False,
    ) -> int:
        """Record a call of an op, and return its number.

        `received` are the origins of all tensors of the call, those that the op does not name
        included. A fact is known no better than what it rests on. `masked` says that a constant
        among them cuts off what it is added to.
        """
        named = [operand.source for operand in call.operands]
        told = [*named, *(operand.source for operand in call.unread)]
        sources = (*named, *dict.fromkeys(s for s in received if s not in told))
        if len(self.layers) >= MOST_LAYERS:
            raise ForwardError(
                f"more than {MOST_LAYERS:,} op calls: `forward` does not seem to end"
            )
        rests_on = frozenset[int]()
        for source in sources:
            if isinstance(source, OutputRef):
                label = label.weaker(self.layers[source.layer].label)
                rests_on |= self.layers[source.layer].rests_on
        running = self.modules.running
        self.layers.append(
            Layer(
                index=len(self.layers),
                name=self._name(call.op, function),
                op=call.op,
                function=function,
                in_shapes=tuple(operand.shape for operand in call.operands),
                out_shapes=out_shapes,
                sources=sources,  # type: ignore[arg-type]
                label=label,
                location=caller(),
                call=running.index if running else 0,
                note=note,
                masked=masked,
                rests_on=rests_on,
                home=self.home,
            )
        )
        return len(self.layers) - 1

    def _name(self, op: Op, function: str) -> str:
        """Return the name of an op call: that of torch's function, counted within its module."""
        name = op.kind if op.kind.islower() else function.rpartition(".")[2].strip("_")
        running = self.modules.running
        if running is None:
            return name
        count = running.names[name]
        running.names[name] += 1
        name = f"{name}_{count}" if count else name
        return f"{running.path}.{name}" if running.path else name

    def note_here(self, text: str) -> None:
        """Note something about the line of the model's code that is running."""
        self.notes.append(f"{text}, {caller()}")

    def graph(self, **rest: Any) -> LayerGraph:
        """Return what was recorded."""
        premises, notes = self.path.stated()
        return LayerGraph(
            layers=tuple(self.layers),
            calls=tuple(self.modules.with_all_parameters()),
            premises=premises,
            notes=(*self.notes, *notes),
            events=tuple(self.events),
            hint=dict(self.path.hint),
            home=self.home,
            **rest,
        )
