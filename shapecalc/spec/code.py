"""A spec as the source of a PyTorch module: a class a block, `nn.Sequential` for a chain.

The classes have the names, the constructors the arguments, and the attributes the names that the
spec gives them, so that a state of `shapecalc.spec.module` loads into the written module.

What a spec leaves to the input, such as `in_channels`, is written where it is known. Within a
block it is an expression of the block's arguments that agrees with every use of the block, or
else an argument of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.errors import ShapeError
from shapecalc.spec.build_graph import Placed, place
from shapecalc.spec.expressions import Scope, argument_of, names_in
from shapecalc.spec.forward import TAKEN, operand, returned, variables
from shapecalc.spec.functions import functions
from shapecalc.spec.nodes import Node, wrong
from shapecalc.spec.parameters import module_signature, modules
from shapecalc.spec.python_text import formula as as_python
from shapecalc.spec.python_text import literal, names_of, type_of, wrapped
from shapecalc.spec.schema import Block, Ref, Spec, Use

_HEAD = '"""{name}, written by shapecalc from {file}."""\n'


def write_code(spec: Spec) -> str:
    """Return the source of a module.

    Raises:
        ShapeError: the shapes do not fit.
        SpecError: a block cannot be written as one class for all its uses.
    """
    graph, placed = place(spec)
    for finding in graph.findings:
        raise ShapeError(f"layer '{finding.layer}': {finding.message}", fix=finding.fix)
    uses: dict[str, list[Placed]] = {}
    _collect(placed, spec, uses)
    writer = _Writer(spec)
    classes = [writer.block(spec.blocks[name], uses[name]) for name in _inner_first(spec, uses)]
    binds = dict[str, str]()
    for tensor in graph.inputs:
        for axis, dim in enumerate(tensor.shape):
            if dim.is_Symbol:
                binds.setdefault(str(dim), f"{tensor.name}.size({axis})")
    classes.append(writer.model(placed, binds))
    body = "\n\n\n".join(classes)
    imports = ["import torch"] if "torch." in body else []
    imports += ["from torch import Tensor, nn"] if "Tensor" in body else ["from torch import nn"]
    if "OrderedDict(" in body:
        imports.insert(0, "from collections import OrderedDict\n")
    head = _HEAD.format(name=spec.model.class_name, file=re.sub(r'[\\"]', "", spec.file))
    return "\n".join([head, *imports]) + f"\n\n\n{body}\n"


def _collect(placed: Iterable[Placed], spec: Spec, uses: dict[str, list[Placed]]) -> None:
    """Find all uses of every block."""
    for entry in placed:
        if entry.use.type in spec.blocks and entry.kind != "Sequential":
            uses.setdefault(entry.use.type, []).append(entry)
        _collect(entry.children, spec, uses)


def _inner_first(spec: Spec, uses: Iterable[str]) -> list[str]:
    """Return the blocks, those that are part of others before them."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        for use in spec.blocks[name].layers:
            if use.type in spec.blocks:
                visit(use.type)
        ordered[name] = None

    for name in uses:
        if name not in ordered:
            visit(name)
    return [name for name in ordered if name in set(uses)]


@dataclass(slots=True)
class _Class:
    """A class while it is written.

    `uses` are all places of the block. `added` are the arguments that the spec leaves to the
    input, with their value at each of these places.
    """

    block: Block
    uses: Sequence[Sequence[Placed]]
    arguments: Sequence[Mapping[str, Any]]
    is_model: bool
    added: dict[str, list[Any]] = field(default_factory=dict)
    symbols: dict[str, None] = field(default_factory=dict)  # what the model's constructor takes
    formulas: list[tuple[str, list[Any]]] = field(default_factory=list)
    kept: dict[str, None] = field(default_factory=dict)  # what functions need in `forward`


