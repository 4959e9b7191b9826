"""Every rule against its hand-written formula, and the formula against PyTorch."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
import torch

import shapecalc.ops
import tests.op_cases
from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.graph import LayerGraph
from shapecalc.inputs import parse_inputs
from shapecalc.trace.run import trace
from shapecalc.trace.symbolic_tensor import DTYPES
from tests.op_cases.case import Calls, Case, Rejects

FAMILIES = [
    importlib.import_module(f"tests.op_cases.{module.name}")
    for module in pkgutil.iter_modules(tests.op_cases.__path__)
    if module.name != "case"
]
CASES = [case for family in FAMILIES for case in family.CASES]
REJECTS = [case for family in FAMILIES for case in getattr(family, "REJECTS", ())]


def traced(case: Case) -> LayerGraph:
    """Trace a row symbolically, at a hint that is one of its own samples."""
    from shapecalc.inputs import Pattern

    patterns = tuple(
        Pattern(f"x{n}", Shape(shape), dtype) for n, (shape, dtype) in enumerate(case.operands())
    )
    model = Calls(case.call).train(_training(case.call))
    return trace(model, parse_inputs(patterns, {}), case.samples()[0], train=_training(case.call))


def _training(call: Any) -> bool:
    return bool(getattr(call, "trains", False))


def run(call: Any, shapes: list[tuple[list[int], str]]) -> Any:
    """Run a row for real."""
    generator = torch.Generator().manual_seed(0)
    tensors = []
    for shape, dtype in shapes:
        if dtype == "bool":
            tensors.append(torch.rand(shape, generator=generator) < 0.5)
        elif DTYPES[dtype].is_floating_point or DTYPES[dtype].is_complex:
            tensors.append(torch.rand(shape, generator=generator).to(DTYPES[dtype]))
        else:
            tensors.append(torch.randint(0, 2, shape, generator=generator, dtype=DTYPES[dtype]))
    with torch.no_grad():
        return Calls(call).train(_training(call))(*tensors)


def flat_shapes(value: Any) -> list[tuple[Any, ...]]:
    """Return the shapes of a nested result, in order."""
    if isinstance(value, torch.Tensor):
        return [tuple(value.shape)]
    if isinstance(value, Shape) or (
        isinstance(value, tuple) and not any(isinstance(v, (tuple, list)) for v in value)
        and not any(isinstance(v, torch.Tensor) for v in value)
    ):  # fmt: skip
        return [tuple(value)]
    if isinstance(value, dict):
        value = value.values()
    return [shape for entry in value if entry is not None for shape in flat_shapes(entry)]


def flat_dtypes(value: Any) -> list[torch.dtype]:
    if isinstance(value, torch.Tensor):
        return [value.dtype]
    values = value.values() if isinstance(value, dict) else value
    return [dtype for entry in values if entry is not None for dtype in flat_dtypes(entry)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_gives_the_hand_written_formula(case: Case) -> None:
    graph = traced(case)
    assert not graph.findings, graph.findings[0]
    assert [str(layer) for layer in graph.layers if layer.label != "proved"] == []
    got = [Shape(shape) for shape in flat_shapes(graph.output)]
    assert got == [Shape(shape) for shape in flat_shapes(case.out)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_formula_agrees_with_torch(case: Case) -> None:
    for sizes in case.samples():
        concrete = [
            ([dims.evaluate(dims.as_dim(d), sizes) for d in shape], dtype)
            for shape, dtype in case.operands()
        ]
        expected = [
            tuple(dims.evaluate(dims.as_dim(d), sizes) for d in shape)
            for shape in flat_shapes(case.out)
        ]
        assert flat_shapes(run(case.call, concrete)) == expected, sizes


class Watched(Calls):
    """A module that says of which types its results were."""

    def __init__(self, call: Any, seen: list[torch.dtype]) -> None:
        super().__init__(call)
        self.seen = (seen,)  # in a tuple: tracing puts the lists of a module back

    def forward(self, *tensors: torch.Tensor) -> Any:
        result = super().forward(*tensors)
        self.seen[0].extend(flat_dtypes(result))
        return result


@pytest.mark.parametrize("case", CASES, ids=str)
def test_types_agree_with_torch(case: Case) -> None:
    got, expected = list[torch.dtype](), list[torch.dtype]()
    watched = [Watched(case.call, seen).train(_training(case.call)) for seen in (got, expected)]
    sizes = case.samples()[0]
    shapes = [
        ([dims.evaluate(dims.as_dim(d), sizes) for d in shape], dtype)
        for shape, dtype in case.operands()
    ]
    run(watched[1], shapes)  # first: it gives a lazy module its parameters
    traced(Case(watched[0], case.x, (), (sizes,)))
    assert got == expected


@pytest.mark.parametrize("case", REJECTS, ids=str)
def test_rule_rejects_what_torch_rejects(case: Rejects) -> None:
    shapes = Case(case.call, case.x, ()).operands()
    with pytest.raises((RuntimeError, ValueError, IndexError, TypeError, AssertionError)):
        run(case.call, [(list(shape), dtype) for shape, dtype in shapes])
    graph = traced(Case(case.call, case.x, ()))
    assert graph.findings, "torch refuses this, the rule does not"
    assert all(finding.kind == "shape" for finding in graph.findings), graph.findings[0]


def test_every_reader_has_a_row() -> None:
    used = {layer.function for case in CASES for layer in traced(case).layers}
    missing = sorted(set(shapecalc.registry.READERS) - used)
    assert not missing, f"add a row to tests/op_cases for {missing}"
