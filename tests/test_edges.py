"""Every row of the op tables at the smallest sizes, 0 to 3: what torch refuses, the rule refuses."""

from __future__ import annotations

import itertools
import re
import warnings
from typing import Any

import pytest

from shapecalc import dims
from tests.op_cases.case import Case
from tests.test_ops import CASES, flat_shapes, run, traced

SMALL = (0, 1, 2, 3)
# what torch refuses because of a value, which no shape says, or because of its FFT library;
# along an empty axis every index is out of bounds, and that the shape does say
OF_VALUES = re.compile(
    r"index \d+ is out of bounds for dimension \d+ with size [1-9]|element is out of DATA bounds|"
    r"index out of range in self|tried to access index|"
    r"Target \d+ is out of bounds|'target' is out of range|Class values must be smaller|"
    r"MKL FFT|DFTI|"
    r"invalid max index"  # unpooling puts every maximum where its index says
)
_ENOUGH = 24  # combinations of sizes a row


def edges(case: Case) -> list[dict[str, int]]:
    """Return small sizes for the symbols of a row: one symbol small at a time, then all."""
    names = [
        str(s) for s in dims.symbols_of([dims.as_dim(d) for o, _ in case.operands() for d in o])
    ]
    usual = case.samples()[0]
    found = [{**usual, name: size} for name in names for size in SMALL]
    found += [
        dict(zip(names, sizes, strict=True))
        for sizes in itertools.product((1, 2), repeat=len(names))
    ]
    return found[:_ENOUGH] if names else []


def at(case: Case, sizes: dict[str, int]) -> Case:
    """Return a row with numbers for its symbols."""
    operands = [
        (*(dims.evaluate(dims.as_dim(d), sizes) for d in shape), dtype)
        for shape, dtype in case.operands()
    ]
    return Case(case.call, operands, ())


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if edges(c)], ids=str)
def test_rule_agrees_with_torch_at_the_edges(case: Case) -> None:
    wrong: list[Any] = []
    for sizes in edges(case):
        concrete = at(case, sizes)
        shapes: Any = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                shapes = flat_shapes(run(case.call, concrete.operands()))
        except (
            RuntimeError,
            ValueError,
            IndexError,
            TypeError,
            AssertionError,
            ZeroDivisionError,
        ) as error:
            refusal = str(error).split("\n")[0]
            if OF_VALUES.search(refusal):
                continue
        graph = traced(concrete)
        if graph.findings:
            if shapes is not None:
                wrong.append(
                    (sizes, "rule refuses", graph.findings[0].message, "torch gives", shapes)
                )
            continue
        if shapes is None:
            wrong.append((sizes, "rule gives", flat_shapes(graph.output), "torch refuses", refusal))
        elif [tuple(map(int, s)) for s in flat_shapes(graph.output)] != shapes:
            wrong.append((sizes, "rule gives", flat_shapes(graph.output), "torch gives", shapes))
    assert not wrong, "\n".join(map(str, wrong))
