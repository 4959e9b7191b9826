"""YAML, or a dict, into a `Spec`; every mistake is one `SpecError` at its place."""

from __future__ import annotations

import keyword
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from shapecalc import dims
from shapecalc.spec.expressions import (
    UNKNOWN,
    Scope,
    argument_of,
    names_in,
    pattern_of,
)
from shapecalc.spec.functions import functions
from shapecalc.spec.layers import Header, LayerReader
from shapecalc.spec.nodes import Node, Place, check_name, identifier, listed, mapping, wrong
from shapecalc.spec.schema import COMMON, Block, Spec
from shapecalc.spec.source import read

_TOP = ("name", "input", "inputs", "layers", "blocks", "output", "outputs")
_BLOCK = ("inputs", "arguments", "layers", "output", "outputs")
_DEEPEST = 32  # blocks inside each other
_PADDINGS = ("padding", "output_padding")  # the parameters whose symbols may be 0


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> Spec:
    r"""Return the spec that a file, a text or a dict describes.

    Raises:
        SpecError: it has a mistake; the message starts with file:line:column.

    >>> load("input: N,3,H,W\nlayers: [ReLU]").model.layers[0].name
    'relu'
    """
    root, file = read(source)
    top = mapping(root, "a spec", _TOP)
    name = identifier(top["name"], "a model's name") if "name" in top else _name_of(file)
    inputs = _inputs(root, top)
    headers = _headers(top["blocks"]) if "blocks" in top else {}
    blocks = {header.name: _read_block(header, headers) for header in headers.values()}
    _refuse_recursion(blocks, headers)
    model = Header(name, root, top, tuple(inputs), {}, Scope(symbol=dims.symbol))
    body = _read_block(model, headers)
    paddings = _names_in_paddings(body, blocks, {})
    return Spec(name=name, inputs=inputs, model=body, blocks=blocks, paddings=paddings, file=file)


def _name_of(file: str) -> str:
    stem = re.sub(r"\W+", "_", PurePath(file).stem).strip("_")
    usable = stem.isascii() and stem.isidentifier() and not keyword.iskeyword(stem)
    return stem if usable and not file.startswith("<") else "Model"


def _inputs(root: Node, top: Mapping[str, Node]) -> dict[str, Node]:
    if "input" in top and "inputs" in top:
        wrong(root.keys["inputs"], "either `input` for one tensor or `inputs` for several")
    if "input" in top:
        named = {"input": top["input"]}
    elif "inputs" in top:
        named = dict(mapping(top["inputs"], "`inputs`"))
        for name in named:
            check_name(name, top["inputs"].keys[name], "an input")
    else:
        wrong(root.place, "a spec needs an `input`, such as `input: N,3,H,W`")
    if not named:
        wrong(top["inputs"].place, "`inputs` is empty")
    for name, node in named.items():
        pattern_of(name, node, Scope(symbol=dims.symbol))
    return named


# ---------------------------------------------------------------------------- blocks


def _headers(node: Node) -> dict[str, Header]:
    headers: dict[str, Header] = {}
    for name, block in mapping(node, "`blocks`").items():
        place = node.keys[name]
        check_name(name, place, "a block")
        if name != name.lower():
            wrong(place, f"the name of a block is in small letters, got {name!r}")
        if name in functions():
            wrong(place, f"{name!r} is a function of torch: call the block something else")
        entries = mapping(block, f"the block {name!r}", _BLOCK)
        inputs: tuple[str, ...] = ("input",)
        if "inputs" in entries:
            inputs = tuple(
                identifier(entry, "an input") for entry in listed(entries["inputs"], "`inputs`")
            )
        arguments = _arguments(entries.get("arguments"))
        scope = Scope(dict.fromkeys(arguments, UNKNOWN))
        headers[name] = Header(name, block, entries, inputs, arguments, scope)
    return headers


def _arguments(node: Node | None) -> dict[str, Node | None]:
    if node is None:
        return {}
    arguments: dict[str, Node | None] = {}
    if isinstance(node.value, tuple):
        for entry in node.value:
            name = identifier(entry, "an argument")
            if name in arguments:
                wrong(entry.place, f"two arguments are called {name!r}")
            _check_argument(name, entry.place)
            arguments[name] = None
        return arguments
    for name, default in mapping(node, "`arguments`, if not a list,").items():
        _check_argument(name, node.keys[name])
        if default.value is not None:
            argument_of(default, Scope())
        arguments[name] = default if default.value is not None else None
    return arguments


def _check_argument(name: str, place: Place) -> None:
    check_name(name, place, "an argument")
    if name in COMMON:
        wrong(place, f"{name!r} is said of every layer and cannot be an argument")


def _refuse_recursion(blocks: Mapping[str, Block], headers: Mapping[str, Header]) -> None:
    done: set[str] = set()

    def visit(name: str, around: tuple[str, ...]) -> None:
        if len(around) > _DEEPEST:
            wrong(headers[name].node.place, f"blocks nested more than {_DEEPEST} deep")
        for use in blocks[name].layers:
            if use.type in (*around, name):
                chain = " -> ".join((*around, name, use.type))
                wrong(use.place, f"a block cannot contain itself: {chain}")
            if use.type in blocks and use.type not in done:
                visit(use.type, (*around, name))
        done.add(name)

    for name in blocks:
        visit(name, ())


def _read_block(header: Header, headers: Mapping[str, Header]) -> Block:
    entries = header.entries
    if "layers" not in entries:
        wrong(header.node.place, "`layers` is missing")
    reader = LayerReader(header, headers)
    return Block(
        name=header.name,
        inputs=header.inputs,
        layers=reader.read(entries["layers"]),
        output=reader.output(),
        arguments=header.arguments,
    )


# ---------------------------------------------------------------------------- paddings


def _names_in_paddings(
    body: Block, blocks: Mapping[str, Block], done: dict[str, frozenset[str]]
) -> frozenset[str]:
    """Return the symbols, or arguments of a block, that a padding is made of."""
    found = set[str]()
    for use in body.layers:
        if use.type in blocks:
            if use.type not in done:
                done[use.type] = _names_in_paddings(blocks[use.type], blocks, done)
            padding: Iterable[str] = done[use.type]
        else:
            padding = _PADDINGS
        for name in padding:
            if name in use.parameters:
                found.update(names_in(use.parameters[name]))
    return frozenset(found)
