"""The layer graph: what was called, in what order, with which shapes.

A `LayerGraph` is what tracing a module or building a spec leaves behind, and all that analysis,
verification and rendering look at. Every shape in it holds for all sizes that meet its
`premises`. Networks of networkx are a view of it, made when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.conditions import Assumption, Condition
from shapecalc.dims import Dim, Shape, symbols_of
from shapecalc.op import Op

if TYPE_CHECKING:
    import networkx

    from shapecalc.receptive_field import ReceptiveField


class Label(StrEnum):
    """How a fact is known, from the strongest to the weakest."""

    PROVED = "proved"
    """follows from the rules of the ops"""
    PROBED = "probed"
    """measured at some sizes, since the op has no rule; or so on the ways of data looked at"""
    UNKNOWN = "unknown"
    """nothing is claimed; the size is a symbol of its own"""

    def weaker(self, other: Label) -> Label:
        """Return the weaker of two labels."""
        order = list(Label)
        return max(self, other, key=order.index)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the user's source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class InputRef:
    """A tensor that is an input of the model."""

    name: str


@dataclass(frozen=True, slots=True)
class OutputRef:
    """A tensor that is output number `output` of layer number `layer`."""

    layer: int
    output: int = 0


Source: TypeAlias = InputRef | OutputRef | None  # None: a constant of the model


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One tensor that the model receives."""

    name: str
    shape: Shape
    dtype: str = "float32"