class _Writer:
    """Writes classes; those of blocks before those that use them."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.added: dict[int, dict[str, Any]] = {}  # by the id of a use
        self.binds: Mapping[str, str] = {}

    def block(self, block: Block, uses: list[Placed]) -> str:
        """Return the class of a block."""
        made = _Class(
            block=block,
            uses=[use.children for use in uses],
            arguments=[use.arguments for use in uses],
            is_model=False,
        )
        text = self.written(made)
        for n, use in enumerate(uses):
            self.added[id(use)] = {name: values[n] for name, values in made.added.items()}
        return text

    def model(self, placed: tuple[Placed, ...], binds: Mapping[str, str]) -> str:
        """Return the class of the model; `binds` says where its symbols can be seen."""
        self.binds = binds
        return self.written(
            _Class(block=self.spec.model, uses=[placed], arguments=[{}], is_model=True)
        )

    def written(self, made: _Class) -> str:
        """Return the source of a class."""
        block = made.block
        members = {}
        for n, use in enumerate(block.layers):
            placed = [children[n] for children in made.uses]
            if not self.is_module(use):
                continue
            members[use.name] = self.member(use, placed, made)
        chain = self.is_chain(made)
        forward = [] if chain else self.forward(made)
        for name in (*made.symbols, *made.added, *block.arguments):
            if name in TAKEN or (name in made.kept and name in members):
                wrong(block.layers[0].place, f"code cannot have an argument called {name!r}")
        lines = [f"class {block.class_name}({'nn.Sequential' if chain else 'nn.Module'}):"]
        lines += [f"    def __init__({', '.join(self.parameters(made))}) -> None:"]
        if chain:
            lines += ["        super().__init__(", "            OrderedDict("]
            lines += [f"                {name}={text}," for name, text in members.items()]
            lines += ["            )", "        )"]
        else:
            lines += ["        super().__init__()"]
            lines += [f"        self.{name} = {name}" for name in made.kept]
            lines += [f"        self.{name} = {text}" for name, text in members.items()]
        return "\n".join(part for line in [*lines, *forward] for part in wrapped(line))

    # ------------------------------------------------------------------ constructors

    def parameters(self, made: _Class) -> Iterator[str]:
        """Yield the arguments of a constructor."""
        yield "self"
        for name, values in made.added.items():
            yield f"{name}: {type_of(values)}"
        for name in made.symbols:
            yield f"{name}: int"
        required = {n: d for n, d in made.block.arguments.items() if d is None}
        for name, default in {**required, **made.block.arguments}.items():
            values = [arguments[name] for arguments in made.arguments]
            if default is None:
                yield f"{name}: {type_of(values)}"
            else:
                value = argument_of(default, Scope())
                yield f"{name}: {type_of([*values, value])} = {literal(value)}"

    def member(self, use: Use, placed: list[Placed], made: _Class) -> str:
        """Return the expression that makes a layer of a class."""
        if use.repeat is None:
            return self.made(use, [(n, entry) for n, entry in enumerate(placed)], made)
        first = [(n, entry.children[0]) for n, entry in enumerate(placed)]
        rest = [(n, copy) for n, entry in enumerate(placed) for copy in entry.children[1:]]
        count = self.text(use.repeat, made)
        head = self.made(use, first, made)
        if not rest:
            return f"nn.Sequential({head})"
        many = self.made(use, rest, made, only_known=True)
        if many == head:
            return f"nn.Sequential(*({head} for _ in range({count})))"
        if many:
            fewer = f"{int(count) - 1}" if count.isdigit() else f"{count} - 1"
            if fewer == "1":
                return f"nn.Sequential({head}, {many})"
            return f"nn.Sequential({head}, *({many} for _ in range({fewer})))"
        lengths = {len(entry.children) for entry in placed}
        if len(lengths) > 1:
            wrong(use.place, f"the copies of {use.name!r} differ too much to be written as code")
        copies = [
            self.made(use, [(n, entry.children[k]) for n, entry in enumerate(placed)], made)
            for k in range(lengths.pop())
        ]
        return f"nn.Sequential({', '.join(copies)})"

    def made(
        self,
        use: Use,
        placed: list[tuple[int, Placed]],
        made: _Class,
        *,
        only_known: bool = False,
    ) -> str:
        """Return a constructor call that is right at all these places.

        With `only_known`, the empty string where that would take a further argument.
        """
        if use.type in self.spec.blocks:
            block = self.spec.blocks[use.type]
            inferred = list(self.added[id(placed[0][1])])
            values = {
                name: [(n, self.added[id(entry)][name]) for n, entry in placed] for name in inferred
            }
            order, target = [*inferred, *block.arguments], block.class_name
            leading = 0
        else:
            signature = module_signature(use.type)
            inferred = [n for n in signature.inferred if n not in use.parameters]
            values = {
                name: [(n, entry.arguments[name]) for n, entry in placed] for name in inferred
            }
            order, target = list(signature.parameters), f"nn.{use.type}"
            leading = sum(
                entry.required or entry.inferred
                for entry in list(signature.parameters.values())[:2]
            )
        texts = dict[str, str]()
        for name in order:
            if name in use.parameters:
                texts[name] = self.text(use.parameters[name], made)
                if name not in _UNRELATED:
                    self.remember(use.parameters[name], texts[name], made)
            elif name in values:
                found = self.known(values[name], made)
                if found is None and only_known:
                    return ""
                texts[name] = found or self.add(use, name, values[name], made)
        positional = [texts.pop(name) for name in order[:leading] if name in texts]
        return f"{target}({', '.join([*positional, *(f'{n}={t}' for n, t in texts.items())])})"

    # ------------------------------------------------------------------ values

    def text(self, node: Node, made: _Class, prefix: str = "") -> str:
        """Return what a spec writes for a value as Python; names get a prefix in `forward`."""
        match node.value:
            case tuple() as entries:
                inner = ", ".join(self.text(entry, made, prefix) for entry in entries)
                return f"({inner},)" if len(entries) == 1 else f"({inner})"
            case str() as text if text in made.block.arguments:
                return prefix + text
            case str() as text:
                value = argument_of(
                    node, Scope(dict.fromkeys(made.block.arguments, _ANY), dims.symbol)
                )
                if isinstance(value, str):
                    return literal(value)
                return self.formula(text, made, prefix)
        return literal(node.value)

    def formula(self, text: str, made: _Class, prefix: str = "") -> str:
        """Return a formula of sizes as Python."""
        tree = as_python(text)
        for part in names_of(tree):
            if prefix and part.id in self.binds and made.is_model:
                continue
            if made.is_model:
                made.symbols[part.id] = None
            if prefix:
                made.kept[part.id] = None
                part.id = f"{prefix}{part.id}"
        return ast.unparse(tree)

    def remember(self, node: Node, text: str, made: _Class) -> None:
        """Keep the formulas of a class, in which what follows from the input is then written."""
        if isinstance(node.value, str) and made.block.arguments:
            try:
                values = [argument_of(node, Scope(arguments)) for arguments in made.arguments]
            except ValueError:
                return
            made.formulas.insert(0, (text, values))

    def known(self, values: list[tuple[int, Any]], made: _Class) -> str | None:
        """Return an expression that has these values at these uses of the class, or None."""
        candidates = [*made.formulas, *made.added.items()]
        for text, found in candidates:
            if all(_same(found[n], value) for n, value in values):
                return text
        first = values[0][1]
        if all(_same(value, first) for _, value in values):
            if made.is_model:
                return self.literal(first, made)
            if not dims.symbols_of(_dims_in(first)):
                return literal(first)
        return None

    def literal(self, value: Any, made: _Class) -> str:
        """Return a value of the model as Python, its symbols as arguments of the constructor."""
        if isinstance(value, tuple):
            return f"({', '.join(self.literal(entry, made) for entry in value)},)"
        if dims.symbols_of(_dims_in(value)):
            return self.formula(dims.format_dim(value), made)
        return literal(value)

    def add(self, use: Use, name: str, values: list[tuple[int, Any]], made: _Class) -> str:
        """Return a new argument of the constructor, with these values."""
        taken = {*made.added, *made.block.arguments}
        new = name if name not in taken else f"{use.name}_{name}"
        while new in taken:
            new += "_"
        column: list[Any] = [None] * len(made.arguments)
        for n, value in values:
            if column[n] is not None and not _same(column[n], value):
                wrong(use.place, f"the copies of {use.name!r} differ too much to be written")
            column[n] = value
        made.added[new] = column
        return new

    # ------------------------------------------------------------------ forward

    def is_chain(self, made: _Class) -> bool:
        """Tell whether each layer reads the one before, so that it is an `nn.Sequential`."""
        block = made.block
        last = Ref(block.inputs[0])
        for use, placed in zip(block.layers, made.uses[0], strict=True):
            if use.inputs != (last,) or placed.several or not self.is_module(use):
                return False
            last = Ref(use.name)
        return len(block.inputs) == 1 and block.output == last

    def is_module(self, use: Use) -> bool:
        """Tell whether a layer is an attribute of its class."""
        return use.type in modules() or use.type in self.spec.blocks

    def forward(self, made: _Class) -> list[str]:
        """Return the lines of `forward`."""
        block, placed = made.block, made.uses[0]
        names = variables(block)
        lines = []
        for use in block.layers:
            operands = [operand(names, ref, block, placed) for ref in use.inputs]
            if self.is_module(use):
                call = f"self.{use.name}({', '.join(operands)})"
            else:
                call = self.call(use, operands, made)
            lines.append((names[use.name], call))
        result = returned(block, names, placed)
        *before, (last, call) = lines
        if last == result:
            text = [f"        {name} = {call}" for name, call in before]
            text.append(f"        return {call}")
        else:
            text = [f"        {name} = {call}" for name, call in lines]
            text.append(f"        return {result}")
        seen = [
            f"        {name} = {where}"
            for name, where in self.binds.items()
            if made.is_model and any(re.search(rf"\b{name}\b", line) for line in text)
        ]
        tensors = ", ".join(f"{names[name]}: Tensor" for name in block.inputs)
        kind = {Ref: "Tensor", tuple: "tuple[Tensor, ...]", dict: "dict[str, Tensor]"}
        head = f"    def forward(self, {tensors}) -> {kind[type(block.output)]}:"
        return ["", head, *seen, *text]

    def call(self, use: Use, operands: list[str], made: _Class) -> str:
        """Return the call of a function."""
        function = functions()[use.type]
        options = [
            f"{name}={self.text(node, made, 'self.')}" for name, node in use.parameters.items()
        ]
        for node in use.parameters.values():
            kept = (name for name in names_in(node) if name in made.block.arguments)
            made.kept.update(dict.fromkeys(kept))
        tensors = operands if function.operands is not None else [f"[{', '.join(operands)}]"]
        return f"{function.target}({', '.join([*tensors, *options])})"


_ANY = dims.symbol("any")

# what follows from the input is never written as one of these, even where the numbers agree
_UNRELATED = ("kernel_size", "stride", "padding", "dilation", "groups", "output_padding")


def _dims_in(value: Any) -> list[Dim]:
    entries = value if isinstance(value, tuple) else (value,)
    return [entry for entry in entries if hasattr(entry, "free_symbols")]


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)
