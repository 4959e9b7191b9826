"""What a trace leaves behind: op calls, module calls, and the choices that were made."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from shapecalc import dims
from shapecalc.conditions import Assumption, Condition, Hint, Path, following
from shapecalc.dims import Dim, Shape
from shapecalc.errors import ForwardError
from shapecalc.graph import (
    Home,
    Label,
    Layer,
    LayerGraph,
    Location,
    ModuleCall,
    OutputRef,
    Premise,
    Source,
)
from shapecalc.op import Call, Op
from shapecalc.trace.containers import shapes_of, sources_in
from shapecalc.trace.data_bounds import whatever_the_data
from shapecalc.trace.data_choices import Answer, Choices
from shapecalc.trace.declared import handed_on
from shapecalc.trace.mistakes import Mistakes, OpenCall, is_of_torch
from shapecalc.trace.returned import returned
from shapecalc.trace.source import caller, refusal_is_caught
from shapecalc.trace.symbolic_tensor import is_symbolic

Recalling = Callable[..., Any]  # gets the call, the module, its arguments and keyword arguments

_MANY = 41  # what is taken for the first size that depends on data; for the next one, 42
_FEW = 2, 3  # the same where Python counts with it; the rules remember what holds at a number
_NAMED = 4  # sizes of a condition that are named
MOST_LAYERS = 100_000  # op calls, beyond which a forward is taken for one without an end


class Recorder(Mistakes):
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
        super().__init__(hint, recover=recover)
        self.choices = choices
        hint.pin = self.pin
        self.at_once = at_once
        self.recalls: dict[int, Recalling] = {}  # module calls to be made otherwise
        self.ordered: list[bool] = []  # which layers lie in memory in order, see `layout`
        self.premises: dict[Condition, Premise] = {}
        self.notes: list[str] = []
        self.events: list[tuple[str, int | None]] = []
        self.fresh: dict[str, str] = {}
        self._arisen = defaultdict[tuple[str, Location | None], list[str]](list)
        self.most: dict[Dim, Dim] = {}  # the greatest that a size of data can be, where known
        self._decided: dict[Condition, bool] = {}  # comparisons of sizes of data
        self._pinned: set[Dim] = set()  # sizes of data of which a number was asked for
        self.home = Home()
        self.refresh: Callable[[Any], Any] = lambda value: value  # see `aliases`
        self._named = dict(model.named_modules())
        self._paths = {id(module): path for path, module in self._named.items()}

    # ------------------------------------------------------------------ op calls

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
        self.layers.append(
            Layer(
                index=len(self.layers),
                name=self._layer_name(call.op, function),
                op=call.op,
                function=function,
                in_shapes=tuple(operand.shape for operand in call.operands),
                out_shapes=out_shapes,
                sources=sources,  # type: ignore[arg-type]
                label=label,
                location=caller(),
                call=self._stack[-1].index if self._stack else 0,
                note=note,
                masked=masked,
                rests_on=rests_on,
                home=self.home,
            )
        )
        return len(self.layers) - 1

    def _layer_name(self, op: Op, function: str) -> str:
        """Return the name of an op call: that of torch's function, counted within its module."""
        name = op.kind if op.kind.islower() else function.rpartition(".")[2].strip("_")
        if not self._stack:
            return name
        frame = self._stack[-1]
        count = frame.names[name]
        frame.names[name] += 1
        name = f"{name}_{count}" if count else name
        return f"{frame.path}.{name}" if frame.path else name

    def where(self, function: str) -> str:
        """Return the name by which a mistake in a call of `function` is reported here."""
        if not self._stack:
            return function
        frame = self._stack[-1]
        if not next(frame.module.children(), None) and frame.path:
            return frame.path
        return f"{frame.path}.{function}" if frame.path else function

    def owner(self, *given: Any) -> str:
        """Return the layer that holds a weight which a call is given; empty where none does.

        Attention takes the weights of its projections without calling them.
        """
        if self._stack and not next(self._stack[-1].module.children(), None):
            return ""  # the module itself is called
        weights = {id(x) for x in torch.utils._pytree.tree_leaves(given) if _is_weight(x)}
        found = (
            path
            for path, module in self._named.items()
            if weights and is_of_torch(module)
            if any(id(p) in weights for p in module._parameters.values())
        )
        return next(found, "")

    def fresh_size(self, origin: str, *, minimum: int = 0) -> Dim:
        """Return a new symbol for a size that depends on data."""
        where = caller()
        name = self.choices.name((origin, where))
        self.hint[name] = _MANY + len(self.fresh)
        self.fresh[name] = origin
        self.hint.data.add(name)
        self._arisen[origin, where].append(name)
        return dims.symbol(name, minimum=minimum)

    def note_here(self, text: str) -> None:
        """Note something about the line of the model's code that is running."""
        self.notes.append(f"{text}, {caller()}")

    # ------------------------------------------------------------------ choices

    def decide(self, condition: Condition) -> bool:
        """Answer an `if` of the model's code at the hint, and record the answer."""
        answer = condition.holds(self.hint)
        if self._of_data(condition.symbols):
            certain = whatever_the_data(condition, self.most)
            return self._decide_data(condition, answer) if certain is None else certain
        taken = condition if answer else condition.negated()
        self.assume([Assumption(taken, "branch", "a condition in the model's code")])
        return answer

    def _decide_data(self, condition: Condition, usual: bool) -> bool:
        if condition not in self._decided:
            answer = bool(self.ask(f"whether {_in_short(condition)}", (usual, not usual)))
            self._decided[condition] = answer
            self._decided[condition.negated()] = not answer
        return self._decided[condition]

    def pin(self, size: Dim) -> int:
        """Give Python the number that it asks for, and record that the size is that number."""
        symbols = dims.symbols_of((size,))
        if self._of_data(symbols):
            return self._pin_data(size, symbols)
        number = dims.evaluate(size, self.hint)
        condition = Condition(size, "==", number)
        self.assume([Assumption(condition, "branch", "the model's code asks for a number")])
        return number

    def _pin_data(self, size: Dim, symbols: Sequence[Dim]) -> int:
        """Give Python a number for a size that depends on data: one of many."""
        for symbol in symbols:
            if str(symbol) not in self.fresh:
                self.pin(symbol)
            elif symbol not in self._pinned:
                number = self.ask(f"what {symbol} is", _FEW, complete=False)
                self.hint[str(symbol)] = int(number)
                self._pinned.add(symbol)
        return dims.evaluate(size, self.hint)

    def pin_float(self, value: Dim) -> float:
        """Give Python a float; every size in it is pinned."""
        pinned = {name: self.pin(name) for name in dims.symbols_of((value,))}
        return float(value.subs(pinned))

    def ask(self, what: str, answers: Sequence[Answer], *, complete: bool = True) -> Answer:
        """Return the answer that this trace goes by, to a question that data decide."""
        return self.choices.ask(what, answers, caller(), len(self.layers), complete=complete)

    def _of_data(self, symbols: Sequence[Dim]) -> bool:
        return any(str(symbol) in self.fresh for symbol in symbols)

    @contextlib.contextmanager
    def choosing(self, op: str) -> Iterator[None]:
        """Write down what an op chooses and demands within, also where that ends in an error."""
        with contextlib.ExitStack() as stack:
            path = Path(self.hint)
            stack.callback(lambda: self.assume(path.assumptions, op))
            stack.enter_context(following(path))
            yield

    def assume(self, assumptions: Sequence[Assumption], op: str = "") -> None:
        """Write assumptions down, each with the place where it was made first.

        A requirement whose exception the model catches is a branch: the model goes on.
        """
        for assumption in assumptions:
            if assumption.condition not in self.premises:
                where = self._stack[-1].path if self._stack else ""
                place = caller()
                if refusal_is_caught():
                    assumption = replace(assumption, kind="branch")
                self.premises[assumption.condition] = Premise(assumption, where, place, op)

    # ------------------------------------------------------------------ module calls

    @contextlib.contextmanager
    def watching_modules(self) -> Iterator[None]:
        """Record every module call, by standing in for `nn.Module.__call__`."""
        original = nn.Module.__call__

        def recorded(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            recalling = self.recalls.pop(len(self.calls), None)
            self._enter(module, args, kwargs)
            try:
                if recalling is not None:
                    output = recalling(original, module, args, kwargs)
                else:
                    output = original(module, *args, **kwargs)
            except BaseException as error:
                if not hasattr(error, "layer"):
                    error.layer = self._stack[-1].path  # type: ignore[attr-defined]
                went_on = None
                if isinstance(error, Exception) and self.goes_on(module, error):
                    went_on = handed_on(self, original, module, args, kwargs, error)
                if went_on is None:
                    self._stack.pop()
                    raise
                (output,) = went_on
            call = self._stack[-1].index
            self._leave(output)
            if self.recover and is_of_torch(module):
                return returned(output, is_symbolic, lambda why: self.misused(call, why))
            return output

        nn.Module.__call__ = recorded  # type: ignore[method-assign]
        try:
            yield
        finally:
            nn.Module.__call__ = original  # type: ignore[method-assign]

    def _enter(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        parent = self._stack[-1] if self._stack else None
        path = self._paths.get(id(module))
        if path is None:
            around = f"{parent.path}." if parent and parent.path else ""
            path = f"{around}{type(module).__name__}"
        if parent:
            parent.children += 1
        index = len(self.calls)
        self.calls.append(
            ModuleCall(
                index=index,
                name=path,
                kind=type(module).__name__,
                inputs=shapes_of(args),
                keywords=shapes_of(kwargs),
                parent=parent.index if parent else None,
                parameters=_owned(module),
                location=caller() if parent else None,
                leaf=next(module.children(), None) is None,
                finished=False,
                home=self.home,
            )
        )
        self._stack.append(OpenCall(index, path, module, len(self.layers), len(self.mistakes)))

    def _leave(self, output: Any) -> None:
        frame = self._stack.pop()
        layers = range(frame.first_layer, len(self.layers))
        outputs = shapes_of(self.refresh(output))
        self.calls[frame.index] = replace(
            self.calls[frame.index],
            outputs=outputs,
            layers=layers,
            finished=True,
            out_sources=sources_in(outputs),
        )
        if len(layers) == 1 and not frame.children and frame.path:
            # an op that is all that its module does goes by the module's name
            only = self.layers[frame.first_layer]
            self.layers[frame.first_layer] = replace(only, name=frame.path)

    def _calls_with_all_parameters(self) -> list[ModuleCall]:
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

    def _data_notes(self) -> Iterator[str]:
        """Tell where the sizes that depend on data arise, those of one line together."""
        for (origin, where), names in self._arisen.items():
            at = f", {where}" if where else ""
            if len(names) <= _NAMED:
                for name in names:
                    yield f"{name} is a size that depends on data: {origin}{at}"
            else:
                said = f"{names[0]}, {names[1]}, ... {names[-1]}, {len(names)} of them,"
                yield f"{said} are sizes that depend on data: {origin}{at}"

    def graph(self, **rest: Any) -> LayerGraph:
        """Return what was recorded.

        A premise on a size that depends on data cannot be checked at given sizes: it is a note.
        """
        premises: list[Premise] = []
        granted = defaultdict[Location | None, list[Condition]](list)
        for premise in self.premises.values():
            names = set(map(str, premise.condition.symbols))
            if names & (self.hint.data - self.fresh.keys()):
                continue  # nothing is known of a size that a mistake puts in doubt
            if self._pinned.issuperset(premise.condition.symbols):
                continue  # its number was chosen
            if self.fresh.keys() & names:
                granted[premise.location].append(premise.condition)
            else:
                premises.append(premise)
        return LayerGraph(
            layers=tuple(self.layers),
            calls=tuple(self._calls_with_all_parameters()),
            premises=tuple(premises),
            notes=(*self.notes, *self._data_notes(), *_granted_notes(granted)),
            events=tuple(self.events),
            hint=dict(self.hint),
            home=self.home,
            **rest,
        )


def _granted_notes(granted: Mapping[Location | None, Sequence[Condition]]) -> Iterator[str]:
    for where, conditions in granted.items():
        for condition in conditions[:_NAMED]:
            yield f"taken for granted: {_in_short(condition)}, {where}"
        if len(conditions) > _NAMED:
            yield f"taken for granted: {len(conditions) - _NAMED} more of this kind, {where}"


def _in_short(condition: Condition) -> str:
    if len(condition.symbols) <= _NAMED:
        return str(condition)
    right = dims.format_dim(condition.right)
    return f"a formula of {len(condition.symbols)} sizes {condition.relation} {right}"


def _is_weight(value: Any) -> bool:
    return isinstance(value, nn.Parameter)


def _owned(module: nn.Module) -> int:
    """Return the number of elements of the parameters that a module holds itself."""
    found = (p for p in module._parameters.values() if p is not None)
    return sum(0 if torch.nn.parameter.is_lazy(p) else p.numel() for p in found)
