"""YAML, or a dict, into a `Spec`; every mistake is one `SpecError` at its place."""

from __future__ import annotations

import keyword
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.errors import PatternError
from shapecalc.inputs import Pattern, parse_pattern, parse_size
from shapecalc.spec.expressions import (
    UNKNOWN,
    Scope,
    argument_of,
    count_of,
    names_in,
    size_of,
    value_of,
)
from shapecalc.spec.functions import functions
from shapecalc.spec.schema import (
    COMMON,
    Block,
    Output,
    Parameter,
    Ref,
    Signature,
    Spec,
    Use,
    module_signature,
    modules,
)
from shapecalc.spec.source import Node, Place, nearest, read, wrong

_TOP = ("name", "input", "inputs", "layers", "blocks", "output", "outputs")
_BLOCK = ("inputs", "arguments", "layers", "output", "outputs")
_DEEPEST = 32  # blocks inside each other
_PADDINGS = ("padding", "output_padding")  # the parameters whose symbols may be 0

# attributes of nn.Module and nn.Sequential, which no layer may hide
RESERVED = frozenset(
    """T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu
    cuda double dump_patches eval extend extra_repr float forward get_buffer get_extra_state
    get_parameter get_submodule half insert ipu load_state_dict modules mtia named_buffers
    named_children named_modules named_parameters parameters pop register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
    set_submodule share_memory state_dict to to_empty train training type xpu zero_grad""".split()
)


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> Spec:
    """Return the spec that a file, a text or a dict describes.

    Raises:
        SpecError: it has a mistake; the message starts with file:line:column.

    >>> load("input: N,3,H,W\\nlayers: [ReLU]").model.layers[0].name
    'relu'
    """
    root, file = read(source)
    top = _mapping(root, "a spec", _TOP)
    if "name" in top:
        name = _identifier(top["name"], "the name of a model")
    else:
        name = _name_of(file)
    inputs = _inputs(root, top)
    headers = _headers(top["blocks"]) if "blocks" in top else {}
    blocks = {header.name: _read_block(header, headers) for header in headers.values()}
    _refuse_recursion(blocks, headers)
    model = _Header(name, root, top, tuple(inputs), {}, Scope(symbol=dims.symbol))
    body = _read_block(model, headers)
    paddings = _names_in_paddings(body, blocks, {})
    return Spec(name=name, inputs=inputs, model=body, blocks=blocks, paddings=paddings, file=file)


@dataclass(frozen=True, slots=True)
class _Header:
    """What others need to know of a block: all of it but its layers."""

    name: str
    node: Node
    entries: Mapping[str, Node]
    inputs: tuple[str, ...]
    arguments: Mapping[str, Node | None]
    scope: Scope

    def signature(self) -> Signature:
        """Return the arguments as parameters that take anything."""
        accepts = frozenset({"size", "int", "float", "bool", "str", "null"})
        return Signature(
            type=self.name,
            parameters={
                name: Parameter(name=name, accepts=accepts, several=True, required=default is None)
                for name, default in self.arguments.items()
            },
        )


def _name_of(file: str) -> str:
    stem = re.sub(r"\W+", "_", PurePath(file).stem).strip("_")
    return stem if stem.isidentifier() and not keyword.iskeyword(stem) else "Model"


def _inputs(root: Node, top: Mapping[str, Node]) -> dict[str, Node]:
    if "input" in top and "inputs" in top:
        wrong(root.keys["inputs"], "either `input` for one tensor or `inputs` for several")
    if "input" in top:
        named = {"input": top["input"]}
    elif "inputs" in top:
        named = dict(_mapping(top["inputs"], "`inputs`"))
        for name in named:
            _check_name(name, top["inputs"].keys[name], "an input")
    else:
        wrong(root.place, "a spec needs an `input`, such as `input: N,3,H,W`")
    if not named:
        wrong(top["inputs"].place, "`inputs` is empty")
    for name, node in named.items():
        pattern_of(name, node, Scope(symbol=dims.symbol))
    return named


