"""A spec into a `LayerGraph`, through the rules of the ops and without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shapecalc import dims
from shapecalc.conditions import Hint
from shapecalc.dims import Dim, Shape
from shapecalc.errors import InputError, ShapeError
from shapecalc.graph import Input, InputRef, LayerGraph
from shapecalc.op import Op, Operand, Outcome, infer
from shapecalc.spec.expressions import Scope, argument_of, count_of, pattern_of, value_of
from shapecalc.spec.functions import functions
from shapecalc.spec.journal import Failed, Journal
from shapecalc.spec.nodes import Place, nearest, wrong
from shapecalc.spec.parameters import module_signature, modules
from shapecalc.spec.schema import Block, Output, Ref, Spec, Use

_MOST_LAYERS = 100_000  # all repetitions counted
_ATTEMPTS = 8  # hints that are tried before the shapes are said to be wrong

# sizes that leave room for the usual networks; all different, so that no equality is hidden
_HINTS = {"N": 3, "B": 3, "C": 3, "D": 16, "T": 24, "L": 96, "H": 224, "W": 256}

Outputs = tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A layer, block or chain of copies at its place in the model.

    `arguments` are those of the constructor, the inferred ones included. `several` says that it
    hands back a tuple.
    """

    use: Use
    name: str
    kind: str
    arguments: Mapping[str, Any]
    children: tuple[Placed, ...] = ()
    several: bool = False


def graph(spec: Spec, sizes: Mapping[str, int] | None = None) -> LayerGraph:
    """Return the layers of a spec with their shapes; `sizes` puts numbers in place of symbols.

    Raises:
        SpecError: a value is not what its layer takes.
        InputError: `sizes` names a symbol that the spec does not have.
    """
    return place(spec, sizes)[0]


def trace(spec: Spec, hint: Mapping[str, int]) -> LayerGraph:
    """Return the layers of a spec, on the path that holds at the sizes of a hint."""
    walk = _Walk(spec, {}, Hint({**_HINTS, **hint}))
    walk.run()
    return walk.graph()


def place_all(spec: Spec) -> tuple[LayerGraph, tuple[Placed, ...]]:
    """Return the graph and all layers of a spec with mistakes, those after a mistake as well.

    A layer whose input does not fit hands on what it declares. The shapes are good for building
    the layers, so that what is wrong can be found on the module, and for nothing else.

    Raises:
        SpecError: a value is not what its layer takes.
    """
    walk = _Walk(spec, {}, Hint(_HINTS), mended=True)
    walk.run()
    return walk.graph(), walk.placed


def place(
    spec: Spec, sizes: Mapping[str, int] | None = None
) -> tuple[LayerGraph, tuple[Placed, ...]]:
    """Return the graph of a spec, and its layers with the arguments of their constructors.

    Where the shapes do not fit at the first hint, one at which they fit is searched.
    """
    made: list[tuple[LayerGraph, tuple[Placed, ...]]] = []

    def trace(hint: Mapping[str, int]) -> LayerGraph:
        walk = _Walk(spec, dict(sizes or {}), Hint({**_HINTS, **hint}))
        walk.run()
        made.append((walk.graph(), walk.placed))
        return made[-1][0]

    graph = trace({})
    if graph.mistakes and graph.hint:
        from shapecalc.sizes.exploration import Exploration  # only here: it imports islpy

        exploration = Exploration(trace, graph.hint, least=dict.fromkeys(spec.paddings, 0))
        exploration.add(graph)
        graph = exploration.until_accepted(traces=_ATTEMPTS) or graph
    return next((known, placed) for known, placed in made if known is graph)


