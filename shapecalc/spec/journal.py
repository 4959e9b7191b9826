"""What a walk through a spec leaves behind, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast

from shapecalc import dims
from shapecalc.conditions import Assumption, Condition, Hint, Path, following
from shapecalc.errors import ShapeError
from shapecalc.graph import Finding, Home, Layer, Location, ModuleCall, OutputRef, Premise, Source
from shapecalc.op import Op, Operand, Outcome
from shapecalc.registry import Built
from shapecalc.spec.nodes import Place, wrong
from shapecalc.spec.schema import Use


class Failed(Exception):  # noqa: N818
    """The shapes do not fit: what is known so far is all there is."""


@dataclass(slots=True)
class Journal:
    """Layers, module calls and all that the shapes rest on."""

    layers: list[Layer] = field(default_factory=list)
    calls: list[ModuleCall] = field(default_factory=list)
    premises: dict[Condition, Premise] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    notes: list[str] = field(default_factory=list)
    parameters: int = 0
    symbolic_parameters: dict[str, dims.Dim] = field(default_factory=dict)
    home: Home = field(default_factory=Home)
    _around: list[int] = field(default_factory=list)

    def layer(
        self,
        use: Use,
        name: str,
        op: Op,
        operands: tuple[Operand, ...],
        outcome: Outcome,
        dtype: str | tuple[str, ...],
    ) -> tuple[Operand, ...]:
        """Write a layer down, and return its outputs."""
        index = len(self.layers)
        sources = cast("tuple[Source, ...]", tuple(operand.source for operand in operands))
        self.layers.append(
            Layer(
                index=index,
                name=name,
                op=op,
                function=use.type,
                in_shapes=tuple(operand.shape for operand in operands),
                out_shapes=outcome.shapes,
                sources=sources,
                location=location(use.place),
                call=self._around[-1],
                home=self.home,
            )
        )
        dtypes = dtype if isinstance(dtype, tuple) else (dtype,) * len(outcome.shapes)
        return tuple(
            Operand(shape, kind, OutputRef(index, n))
            for n, (shape, kind) in enumerate(zip(outcome.shapes, dtypes, strict=True))
        )

    @contextmanager
    def call(
        self, name: str, kind: str, inputs: Sequence[Operand], place: Place, *, leaf: bool = False
    ) -> Iterator[Callable[..., None]]:
        """Write the call of a module down; what is yielded takes its outputs and parameters."""
        index, first = len(self.calls), len(self.layers)
        call = ModuleCall(
            index=index,
            name=name,
            kind=kind,
            inputs=tuple(operand.shape for operand in inputs),
            parent=self._around[-1] if self._around else None,
            location=location(place),
            leaf=leaf,
            finished=False,
            home=self.home,
        )
        self.calls.append(call)
        self._around.append(index)

        def done(outputs: Any, made: Sequence[Operand], parameters: int = 0) -> None:
            self.calls[index] = replace(
                call,
                outputs=outputs,
                out_sources=cast("tuple[Source, ...]", tuple(tensor.source for tensor in made)),
                layers=range(first, len(self.layers)),
                parameters=parameters,
                finished=True,
            )

        try:
            yield done
        finally:
            self._around.pop()

    @contextmanager
    def applying(self, use: Use, name: str, hint: Hint) -> Iterator[None]:
        """Turn a `ShapeError` into a finding, and write down what is assumed.

        Raises:
            Failed: the shapes do not fit.
            SpecError: the parameters are beyond what the rule of the op expects.
        """
        path = Path(hint)
        try:
            with following(path):
                yield
        except ShapeError as error:
            self.assume(path.assumptions, use, name)
            finding = Finding(
                message=error.message,
                layer=name,
                fix=error.fix,
                location=location(use.place),
                condition=error.condition,
            )
            self.findings = (finding,)
            raise Failed from error
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            wrong(use.place, f"{use.type} does not take these parameters and inputs: {error}")
        self.assume(path.assumptions, use, name)

    def assume(self, assumptions: Iterable[Assumption], use: Use, name: str) -> None:
        """Write down what the shapes rest on."""
        for assumption in assumptions:
            if assumption.condition not in self.premises:
                premise = Premise(assumption, name, location(use.place), use.type)
                self.premises[assumption.condition] = premise

    def count(self, name: str, built: Built) -> int:
        """Return the number of parameters, in elements; say so where it is no number."""
        total = dims.total(dims.product(shape) for shape in built.parameters.values())
        number = dims.as_int(total)
        if number is None:
            text = dims.format_dim(total)
            self.notes.append(f"{name} has {text} parameters, which the totals leave out")
            self.symbolic_parameters[name] = total
        self.parameters += number or 0
        return number or 0


def location(place: Place) -> Location | None:
    """Return a place as the graph names it; a dict has none."""
    return _location(place.file, place.line) if place.line else None


@cache
def _location(file: str, line: int) -> Location:
    return Location(file, line)
