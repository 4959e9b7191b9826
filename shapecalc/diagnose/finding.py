"""What a diagnosis says: findings, each with its cause and with repairs that were tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from shapecalc.graph import Location

Severity: TypeAlias = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A change after which the model was analysed again, and what that said.

    Either an argument of a layer gets another value, or other shapes are fed, or, where both are
    empty, a line of the source is written differently, as `text` says.
    """

    text: str
    layer: str = ""
    argument: str = ""
    value: Any = None
    input: dict[str, tuple[Any, ...]] | None = None
    tried: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake, or something that is legal and hardly meant.

    Units:
        got, expected: elements, where they are numbers.
    """

    code: str
    kind: str
    severity: Severity
    message: str
    layer: str = ""
    op: str = ""
    argument: str = ""
    got: Any = None
    expected: Any = None
    because: tuple[str, ...] = ()
    built: Location | None = None
    used: Location | None = None
    group: int = 0
    rests_on: tuple[int, ...] = ()
    repairs: tuple[Repair, ...] = field(default=())
