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
from shapecalc.coverage import Unruled
from shapecalc.dims import Dim, Shape
from shapecalc.errors import ForwardError
from shapecalc.graph import Label
from shapecalc.op import Op
from shapecalc.trace.symbolic_tensor import NAMES, SymbolicTensor

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer

_SAMPLES = 6  # sizes at which an op is measured
_FEWEST = 3  # sizes that a formula has to fit, lest a size pass for a number
_ATTEMPTS = 30  # sizes that are tried to find those


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
    inputs = _sizes_in(leaves)
    runs: list[_Run] = []
    failure = ""
    for sizes in _samples(tracer, dims.symbols_of(inputs)):
        concrete = [_concrete(leaf, sizes) for leaf in leaves]
        at_args, at_kwargs = pytree.tree_unflatten(concrete, structure)
        try:
            runs.append(_Run(sizes, *pytree.tree_flatten(func(*at_args, **at_kwargs))))
        except Exception as error:  # whatever torch raises is the measurement
            failure = failure or f"{type(error).__name__}: {error}".split("\n")[0]
    if not runs:
        raise ForwardError(f"{name} fails on meta tensors ({why}): {failure}")
    first = runs[0]
    if any(run.numbers() != first.numbers() for run in runs):
        raise ForwardError(f"{name} returns numbers that depend on sizes ({why})")
    alike = [run for run in runs if run.ranks() == first.ranks()]
    places = [n for n, rank in enumerate(first.ranks()) if rank is not None]
    found = [_shape_at(place, alike, inputs) for place in places]
    exact = len(alike) == len(runs) and all(None not in shape for shape in found)
    origin = f"an output of {name} ({why})"
    shapes = tuple(
        Shape(tracer.path.fresh_size(origin) if size is None else size for size in shape)
        for shape in found
    )
    at = "; ".join(", ".join(f"{k}={v}" for k, v in run.sizes.items()) for run in alike)

    def rebuild(outputs: Sequence[Any]) -> Any:
        filled = list(first.flat)
        for place, output in zip(places, outputs, strict=True):
            filled[place] = output
        return pytree.tree_unflatten(filled, first.structure)

    return Measured(
        op=Unruled(function=name, outputs=shapes),
        shapes=shapes,
        dtypes=tuple(NAMES[first.flat[place].dtype] for place in places),
        label=Label.PROBED if exact else Label.UNKNOWN,
        note=f"{name} was measured at {at or 'one size'}: {why}",
        rebuild=rebuild,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What came out of one call, taken apart."""

    sizes: Mapping[str, int]
    flat: Sequence[Any]
    structure: Any

    def ranks(self) -> list[int | None]:
        return [leaf.dim() if isinstance(leaf, torch.Tensor) else None for leaf in self.flat]

    def numbers(self) -> list[Any]:
        return [leaf for leaf in self.flat if isinstance(leaf, (int, float, str))]


def _sizes_in(leaves: Sequence[Any]) -> tuple[Dim, ...]:
    """Return the sizes that a call receives, each once."""
    known = [leaf.shape_ for leaf in leaves if isinstance(leaf, SymbolicTensor)]
    known += [Shape((leaf.node.expr,)) for leaf in leaves if isinstance(leaf, torch.SymInt)]
    return tuple(dict.fromkeys(dim for shape in known for dim in shape))


def _shape_at(place: int, runs: Sequence[_Run], inputs: Sequence[Dim]) -> list[Dim | None]:
    """Return the formula of every axis of one output, None for an axis that none fits."""
    axes = range(runs[0].flat[place].dim())
    return [_fit([(run.sizes, run.flat[place].shape[n]) for run in runs], inputs) for n in axes]


def _samples(tracer: Tracer, symbols: tuple[Dim, ...]) -> Iterator[dict[str, int]]:
    """Yield sizes that lie on the tracer's path, the hint first."""
    premises = list(tracer.path.premises)
    # every symbol moves by itself: were two to move together, one could pass for the other
    steps = Random(0)
    found = 0
    for attempt in range(_ATTEMPTS if symbols else 1):
        sizes = dict(tracer.path.hint)
        for name in map(str, symbols):
            sizes[name] = tracer.path.hint[name] + (steps.randrange(1, 40) if attempt else 0)
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