def pattern_of(name: str, node: Node, scope: Scope) -> Pattern:
    """Return an input, written `N,3,H,W`, `N,T:int64` or as a list of sizes.

    Raises:
        SpecError: it is neither.
    """
    if isinstance(node.value, tuple):
        return Pattern(name, Shape(size_of(entry, "a size", scope) for entry in node.value))
    if not isinstance(node.value, (str, int)) or isinstance(node.value, bool):
        wrong(node.place, f"an input is a pattern such as N,3,H,W, got {node}")
    try:
        return parse_pattern(
            str(node.value), name, size=lambda text, _: parse_size(text, symbol=scope.size)
        )
    except PatternError as error:
        wrong(node.place, str(error))


# ---------------------------------------------------------------------------- blocks


def _headers(node: Node) -> dict[str, _Header]:
    headers: dict[str, _Header] = {}
    for name, block in _mapping(node, "`blocks`").items():
        place = node.keys[name]
        _check_name(name, place, "a block")
        if name != name.lower():
            wrong(place, f"the name of a block is in small letters, got {name!r}")
        if name in functions():
            wrong(place, f"{name!r} is a function of torch: call the block something else")
        entries = _mapping(block, f"the block {name!r}", _BLOCK)
        inputs = ("input",)
        if "inputs" in entries:
            inputs = tuple(
                _identifier(entry, "an input") for entry in _list(entries["inputs"], "`inputs`")
            )
        arguments = _arguments(entries.get("arguments"))
        scope = Scope(dict.fromkeys(arguments, UNKNOWN))
        headers[name] = _Header(name, block, entries, inputs, arguments, scope)
    return headers


def _arguments(node: Node | None) -> dict[str, Node | None]:
    if node is None:
        return {}
    arguments: dict[str, Node | None] = {}
    if isinstance(node.value, tuple):
        for entry in node.value:
            name = _identifier(entry, "an argument")
            if name in arguments:
                wrong(entry.place, f"two arguments are called {name!r}")
            arguments[name] = None
        return arguments
    for name, default in _mapping(node, "`arguments`, if not a list,").items():
        _check_name(name, node.keys[name], "an argument")
        if default.value is not None:
            argument_of(default, Scope())
        arguments[name] = default if default.value is not None else None
    for name in arguments:
        if name in COMMON:
            wrong(node.keys[name], f"{name!r} is said of every layer and cannot be an argument")
    return arguments


def _refuse_recursion(blocks: Mapping[str, Block], headers: Mapping[str, _Header]) -> None:
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


def _read_block(header: _Header, headers: Mapping[str, _Header]) -> Block:
    entries = header.entries
    if "layers" not in entries:
        wrong(header.node.place, "`layers` is missing")
    reader = _Layers(header, headers)
    return Block(
        name=header.name,
        inputs=header.inputs,
        layers=reader.read(entries["layers"]),
        output=reader.output(),
        arguments=header.arguments,
    )


# ---------------------------------------------------------------------------- layers


@dataclass(frozen=True, slots=True)
class _Entry:
    """A layer as it is written: its type, and all that is said of it."""

    type: str
    said: Mapping[str, Node]
    node: Node
    place: Place


