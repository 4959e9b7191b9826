"""What is taken for granted after a mistake, so that a trace can go on and find the next one.

After a mismatch, an op is taken to hand on what it declares: a Linear its out_features, a
convolution its out_channels. A size of which that is not known becomes a symbol of its own, of
which nothing is demanded any more: it echoes no mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from shapecalc import dims
from shapecalc.conditions import Path, following
from shapecalc.dims import Dim, Shape
from shapecalc.errors import ShapecalcError, ShapeError
from shapecalc.op import Op, Outcome, OutShape, axis_index
from shapecalc.ops.joining import Cat
from shapecalc.ops.view import View
from shapecalc.trace.meant import Meant, for_axes, meant

UNKNOWN = dims.symbol("?assumed", minimum=0)  # a size to be replaced by a symbol of its own


def recovered(
    op: Op,
    inputs: tuple[Shape, ...],
    hint: Mapping[str, int],
    error: ShapeError,
    *,
    channels_known: bool = False,
) -> tuple[Outcome, tuple[ShapeError, ...]] | None:
    """Return what an op is taken to hand on, and all that does not fit; None where that is open.

    `error` is the first mistake. Sizes that the mistakes put in doubt are `UNKNOWN`. Where the
    channels are known to be on axis 1, no other layout is meant.
    """
    path = Path(hint, mistakes=[])
    wanted = meant(op, inputs[0], hint, channels_known=channels_known) if inputs else None
    try:
        with following(path):
            out = _as_meant(op, inputs, wanted, path, error)
    except ShapeError as rest:
        if rest is not error or not path.mistakes:
            path.refuse(rest)
        declared = _declared(op, inputs)
        if declared is None:
            return None
        out = declared
    except (ShapecalcError, ArithmeticError, LookupError, TypeError, ValueError):
        return None
    mistakes = tuple(path.mistakes or (error,))
    if isinstance(op, View):
        out = _left_open(op, inputs[0])
    several = isinstance(out, list)
    shapes = [Shape(shape) for shape in (out if several else [out])]
    sure = set(inputs[0]) if _normalizes(op) else set(_numbers(op))
    sure |= set(wanted.shape) if wanted is not None else set()
    doubted = {side for m in mistakes if m.demand for side in (m.demand.left, m.demand.right)}

    def kept(size: Any) -> Dim:
        size = dims.expand(dims.as_dim(size))
        if size in sure:
            return size
        impossible = size.free_symbols and dims.evaluate(size, hint) < 1
        negative = size.is_Integer and size < 1
        if impossible or negative:
            return UNKNOWN
        return _either(size, mistakes, hint) if size in doubted else size

    made = tuple(Shape(map(kept, shape)) for shape in shapes)
    return Outcome(made, several, tuple(path.assumptions)), mistakes


def _either(size: Dim, mistakes: Sequence[ShapeError], hint: Mapping[str, int]) -> Dim:
    """Return an unknown size that is known to be one of the two that do not agree."""
    for mistake in mistakes:
        demand = mistake.demand
        if demand is not None and demand.relation == "==" and size in (demand.left, demand.right):
            sides = (dims.evaluate(side, hint) for side in (demand.left, demand.right))
            return dims.symbol(" ".join((UNKNOWN.name, *map(str, sides))), minimum=0)
    return UNKNOWN


def possible(size: Dim) -> tuple[int, ...] | None:
    """Return which sizes an unknown one may be, as far as that is known; None for a known one."""
    name, *sizes = str(size).split() if size.is_Symbol else [""]
    return tuple(map(int, sizes)) if name == UNKNOWN.name else None


def _as_meant(
    op: Op, inputs: tuple[Shape, ...], wanted: Meant | None, path: Path, error: ShapeError
) -> OutShape:
    """Apply a rule; where the first operand is plainly meant in another layout, to that one."""
    if wanted is None:
        return op.out_shape(*inputs)
    path.refuse(error)
    over = for_axes(op, len(wanted.shape) - 2) if wanted.fault == "other axes" else op
    if over is None:
        raise error
    return over.out_shape(wanted.shape, *inputs[1:])


def _numbers(op: Op) -> Iterator[Dim]:
    """Yield the sizes among the parameters of an op: what it declares."""
    for entry in fields(op):  # type: ignore[arg-type]  # every concrete Op is a dataclass
        value = getattr(op, entry.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, int) and not isinstance(part, bool):
                yield dims.as_dim(part)
            elif hasattr(part, "free_symbols"):
                yield part


def _declared(op: Any, inputs: Sequence[Shape]) -> Shape | None:
    """Return the output that an op declares for inputs of a wrong rank, where it declares one."""
    if not inputs:
        return None
    if hasattr(op, "reduction"):
        return Shape()  # a loss, of which nothing more is demanded
    x = inputs[0]
    if isinstance(op, Cat):
        shortest = min(inputs, key=len)  # of maps and rows, it is the maps that are to be flattened
        along = axis_index(op.dim, len(shortest))
        return Shape(UNKNOWN if axis == along else s for axis, s in enumerate(shortest))
    if hasattr(op, "out_features"):
        return Shape((*x[:-1], op.out_features))
    if hasattr(op, "out_channels") and hasattr(op, "kernel_size"):
        batch = x[0] if len(x) else UNKNOWN
        return Shape((batch, op.out_channels, *(UNKNOWN for _ in op.kernel_size)))
    if hasattr(op, "kernel_size") and isinstance(op.kernel_size, tuple):
        spatial = len(op.kernel_size)
        return Shape((*x[:-spatial], *(UNKNOWN for _ in op.kernel_size)))
    return x if _normalizes(op) else None


def _left_open(op: View, x: Shape) -> Shape:
    """Return the sizes that a view asks for; a first one that is left to torch is the batch."""
    return Shape(
        size if size != -1 else x[0] if axis == 0 and len(x) else UNKNOWN
        for axis, size in enumerate(op.shape)
    )


def _normalizes(op: Op) -> bool:
    """Tell whether what comes in goes out, whatever the op was built for."""
    return any(hasattr(op, name) for name in ("num_features", "num_channels", "normalized_shape"))
