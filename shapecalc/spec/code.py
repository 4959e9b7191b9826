"""A spec as the source of a PyTorch module: a class a block, `nn.Sequential` for a chain.

The classes have the names, the constructors the arguments, and the attributes the names that the
spec gives them, so that a state of `shapecalc.spec.module` loads into the written module.

What a spec leaves to the input, such as `in_channels`, is written where it is known. Within a
block it is an expression of the block's arguments that agrees with every use of the block, or
else an argument of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shapecalc.errors import ShapeError
from shapecalc.spec.build_graph import Placed, place
from shapecalc.spec.expressions import Scope, argument_of, names_in
from shapecalc.spec.forward import TAKEN, operand, returned, variables
from shapecalc.spec.functions import functions
from shapecalc.spec.nodes import wrong
from shapecalc.spec.parameters import module_signature, modules
from shapecalc.spec.python_text import literal, type_of, wrapped
from shapecalc.spec.schema import Block, Ref, Spec, Use
from shapecalc.spec.written_class import Written

_HEAD = '"""{name}, written by shapecalc from {file}."""\n'


def write_code(spec: Spec) -> str:
    """Return the source of a module.

    Raises:
        ShapeError: the shapes do not fit.
        SpecError: a block cannot be written as one class for all its uses.
    """
    graph, placed = place(spec)
    for finding in graph.findings:
        raise ShapeError(str(finding))
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


# what follows from the input is never written as one of these, even where the numbers agree
_UNRELATED = ("kernel_size", "stride", "padding", "dilation", "groups", "output_padding")


class _Writer:
    """Writes classes; those of blocks before those that use them."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.added: dict[int, dict[str, Any]] = {}  # by the id of a use

    def block(self, block: Block, uses: list[Placed]) -> str:
        """Return the class of a block."""
        made = Written(
            block=block,
            uses=[use.children for use in uses],
            arguments=[use.arguments for use in uses],
            is_model=False,
            binds={},
        )
        text = self.written(made)
        for n, use in enumerate(uses):
            self.added[id(use)] = {name: values[n] for name, values in made.added.items()}
        return text

    def model(self, placed: tuple[Placed, ...], binds: Mapping[str, str]) -> str:
        """Return the class of the model; `binds` says where its symbols can be seen."""
        made = Written(
            block=self.spec.model, uses=[placed], arguments=[{}], is_model=True, binds=binds
        )
        return self.written(made)

    def written(self, made: Written) -> str:
        """Return the source of a class."""
        block = made.block
        members = {
            use.name: self.member(use, [children[n] for children in made.uses], made)
            for n, use in enumerate(block.layers)
            if self.is_module(use)
        }
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

    def parameters(self, made: Written) -> Iterator[str]:
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

    def member(self, use: Use, placed: list[Placed], made: Written) -> str:
        """Return the expression that makes a layer of a class."""
        if use.repeat is None:
            return self.made(use, [(n, entry) for n, entry in enumerate(placed)], made)
        first = [(n, entry.children[0]) for n, entry in enumerate(placed)]
        rest = [(n, copy) for n, entry in enumerate(placed) for copy in entry.children[1:]]
        count = made.text(use.repeat)
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
        made: Written,
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
                texts[name] = made.text(use.parameters[name])
                if name not in _UNRELATED:
                    made.remember(use.parameters[name], texts[name])
            elif name in values:
                found = made.known(values[name])
                if found is None and only_known:
                    return ""
                texts[name] = found or made.add(use, name, values[name])
        positional = [texts.pop(name) for name in order[:leading] if name in texts]
        return f"{target}({', '.join([*positional, *(f'{n}={t}' for n, t in texts.items())])})"

    # ------------------------------------------------------------------ forward

    def is_chain(self, made: Written) -> bool:
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

    def forward(self, made: Written) -> list[str]:
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
            for name, where in made.binds.items()
            if any(re.search(rf"\b{name}\b", line) for line in text)
        ]
        tensors = ", ".join(f"{names[name]}: Tensor" for name in block.inputs)
        kind = {Ref: "Tensor", tuple: "tuple[Tensor, ...]", dict: "dict[str, Tensor]"}
        head = f"    def forward(self, {tensors}) -> {kind[type(block.output)]}:"
        return ["", head, *seen, *text]

    def call(self, use: Use, operands: list[str], made: Written) -> str:
        """Return the call of a function."""
        function = functions()[use.type]
        options = [f"{name}={made.text(node, 'self.')}" for name, node in use.parameters.items()]
        for node in use.parameters.values():
            kept = (name for name in names_in(node) if name in made.block.arguments)
            made.kept.update(dict.fromkeys(kept))
        tensors = operands if function.operands is not None else [f"[{', '.join(operands)}]"]
        return f"{function.target}({', '.join([*tensors, *options])})"