class _Layers:
    """Reads the layers of one block, or of the model."""

    def __init__(self, header: _Header, headers: Mapping[str, _Header]) -> None:
        self.header = header
        self.headers = headers
        self.known: dict[str, None] = dict.fromkeys(header.inputs)
        self.later: set[str] = set()
        self.last: str | None = header.inputs[0] if len(header.inputs) == 1 else None

    def read(self, node: Node) -> tuple[Use, ...]:
        """Return the layers in order."""
        entries = [self._entry(entry) for entry in _list(node, "`layers`")]
        if not entries:
            wrong(node.place, "`layers` is empty")
        names = self._names(entries)
        self.later = set(names)
        uses = []
        for entry, name in zip(entries, names, strict=True):
            uses.append(self._use(entry, name))
            self.known[name] = None
            self.last = name
        return tuple(uses)

    def output(self) -> Output:
        """Return what the block hands back, the last layer unless it says otherwise."""
        entries = self.header.entries
        if "output" in entries and "outputs" in entries:
            place = self.header.node.keys["outputs"]
            wrong(place, "either `output` for one layer or `outputs` for several")
        if "output" in entries:
            return self._ref(entries["output"], "`output`")
        if "outputs" not in entries:
            assert self.last is not None
            return Ref(self.last)
        node = entries["outputs"]
        if isinstance(node.value, dict) and self.header.name not in self.headers:
            if not node.value:
                wrong(node.place, "`outputs` is empty")
            return {name: self._ref(ref, "`outputs`") for name, ref in node.value.items()}
        listed = _list(node, "`outputs`")
        if not listed:
            wrong(node.place, "`outputs` is empty")
        return tuple(self._ref(ref, "`outputs`") for ref in listed)

    def _entry(self, node: Node) -> _Entry:
        if isinstance(node.value, str):
            return _Entry(self._type(node.value, node.place), {}, node, node.place)
        entries = _mapping(node, "a layer, if not a type alone,")
        if len(entries) != 1:
            found = ", ".join(map(repr, entries)) or "none"
            wrong(
                node.place,
                "a layer is one type with its parameters, "
                f"such as `Conv2d: {{out_channels: 8, kernel_size: 3}}`; got the keys {found}",
            )
        ((name, inner),) = entries.items()
        place = node.keys[name]
        type_name = self._type(name, place)
        match inner.value:
            case None:
                return _Entry(type_name, {}, inner, place)
            case dict() as said:
                return _Entry(type_name, said, inner, place)
            case tuple():
                return _Entry(type_name, {"inputs": inner}, inner, place)
        first = next(iter(self._signature(type_name).parameters), "inputs")
        return wrong(
            inner.place, f"parameters have names: write `{name}: {{{first}: {inner.value}}}`"
        )

    def _type(self, name: str, place: Place) -> str:
        if name in modules() or name in functions() or name in self.headers:
            return name
        known = [*self.headers, *modules(), *functions()]
        return wrong(place, f"no layer type {name!r}{nearest(name, known)}")

    def _signature(self, type_name: str) -> Signature:
        if type_name in self.headers:
            return self.headers[type_name].signature()
        if type_name in modules():
            return module_signature(type_name)
        return functions()[type_name].signature

    def _names(self, entries: list[_Entry]) -> list[str]:
        given: dict[str, Place] = {}
        for entry in entries:
            if "name" not in entry.said:
                continue
            node = entry.said["name"]
            name = _identifier(node, "the name of a layer")
            if name in RESERVED:
                wrong(node.place, f"{name!r} is an attribute of every nn.Module")
            if name in given:
                wrong(node.place, f"two layers are called {name!r}, the first in {given[name]}")
            if name in self.known:
                wrong(node.place, f"{name!r} is an input")
            given[name] = node.place
        count: Counter[str] = Counter()
        return [
            str(entry.said["name"].value) if "name" in entry.said
            else self._usual_name(entry.type.lower(), count, given)
            for entry in entries
        ]  # fmt: skip

    def _usual_name(self, stem: str, count: Counter[str], given: Iterable[str]) -> str:
        while True:
            name = f"{stem}_{count[stem]}" if count[stem] else stem
            count[stem] += 1
            if name not in given and name not in self.known and name not in RESERVED:
                return name

    def _use(self, entry: _Entry, name: str) -> Use:
        signature = self._signature(entry.type)
        given = {key: node for key, node in entry.said.items() if key not in COMMON}
        for key, node in given.items():
            if key not in signature.parameters:
                near = nearest(key, [*signature.parameters, *COMMON])
                wrong(entry.node.keys[key], f"{entry.type} has no parameter {key!r}{near}")
            if entry.type in self.headers:
                argument_of(node, self.header.scope)
            else:
                value_of(node, signature.parameters[key], self.header.scope)
        for key in signature.required:
            if key not in given:
                wrong(entry.place, f"{entry.type} needs {key!r}")
        inputs = self._inputs(entry)
        return Use(
            name=name,
            type=entry.type,
            parameters=given,
            inputs=inputs,
            repeat=self._repeat(entry, inputs),
            place=entry.place,
        )

    def _inputs(self, entry: _Entry) -> tuple[Ref, ...]:
        if "inputs" in entry.said:
            node = entry.said["inputs"]
            if isinstance(node.value, str):
                inputs = (self._ref(node, "`inputs`"),)
            else:
                inputs = tuple(self._ref(ref, "`inputs`") for ref in _list(node, "`inputs`"))
        elif self.last is None:
            names = ", ".join(self.known)
            wrong(entry.place, f"the first layer has to say which `inputs` it reads: {names}")
        else:
            inputs = (Ref(self.last),)
        wanted = self._operands(entry.type)
        if wanted is not None and len(inputs) != wanted:
            wrong(entry.place, f"{entry.type} reads {wanted} inputs, got {len(inputs)}")
        if not inputs:
            wrong(entry.place, f"{entry.type} reads nothing: `inputs` is empty")
        return inputs

    def _operands(self, type_name: str) -> int | None:
        if type_name in self.headers:
            return len(self.headers[type_name].inputs)
        return None if type_name in modules() else functions()[type_name].operands

    def _repeat(self, entry: _Entry, inputs: tuple[Ref, ...]) -> Node | None:
        node = entry.said.get("repeat")
        if node is None:
            return None
        if entry.type not in modules() and entry.type not in self.headers:
            wrong(node.place, f"`repeat` is for modules and blocks, and {entry.type} is a function")
        if len(inputs) != 1:
            wrong(node.place, "`repeat` is for layers with one input, which each copy hands on")
        count_of(node, "repeat", self.header.scope)
        return node

    def _ref(self, node: Node, what: str) -> Ref:
        if not isinstance(node.value, str):
            wrong(node.place, f"{what} is the name of a layer, got {node}")
        name, dot, number = node.value.partition(".")
        if dot and not (number.isascii() and number.isdigit() and len(number) < 6):
            wrong(node.place, f"output number {number!r}: write `lstm.1` for the second output")
        if name not in self.known:
            if name in self.later:
                reason = "is not made before this layer: a model has no cycles"
                wrong(node.place, f"{name!r} {reason}")
            wrong(node.place, f"no layer or input {name!r}{nearest(name, self.known)}")
        return Ref(name, int(number or 0))


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


# ---------------------------------------------------------------------------- nodes


def _mapping(node: Node, what: str, known: Iterable[str] = ()) -> Mapping[str, Node]:
    if not isinstance(node.value, dict):
        wrong(node.place, f"{what} is a mapping, got {node}")
    for key in node.value:
        if known and key not in known:
            wrong(node.keys[key], f"{what} has no {key!r}{nearest(key, known)}")
    return node.value


def _list(node: Node, what: str) -> tuple[Node, ...]:
    if not isinstance(node.value, tuple):
        wrong(node.place, f"{what} is a list, got {node}")
    return node.value


def _identifier(node: Node, what: str) -> str:
    if not isinstance(node.value, str):
        wrong(node.place, f"{what} is a word, got {node}")
    _check_name(node.value, node.place, what)
    return node.value


def _check_name(name: str, place: Place, what: str) -> None:
    plain = name.isascii() and name.isidentifier() and not name.startswith("_")
    if not plain or keyword.iskeyword(name) or len(name) > 200:
        wrong(place, f"{what} is a word of letters, digits and _, got {name!r}")
