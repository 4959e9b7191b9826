"""What the axes of every tensor are: the batch, features, positions, or parts of these.

An axis of a tensor is followed from the input, through everything that only carries it, to the
output. A view cuts axes and joins them, and the parts remember what they were: after
`view(N*T, C)` the first axis is the batch and the time, in this order, and after
`view(N, T, C)` each has its own again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import INDEX, Access, Interval, OperandAccess, Reads, Regroup, Same, Window
from shapecalc.conditions import Condition, Hint, Path, following
from shapecalc.diagnose.axis_parts import (
    Axes,
    Axis,
    Role,
    axis_size,
    has_batch,
    regrouped,
    resized,
    whole_axis,
)
from shapecalc.dims import Dim, Shape
from shapecalc.errors import ShapecalcError
from shapecalc.graph import InputRef, Layer, LayerGraph, OutputRef, Source
from shapecalc.ops.layer_normalization import GroupNorm, LayerNorm, Normalize
from shapecalc.ops.recurrent import Recurrent
from shapecalc.ops.softmax import Softmax
from shapecalc.ops.transformer import Transformer

MANY = 1_000_003  # samples: a prime, so that no other size is taken for the batch


@dataclass(frozen=True)
class Identities:
    """The axes of all tensors of a graph, as they are at many samples.

    `scrambled` are the layers, by number, that cut tensors across their axes: no axis that comes
    out is a part or a product of neighbours that come in.
    """

    graph: LayerGraph
    batch: str  # the symbol of the batch, empty where there is none
    sizes: Mapping[str, int]
    inputs: Mapping[str, Axes]
    layers: Sequence[tuple[Axes, ...]]
    scrambled: Set[int]

    def numbers(self, shape: Shape) -> list[int]:
        """Return a shape at many samples."""
        return [dims.evaluate(size, self.sizes) for size in shape]

    def in_doubt(self, layer: Layer) -> bool:
        """Tell whether a size that depends on data, or on a mistake before, is in a shape."""
        known = {str(symbol) for symbol in self.graph.symbols}
        shapes = (*layer.in_shapes, *layer.out_shapes)
        return any(str(s) not in known for shape in shapes for s in dims.symbols_of(shape))

    def of(self, source: Source) -> Axes | None:
        """Return the axes of a tensor, None for a constant."""
        match source:
            case InputRef(name):
                return self.inputs[name]
            case OutputRef(layer=index, output=output):
                return self.layers[index][output]
        return None

    def operands(self, layer: Layer) -> list[Axes | None]:
        """Return the axes of the operands of a layer."""
        return [self.of(source) for source in layer.sources[: len(layer.in_shapes)]]


def followed(graph: LayerGraph, sizes: Mapping[str, int]) -> Identities:
    """Follow the axes of the inputs of a graph through all of its layers."""
    return _Walk(graph, sizes).identities()


def batch_symbol(graph: LayerGraph) -> str:
    """Return the symbol of the batch: the first axis of all inputs that have one and others."""
    firsts = [tensor.shape[0] for tensor in graph.inputs if len(tensor.shape) > 1]
    names = {str(size) for size in firsts if size.is_Symbol}
    if len(names) != 1:
        return ""
    (name,) = names
    return "" if name[:1] in _POSITIONS else name


_POSITIONS = "THWDLSFC"  # what a first axis is called that is no batch
_ROLES: Mapping[int, tuple[Role, ...]] = {
    1: ("positions",),
    2: ("", ""),  # numbers of a sample, or of a signal
    3: ("", "positions", "features"),
    5: ("", "", "", "positions", "positions"),  # the frames of a video, or its channels, come first
}


# ops that look along an axis and hand it on, each element at its place
_KEEPING = (Recurrent, Transformer, Softmax, LayerNorm, GroupNorm, Normalize)


class _Walk:
    def __init__(self, graph: LayerGraph, sizes: Mapping[str, int]) -> None:
        self.graph = graph
        self.batch = batch_symbol(graph)
        self.sizes = Hint({**graph.hint, **sizes})
        if self.batch and not any(_pins(p.condition, self.batch, sizes) for p in graph.premises):
            self.sizes[self.batch] = MANY
        self.hint = Hint({**graph.hint, **sizes})
        self.known: dict[Dim, int] = {}
        inputs = {t.name: self.of_input(t.name, t.shape, t.dtype) for t in graph.inputs}
        self.layers = list[tuple[Axes, ...]]()
        self.scrambled = set[int]()
        self.found = Identities(graph, self.batch, self.sizes, inputs, self.layers, self.scrambled)

    def identities(self) -> Identities:
        """Walk."""
        for layer in self.graph.layers:
            operands = self.found.operands(layer)
            outputs = enumerate(layer.out_shapes)
            found = [self.of_output(layer, n, shape, operands) for n, shape in outputs]
            self.layers.append(tuple(found))
        return self.found

    def number(self, size: Dim) -> int:
        """Return a size at many samples."""
        number = self.known.get(size)
        if number is None:
            number = self.known[size] = dims.evaluate(size, self.sizes)
        return number

    def of_input(self, name: str, shape: Shape, dtype: str) -> Axes:
        """Return the axes of an input: images have channels first, all else features last."""
        rank = len(shape)
        position: Role = "positions"
        positions = (position,) * rank
        roles: tuple[Role, ...] = ("", "features", *positions[2:])
        if not dtype.startswith(("float", "bfloat")):
            roles = positions
        elif rank in _ROLES:
            roles = _ROLES[rank]

        def axis(number: int) -> Axis:
            size = self.number(shape[number])
            if str(shape[number]) == self.batch:
                return whole_axis("batch", "batch", size)
            return whole_axis(f"{name}[{number}]", roles[number], size)

        return tuple(map(axis, range(rank)))

    def of_output(
        self, layer: Layer, output: int, shape: Shape, operands: Sequence[Axes | None]
    ) -> Axes:
        """Return the axes of one output of a layer."""
        made = self.made(layer, output, shape)
        try:
            with following(Path(self.hint)):
                reads = layer.op.reads(layer.in_shapes, shape, output)
        except (ShapecalcError, ArithmeticError, LookupError, TypeError, ValueError):
            return made  # shapes in doubt after a mistake
        if reads is None:
            return made
        if len(reads) == 1 and isinstance(reads[0], Regroup):
            if operands[0] is None or self.found.in_doubt(layer):
                return made
            axes = regrouped(operands[0], [self.number(size) for size in shape])
            if axes is None:
                self.scrambled.add(layer.index)
            return made if axes is None else axes
        axes = self.carried(reads, operands, made)
        if output == 0 and isinstance(layer.op, _KEEPING) and operands[0] is not None:
            pairs = zip(axes, operands[0], strict=False)
            return tuple(
                o if o not in made or axis_size(o) != axis_size(i) else i for o, i in pairs
            )
        return axes

    def made(self, layer: Layer, output: int, shape: Shape) -> Axes:
        """Return the axes of an output as if none came in: features where a layer declares them."""
        features = _features(layer, len(shape))

        def axis(number: int) -> Axis:
            role: Role = "features" if number == features else ""
            return whole_axis(f"{layer.index}.{output}[{number}]", role, self.number(shape[number]))

        return tuple(map(axis, range(len(shape))))

    def carried(self, reads: Reads, operands: Sequence[Axes | None], made: Axes) -> Axes:
        """Return the axes of an output, those that an operand hands on being the operand's."""
        out: list[Axis | None] = [None] * len(made)
        for read, axes in zip(reads, operands, strict=False):
            for entry, axis in _entries(read, axes):
                to = _leads_to(entry)
                if to is None or not axis:
                    continue
                handed = resized(axis, axis_size(made[to]))
                if handed and (out[to] is None or (has_batch(handed) and not has_batch(out[to]))):  # type: ignore[arg-type]
                    out[to] = handed
        return tuple(m if o is None or not m else o for o, m in zip(out, made, strict=True))


