"""Text into nodes: YAML with the place of every word, and bounds on everything.

Nothing is executed and no tag is followed. Scalars are those of YAML 1.2, so that `1e-5` is a
number and `on` a word.

Source:
    https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import yaml

from shapecalc.errors import SpecError

_LARGEST = 4 << 20  # bytes of a file
_DEEPEST = 32  # mappings and lists inside each other
_MOST_NODES = 1_000_000  # values, each alias counted with all that it stands for

Scalar: TypeAlias = None | bool | int | float | str


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
    words = {other.lower(): other for other in known}
    found = difflib.get_close_matches(word.lower(), words, n=1, cutoff=cutoff)
    if found:
        return f"; did you mean {words[found[0]]!r}?"
    listed = list(words.values())
    return f"; known are {', '.join(listed)}" if 0 < len(listed) <= 12 else ""


def read(source: str | os.PathLike[str] | Mapping[str, Any]) -> tuple[Node, str]:
    """Return the nodes of a path, a text or a dict, and the name of the file.

    A string with a line break or a colon and a space is a text.

    Raises:
        SpecError: there is no such file, or it is no YAML.
    """
    if isinstance(source, Mapping):
        return _from_python(source, "<dict>", 0), "<dict>"
    if isinstance(source, str) and ("\n" in source or ": " in source):
        return parse(source, "<text>"), "<text>"
    file = os.fspath(source)
    try:
        with open(file, "rb") as stream:
            text = stream.read(_LARGEST + 1).decode("utf-8")
    except OSError as error:
        wrong(Place(file, 1, 1), f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        wrong(Place(file, 1, 1), "is not text in UTF-8")
    except ValueError as error:  # a null byte in the path
        wrong(Place(file, 1, 1), f"cannot be read: {error}")
    return parse(text, file), file


def parse(text: str, file: str) -> Node:
    """Return the nodes of a YAML text.

    Raises:
        SpecError: it is no YAML, or beyond the bounds of this file.
    """
    if len(text) > _LARGEST:
        wrong(Place(file, 1, 1), f"a spec has at most {_LARGEST >> 20} MiB")
    composer = _Composer(file)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        wrong(place, f"not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        wrong(Place(file, 1, 1), f"not YAML: {str(error).splitlines()[0]}")
    if composer.root is None:
        wrong(Place(file, 1, 1), "the spec is empty")
    return composer.root


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not finished."""

    place: Place
    anchor: str | None
    mapping: bool
    entries: list[Node] = field(default_factory=list)


class _Composer:
    """Makes nodes of the events of a YAML parser, one after the other, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        match event:
            case yaml.ScalarEvent():
                place = self._place(event)
                value = event.value
                if event.tag == "!":
                    pass  # a quoted scalar
                elif event.tag is not None:
                    wrong(place, f"tags such as {event.tag} are not allowed")
                elif event.implicit[0]:
                    value = _scalar(event.value, place)
                self._add(Node(value, place), event.anchor)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    wrong(self._place(event), f"the alias *{event.anchor} stands for itself")
                self._add(self._anchors[event.anchor], None)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                place = self._place(event)
                if event.tag is not None:
                    wrong(place, f"tags such as {event.tag} are not allowed")
                if len(self._open) >= _DEEPEST:
                    wrong(place, f"nested more than {_DEEPEST} deep")
                mapping = isinstance(event, yaml.MappingStartEvent)
                self._open.append(_Open(place, event.anchor, mapping))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                finished = self._open.pop()
                self._add(_closed(finished), finished.anchor)
            case yaml.DocumentStartEvent() if self.root is not None:
                wrong(self._place(event), "a second document: a file is one spec")

    def _place(self, event: yaml.Event) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        self._open[-1].entries.append(node)


def _closed(finished: _Open) -> Node:
    size = 1 + sum(entry.size for entry in finished.entries)
    if size > _MOST_NODES:
        wrong(finished.place, f"more than {_MOST_NODES:,} values, with all aliases written out")
    if not finished.mapping:
        return Node(tuple(finished.entries), finished.place, size=size)
    entries: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key, value in zip(finished.entries[::2], finished.entries[1::2], strict=True):
        name = key.value
        if not isinstance(name, str):
            wrong(key.place, f"a key is a word, got {key}")
        if name == "<<":
            wrong(key.place, "merge keys (<<) are not allowed: use a block with arguments")
        if name in entries:
            wrong(key.place, f"{name!r} is given twice, first in line {keys[name].line}")
        entries[name], keys[name] = value, key.place
    return Node(entries, finished.place, keys, size)


_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _scalar(text: str, place: Place) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > 19:
            wrong(place, "the number is too large")
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _from_python(value: Any, path: str, depth: int) -> Node:
    place = Place(path)
    if depth > _DEEPEST:
        wrong(place, f"nested more than {_DEEPEST} deep")
    if value is None or isinstance(value, (bool, int, float, str)):
        return Node(value, place)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                wrong(place, f"a key is a word, got {key!r}")
        entries = {k: _from_python(v, f"{path}.{k}", depth + 1) for k, v in value.items()}
        return Node(entries, place, {key: node.place for key, node in entries.items()})
    if isinstance(value, (list, tuple)):
        return Node(
            tuple(_from_python(v, f"{path}[{n}]", depth + 1) for n, v in enumerate(value)), place
        )
    if hasattr(value, "free_symbols"):
        return Node(str(value), place)
    return wrong(place, f"expected a word, number, list or mapping, got {type(value).__name__}")
