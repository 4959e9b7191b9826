"""What data decide in Python: an `if` on a tensor, a loop over as many rows as a mask leaves.

No shape answers such a question. A trace takes one answer, and writes down that it did; `ways`
traces the others, too, and tells what does not hang on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shapecalc.errors import DataDependentError
from shapecalc.graph import Location

Answer: TypeAlias = bool | int | float

_PATIENCE = 32  # times that a loop is told the same, before it is told otherwise
_MOST = 1000  # choices of one trace


@dataclass(frozen=True, slots=True)
class Choice:
    """A question that data decide, the answer that a trace goes by, and others that there are.

    They are `complete` when there are no more, as for a truth. `layer` op calls were made before.
    """

    what: str
    answer: Answer
    others: tuple[Answer, ...]
    complete: bool
    location: Location | None
    layer: int

    def __str__(self) -> str:
        at = f", {self.location}" if self.location else ""
        return f"data decide {self.what}: {self.answer} is taken{at}"


class Choices:
    """The answers of one trace, in order: first those that it is `told`, then the usual ones.

    With `pins`, values that hang on sizes alone are computed at the hint, which pins the sizes;
    `held` says whether there was something to compute, `wanted` whether a number was.
    """

    def __init__(
        self,
        told: Sequence[Answer] = (),
        names: dict[object, str] | None = None,
        *,
        pins: bool = False,
    ) -> None:
        self.told = tuple(told)
        self.pins = pins
        self.held = self.wanted = False
        self._names: dict[object, str] = {} if names is None else names
        self.forget()

    def forget(self) -> None:
        """Begin the trace again."""
        self.made: list[Choice] = []
        self._sites: Counter[object] = Counter()
        self._asked: Counter[tuple[object, Answer]] = Counter()

    def ask(
        self,
        what: str,
        answers: Sequence[Answer],
        location: Location | None,
        layer: int,
        *,
        complete: bool = True,
    ) -> Answer:
        """Return the answer that this trace goes by; the first of `answers` is the usual one.

        Raises:
            DataDependentError: data decide so often that no end is in sight.
        """
        number = len(self.made)
        if number >= _MOST:
            raise DataDependentError(f"data decide more than {_MOST:,} times how the model goes on")
        answer = self.told[number] if number < len(self.told) else answers[0]
        if number >= len(self.told) and complete and self._asked[location, answer] >= _PATIENCE:
            answer = answers[-1]  # `while not done.all()` ends some time
        self._asked[location, answer] += 1
        others = tuple(other for other in answers if other != answer)
        self.made.append(Choice(what, answer, others, complete, location, layer))
        return answer

    def name(self, site: object) -> str:
        """Return the name of a size that depends on data, from the line where it arises.

        What arises there in another trace, at the same visit, goes by the same name.
        """
        visit = site, self._sites[site]
        self._sites[site] += 1
        return self._names.setdefault(visit, f"u{len(self._names)}")
