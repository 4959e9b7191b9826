"""The layers of a block, or of the model, as they are written, into `Use`s."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shapecalc.spec.expressions import Scope, argument_of, count_of, value_of
from shapecalc.spec.functions import functions
from shapecalc.spec.nodes import Node, Place, identifier, listed, mapping, nearest, wrong
from shapecalc.spec.parameters import Parameter, Signature, module_signature, modules, operands_of
from shapecalc.spec.schema import COMMON, Output, Ref, Use

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
    set_submodule share_memory state_dict to to_empty train training type xpu zero_grad""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Header:
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


@dataclass(frozen=True, slots=True)
class _Entry:
    """A layer as it is written: its type, and all that is said of it."""

    type: str
    said: Mapping[str, Node]
    node: Node
    place: Place


class LayerReader:
    """Reads the layers of one block, or of the model."""

    def __init__(self, header: Header, headers: Mapping[str, Header]) -> None:
        self.header = header
        self.headers = headers
        self.known: dict[str, None] = dict.fromkeys(header.inputs)
        self.later: set[str] = set()
        self.last: str | None = header.inputs[0] if len(header.inputs) == 1 else None

    def read(self, node: Node) -> tuple[Use, ...]:
        """Return the layers in order."""
        entries = [self._entry(entry) for entry in listed(node, "`layers`")]
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
        if not listed(node, "`outputs`"):
            wrong(node.place, "`outputs` is empty")
        return tuple(self._ref(ref, "`outputs`") for ref in listed(node, "`outputs`"))

    def _entry(self, node: Node) -> _Entry:
        if isinstance(node.value, str):
            return _Entry(self._type(node.value, node.place), {}, node, node.place)
        entries = mapping(node, "a layer, if not a type alone,")
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
        signature = self._signature(type_name)
        first = (*signature.required, *signature.parameters, "inputs")[0]
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
            name = identifier(node, "the name of a layer")
            if name in RESERVED:
                wrong(node.place, f"{name!r} is an attribute of every nn.Module")
            if name in given:
                wrong(node.place, f"two layers are called {name!r}, the first in {given[name]}")
            if name in self.known or name in self.header.arguments:
                kind = "an input" if name in self.known else "an argument"
                wrong(node.place, f"{name!r} is {kind} already")
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
            taken = (given, self.known, self.header.arguments, RESERVED)
            if not any(name in names for names in taken):
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
            inputs: tuple[Ref, ...]
            if isinstance(node.value, str):
                inputs = (self._ref(node, "`inputs`"),)
            else:
                inputs = tuple(self._ref(ref, "`inputs`") for ref in listed(node, "`inputs`"))
        elif self.last is None:
            names = ", ".join(self.known)
            wrong(entry.place, f"the first layer has to say which `inputs` it reads: {names}")
        else:
            inputs = (Ref(self.last),)
        low, high = self._operands(entry.type)
        if not low <= len(inputs) <= high:
            wanted = (
                str(low) if low == high else f"{low} or more" if high > 9 else f"{low} or {high}"
            )
            plural = "" if wanted == "1" else "s"
            wrong(entry.place, f"{entry.type} reads {wanted} input{plural}, got {len(inputs)}")
        return inputs

    def _operands(self, type_name: str) -> tuple[int, int]:
        if type_name in self.headers:
            count = len(self.headers[type_name].inputs)
            return count, count
        if type_name in modules():
            return operands_of(type_name)
        operands = functions()[type_name].operands
        return (1, 1000) if operands is None else (operands, operands)

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
