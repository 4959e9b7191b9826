"""From a layer graph to nested nodes, and from sources to the edges between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from shapecalc.dims import Shape
from shapecalc.graph import InputRef, Layer, LayerGraph, ModuleCall, OutputRef
from shapecalc.registry import LAYERS
from shapecalc.render import rows
from shapecalc.render.diagram.boxes import MOST_OUTPUTS
from shapecalc.render.diagram.nodes import Diagram, Edge, Inside, Node
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

Record: TypeAlias = Layer | ModuleCall
Tensor: TypeAlias = InputRef | OutputRef


def diagram(analysis: Analysis) -> Diagram:
    """Return all nodes of a model, one for every module call and every op beside modules."""
    graph = analysis.graph
    return Diagram(title=plain(graph.name), inside=_Tree(graph).whole(analysis))


class _Tree:
    """The calls of a graph by the call around them, and the tensors that pass between them."""

    def __init__(self, graph: LayerGraph) -> None:
        self.graph = graph
        self.within: dict[int | None, list[Record]] = {}
        known = {call.index for call in graph.calls}
        for layer in graph.layers:
            # the layers of a spec without modules lie in no call
            self.within.setdefault(layer.call if layer.call in known else None, []).append(layer)
        for call in graph.calls:
            self.within.setdefault(call.parent, []).append(call)
        self.used_outside = self._consumers()
        self.times = Counter(call.name for call in graph.calls if call.leaf)
        self.seen: Counter[str] = Counter()

    def _consumers(self) -> dict[Tensor, list[int]]:
        """Return the layers that receive each tensor; the model's own output is layer -1."""
        found: dict[Tensor, list[int]] = {}
        for layer in self.graph.layers:
            for source in layer.sources:
                if source is not None:
                    found.setdefault(source, []).append(layer.index)
        for call in self.graph.calls[:1]:
            for source in call.out_sources:
                if source is not None:
                    found.setdefault(source, []).append(-1)
        return found

    def whole(self, analysis: Analysis) -> Inside:
        """Return the inputs, what the model calls and its output."""
        root = self.graph.calls[0] if self.graph.calls else None
        records = self._ordered(root.index if root else None)
        nodes = [self._node(record, root.name if root else "") for record in records]
        makers: dict[Tensor, tuple[str, int]] = {}
        inputs = []
        for number, tensor in enumerate(analysis.inputs):
            node = _input(number, tensor.name, tensor.shape, tensor.dtype)
            makers[InputRef(tensor.name)] = (node.id, 0)
            inputs.append(node)
        edges = list(self._edges(records, nodes, makers))
        made = [n for n in nodes if n is not None]
        if root is None or root.finished:
            end, last = self._output(analysis, root, makers, made)
            made.append(end)
            edges += last
        return Inside((*inputs, *made), tuple(_with_skips([*inputs, *made], edges)))

    def _output(
        self,
        analysis: Analysis,
        root: ModuleCall | None,
        makers: Mapping[Tensor, tuple[str, int]],
        nodes: Sequence[Node],
    ) -> tuple[Node, list[Edge]]:
        outputs = rows.outputs(analysis.output)
        label = rows.weakest(layer.label for layer in self.graph.layers)
        end = Node(id="output", name="output", path="output", role="output", outputs=outputs,
                   label=label)  # fmt: skip
        if root is not None:
            sources = list(dict.fromkeys(s for s in root.out_sources if s in makers))
        else:
            sources = [OutputRef(layer.index) for layer in self.graph.layers[-1:]]
        return end, [
            Edge(*_tail(makers[source]), shape=self.shape(source), exit=makers[source][1])
            for source in sources
            if source is not None
        ]

    # ------------------------------------------------------------------------ nodes

    def _ordered(self, call: int | None) -> list[Record]:
        """Return what a module calls, in the order of its first ops."""
        return sorted(self.within.get(call, ()), key=self._first)

    def _first(self, record: Record) -> int:
        return min((layer.index for layer in self._ops(record)), default=len(self.graph.layers))

    def _ops(self, record: Record) -> Iterator[Layer]:
        """Yield every op within a record, in no certain order."""
        if isinstance(record, Layer):
            yield record
            return
        for inner in self.within.get(record.index, ()):
            yield from self._ops(inner)

    def _node(self, record: Record, around: str) -> Node | None:
        """Return the node of a record; a module that does nothing to a tensor has none."""
        return self._op(record, around) if isinstance(record, Layer) else self._call(record, around)

    def _op(self, layer: Layer, around: str) -> Node:
        return Node(
            id=f"op{layer.index}",
            name=_relative(layer.name, around),
            path=plain(layer.name),
            role="op",
            kind=plain(layer.kind),
            family=type(layer.op).__module__.rpartition(".")[2],
            settings=tuple(rows.settings(layer.op)),
            outputs=rows.outputs(layer.out_shapes),
            label=layer.label,
            record=layer,
        )

    def _call(self, call: ModuleCall, around: str) -> Node | None:
        ops = sorted(self._ops(call), key=lambda layer: layer.index)
        if not ops and call.finished:
            return None
        builtin = LAYERS.get(call.kind)
        records = self._ordered(call.index)
        single = len(ops) == 1 and len(records) == 1
        whole = single or (builtin is not None and call.leaf)
        nodes = [] if whole else [self._node(record, call.name) for record in records]
        inside = self._inside(call, records, nodes) if any(nodes) else None
        main = next((op for op in ops if op.kind == call.kind), ops[0] if ops else None)
        self.seen[call.name] += 1
        return Node(
            id=f"call{call.index}",
            name=_relative(call.name, around),
            path=plain(call.name),
            role="module" if inside else "op",
            kind=plain(call.kind),
            family=_family(call, main, single=single),
            settings=tuple(rows.settings(main.op)) if main and (single or builtin) else (),
            outputs=rows.outputs(call.outputs),
            label=rows.weakest(layer.label for layer in ops),
            parameters=sum({c.name: c.parameters for c in self._calls(call)}.values()),
            call=self._which_call(call),
            finished=call.finished,
            inside=inside,
            record=call if call.finished else None,
        )

    def _calls(self, call: ModuleCall) -> Iterator[ModuleCall]:
        yield call
        for inner in self.within.get(call.index, ()):
            if isinstance(inner, ModuleCall):
                yield from self._calls(inner)

    def _which_call(self, call: ModuleCall) -> str:
        total = self.times[call.name]
        return f"call {self.seen[call.name]} of {total}" if total > 1 else ""

    # ------------------------------------------------------------------------ edges

    def shape(self, source: Tensor) -> Shape:
        """Return the shape of a tensor."""
        if isinstance(source, OutputRef):
            return self.graph.layers[source.layer].out_shapes[source.output]
        return next((t.shape for t in self.graph.inputs if t.name == source.name), Shape())

    def _needs(self, record: Record) -> list[Tensor]:
        """Return the tensors that a record receives from outside of it, in order."""
        ops = sorted(self._ops(record), key=lambda layer: layer.index)
        own = {layer.index for layer in ops}
        found: dict[Tensor, None] = {}
        for layer in ops:
            for source in layer.sources:
                if isinstance(source, InputRef) or (
                    isinstance(source, OutputRef) and source.layer not in own
                ):
                    found[source] = None
        return list(found)

    def _leaves(self, record: Record) -> list[OutputRef]:
        """Return the tensors of a record that something outside of it receives, in order."""
        own = {layer.index for layer in self._ops(record)}
        return [
            source
            for index in sorted(own)
            for source in self.graph.layers[index].out_sources
            if isinstance(source, OutputRef)
            and any(user not in own for user in self.used_outside.get(source, ()))
        ]

    def _inside(
        self, call: ModuleCall, records: Sequence[Record], nodes: Sequence[Node | None]
    ) -> Inside:
        entries, exits = self._needs(call), self._leaves(call)
        makers: dict[Tensor, tuple[str, int]] = {
            source: (f"in{number}", 0) for number, source in enumerate(entries)
        }
        edges = list(self._edges(records, nodes, makers))
        for number, source in enumerate(exits):
            if source in makers:
                tail, exit_ = makers[source]
                edges.append(Edge(tail, f"out{number}", self.shape(source), exit=exit_))
        made = [node for node in nodes if node is not None]
        return Inside(
            tuple(made),
            tuple(_with_skips(made, edges)),
            tuple(self.shape(source) for source in entries),
            tuple(self.shape(source) for source in exits),
        )

    def _edges(
        self,
        records: Sequence[Record],
        nodes: Sequence[Node | None],
        makers: dict[Tensor, tuple[str, int]],
    ) -> Iterator[Edge]:
        """Yield the edges into each node; `makers` learns which node each tensor comes from."""
        for record, node in zip(records, nodes, strict=True):
            if node is None:
                continue
            for entry, source in enumerate(self._needs(record)):
                if source in makers:
                    tail, exit_ = makers[source]
                    yield Edge(tail, node.id, self.shape(source), exit=exit_, entry=entry)
            sources: Iterable[Tensor] = (
                (s for s in record.out_sources if s is not None)
                if isinstance(record, Layer)
                else self._leaves(record)
            )
            for number, source in enumerate(sources):
                makers[source] = (node.id, number)