class Home:
    """The graph that a record belongs to, which is complete only after its records are."""

    __slots__ = ("elsewhere", "fields", "graph")

    def __init__(self) -> None:
        self.graph: LayerGraph | None = None
        self.fields: dict[Any, Any] = {}  # receptive fields found so far, by the sizes
        self.elsewhere: Callable[[Mapping[str, int]], LayerGraph] | None = None

    def at(self, sizes: Mapping[str, int]) -> LayerGraph:
        """Return the graph that holds at sizes: this one, or that of another path of the model."""
        assert self.graph is not None, "the record was made for no graph"
        if self.graph.holds(sizes) or self.elsewhere is None:
            return self.graph
        return self.elsewhere(sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One call of one op.

    `name` is the qualified name of the module whose only op this is, else that of the module
    around it and the op's own: `layer1.0.conv2`, `layer1.0.add`. `sources` has one entry for
    each of `in_shapes`, then one for every other tensor that the call received. A `masked` op
    adds a constant that holds minus infinity, or nearly, so that some of its sums count nothing.
    `rests_on` are the findings, by their number, that its shapes take something for granted of.
    """

    index: int
    name: str
    op: Op
    function: str
    in_shapes: tuple[Shape, ...]
    out_shapes: tuple[Shape, ...]
    sources: tuple[Source, ...] = ()
    label: Label = Label.PROVED
    location: Location | None = None
    call: int = 0
    note: str = ""
    masked: bool = False
    rests_on: frozenset[int] = frozenset()
    home: Home = field(default_factory=Home, repr=False, compare=False)

    @property
    def out_sources(self) -> tuple[Source, ...]:
        """The tensors that come out."""
        return tuple(OutputRef(self.index, n) for n in range(len(self.out_shapes)))

    @property
    def receptive_field(self) -> ReceptiveField:
        """What the elements of the (first) output see of the input that reaches it.

        Raises:
            InputError: no input reaches the output.
        """
        from shapecalc.receptive_field import receptive_field

        return receptive_field(self)

    @property
    def kind(self) -> str:
        """The name of the op: `Conv2d`, `add`."""
        return self.op.kind

    @property
    def out_shape(self) -> Shape:
        """The shape of the (first) output."""
        return self.out_shapes[0] if self.out_shapes else Shape()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCall:
    """One call of one module, leaf or not.

    `inputs` and `outputs` are nested as they were passed, each tensor replaced by its `Shape`;
    keyword arguments stand in `keywords`. `layers` is the range of the ops within the call.
    """

    index: int
    name: str
    kind: str
    inputs: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    outputs: Any = None
    parent: int | None = None
    layers: range = range(0)
    parameters: int = 0
    location: Location | None = None
    leaf: bool = False
    finished: bool = True
    out_sources: tuple[Source, ...] = ()
    home: Home = field(default_factory=Home, repr=False, compare=False)

    @property
    def receptive_field(self) -> ReceptiveField:
        """What the elements of the first output see of the input that reaches it.

        Raises:
            InputError: no input reaches the output.
        """
        from shapecalc.receptive_field import receptive_field

        return receptive_field(self)

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        """The shapes of all input tensors."""
        return tuple(shapes_in((self.inputs, dict(self.keywords))))

    @property
    def out_shapes(self) -> tuple[Shape, ...]:
        """The shapes of all output tensors."""
        return tuple(shapes_in(self.outputs))

    @property
    def out_shape(self) -> Shape:
        """The shape of the first output tensor."""
        return next(iter(self.out_shapes), Shape())


@dataclass(frozen=True, slots=True)
class Premise:
    """An assumption and where it was made: in which module, by which op, and at which line.

    An assumption of the model's own code has no op.
    """

    assumption: Assumption
    layer: str = ""
    location: Location | None = None
    op: str = ""

    @property
    def condition(self) -> Condition:
        """What is assumed."""
        return self.assumption.condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong: the message says what, `fix` what to do where that is certain.

    `kind` is `shape` for a mistake in the shapes, `forward` for an exception of the model's own
    code, `tuple` where what a layer returns is taken for a tensor, `data` where the trace ends
    because Python needs a value that depends on data, or, where it goes on after mistakes, for
    another reason that is no mistake, `constructor` for a layer that torch refuses to build with
    such `arguments`. `demand` is the comparison that failed, `index` the layer that
    made it, where the trace went on; `call` the module call in which Python raised, or that
    returned the tuple.
    """

    message: str
    layer: str = ""
    kind: str = "shape"
    fix: str | None = None
    location: Location | None = None
    condition: Condition | None = None
    demand: Condition | None = None
    index: int | None = None
    call: int | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f"layer '{self.layer}': " if self.layer else ""
        needs = f"\n  needs: {self.condition}" if self.condition is not None else ""
        at = f"\n  at {self.location}" if self.location else ""
        fix = f"\n  fix: {self.fix}" if self.fix else ""
        return f"{where}{self.message}{needs}{at}{fix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerGraph:
    """All that is known of a model.

    `output` has the model's own structure, with a `Shape` in the place of every tensor.
    `findings` says why the graph ends before the model does, if it does. `events` names every
    torch call in order, with the number of its layer or None for one on constants alone.
    `symbolic_parameters` are the counts of modules of a spec that are formulas, which
    `parameters` leaves out.
    """

    name: str
    inputs: tuple[Input, ...]
    layers: tuple[Layer, ...]
    calls: tuple[ModuleCall, ...]
    output: Any = None
    premises: tuple[Premise, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    hint: Mapping[str, int] = field(default_factory=dict)
    parameters: int = 0
    symbolic_parameters: Mapping[str, Dim] = field(default_factory=dict)
    events: tuple[tuple[str, int | None], ...] = ()
    home: Home = field(default_factory=Home, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Let the records find the graph that they belong to."""
        self.home.graph = self

    @property
    def symbols(self) -> tuple[Dim, ...]:
        """The symbols of the inputs, in the order in which they are first written."""
        seen: dict[Dim, None] = {}
        for tensor in self.inputs:
            for dim in tensor.shape:
                seen.update(dict.fromkeys(symbols_of((dim,))))
        return tuple(seen)

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings for which the model raises; where data decide, it may well go on."""
        return tuple(finding for finding in self.findings if finding.kind != "data")

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Tell whether the formulas of this graph hold at `sizes`."""
        return all(premise.condition.holds(sizes) for premise in self.premises)

    def network(self) -> networkx.MultiDiGraph:
        """Return a view as a networkx graph: a node an op or input, an edge a tensor."""
        import networkx  # 80 ms, which few need

        view = networkx.MultiDiGraph(name=self.name)
        for tensor in self.inputs:
            view.add_node(InputRef(tensor.name), input=tensor)
        for layer in self.layers:
            view.add_node(layer.index, layer=layer)
            for source in layer.sources:
                match source:
                    case InputRef():
                        view.add_edge(source, layer.index, shape=None)
                    case OutputRef(layer=producer, output=output):
                        shape = self.layers[producer].out_shapes[output]
                        view.add_edge(producer, layer.index, shape=shape)
        return view


def shapes_in(structure: Any) -> Iterator[Shape]:
    """Yield every `Shape` of a nested structure, in order."""
    if isinstance(structure, Shape):
        yield structure
    elif isinstance(structure, Mapping):
        for value in structure.values():
            yield from shapes_in(value)
    elif isinstance(structure, (tuple, list)):
        for value in structure:
            yield from shapes_in(value)


def map_shapes(function: Any, structure: Any) -> Any:
    """Return `structure` with `function` applied to every `Shape` in it."""
    if isinstance(structure, Shape):
        return function(structure)
    if isinstance(structure, Mapping):
        return {key: map_shapes(function, value) for key, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_make"):
        return structure._make(map_shapes(function, value) for value in structure)
    if isinstance(structure, (tuple, list)):
        return type(structure)(map_shapes(function, value) for value in structure)
    return structure
