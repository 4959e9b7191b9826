"""The path that a trace takes: what its model's code asks of sizes, and what it is told.

An `if` on a size goes the way of the hint, and a number that Python asks for is that of the hint;
both become conditions, under which the formulas hold. Where data decide, an answer is chosen
(see `data_choices`), and what is demanded of sizes that depend on data is a note.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shapecalc import dims
from shapecalc.conditions import Assumption, Condition, Hint, Path, following
from shapecalc.dims import Dim
from shapecalc.graph import Layer, Location, Premise
from shapecalc.trace.data_bounds import whatever_the_data
from shapecalc.trace.data_choices import Answer, Choices
from shapecalc.trace.module_calls import ModuleCalls
from shapecalc.trace.source import caller, refusal_is_caught

_MANY = 41  # what is taken for the first size that depends on data; for the next one, 42
_FEW = 2, 3  # the same where Python counts with it; the rules remember what holds at a number
_NAMED = 4  # sizes of a condition that are named


class PathConditions:
    """The conditions of one path, and who answers its questions at the hint.

    `fresh` are the sizes that depend on data, each with its origin; `most` is the greatest that
    such a size can be, where that is known.
    """

    def __init__(
        self,
        hint: Hint,
        choices: Choices,
        layers: Sequence[Layer],
        modules: ModuleCalls,
        *,
        at_once: bool,
    ) -> None:
        self.hint = hint
        hint.pin = self.pin
        self.choices = choices
        self.at_once = at_once
        self.premises: dict[Condition, Premise] = {}
        self.fresh: dict[str, str] = {}
        self.most: dict[Dim, Dim] = {}
        self._layers = layers
        self._modules = modules
        self._arisen = defaultdict[tuple[str, Location | None], list[str]](list)
        self._decided: dict[Condition, bool] = {}  # comparisons of sizes of data
        self._pinned: set[Dim] = set()  # sizes of data of which a number was asked for

    # ------------------------------------------------------------------ questions

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
        return self.choices.ask(what, answers, caller(), len(self._layers), complete=complete)

    def fresh_size(self, origin: str, *, minimum: int = 0) -> Dim:
        """Return a new symbol for a size that depends on data."""
        where = caller()
        name = self.choices.name((origin, where))
        self.hint[name] = _MANY + len(self.fresh)
        self.fresh[name] = origin
        self.hint.data.add(name)
        self._arisen[origin, where].append(name)
        return dims.symbol(name, minimum=minimum)

    def _of_data(self, symbols: Sequence[Dim]) -> bool:
        return any(str(symbol) in self.fresh for symbol in symbols)

    # ------------------------------------------------------------------ conditions

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
                where = self._modules.running.path if self._modules.running else ""
                place = caller()
                if refusal_is_caught():
                    assumption = replace(assumption, kind="branch")
                self.premises[assumption.condition] = Premise(assumption, where, place, op)

    def stated(self) -> tuple[tuple[Premise, ...], tuple[str, ...]]:
        """Return the premises that can be checked at given sizes, and the others as notes.

        A premise on a size that depends on data is one of the others.
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
        return tuple(premises), (*self._data_notes(), *_granted_notes(granted))

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