def _pins(condition: Condition, batch: str, sizes: Mapping[str, int]) -> bool:
    """Tell whether a condition holds for these sizes, and not with another batch."""
    if batch not in map(str, condition.symbols) or condition.relation not in ("==", "!="):
        return False
    return condition.holds(sizes) and not condition.holds({**sizes, batch: MANY})


def _features(layer: Layer, rank: int) -> int | None:
    """Return the axis of an output that holds what the layer computes of every place."""
    names = ("out_features", "embedding_dim", "hidden_size", "embed_dim", "d_model")
    if any(getattr(layer.op, name, None) is not None for name in names):
        return rank - 1
    kernel = getattr(layer.op, "kernel_size", None)
    if hasattr(layer.op, "out_channels") and isinstance(kernel, tuple):
        return rank - 1 - len(kernel)
    return None


def _entries(read: OperandAccess, axes: Axes | None) -> Iterator[tuple[object, Axis]]:
    """Yield how every axis of an operand is read."""
    if axes is None or read is None or isinstance(read, Regroup):
        return
    accesses = [read] if isinstance(read, Access) else read
    for access in accesses:
        yield from zip(access.axes, axes, strict=False)


def _leads_to(entry: object) -> int | None:
    """Return the axis of the output that an axis of an operand becomes, None for none."""
    if isinstance(entry, (Same, Window)):
        return entry.axis
    if isinstance(entry, Interval):
        names = {str(s) for size in (entry.low, entry.high) for s in dims.symbols_of((size,))}
        indices = {name for name in names if name.startswith(INDEX)}
        if len(indices) == 1:
            return int(indices.pop().removeprefix(INDEX))
    return None
