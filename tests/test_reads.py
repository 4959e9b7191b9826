"""Every access rule against what really reaches an output, slab by slab."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch

from shapecalc import dims
from shapecalc.access import (
    Access,
    Element,
    Interval,
    Range,
    Regroup,
    Same,
    Whole,
    Window,
    index,
)
from shapecalc.conditions import Hint, Path, following
from shapecalc.dims import Shape
from shapecalc.graph import InputRef, Layer, LayerGraph, OutputRef, shapes_in
from shapecalc.inputs import Pattern, parse_inputs
from shapecalc.trace.run import trace
from shapecalc.trace.symbolic_tensor import DTYPES
from tests.op_cases.case import Calls, Case
from tests.reached import reached, slab, slabs, starts, telling_slabs, tensors_in
from tests.test_ops import CASES, _training, run, traced

LARGEST = 40_000  # elements of an operand, beyond which a row is too slow for every slab


def concrete_graph(case: Case, sizes: dict[str, int]) -> LayerGraph:
    shapes = [
        (Shape(dims.evaluate(dims.as_dim(d), sizes) for d in shape), dtype)
        for shape, dtype in case.operands()
    ]
    patterns = tuple(Pattern(f"x{n}", *operand) for n, operand in enumerate(shapes))
    training = _training(case.call)
    model = Calls(case.call).train(training)
    graph = trace(model, parse_inputs(patterns, {}), {}, train=training)
    assert not graph.findings, graph.findings[0]
    return graph


def returned(graph: LayerGraph, layer: Layer) -> list[int]:
    """Return which outputs of the only layer the row returns."""
    own = layer.out_shapes
    found = [
        n
        for shape in shapes_in(graph.output)
        for n in range(len(own))
        if getattr(shape, "source", None) == OutputRef(layer.index, n)
    ]
    return found or list(range(len(own)))


# ---------------------------------------------------------------- an access, element by element


def predicted(
    access: Any, x: Shape, out: Shape, axis: int, at: int
) -> tuple[np.ndarray[Any, Any], bool]:
    """Return which outputs read the slab, and whether that is only an upper bound."""
    shape = tuple(int(size) for size in out)
    if access is None:
        return np.zeros(shape, bool), False
    if isinstance(access, Regroup):
        sizes = tuple(int(size) for size in x)
        places = np.arange(int(np.prod(sizes))).reshape(sizes)
        inside = np.isin(np.arange(places.size), np.take(places, at, axis))
        return inside.reshape(shape), False
    if not isinstance(access, Access):
        parts = [predicted(part, x, out, axis, at) for part in access]
        masks = [mask for mask, _ in parts]
        return np.logical_or.reduce(masks), any(bound for _, bound in parts)
    assert len(access.axes) == len(x), f"{len(access.axes)} entries for {x}"
    mask = np.ones(shape, bool)
    for n, entry in enumerate(access.axes):
        size = int(x[n])
        mask &= np.any(
            [reads(entry, shape, k, size) for k in ([at] if n == axis else range(size))]
            or [np.zeros(shape, bool)],
            axis=0,
        )
    for range_ in access.when:
        mask &= within(range_, shape)
    return mask, bool(access.bound)


def grid(axis: int, shape: tuple[int, ...]) -> Any:
    sizes = [1] * len(shape)
    sizes[axis] = shape[axis]
    return np.broadcast_to(np.arange(shape[axis]).reshape(sizes), shape)


def within(range_: Range, shape: tuple[int, ...]) -> Any:
    i = grid(range_.axis, shape)
    start, stop, step = int(range_.start), int(range_.stop), int(range_.step)
    return (i >= start) & (i < stop) & ((i - start) % step == 0)


def reads(entry: Any, shape: tuple[int, ...], k: int, size: int) -> Any:
    match entry:
        case Whole():
            return np.ones(shape, bool)
        case Same(axis):
            return grid(axis, shape) == k
        case Element(at):
            return np.full(shape, int(at) == k)
        case Window(mode="reflect" | "replicate" | "circular"):
            i = grid(entry.axis, shape)
            s, p, d = int(entry.stride), int(entry.padding), int(entry.dilation)
            places = (i * s - p + d * t for t in range(int(entry.kernel_size)))
            return np.any([beyond(q, size, entry.mode) == k for q in places], axis=0)
        case Window():
            s, p, d = int(entry.stride), int(entry.padding), int(entry.dilation)
            i = grid(entry.axis, shape)
            low = (i - k * s + p) if entry.transposed else (k - i * s + p)
            return (low % d == 0) & (low >= 0) & (low <= d * (int(entry.kernel_size) - 1))
        case Interval():
            return (values(entry.low, shape) <= k) & (k <= values(entry.high, shape))
    raise AssertionError(entry)


def beyond(q: Any, size: int, mode: str) -> Any:
    """Return which element stands at place `q` of a padded axis."""
    if mode == "circular":
        return q % size
    if mode == "replicate":
        return np.clip(q, 0, size - 1)
    q = np.abs(q)
    return np.where(q > size - 1, 2 * (size - 1) - q, q)


@lru_cache(64)
def values(formula: Any, shape: tuple[int, ...]) -> Any:
    """Evaluate a formula of output indices at every output element."""
    formula = dims.as_dim(formula)
    axes = [axis for axis in range(len(shape)) if index(axis) in formula.free_symbols]
    table = np.zeros([shape[axis] if axis in axes else 1 for axis in range(len(shape))], int)
    for place in itertools.product(*(range(shape[axis]) for axis in axes)):
        at = {str(index(axis)): i for axis, i in zip(axes, place, strict=True)}
        where = [0] * len(shape)
        for axis, i in zip(axes, place, strict=True):
            where[axis] = i
        table[tuple(where)] = dims.evaluate(formula, at)
    return np.broadcast_to(table, shape)


# ---------------------------------------------------------------- the real call


def real(case: Case, sizes: dict[str, int]) -> tuple[Any, list[torch.Tensor]]:
    """Return the call, deterministic and in float64, and operands for it."""
    generator = torch.Generator().manual_seed(3)
    training = _training(case.call)
    torch.manual_seed(5)
    model = Calls(case.call).train(training)
    if any(map(torch.nn.parameter.is_lazy, model.parameters())):
        run(
            case.call,
            [
                ([dims.evaluate(dims.as_dim(d), sizes) for d in shape], dtype)
                for shape, dtype in case.operands()
            ],
        )  # gives it its parameters
    for parameter in (*model.parameters(), *model.buffers()):
        if parameter.is_floating_point():
            values = torch.rand(parameter.shape, generator=generator) + 0.1
            parameter.data = values.to(torch.float64)
    tensors = []
    for shape, dtype in case.operands():
        size = [dims.evaluate(dims.as_dim(d), sizes) for d in shape]
        if dtype == "bool":
            tensors.append(torch.rand(size, generator=generator) < 0.5)
        elif DTYPES[dtype].is_floating_point or DTYPES[dtype].is_complex:
            wide = torch.complex128 if DTYPES[dtype].is_complex else torch.float64
            made = torch.rand(size, generator=generator, dtype=wide)
            tensors.append(made * 0.8 + 0.1)
        else:
            tensors.append(torch.randint(0, 2, size, generator=generator, dtype=DTYPES[dtype]))
    state = {name: value.clone() for name, value in model.state_dict().items()}

    def call(inputs: Any) -> list[torch.Tensor]:
        torch.manual_seed(11)  # the same dropout every time
        model.load_state_dict(state)
        torch.set_default_dtype(torch.float64)  # of the constants that a row makes
        try:
            with torch.no_grad():
                return tensors_in(model(*(tensor.clone() for tensor in inputs)))
        finally:
            torch.set_default_dtype(torch.float32)

    return call, tensors


def samples(case: Case) -> dict[str, int]:
    return min(case.samples(), key=lambda sizes: sum(sizes.values()))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_access_is_what_reaches_the_output(case: Case) -> None:
    compare(case, telling_slabs)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_access_is_what_reaches_the_output_everywhere(case: Case) -> None:
    compare(case, slabs)


def compare(case: Case, chosen: Callable[[Sequence[int]], Iterable[tuple[int, int]]]) -> None:
    """Compare what an output reads with what reaches it, for some slabs of every operand."""
    sizes = samples(case)
    graph = concrete_graph(case, sizes)
    if len(graph.layers) != 1:
        pytest.skip("several ops: their composition has tests of its own")
    (layer,) = graph.layers
    if any(dims.symbols_of(shape) for shape in layer.out_shapes):
        pytest.skip("a size that depends on data")
    call, tensors = real(case, sizes)
    if sum(tensor.numel() for tensor in tensors) > LARGEST:
        pytest.skip("too large to try every slab")
    if case.unseen:
        pytest.skip(case.unseen)
    outputs = [(number, layer.out_shapes[number]) for number in returned(graph, layer)]
    assert [out.shape for out in call(tensors)] == [tuple(map(int, out)) for _, out in outputs]
    with following(Path(Hint({}))):
        rules = [layer.op.reads(layer.in_shapes, out, number) for number, out in outputs]
    assert None not in rules, f"{type(layer.op).__name__} has no `reads`"
    for operand, tensor in enumerate(tensors):
        places = [n for n, s in enumerate(layer.sources) if s == InputRef(f"x{operand}")]
        for axis, at in chosen(tensor.shape):
            wanted = []
            for (_, out), rule in zip(outputs, rules, strict=True):
                parts = [
                    predicted(rule[n], layer.in_shapes[n], out, axis, at)
                    for n in places
                    if rule is not None and n < len(layer.in_shapes)
                ]
                masks = [part for part, _ in parts]
                want = np.logical_or.reduce(masks) if masks else np.zeros(tuple(out), bool)
                bound = any(b for _, b in parts)
                if any(n >= len(layer.in_shapes) for n in places):
                    want, bound = np.ones(tuple(out), bool), True  # not an operand of the rule
                wanted.append((want, bound))
            found = [np.zeros(want.shape, bool) for want, _ in wanted]
            for start in starts(tensors, call):
                masks = reached(call, start, operand, slab(tensor, axis, at))
                found = [old | new.numpy() for old, new in zip(found, masks, strict=True)]
                pairs = zip(found, wanted, strict=True)
                if all(bound or not (want & ~got).any() for got, (want, bound) in pairs):
                    break
            for (number, _), got, (want, bound) in zip(outputs, found, wanted, strict=True):
                where = f"output {number}, operand {operand}, axis {axis}, index {at}"
                missed = np.argwhere(got & ~want)
                assert not len(missed), f"{where}: reaches {missed[:3].tolist()}, which is denied"
                wrong = np.argwhere(want & ~got)
                assert bound or not len(wrong), f"{where}: does not reach {wrong[:3].tolist()}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_access_of_symbolic_sizes_asks_what_the_shape_asked(case: Case) -> None:
    for layer in traced(case).layers:
        with following(Path(case.samples()[0])) as path:
            layer.op.out_shape(*layer.in_shapes)
            asked = len(path.assumptions)
            for number, out in enumerate(layer.out_shapes):
                rule = layer.op.reads(layer.in_shapes, out, number)
                assert rule is None or len(rule) == len(layer.in_shapes)
        assert not path.assumptions[asked:]