@dataclass(slots=True)
class _Walk:
    """One walk through a spec, at one hint."""

    spec: Spec
    sizes: dict[str, int]
    hint: Hint
    journal: Journal = field(default_factory=Journal)
    inputs: tuple[Input, ...] = ()
    output: Any = None
    placed: tuple[Placed, ...] = ()
    named: dict[str, Dim] = field(default_factory=dict)
    copies: int = 1  # of what is walked through, with all repetitions around it
    mended: bool = False  # what does not fit hands on what it declares

    def run(self) -> None:
        """Walk through the model, up to the first layer whose shapes do not fit."""
        scope = Scope(symbol=self.symbol)
        patterns = [pattern_of(name, node, scope) for name, node in self.spec.inputs.items()]
        self.inputs = tuple(Input(name=p.name, shape=p.shape, dtype=p.dtype) for p in patterns)
        operands = [Operand(p.shape, p.dtype, InputRef(p.name)) for p in patterns]
        model = self.spec.model
        try:
            with self.journal.call("", model.class_name, operands, model.layers[0].place) as done:
                values, self.placed = self.block(model, operands, scope, "")
                self.output = _structure(model.output, values)
                done(self.output, _made(model.output, values))
        except Failed:
            return
        unknown = sorted(set(self.sizes) - set(self.named))
        if unknown:
            near = nearest(unknown[0], self.named)
            raise InputError(f"the spec has no symbol {unknown[0]!r}{near}")

    def symbol(self, name: str) -> Dim:
        """Return what a name that is no argument stands for."""
        if name in self.named:
            return self.named[name]
        least = 0 if name in self.spec.paddings else 1
        if name in self.sizes:
            if self.sizes[name] < least:
                raise InputError(f"{name} is at least {least}, got {self.sizes[name]}")
            self.named[name] = dims.as_dim(self.sizes[name])
        else:
            self.named[name] = dims.symbol(name, minimum=least)
            if self.inputs:  # a parameter is small: a window has to fit its input
                self.hint.setdefault(name, 2 if least else 1)
            self.hint[name]  # a hint makes up what it is asked for
        return self.named[name]

    def block(
        self, block: Block, operands: Sequence[Operand], scope: Scope, name: str
    ) -> tuple[dict[str, Outputs], tuple[Placed, ...]]:
        """Walk through the layers of a block; return the outputs of each by name."""
        values: dict[str, Outputs] = {
            n: (operand,) for n, operand in zip(block.inputs, operands, strict=True)
        }
        placed = []
        for use in block.layers:
            inputs = tuple(_value(values, ref, use.place) for ref in use.inputs)
            inner = f"{name}.{use.name}" if name else use.name
            step = self.use if use.repeat is None else self.chain
            values[use.name], child = step(use, inputs, scope, inner)
            placed.append(child)
        for ref in refs(block.output):
            _value(values, ref, block.layers[-1].place)
        return values, tuple(placed)

    def chain(self, use: Use, inputs: Outputs, scope: Scope, name: str) -> tuple[Outputs, Placed]:
        """Walk through a chain of copies, which is an `nn.Sequential`."""
        assert use.repeat is not None
        children = []
        count = count_of(use.repeat, "repeat", scope)
        self.copies *= count
        if self.copies > _MOST_LAYERS:
            wrong(use.repeat.place, f"more than {_MOST_LAYERS:,} copies")
        with self.journal.call(name, "Sequential", inputs, use.place) as done:
            for n in range(count):
                inputs, child = self.use(use, inputs, scope, f"{name}.{n}")
                children.append(child)
                if child.several:
                    wrong(use.repeat.place, f"{use.type} has several outputs: none can repeat it")
            done(inputs[0].shape, inputs)
        self.copies //= count
        chain = Placed(
            use=use, name=name, kind="Sequential", arguments={}, children=tuple(children)
        )
        return inputs, chain

    def use(self, use: Use, inputs: Outputs, scope: Scope, name: str) -> tuple[Outputs, Placed]:
        """Walk through one layer or block."""
        if len(self.journal.calls) >= _MOST_LAYERS:
            wrong(use.place, f"more than {_MOST_LAYERS:,} layers")
        if use.type in self.spec.blocks:
            return self.block_use(use, inputs, scope, name)
        if use.type in modules():
            return self.module(use, inputs, scope, name)
        return self.function(use, inputs, scope, name)

    def block_use(
        self, use: Use, inputs: Outputs, scope: Scope, name: str
    ) -> tuple[Outputs, Placed]:
        """Walk through a block with its arguments."""
        block = self.spec.blocks[use.type]
        arguments = dict[str, Any]()
        for argument, default in block.arguments.items():
            if argument in use.parameters:
                arguments[argument] = argument_of(use.parameters[argument], scope)
            elif default is not None:
                arguments[argument] = argument_of(default, Scope())
        with self.journal.call(name, block.class_name, inputs, use.place) as done:
            values, children = self.block(block, inputs, Scope(arguments), name)
            made = _made(block.output, values)
            done(_structure(block.output, values), made)
        placed = Placed(
            use=use,
            name=name,
            kind=block.class_name,
            arguments=arguments,
            children=children,
            several=not isinstance(block.output, Ref),
        )
        return made, placed

    def module(self, use: Use, inputs: Outputs, scope: Scope, name: str) -> tuple[Outputs, Placed]:
        """Build a module of `torch.nn` and apply it."""
        shapes = tuple(operand.shape for operand in inputs)
        signature = module_signature(use.type)
        arguments = dict.fromkeys(signature.inferred) | {
            n: value_of(node, signature.parameters[n], scope) for n, node in use.parameters.items()
        }
        journal = self.journal
        with journal.call(name, use.type, inputs, use.place, leaf=True) as done:
            with journal.applying(use, name, self.hint):
                built = modules()[use.type].build(use.type, shapes, **arguments)
                outcome = self.inferred(built.op, shapes)
            journal.assume(outcome.assumptions, use, name)
            outputs = journal.layer(use, name, built.op, inputs, outcome, "float32")
            done(_nested(use.type, outcome), outputs, journal.count(name, built))
        for n in signature.inferred:
            if arguments[n] is None:
                arguments[n] = getattr(built.op, n)
        return outputs, Placed(
            use=use, name=name, kind=use.type, arguments=arguments, several=outcome.several
        )

    def function(
        self, use: Use, inputs: Outputs, scope: Scope, name: str
    ) -> tuple[Outputs, Placed]:
        """Apply a function of torch."""
        function = functions()[use.type]
        parameters = function.signature.parameters
        arguments = {n: value_of(node, parameters[n], scope) for n, node in use.parameters.items()}
        tensors = inputs if function.operands is not None else (list(inputs),)
        journal = self.journal
        with journal.applying(use, name, self.hint):
            call = function.reader.read(*tensors, **arguments)
            shapes = tuple(operand.shape for operand in call.operands)
            outcome = self.inferred(call.op, shapes)
        journal.assume(outcome.assumptions, use, name)
        dtype = call.dtype or (call.operands[0].dtype if call.operands else "float32")
        outputs = journal.layer(use, name, call.op, call.operands, outcome, dtype)
        return outputs, Placed(
            use=use, name=name, kind=use.type, arguments=arguments, several=outcome.several
        )

    def inferred(self, op: Op, shapes: tuple[Shape, ...]) -> Outcome:
        """Apply a rule; where the shapes do not fit and are mended, take what it declares."""
        try:
            return infer(op, shapes, self.hint)
        except ShapeError as error:
            from shapecalc.trace.recovery import possible, recovered  # only for diagnosis

            found = recovered(op, shapes, self.hint, error) if self.mended else None
            if found is None:
                raise
        outcome, _ = found

        def number(size: Dim) -> Dim:
            either = possible(size)
            return size if either is None else dims.as_dim((either or (1,))[0])

        return replace(outcome, shapes=tuple(Shape(map(number, s)) for s in outcome.shapes))

    def graph(self) -> LayerGraph:
        """Return what was found."""
        journal = self.journal
        return LayerGraph(
            name=self.spec.model.class_name,
            inputs=self.inputs,
            layers=tuple(journal.layers),
            calls=tuple(journal.calls),
            output=self.output,
            premises=tuple(journal.premises.values()),
            findings=journal.findings,
            notes=tuple(journal.notes),
            hint={name: self.hint[name] for name in self.named if name not in self.sizes},
            parameters=journal.parameters,
            symbolic_parameters=journal.symbolic_parameters,
            home=journal.home,
        )


