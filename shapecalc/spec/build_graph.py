"""A spec into a `LayerGraph`, through the rules of the ops and without torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from shapecalc import dims
from shapecalc.conditions import Condition, Hint, Path, following
from shapecalc.dims import Dim, Shape
from shapecalc.errors import InputError, ShapeError
from shapecalc.graph import (
    Finding,
    Input,
    InputRef,
    Layer,
    LayerGraph,
    Location,
    ModuleCall,
    OutputRef,
    Premise,
)
from shapecalc.op import Built, Op, Operand, Outcome, infer
from shapecalc.spec.expressions import Scope, argument_of, count_of, value_of
from shapecalc.spec.functions import functions
from shapecalc.spec.load import pattern_of
from shapecalc.spec.schema import Block, Output, Ref, Spec, Use, module_signature, modules
from shapecalc.spec.source import Place, nearest, wrong

_MOST_LAYERS = 200_000  # all repetitions counted
_ATTEMPTS = 8  # hints that are tried before the shapes are said to be wrong

# sizes that leave room for the usual networks; all different, so that no equality is hidden
_HINTS = {"N": 3, "B": 3, "C": 3, "D": 16, "T": 24, "L": 96, "H": 224, "W": 256}


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


def place(
    spec: Spec, sizes: Mapping[str, int] | None = None
) -> tuple[LayerGraph, tuple[Placed, ...]]:
    """Return the graph of a spec, and its layers with the arguments of their constructors.

    Where a size does not fit at the first hint, one at which it fits is searched.
    """
    sizes = dict(sizes or {})
    hint = Hint(_HINTS)
    first: _Builder | None = None
    for _ in range(_ATTEMPTS):
        builder = _Builder(spec, sizes, hint)
        builder.run()
        first = first or builder
        if builder.wanted is None:
            break
        from shapecalc import sets  # only here: it imports islpy

        conditions = [premise.condition for premise in builder.premises.values()]
        found = sets.find_sizes([*conditions, builder.wanted], dict(builder.hint))
        if found is None:
            break
        hint = Hint(found)
    best = first if builder.findings else builder
    assert best is not None
    return best.graph(), best.placed


class _Failed(Exception):  # noqa: N818
    """The shapes do not fit: what is known so far is all there is."""


@dataclass(slots=True)
class _Builder:
    """One walk through a spec, at one hint."""

    spec: Spec
    sizes: dict[str, int]
    hint: Hint
    layers: list[Layer] = field(default_factory=list)
    calls: list[ModuleCall] = field(default_factory=list)
    premises: dict[Condition, Premise] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    notes: list[str] = field(default_factory=list)
    wanted: Condition | None = None
    inputs: tuple[Input, ...] = ()
    output: Any = None
    parameters: int = 0
    placed: tuple[Placed, ...] = ()
    named: dict[str, Dim] = field(default_factory=dict)

    def run(self) -> None:
        """Walk through the model."""
        scope = Scope(symbol=self.symbol)
        patterns = [pattern_of(name, node, scope) for name, node in self.spec.inputs.items()]
        self.inputs = tuple(Input(name=p.name, shape=p.shape, dtype=p.dtype) for p in patterns)
        for dim in self.named.values():
            self.hint.setdefault(str(dim), self.hint[str(dim)])
        operands = [Operand(p.shape, p.dtype, InputRef(p.name)) for p in patterns]
        kind = self.spec.model.class_name
        try:
            with self.calling("", kind, operands, self.spec.model.layers[0].place) as done:
                values, self.placed = self.block(self.spec.model, operands, scope, "")
                self.output = done(_structure(self.spec.model.output, values, _shape))
        except _Failed:
            return
        unknown = sorted(set(self.sizes) - set(self.named))
        if unknown:
            name = unknown[0]
            raise InputError(f"no symbol {name!r} in the spec{nearest(name, self.named)}")

    def symbol(self, name: str) -> Dim:
        """Return what a name that is no argument stands for."""
        if name not in self.named:
            least = 0 if name in self.spec.paddings else 1
            if name in self.sizes:
                if self.sizes[name] < least:
                    raise InputError(f"{name} is at least {least}, got {self.sizes[name]}")
                self.named[name] = dims.as_dim(self.sizes[name])
            else:
                self.named[name] = dims.symbol(name, minimum=least)
                if self.inputs:  # a parameter, which is small: a window has to fit its input
                    self.hint.setdefault(name, 2 - (name in self.spec.paddings))
        return self.named[name]

    # ------------------------------------------------------------------ blocks

    def block(
        self, block: Block, operands: Sequence[Operand], scope: Scope, name: str
    ) -> tuple[dict[str, tuple[Operand, ...]], tuple[Placed, ...]]:
        """Walk through the layers of a block; return the outputs of each by name."""
        values = {n: (operand,) for n, operand in zip(block.inputs, operands, strict=True)}
        placed = []
        for use in block.layers:
            inputs = tuple(_value(values, ref, use.place) for ref in use.inputs)
            inner = f"{name}.{use.name}" if name else use.name
            walk = self.use if use.repeat is None else self.repeated
            values[use.name], child = walk(use, inputs, scope, inner)
            placed.append(child)
        for ref in _refs(block.output):
            _value(values, ref, block.layers[-1].place)
        return values, tuple(placed)

    def repeated(
        self, use: Use, inputs: tuple[Operand, ...], scope: Scope, name: str
    ) -> tuple[tuple[Operand, ...], Placed]:
        """Walk through a chain of copies, which is an `nn.Sequential`."""
        assert use.repeat is not None
        children = []
        with self.calling(name, "Sequential", inputs, use.place) as done:
            for n in range(count_of(use.repeat, "repeat", scope)):
                outputs, child = self.use(use, inputs, scope, f"{name}.{n}")
                children.append(child)
                if len(outputs) != 1:
                    wrong(use.repeat.place, f"{use.type} has {len(outputs)} outputs to hand on")
                inputs = outputs
            done(inputs[0].shape)
        chain = Placed(
            use=use, name=name, kind="Sequential", arguments={}, children=tuple(children)
        )
        return inputs, chain

    def use(
        self, use: Use, inputs: tuple[Operand, ...], scope: Scope, name: str
    ) -> tuple[tuple[Operand, ...], Placed]:
        """Walk through one layer or block."""
        if use.type in self.spec.blocks:
            return self.block_use(use, inputs, scope, name)
        if len(self.layers) >= _MOST_LAYERS:
            wrong(use.place, f"more than {_MOST_LAYERS:,} layers")
        if use.type in modules():
            return self.module(use, inputs, scope, name)
        return self.function(use, inputs, scope, name)

    def block_use(
        self, use: Use, inputs: tuple[Operand, ...], scope: Scope, name: str
    ) -> tuple[tuple[Operand, ...], Placed]:
        """Walk through a block with its arguments."""
        block = self.spec.blocks[use.type]
        arguments = {
            argument: argument_of(use.parameters.get(argument) or default, scope)
            for argument, default in block.arguments.items()
        }
        with self.calling(name, block.class_name, inputs, use.place) as done:
            values, children = self.block(block, inputs, Scope(arguments), name)
            done(_structure(block.output, values, _shape))
        outputs = tuple(values[ref.name][ref.output] for ref in _refs(block.output))
        placed = Placed(
            use=use,
            name=name,
            kind=block.class_name,
            arguments=arguments,
            children=children,
            several=not isinstance(block.output, Ref),
        )
        return outputs, placed

    # ------------------------------------------------------------------ layers

    def module(
        self, use: Use, inputs: tuple[Operand, ...], scope: Scope, name: str
    ) -> tuple[tuple[Operand, ...], Placed]:
        """Build a module of `torch.nn` and apply it."""
        shapes = tuple(operand.shape for operand in inputs)
        arguments = _arguments(use, scope)
        signature = module_signature(use.type)
        inferred = [n for n in signature.inferred if arguments.get(n) is None]
        with self.calling(name, use.type, inputs, use.place, leaf=True) as done:
            with self.reporting(use, name):
                complete = {**dict.fromkeys(inferred), **arguments}
                built = modules()[use.type].build(use.type, shapes, **complete)
                _check_operands(built.op, len(shapes), use)
                outcome = infer(built.op, shapes, self.hint)
            outputs = self.record(use, name, built.op, inputs, outcome)
            done(_outputs(use.type, outcome), self.count(name, built))
        arguments |= {n: getattr(built.op, n) for n in inferred}
        several = outcome.several
        return outputs, Placed(
            use=use, name=name, kind=use.type, arguments=arguments, several=several
        )

    def function(
        self, use: Use, inputs: tuple[Operand, ...], scope: Scope, name: str
    ) -> tuple[tuple[Operand, ...], Placed]:
        """Apply a function of torch."""
        function = functions()[use.type]
        assert function.reader is not None
        arguments = _arguments(use, scope)
        tensors = inputs if function.operands is not None else (list(inputs),)
        with self.reporting(use, name):
            call = function.reader.read(*tensors, **arguments)
            shapes = tuple(operand.shape for operand in call.operands)
            outcome = infer(call.op, shapes, self.hint)
        dtype = call.dtype or (call.operands[0].dtype if call.operands else "float32")
        outputs = self.record(use, name, call.op, call.operands, outcome, dtype)
        several = outcome.several
        return outputs, Placed(
            use=use, name=name, kind=use.type, arguments=arguments, several=several
        )

    # ------------------------------------------------------------------ records

    def record(
        self,
        use: Use,
        name: str,
        op: Op,
        operands: tuple[Operand, ...],
        outcome: Outcome,
        dtype: str | tuple[str, ...] = "float32",
    ) -> tuple[Operand, ...]:
        """Write a layer down, and return its outputs."""
        index = len(self.layers)
        self.layers.append(
            Layer(
                index=index,
                name=name,
                op=op,
                function=use.type,
                in_shapes=tuple(operand.shape for operand in operands),
                out_shapes=outcome.shapes,
                sources=tuple(operand.source for operand in operands),  # type: ignore[arg-type]
                location=_location(use.place),
                call=len(self.calls) - 1 if use.type in modules() else self._around[-1],
            )
        )
        self.assume(outcome.assumptions, use, name)
        types = dtype if isinstance(dtype, tuple) else (dtype,) * len(outcome.shapes)
        return tuple(
            Operand(shape, kind, OutputRef(index, n))
            for n, (shape, kind) in enumerate(zip(outcome.shapes, types, strict=True))
        )

    def assume(self, assumptions: Sequence[Any], use: Use, name: str) -> None:
        """Write down what the shapes rest on."""
        for assumption in assumptions:
            if assumption.condition not in self.premises:
                premise = Premise(assumption, name, _location(use.place))
                self.premises[assumption.condition] = premise

    def count(self, name: str, built: Built) -> int:
        """Return the number of parameters, in elements; say so where it is no number."""
        total = dims.total(dims.product(shape) for shape in built.parameters.values())
        number = dims.as_int(total)
        if number is None:
            text = dims.format_dim(total)
            self.notes.append(f"{name} has {text} parameters, which the totals leave out")
        self.parameters += number or 0
        return number or 0

    @contextmanager
    def reporting(self, use: Use, name: str) -> Iterator[None]:
        """Turn a `ShapeError` into a finding, and write down what is assumed."""
        try:
            with following(Path(self.hint)) as path:
                yield
        except ShapeError as error:
            self.wanted = error.condition
            finding = Finding(
                message=error.message,
                layer=name,
                fix=error.fix,
                location=_location(use.place),
                condition=error.condition,
            )
            self.findings = (finding,)
            raise _Failed from error
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            wrong(use.place, f"{use.type} does not take these parameters and inputs: {error}")
        self.assume(path.assumptions, use, name)

    _around: list[int] = field(default_factory=list)

    @contextmanager
    def calling(
        self,
        name: str,
        kind: str,
        inputs: Sequence[Operand],
        place: Place,
        *,
        leaf: bool = False,
    ) -> Iterator[Callable[..., Any]]:
        """Write down the call of a module; what is yielded takes its outputs and parameters."""
        index, first = len(self.calls), len(self.layers)
        call = ModuleCall(
            index=index,
            name=name,
            kind=kind,
            inputs=tuple(operand.shape for operand in inputs),
            parent=self._around[-1] if self._around else None,
            location=_location(place),
            leaf=leaf,
            finished=False,
        )
        self.calls.append(call)
        self._around.append(index)

        def done(outputs: Any, parameters: int = 0) -> Any:
            layers = range(first, len(self.layers))
            self.calls[index] = replace(
                call, outputs=outputs, layers=layers, parameters=parameters, finished=True
            )
            return outputs

        try:
            yield done
        finally:
            self._around.pop()

    def graph(self) -> LayerGraph:
        """Return what was found."""
        return LayerGraph(
            name=self.spec.model.class_name,
            inputs=self.inputs,
            layers=tuple(self.layers),
            calls=tuple(self.calls),
            output=self.output,
            premises=tuple(self.premises.values()),
            findings=self.findings,
            notes=tuple(self.notes),
            hint=dict(self.hint),
            parameters=self.parameters,
        )


def _arguments(use: Use, scope: Scope) -> dict[str, Any]:
    signature = (
        module_signature(use.type) if use.type in modules() else functions()[use.type].signature
    )
    return {
        name: value_of(node, signature.parameters[name], scope)
        for name, node in use.parameters.items()
    }


def _value(values: Mapping[str, tuple[Operand, ...]], ref: Ref, place: Place) -> Operand:
    outputs = values[ref.name]
    if ref.output >= len(outputs):
        number = f"{len(outputs)} output{'s' if len(outputs) != 1 else ''}"
        wrong(place, f"no output {ref}: {ref.name!r} has {number}, counted from 0")
    return outputs[ref.output]


def _refs(output: Output) -> tuple[Ref, ...]:
    match output:
        case Ref():
            return (output,)
        case dict():
            return tuple(output.values())
    return output


def _structure(
    output: Output,
    values: Mapping[str, tuple[Operand, ...]],
    function: Callable[[Operand], Any],
) -> Any:
    def one(ref: Ref) -> Any:
        return function(values[ref.name][ref.output])

    match output:
        case Ref():
            return one(output)
        case dict():
            return {name: one(ref) for name, ref in output.items()}
    return tuple(one(ref) for ref in output)


def _shape(operand: Operand) -> Shape:
    return operand.shape


def _outputs(type_name: str, outcome: Outcome) -> Any:
    """Return the shapes that a module hands back, nested as torch does it."""
    if not outcome.several:
        return outcome.shapes[0]
    if type_name == "LSTM":
        return outcome.shapes[0], outcome.shapes[1:]
    return outcome.shapes


def _location(place: Place) -> Location | None:
    return _located(place.file, place.line) if place.line else None


@cache
def _located(file: str, line: int) -> Location:
    return Location(file, line)


def _check_operands(op: Op, given: int, use: Use) -> None:
    low, high = _operands_of(type(op))
    if not low <= given <= high:
        wanted = (
            str(low) if low == high else f"{low} to {high}" if high < 1000 else f"at least {low}"
        )
        wrong(use.place, f"{use.type} reads {wanted} inputs, got {given}")


@cache
def _operands_of(op: type[Op]) -> tuple[int, int]:
    """Return the least and the greatest number of tensors that a rule takes."""
    entries = list(inspect.signature(op.out_shape).parameters.values())[1:]
    if any(entry.kind is entry.VAR_POSITIONAL for entry in entries):
        return sum(entry.kind is not entry.VAR_POSITIONAL for entry in entries), 1000
    required = [entry for entry in entries if entry.default is entry.empty]
    return len(required), len(entries)
