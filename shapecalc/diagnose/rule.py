"""Rules: each knows one mistake by its shapes, explains it, and proposes what may repair it.

A rule is a function; its docstring is the page that `shapecalc rule CODE` prints: a first line
that says what is wrong, the explanation, then the sections `Wrong:` and `Right:` with an example
each. Registered by code and kind; both are unique.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from shapecalc.diagnose.edits import Candidate
from shapecalc.diagnose.finding import Severity
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.graph import Layer, Location


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a rule says of a mistake: a finding without what all findings have in common.

    `because` are lines that derive the numbers. `root` is equal for findings that one change
    would repair. `candidates` are tried before they are printed.
    """

    message: str
    argument: str = ""
    got: Any = None
    expected: Any = None
    because: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    root: Any = None
    layer: str | None = None  # where the rule knows better than the trace
    op: str | None = None
    used: Location | None = None
    at: Layer | None = None  # the layer that a warning is about


ErrorRule: TypeAlias = Callable[[Mistake], Draft | None]
LookingRule: TypeAlias = Callable[[Subject], Iterable[Draft]]
_R = TypeVar("_R", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """A function with its code, its kind and how severe its findings are."""

    code: str
    kind: str
    severity: Severity
    function: Callable[..., Any]

    @property
    def page(self) -> str:
        """The explanation for people."""
        return self.function.__doc__ or ""


MISTAKES: dict[str, Rule] = {}  # by code; asked in the order of registration
WARNINGS: dict[str, Rule] = {}
ADVICE: dict[str, Rule] = {}


def mistake(code: str, kind: str) -> Callable[[_R], _R]:
    """Register a rule that explains a failed demand of the trace."""
    return _registered(MISTAKES, code, kind, "error")


def warning(code: str, kind: str) -> Callable[[_R], _R]:
    """Register a rule that looks for what torch does not raise."""
    return _registered(WARNINGS, code, kind, "warning")


def demand(code: str, kind: str) -> Callable[[_R], _R]:
    """Register a rule that looks for what was asked of a model and is not so."""
    return _registered(WARNINGS, code, kind, "error")


def advice(code: str, kind: str) -> Callable[[_R], _R]:
    """Register a rule that looks for what could be better; off unless it is asked for."""
    return _registered(ADVICE, code, kind, "note")


def _registered(
    table: dict[str, Rule], code: str, kind: str, severity: Severity
) -> Callable[[_R], _R]:
    def register(function: _R) -> _R:
        if code in {**MISTAKES, **WARNINGS, **ADVICE}:
            raise ValueError(f"two rules have the code {code}")
        table[code] = Rule(code, kind, severity, function)
        return function

    return register
