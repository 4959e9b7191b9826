"""The rows of the table, from which every format is written: a module tree, folded at a depth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from shapecalc.dims import Dim, Shape, evaluate
from shapecalc.graph import Input, Label, Layer, LayerGraph, Location, ModuleCall
from shapecalc.op import Op, format_parameters
from shapecalc.registry import LAYERS
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

DEPTH = 3  # levels of modules that are unfolded, as in torchinfo

# parameters that the shapes say already
_IN_THE_SHAPES = {"in_channels", "out_channels", "in_features", "out_features", "num_features"}


@dataclass(frozen=True, slots=True)
class Output:
    """One tensor that comes out, or `times` of one shape; `key` is its place in a dict."""

    shape: Shape
    key: str = ""
    times: int = 1

    def text(self, shape: str) -> str:
        """Return the output with its shape written as `shape`."""
        key = f"{self.key}: " if self.key else ""
        times = f"{self.times} x " if self.times > 1 else ""
        return f"{key}{times}{shape}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a module, an op that is called beside modules, an input, the output.

    `name` is relative to the row around it, `path` is in full. `depth` is 1 for what the model
    itself calls. A row counts the `parameters` of all that is folded into it and that no row
    above counts; where all of them are counted above, it is `reused`. `record` is what was called.
    """

    depth: int
    name: str
    path: str
    op: str
    outputs: tuple[Output, ...]
    role: Literal["input", "call", "output"] = "call"
    inputs: tuple[Shape, ...] = ()
    parameters: int = 0
    reused: bool = False
    unfolded: bool = False
    finished: bool = True
    label: Label = Label.PROVED
    location: Location | None = None
    record: Layer | ModuleCall | None = None


def rows(analysis: Analysis, *, depth: int = DEPTH) -> list[Row]:
    """Return the rows: the inputs, the calls with those below `depth` folded, the output."""
    found = [_input(tensor, analysis) for tensor in analysis.inputs]
    found += _Tree(analysis.graph, depth).rows()
    if not analysis.graph.findings:
        result = outputs(analysis.output)
        # which ops an output comes from is not recorded: it is no surer than the least sure of all
        label = weakest(layer.label for layer in analysis.layers)
        found.append(
            Row(
                depth=1,
                name="output",
                path="output",
                op="",
                outputs=result,
                role="output",
                label=label,
            )
        )
    return found


def _input(tensor: Input, analysis: Analysis) -> Row:
    return Row(
        depth=1,
        name=plain(tensor.name),
        path=plain(tensor.name),
        op=f"{tensor.dtype}, inferred" if analysis.inferred else tensor.dtype,
        outputs=(Output(tensor.shape),),
        role="input",
    )


def not_proved(found: Iterable[Row]) -> bool:
    """Tell whether a row needs its label beside it."""
    return any(row.label is not Label.PROVED for row in found)


def parameter_count(row: Row) -> str:
    """Return the parameters of a row as they are written: nothing for none."""
    if row.reused:
        return "shared"
    return f"{row.parameters:,}" if row.parameters else ""


def outputs(structure: Any) -> tuple[Output, ...]:
    """Return the tensors of a nested value, equal neighbours taken together."""
    found = groupby(_flat(structure, ""))
    return tuple(Output(shape, plain(key), len(list(run))) for (shape, key), run in found)


def _flat(structure: Any, key: str) -> Iterator[tuple[Shape, str]]:
    if isinstance(structure, Shape):
        yield structure, key
    elif isinstance(structure, Mapping):
        for name, value in structure.items():
            yield from _flat(value, f"{key}.{name}" if key else str(name))
    elif isinstance(structure, (tuple, list)):
        for value in structure:
            yield from _flat(value, key)


def shape_at(shape: Shape, sizes: Mapping[str, int]) -> Shape:
    """Return a shape with numbers for the symbols in `sizes`; the others stay.

    >>> from shapecalc.dims import symbol
    >>> print(shape_at(Shape((symbol("N"), 2 * symbol("H"))), {"H": 7}))
    (N, 14)
    """
    return Shape(_size_at(dim, sizes) for dim in shape)


def _size_at(dim: Dim, sizes: Mapping[str, int]) -> Any:
    names = {str(name) for name in dim.free_symbols}
    if names <= sizes.keys():
        return evaluate(dim, sizes)
    return dim.subs({s: sizes[s.name] for s in dim.free_symbols if s.name in sizes})


def settings(op: Op) -> list[str]:
    """Return the parameters of an op as `name=value`, without what the shapes say already."""
    if type(op).__str__ is not Op.__str__:
        return []
    found = [plain(text) for text in format_parameters(op)]
    return [text for text in found if not _is_said(text, op.kind)]


def _is_said(setting: str, kind: str) -> bool:
    name, _, value = setting.partition("=")
    return name in _IN_THE_SHAPES or (name == "function" and value.lower() in kind.lower())


