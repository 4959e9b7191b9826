"""Nodes: the values of a spec with their places, and the errors that name them."""

from __future__ import annotations

import difflib
import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from shapecalc.errors import SpecError

Scalar: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written; line 0 where there is no text, as in a dict."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value of a spec and its place; `keys` are the places of the keys of a mapping."""

    value: Scalar | tuple[Node, ...] | dict[str, Node]
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict)
    size: int = 1  # values in it, all aliases written out

    def __str__(self) -> str:
        match self.value:
            case dict():
                return "a mapping"
            case tuple():
                return "a list"
            case None:
                return "nothing"
            case bool():
                return "true" if self.value else "false"
        return repr(self.value)

    def plain(self) -> Any:
        """Return the value without places."""
        match self.value:
            case dict() as entries:
                return {key: node.plain() for key, node in entries.items()}
            case tuple() as entries:
                return [node.plain() for node in entries]
        return self.value


def wrong(place: Place, message: str) -> NoReturn:
    """Raise a `SpecError` at a place."""
    raise SpecError(f"{place}: {message}")


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return `; did you mean 'Conv2d'?`, or what is known where nothing is near.

    >>> nearest("conv2D", ["Conv1d", "Conv2d", "ReLU"])
    "; did you mean 'Conv2d'?"
    """
    words: dict[str, str] = {}
    for other in known:
        words.setdefault(other.lower(), other)
    found = difflib.get_close_matches(word.lower(), words, n=1, cutoff=cutoff)
    if found:
        return f"; did you mean {words[found[0]]!r}?"
    listed = list(words.values())
    return f"; known are {', '.join(listed)}" if 0 < len(listed) <= 12 else ""


def mapping(node: Node, what: str, known: Iterable[str] = ()) -> Mapping[str, Node]:
    """Return the entries of a mapping, all of whose keys are known."""
    if not isinstance(node.value, dict):
        wrong(node.place, f"{what} is a mapping, got {node}")
    for key in node.value:
        if known and key not in known:
            wrong(node.keys[key], f"{what} has no {key!r}{nearest(key, known)}")
    return node.value


def listed(node: Node, what: str) -> tuple[Node, ...]:
    """Return the entries of a list."""
    if not isinstance(node.value, tuple):
        wrong(node.place, f"{what} is a list, got {node}")
    return node.value


def identifier(node: Node, what: str) -> str:
    """Return a name."""
    if not isinstance(node.value, str):
        wrong(node.place, f"{what} is a word, got {node}")
    check_name(node.value, node.place, what)
    return node.value


def check_name(name: str, place: Place, what: str) -> None:
    """Demand what Python takes for a name."""
    plain = name.isascii() and name.isidentifier() and not name.startswith("_")
    if not plain or keyword.iskeyword(name) or len(name) > 200:
        wrong(place, f"{what} is a word of letters, digits and _, got {name!r}")