def _tail(maker: tuple[str, int]) -> tuple[str, str]:
    return maker[0], "output"


def _input(number: int, name: str, shape: Shape, dtype: str) -> Node:
    return Node(
        id=f"input{number}",
        name=plain(name),
        path=plain(name),
        role="input",
        kind="" if dtype == "float32" else dtype,
        outputs=(rows.Output(shape),),
    )


def _family(call: ModuleCall, main: Layer | None, *, single: bool) -> str:
    if call.kind in LAYERS:
        return LAYERS[call.kind].family
    return type(main.op).__module__.rpartition(".")[2] if main and single else ""


def _relative(name: str, around: str) -> str:
    """Return a name within the module around it; a bare number keeps the name before it."""
    inner = name.removeprefix(f"{around}.") if around else name
    if inner.isdigit() and "." in name:
        inner = ".".join(name.split(".")[-2:])
    return plain(inner)


def _with_skips(nodes: Sequence[Node], edges: Sequence[Edge]) -> Iterator[Edge]:
    """Yield the edges; one that passes by a node on another way to its head is a skip."""
    rank: dict[str, int] = {}
    into: dict[str, list[Edge]] = {}
    for edge in edges:
        into.setdefault(edge.head, []).append(edge)
    for node in [*(node.id for node in nodes), *(e.head for e in edges if e.head[:3] == "out")]:
        rank[node] = max((rank.get(edge.tail, 0) + 1 for edge in into.get(node, ())), default=0)
    known = {node.id: node for node in nodes}
    for edge in edges:
        skip = rank[edge.head] - rank.get(edge.tail, 0) > 1
        head = known.get(edge.head)
        far = skip and head is not None and not _says(head, edge.shape)
        # beside the many edges into one node, shapes would hide each other
        crowded = len(into[edge.head]) > _CROWD
        unsaid = edge.tail in known and not _says(known[edge.tail], edge.shape)
        yield replace(edge, skip=skip, written=unsaid or (far and not crowded))


_CROWD = 4  # edges into a node


def _says(node: Node, shape: Shape) -> bool:
    """Tell whether the box of a node says a shape."""
    return any(output.shape == shape for output in node.outputs[:MOST_OUTPUTS])