class _Tree:
    """The calls of a graph by the call around them, and which parameters are counted yet."""

    def __init__(self, graph: LayerGraph, depth: int) -> None:
        self.graph = graph
        self.depth = depth
        self.counted: set[str] = set()
        self.calls: dict[int | None, list[ModuleCall]] = {}
        for call in graph.calls:
            self.calls.setdefault(call.parent, []).append(call)
        self.ops: dict[int, list[Layer]] = {}
        for layer in graph.layers:
            self.ops.setdefault(layer.call, []).append(layer)

    def rows(self) -> Iterator[Row]:
        root = next(iter(self.calls.get(None, ())), None)
        if root is None:
            yield from (self._op(layer, 1, "") for layer in self.graph.layers)
            return
        self.counted.add(root.name)
        yield from self._inside(root, 1)

    def _inside(self, call: ModuleCall, depth: int) -> Iterator[Row]:
        """Yield the rows of what a module calls, ops and modules in the order of the calls."""
        entries: list[tuple[tuple[int, bool, int], ModuleCall | Layer]] = [
            *(((layer.index, True, 0), layer) for layer in self.ops.get(call.index, ())),
            *(
                ((self._first(inner), False, inner.index), inner)
                for inner in self.calls.get(call.index, ())
            ),
        ]
        for _, entry in sorted(entries, key=lambda pair: pair[0]):
            if isinstance(entry, Layer):
                yield self._op(entry, depth, call.name)
            else:
                yield from self._module(entry, depth, call.name)
        if not call.finished and all(inner.finished for inner in self.calls.get(call.index, ())):
            yield from self._failed(call, depth)

    def _failed(self, call: ModuleCall, depth: int) -> Iterator[Row]:
        """Yield the function on which a call ended; it made no layer."""
        for finding in self.graph.findings[:1]:
            if finding.layer not in ("", call.name):
                name = _relative(finding.layer, call.name)
                path, place = plain(finding.layer), finding.location
                yield Row(depth=depth, name=name, path=path, op="", outputs=(), finished=False,
                          location=place)  # fmt: skip

    def _first(self, call: ModuleCall) -> int:
        """Return the number of the first op of a call; one that was cut short has no range."""
        if call.finished:
            return call.layers.start
        return min((layer.index for layer in self._within(call)), default=len(self.graph.layers))

    def _within(self, call: ModuleCall) -> Iterator[Layer]:
        yield from self.ops.get(call.index, ())
        for inner in self.calls.get(call.index, ()):
            yield from self._within(inner)

    def _below(self, call: ModuleCall) -> Iterator[ModuleCall]:
        yield call
        for inner in self.calls.get(call.index, ()):
            yield from self._below(inner)

    def _op(self, layer: Layer, depth: int, around: str) -> Row:
        return Row(
            depth=depth,
            name=_relative(layer.name, around),
            path=plain(layer.name),
            op=_with_settings(layer.kind, settings(layer.op)),
            inputs=layer.in_shapes,
            outputs=outputs(layer.out_shapes),
            label=layer.label,
            location=layer.location,
            record=layer,
        )

    def _module(self, call: ModuleCall, depth: int, around: str) -> Iterator[Row]:
        layers = list(self._within(call))
        builtin = call.kind in LAYERS
        parts = len(self.ops.get(call.index, ())) + len(self.calls.get(call.index, ()))
        whole = parts == 1 and len(layers) == 1 and not self.calls.get(call.index)
        unfolded = parts > 0 and depth < self.depth and not whole and not (builtin and call.leaf)
        own = [call] if unfolded else list(self._below(call))
        fresh = [entry for entry in own if entry.name not in self.counted]
        self.counted |= {entry.name for entry in fresh}
        holders = any(entry.parameters for entry in own)
        yield Row(
            depth=depth,
            name=_relative(call.name, around),
            path=plain(call.name),
            op=_describe(call, layers) if whole or builtin else plain(call.kind),
            inputs=call.in_shapes,
            outputs=outputs(call.outputs),
            parameters=sum({entry.name: entry.parameters for entry in fresh}.values()),
            reused=holders and not any(entry.parameters for entry in fresh),
            unfolded=unfolded,
            finished=call.finished,
            label=weakest(layer.label for layer in layers),
            location=layers[0].location if whole else call.location,
            record=call if call.finished else None,
        )
        if unfolded:
            yield from self._inside(call, depth + 1)


def weakest(labels: Iterable[Label]) -> Label:
    """Return the weakest of some labels."""
    return reduce(Label.weaker, labels, Label.PROVED)


def _describe(call: ModuleCall, layers: list[Layer]) -> str:
    if call.kind in LAYERS:
        main = [layer for layer in layers if layer.kind == call.kind] or layers[-1:]
        return _with_settings(call.kind, settings(main[0].op) if main else [])
    (layer,) = layers
    op = _with_settings(layer.kind, settings(layer.op))
    return op if layer.kind.lower() == call.kind.lower() else f"{plain(call.kind)}: {op}"


def _with_settings(kind: str, parameters: list[str]) -> str:
    kind = plain(kind)
    return f"{kind}({', '.join(parameters)})" if parameters else kind


def _relative(name: str, around: str) -> str:
    return plain(name.removeprefix(f"{around}.") if around else name)