def _value(values: Mapping[str, Outputs], ref: Ref, place: Place) -> Operand:
    outputs = values[ref.name]
    if ref.output >= len(outputs):
        number = f"{len(outputs)} output{'s' if len(outputs) != 1 else ''}"
        wrong(place, f"no output {ref}: {ref.name!r} has {number}, counted from 0")
    return outputs[ref.output]


def refs(output: Output) -> tuple[Ref, ...]:
    """Return what an `output` or `outputs` names, in order."""
    match output:
        case Ref():
            return (output,)
        case dict():
            return tuple(output.values())
    return output


def _made(output: Output, values: Mapping[str, Outputs]) -> Outputs:
    """Return the tensors that a block hands back, in order."""
    return tuple(values[ref.name][ref.output] for ref in refs(output))


def _structure(output: Output, values: Mapping[str, Outputs]) -> Any:
    """Return the shapes of what a block hands back, nested as it says."""
    match output:
        case Ref():
            return values[output.name][output.output].shape
        case dict():
            return {name: _structure(ref, values) for name, ref in output.items()}
    return tuple(_structure(ref, values) for ref in output)


def _nested(type_name: str, outcome: Outcome) -> Any:
    """Return the shapes that a module hands back, nested as torch does it."""
    if not outcome.several:
        return outcome.shapes[0]
    if type_name == "LSTM":
        return outcome.shapes[0], outcome.shapes[1:]
    return outcome.shapes
