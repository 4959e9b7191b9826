"""Ops without a rule: measured on meta tensors at several sizes, and labelled so.

What comes out is described by the simplest formula that fits every measurement: a number, a
size of an input, or a whole multiple of one plus a number. Such a formula is `probed`, never
`proved`. A size that none of these fits is `unknown`: a new symbol, about which nothing is
claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch.utils import _pytree as pytree

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.errors import ForwardError
from shapecalc.graph import Label
from shapecalc.op import Op, OutShape
from shapecalc.trace.symbolic_tensor import NAMES, SymbolicTensor

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer

_SAMPLES = 6  # sizes at which an op is measured
_FEWEST = 3  # sizes that a formula has to fit, lest a size pass for a number
_ATTEMPTS = 30  # sizes that are tried to find those


@dataclass(frozen=True, slots=True, kw_only=True)
class Unruled(Op):
    """A torch function that has no rule here; its output was measured, not derived."""

    function: str
    outputs: tuple[Shape, ...]

    @property
    def kind(self) -> str:
        """The function's own name."""
        return self.function

    def out_shape(self, *inputs: Shape) -> OutShape:
        """Return the shapes that were measured."""
        return list(self.outputs)

    def __str__(self) -> str:
        return self.function


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found out about one call."""

    op: Op
    shapes: tuple[Shape, ...]
    dtypes: tuple[str, ...]
    label: Label
    note: str
    rebuild: Callable[[Sequence[Any]], Any]


def measure(
    tracer: Tracer,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    why: str = "it has no rule",
) -> Measured:
    """Run `func` on meta tensors at several sizes; `why` no rule says what comes out.

    Raises:
        ForwardError: it fails at every size.
    """
    name = str(getattr(func, "__name__", None) or getattr(func, "name", func))  # of a script
    leaves, structure = pytree.tree_flatten((args, kwargs))
    known = [leaf.shape_ for leaf in leaves if isinstance(leaf, SymbolicTensor)]
    known += [Shape((leaf.node.expr,)) for leaf in leaves if isinstance(leaf, torch.SymInt)]
    inputs = tuple(dict.fromkeys(dim for shape in known for dim in shape))
    runs: list[tuple[Mapping[str, int], list[torch.Tensor], Any]] = []
    failure = ""
    for sizes in _samples(tracer, dims.symbols_of(inputs)):
        concrete = [_concrete(leaf, sizes) for leaf in leaves]
        at_args, at_kwargs = pytree.tree_unflatten(concrete, structure)
        try:
            result = func(*at_args, **at_kwargs)
        except Exception as error:  # whatever torch raises is the measurement
            failure = failure or f"{type(error).__name__}: {error}".split("\n")[0]
            continue
        flat, out_structure = pytree.tree_flatten(result)
        runs.append((sizes, flat, out_structure))
    if not runs:
        raise ForwardError(f"{name} fails on meta tensors ({why}): {failure}")
    _, first, out_structure = runs[0]
    alike = [run for run in runs if _ranks(run[1]) == _ranks(first)]
    places = [n for n, leaf in enumerate(first) if isinstance(leaf, torch.Tensor)]
    if any(_numbers(flat) != _numbers(first) for _, flat, _ in runs):
        raise ForwardError(f"{name} returns numbers that depend on sizes ({why})")
    shapes, label = [], Label.PROBED if len(alike) == len(runs) else Label.UNKNOWN
    for place in places:
        shape = []
        for axis in range(first[place].dim()):
            values = [(sizes, flat[place].shape[axis]) for sizes, flat, _ in alike]
            formula = _fit(values, inputs)
            if formula is None:
                label = Label.UNKNOWN
                formula = tracer.record.fresh_size(f"an output of {name} ({why})")
            shape.append(formula)
        shapes.append(Shape(shape))
    at = "; ".join(", ".join(f"{k}={v}" for k, v in sizes.items()) for sizes, _, _ in alike)
    note = f"{name} was measured at {at or 'one size'}: {why}"

    def rebuild(outputs: Sequence[Any]) -> Any:
        filled = list(first)
        for place, output in zip(places, outputs, strict=True):
            filled[place] = output
        return pytree.tree_unflatten(filled, out_structure)

    return Measured(
        op=Unruled(function=name, outputs=tuple(shapes)),
        shapes=tuple(shapes),
        dtypes=tuple(NAMES[first[place].dtype] for place in places),
        label=label,
        note=note,
        rebuild=rebuild,
    )


def _samples(tracer: Tracer, symbols: tuple[Dim, ...]) -> Iterator[dict[str, int]]:
    """Yield sizes that lie on the tracer's path, the hint first."""
    premises = list(tracer.record.premises)
    # every symbol moves by itself: were two to move together, one could pass for the other
    steps = Random(0)
    found = 0
    for attempt in range(_ATTEMPTS if symbols else 1):
        sizes = dict(tracer.record.hint)
        for name in map(str, symbols):
            sizes[name] = tracer.record.hint[name] + (steps.randrange(1, 40) if attempt else 0)
        if found < _SAMPLES and all(condition.holds(sizes) for condition in premises):
            found += 1
            yield {str(name): sizes[str(name)] for name in symbols}


def _concrete(leaf: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(leaf, SymbolicTensor):
        shape = [dims.evaluate(dim, sizes) for dim in leaf.shape_]
        return torch.empty(shape, dtype=leaf.dtype_, device="meta")
    if isinstance(leaf, torch.SymInt):
        return dims.evaluate(leaf.node.expr, sizes)
    if isinstance(leaf, torch.Tensor):
        return leaf.to("meta")
    return leaf


def _numbers(flat: Sequence[Any]) -> list[Any]:
    return [leaf for leaf in flat if isinstance(leaf, (int, float, str))]


def _ranks(flat: Sequence[Any]) -> list[int | None]:
    return [leaf.dim() if isinstance(leaf, torch.Tensor) else None for leaf in flat]


def _fit(values: Sequence[tuple[Mapping[str, int], int]], inputs: Sequence[Dim]) -> Dim | None:
    """Return the simplest formula that gives every measured value, or None."""
    first = values[0][1]
    if len(values) < _FEWEST and dims.symbols_of(inputs):
        return None
    if all(value == first for _, value in values):
        return dims.as_dim(first)
    for dim in inputs:
        points = [(dims.evaluate(dim, sizes), value) for sizes, value in values]
        (x0, y0), (x1, y1) = points[0], next((p for p in points if p != points[0]), points[0])
        if x0 == x1 or (y1 - y0) % (x1 - x0):
            continue
        slope = (y1 - y0) // (x1 - x0)
        offset = y0 - slope * x0
        if all(y == slope * x + offset for x, y in points):
            return dims.expand(dim * slope + offset)
    return None
