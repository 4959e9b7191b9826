"""Mistakes of tables of positions: one entry for every place of a sequence or a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shapecalc import dims
from shapecalc.diagnose.cause import ancestors, producer
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.inputs_that_fit import feed
from shapecalc.diagnose.paths import behind, is_constant, module_of
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.dims import Dim, Shape
from shapecalc.graph import Layer, Source
from shapecalc.ops.pointwise import Pointwise
from shapecalc.ops.sparse import Embedding
from shapecalc.trace.tracer import Rewriting


@mistake("SC154", "pos_embed_length")
def pos_embed_length(m: Mistake) -> Draft | None:
    """A table of positions is shorter or longer than the sequence.

    A learned table has one entry for every position, and as many as it was built for. A sequence
    of another length needs a table of that length; for an image, the length is the number of
    patches, with one more for a class token, so it changes with the size of the image.

    Wrong:
        torch.zeros(2, 257, 64) + nn.Parameter(torch.zeros(1, 197, 64))
    Right:
        torch.zeros(2, 257, 64) + nn.Parameter(torch.zeros(1, 257, 64))
    """
    layer, demand = m.layer, m.raw.demand
    if layer is None or demand is None:
        return None
    if isinstance(layer.op, Pointwise):
        return _added(m, layer)
    if demand.relation != "<" or not m.raw.message.startswith("position"):
        return None
    subject = m.subject
    needed, held = subject.number(demand.left) + 1, subject.number(demand.right)
    module = module_of(subject, layer) if isinstance(layer.op, Embedding) else None
    built = (Rebuild(layer=module[0], argument="num_embeddings", value=needed),) if module else ()
    return Draft(
        message=f"the table of {m.op} has {held} positions, the sequence needs {needed}",
        argument="num_embeddings" if built else "",
        got=needed,
        expected=held,
        because=(f"positions count from 0 to {_formula(subject, demand.left)}",),
        candidates=(*feed(m), *built),
        root=("positions", layer.index),
    )


def _added(m: Mistake, layer: Layer) -> Draft | None:
    """Return what is said of a table that is added to a sequence of another length."""
    subject, shapes = m.subject, layer.in_shapes
    if len(shapes) != 2:
        return None
    fixed = [is_constant(subject, source) for source in layer.sources[:2]]
    if fixed[0] == fixed[1]:
        return None
    side = fixed.index(True)
    table, sequence = shapes[side], shapes[1 - side]
    axis = _length_axis(subject, table, sequence)
    if axis is None:
        return None
    held, length = subject.number(table[axis]), subject.number(sequence[axis])
    name = _name_of_table(subject, layer.sources[side], table)
    source = layer.sources[1 - side]
    place = axis + len(sequence)
    candidates: list[Candidate] = [*feed(m)]
    of_image = any(
        isinstance(getattr(subject.graph.layers[index].op, "kernel_size", None), tuple)
        for index in behind(subject, source)
    )
    if held > length and not of_image:
        candidates.append(
            Rewrite(
                index=layer.index,
                text=f"take the first positions of {name} only, as many as x.shape[{place}]",
                rewriting=_with_table(side, axis, None),
            )
        )
    candidates.append(
        Rewrite(
            index=layer.index,
            text=f"build {name} with {length} positions",
            rewriting=_with_table(side, axis, length),
        )
    )
    return Draft(
        message=f"{name} has {held} positions, the sequence has {length}",
        argument=name,
        got=length,
        expected=held,
        because=(
            f"{m.function} gets {subject.shape(sequence)} and {subject.shape(table)}",
            f"the sequence has {_formula(subject, sequence[axis])}",
        ),
        candidates=tuple(candidates),
        root=("positions", layer.index),
        layer=layer.name,
    )


def _length_axis(subject: Subject, table: Shape, sequence: Shape) -> int | None:
    """Return the only axis on which a table does not fit, from the end; None for its features."""
    if len(table) > len(sequence) or len(table) < 2:
        return None
    wrong = [
        axis
        for axis in range(-len(table), 0)
        if subject.number(table[axis]) not in (1, subject.number(sequence[axis]))
    ]
    return wrong[0] if len(wrong) == 1 and wrong[0] != -1 else None


def _name_of_table(subject: Subject, source: Source, shape: Shape) -> str:
    """Return the parameter or buffer that a table is, or is a part of."""
    if producer(subject, source) is not None:
        *_, first = ancestors(subject, source)
        shape = first.in_shapes[0] if first.in_shapes else shape
    sizes = tuple(subject.number(size) for size in shape)
    tensors = (*subject.model.named_parameters(), *subject.model.named_buffers())
    found = [name for name, tensor in tensors if tuple(tensor.shape) == sizes]
    return found[0] if len(found) == 1 else "the table"


def _formula(subject: Subject, size: Dim) -> str:
    """Return a size with what it is made of: `floor(H/16)*floor(W/16) + 1 = 257`."""
    size = dims.as_dim(size)
    number = subject.number(size)
    return str(number) if size.is_Integer else f"{dims.format_dim(size)} = {number}"


def _with_table(side: int, axis: int, length: int | None) -> Rewriting:
    """Return a sum whose table is cut to the length of the sequence, or has another length."""

    def rewriting(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        pair = list(args[:2]) if len(args) > 1 else [args[0], kwargs.pop("other")]
        table, sequence = pair[side], pair[1 - side]
        if length is None:
            axes = [slice(None)] * len(table.shape)
            axes[axis] = slice(0, sequence.shape[axis])
            pair[side] = table[tuple(axes)]
        else:
            sizes = list(table.shape)
            sizes[axis] = length
            pair[side] = table.new_zeros(sizes)
        return func(*pair, *args[2:], **kwargs)

    return rewriting
