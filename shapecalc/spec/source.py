"""Text into nodes: YAML with the place of every word, and bounds on everything.

Nothing is executed and no tag is followed. Scalars are those of YAML 1.2, so that `1e-5` is a
number and `on` a word.

Source:
    https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from shapecalc.spec.nodes import Node, Place, Scalar, wrong

_LARGEST = 4 << 20  # bytes of a file
_DEEPEST = 32  # mappings and lists inside each other
_MOST_NODES = 1_000_000  # values, each alias counted with all that it stands for


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
        wrong(Place(file), f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        wrong(Place(file), "is not text in UTF-8")
    except ValueError as error:  # a null byte in the path
        wrong(Place(file), f"cannot be read: {error}")
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
        line = text.splitlines()[mark.line : mark.line + 1] if mark else []
        if line and "\t" in line[0][: len(line[0]) - len(line[0].lstrip())]:
            wrong(place, "YAML is indented with spaces, got a tab")
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
                value: Scalar = event.value
                if event.tag == "!":
                    pass  # a quoted scalar
                elif event.tag is not None:
                    wrong(place, f"tags such as {event.tag} are not allowed")
                elif event.implicit[0]:
                    value = _scalar(event.value, place)
                self._add(Node(value, place), event.anchor)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    within = any(part.anchor == event.anchor for part in self._open)
                    why = "stands for itself" if within else "stands for nothing"
                    wrong(self._place(event), f"the alias *{event.anchor} {why}")
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
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)

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
