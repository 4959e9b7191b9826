"""The answer: a model's shapes for every input size, and at any one of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.paths import Paths
from shapecalc.analysis.source import is_spec
from shapecalc.at import At
from shapecalc.errors import InputError, RejectedInput
from shapecalc.graph import Input, Layer, LayerGraph, ModuleCall, Premise
from shapecalc.inputs import Patterns

if TYPE_CHECKING:
    from shapecalc.diagnose import Finding
    from shapecalc.explain import Explanation
    from shapecalc.render.diagram.layout import Direction
    from shapecalc.render.diagram.themes import ThemeName
    from shapecalc.sizes import AcceptedSizes
    from shapecalc.sizes.exploration import Exploration
    from shapecalc.solve.solution import Solution
    from shapecalc.verify import Verification

TRACES = 200  # of one exploration
SECONDS = 20.0


@dataclass(frozen=True)
class Analysis:
    """What is known of a model: formulas that hold for every size within `domain`."""

    graph: LayerGraph
    patterns: Patterns
    source: Any = field(repr=False, default=None)  # an nn.Module or a Spec, to trace again
    train: bool = False

    def __post_init__(self) -> None:
        """Let the records of the graph find the other paths of the model."""
        self.graph.home.elsewhere = lambda sizes: self.at(**sizes).graph

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every op call, in order."""
        return self.graph.layers

    @property
    def modules(self) -> tuple[ModuleCall, ...]:
        """Every call of every module, in order of their beginning."""
        return self.graph.calls

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The tensors that the model receives."""
        return self.graph.inputs

    @property
    def output(self) -> Any:
        """The model's output in its own structure, with a `Shape` for every tensor."""
        return self.graph.output

    @property
    def parameters(self) -> int:
        """How many parameters the model has, shared ones counted once."""
        return self.graph.parameters

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, as `shapecalc check` says it; the model is checked when this is asked for.

        Every mistake, with its cause and repairs, and what torch does not raise.
        """
        if self.source is None:
            raise InputError("the model is not at hand any more, so that it cannot be checked")
        if is_spec(self.source):
            from shapecalc.diagnose.specs import check_spec

            return check_spec(self.source)[0].findings
        from shapecalc.diagnose.diagnosis import check_patterns

        return check_patterns(self.source, self.patterns, train=self.train).findings

    @property
    def notes(self) -> tuple[str, ...]:
        """What else there is to know, such as sizes that depend on data."""
        return self.graph.notes

    @property
    def premises(self) -> tuple[Premise, ...]:
        """The conditions that the formulas rest on, each with its origin."""
        return self.graph.premises

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The sizes that `at` takes: the symbols of the inputs, and of a spec's parameters."""
        names = dict.fromkeys(str(symbol) for symbol in self.graph.symbols)
        if is_spec(self.source):
            names.update(dict.fromkeys(self.graph.hint))
        return tuple(names)

    @property
    def _least(self) -> dict[str, int]:
        """The symbols that may be 0: those of paddings."""
        return dict.fromkeys(getattr(self.source, "paddings", ()), 0)

    @property
    def inferred(self) -> bool:
        """Whether the input pattern was inferred rather than given."""
        return self.patterns.inferred

    @cached_property
    def domain(self) -> list[str]:
        """The sizes for which the formulas hold, as people say it; empty for all sizes.

        Where a mistake ends the trace, they hold up to there.
        """
        failed = [
            finding.condition for finding in self.graph.findings if finding.condition is not None
        ]
        contrary = [condition.negated() for condition in failed]
        conditions = [p.condition for p in self.premises if p.condition not in contrary]
        if not conditions:
            return []
        from shapecalc.sets import SizeSet, parts

        held = SizeSet.every(self.symbols, self._least)
        for condition in conditions:
            held = held.where(condition)
        return [part.text for part in parts(held) if not part.is_any]

    def calls(self, name: str) -> tuple[Layer | ModuleCall, ...]:
        """Return every call of the op or module of that name, in order.

        Raises:
            KeyError: nothing in the model has that name.
        """
        for records in (self._layers_by_name, self._calls_by_name):
            if name in records:
                return tuple(records[name])
        raise KeyError(f"{name!r} is no op or module of this model")

    def __getitem__(self, name: str) -> Layer | ModuleCall:
        return self.calls(name)[-1]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.graph.layers)

    @cached_property
    def _layers_by_name(self) -> dict[str, list[Layer]]:
        return _by_name(self.graph.layers)

    @cached_property
    def _calls_by_name(self) -> dict[str, list[ModuleCall]]:
        return _by_name(self.graph.calls)

    @cached_property
    def _paths(self) -> Paths:
        return Paths(
            self.graph, self.patterns, self.source, self.symbols, self._least, train=self.train
        )

    @cached_property
    def sizes(self) -> AcceptedSizes:
        """The sizes that the model accepts, exactly, and why it rejects the others.

        The first time, the paths of the model are explored, within the budget of `explore`.
        """
        return self.explore()

    def explore(
        self,
        *,
        traces: int = TRACES,
        seconds: float = SECONDS,
        told: Callable[[Exploration], None] | None = None,
    ) -> AcceptedSizes:
        """Trace paths of the model that were not traced yet, and return the accepted sizes.

        At most so many `traces` are made, in about so many `seconds`; what is left then is
        `unexplored` in the answer, and the next call goes on there. `told` is called after every
        trace. The answer is what `sizes` is from then on.
        """
        from shapecalc.sizes import AcceptedSizes

        self._paths.exploration.cover(traces=traces, seconds=seconds, told=told)
        found = AcceptedSizes.of(self._paths.exploration, self._accepts)
        self.__dict__["sizes"] = found
        return found

    def _accepts(self, sizes: Mapping[str, int]) -> bool:
        try:
            self.at(**sizes)
        except RejectedInput:
            return False
        return True

    def solve(self, question: str, *, for_: str | Sequence[str] = ()) -> Solution:
        """Return all sizes that answer a question, such as `out.H == 7`.

        Comparisons of formulas of the symbols (`H`), of sizes of the output (`out.H`, `out[1]`)
        and of layers (`layer4.H`), of parameters (`conv1.stride`) and of receptive fields
        (`field(layer4).size`) are joined by `and`, `or` and `not`. What a layer is built for, as
        `fc1.in_features`, stands for what arrives there. With `for_="p"` the answer is for which
        p it is true of all accepted input sizes.

        Raises:
            PatternError: the question cannot be read.
            InputError: it speaks of something that the model has not.
        """
        from shapecalc.solve import Solver

        names = for_.replace(",", " ").split() if isinstance(for_, str) else for_
        failed = self._paths.exploration.failed
        return Solver(self.sizes, failed, self.graph.hint).solve(question, for_=names)

    def at(self, **sizes: int) -> At:
        """Return every shape at one choice of sizes. Nothing is run.

        Where the formulas do not hold, because the model takes another path there, that path
        is traced.

        Raises:
            RejectedInput: the model does not accept these sizes.
            PatternError: a symbol has no value, or a value is not a size.
        """
        self._paths.check(sizes)
        graph = self._paths.at(sizes)
        if not graph.mistakes:
            return At(graph, sizes)
        given = ", ".join(f"{name}={size}" for name, size in sizes.items())
        reasons = [str(finding) for finding in graph.findings]
        raise RejectedInput(
            "\n".join([f"not accepted: {given}", *reasons]),
            reasons=reasons,
            nearest=lambda: self.sizes.nearest(**sizes),
        )

    def verify(
        self,
        sizes: Iterable[Sequence[int] | Mapping[str, int]] | None = None,
        *,
        device: str = "cpu",
        seconds: float = 60.0,
        fields: bool = True,
    ) -> Verification:
        """Compare shapes and receptive fields with what the real model does at other sizes.

        `sizes` are mappings of symbols to sizes, or tuples for the last symbols of the input,
        such as (224, 224) for H and W. Without them, sizes are chosen that tell floors apart,
        and as many are run as `seconds` allow. Without `fields`, only shapes are compared.
        """
        from shapecalc.verify import verify

        return verify(self, sizes, device=device, seconds=seconds, fields=fields)

    def explain(
        self,
        layer: str,
        element: Sequence[int] | None = None,
        *,
        x: Any = None,
        call: int | None = None,
        seed: int = 0,
        **sizes: int,
    ) -> Explanation:
        """Return what a layer does to one element of its output, with numbers of a real run.

        `element` is its index, where the batch may be left out; `x` is the input of the model, as
        a tensor or nested lists. Without them, it is the first element, and the input is random.

        Raises:
            InputError: there is no such layer or element, or no explanation for its kind.
            RejectedInput: the model does not accept these sizes.
        """
        from shapecalc.explain import explain

        return explain(self, layer, element, x=x, call=call, seed=seed, said="", **sizes)

    def draw(
        self,
        output: str | os.PathLike[str],
        *,
        depth: int | None = None,
        at: Mapping[str, int] | None = None,
        direction: Direction = "TB",
        theme: ThemeName = "light",
        fields: bool = False,
        unfold: bool = False,
    ) -> None:
        """Draw the model into a file: .svg .png .pdf .dot .mmd .tex or .html, by its extension.

        `depth` is how many levels of modules are open, by default as many as can be read. Sizes
        in `at` are put beside the formulas. Modules in a row that are alike are one box, unless
        `unfold`. Nodes with findings are marked.

        Raises:
            InputError: the extension is none of these.
            BackendError: what draws it is not installed.
            RejectedInput: the model does not accept the sizes.
        """
        from shapecalc.render.diagram.picture import draw

        draw(self, output, depth=depth, at=at, direction=direction, theme=theme, fields=fields,
             unfold=unfold)  # fmt: skip

    def report(
        self,
        output: str | os.PathLike[str],
        *,
        at: Mapping[str, int] | None = None,
        explain: bool = False,
    ) -> None:
        """Write a page on the model: one HTML file that works offline, in which the formulas run.

        Sizes are typed into it; those in `at` stand there at first. With `explain` the model is
        run, and layers are explained with its numbers.

        Raises:
            BackendError: what lays the diagram out is not installed.
            InputError: the file cannot be written, or the model has no values to be run with.
            PatternError: `at` names no symbol of the model, or no size.
        """
        from shapecalc.render.page.report import write_report

        first = {name: self.graph.hint[name] for name in self.symbols}
        self._paths.check({**first, **(at or {})})
        write_report(self, output, at or {}, explain=explain)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the table and the picture, of which a notebook shows what it can."""
        from shapecalc.render.diagram.notebook import bundle

        return bundle(self)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        from shapecalc.render import text

        return text.table(self)


def _by_name(records: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for record in records:
        found.setdefault(record.name, []).append(record)
    return found
