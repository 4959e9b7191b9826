"""Sizes that depend on data: a new symbol stands for them, at the right place."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from shapecalc import dims
from shapecalc.dims import Shape, symbol
from tests.op_cases.case import C, Case, H, N
from tests.test_ops import flat_shapes, run, traced

U = symbol("u0", minimum=0)
SIZES = ({"N": 9, "C": 3, "H": 5},)
MASK = (N, "bool")
MASK2 = (N, C, "bool")

# fmt: off
CASES = [
    Case(lambda x, m: x[m],                             [(N, C, H), MASK],         (U, C, H)),
    Case(lambda x, m: x[m, 1:],                         [(N, C, H), MASK2],        (U, H - 1)),
    Case(lambda x, m: x[m, :, 0],                       [(N, C, H), MASK],         (U, C)),
    Case(lambda x, m: x[None, m],                       [(N, C, H), MASK2],        (1, U, H)),
    Case(lambda x, m: x[:, m],                          [(C, N, H), MASK],         (C, U, H)),
    Case(lambda x, m: x[..., m],                        [(C, H, N), MASK],         (C, H, U)),
    Case(lambda x, m: x[m, :, m[:, None][:, 0]],        [(N, C, N), MASK],         (U, C)),
    Case(lambda x: x[x > 0.5],                          (N, H),                    (U,)),
    Case(lambda x, m: x[m, torch.zeros(1, dtype=torch.int64)], [(N, C), MASK],     (U,)),
    Case(lambda x, m: x[m[0]],                          [(N, H), MASK],            (U, N, H)),
    Case(lambda x, m: x.masked_select(m),               [(N, C), MASK2],           (U,)),
    Case(lambda x: x.nonzero(),                         (N, H),                    (U, 2)),
    Case(lambda x: torch.nonzero(x, as_tuple=True),     (N, H, "bool"),            [(U,), (U,)]),
    Case(lambda x: torch.where(x),                      (N, H, "bool"),            [(U,), (U,)]),
    Case(lambda x: torch.argwhere(x),                   (N, C, H),                 (U, 3)),
    Case(lambda x: torch.unique(x),                     (N, H),                    (U,)),
    Case(lambda x: torch.unique(x, dim=1),              (N, H),                    (N, U)),
    Case(lambda x: torch.unique(x, False, True, True, 0), (N, H),                  [(U, H), (N,), (U,)]),
    Case(lambda x: torch.unique(x, return_counts=True), (N, H),                    [(U,), (U,)]),
    Case(lambda x: x.unique_consecutive(True),          (N, H),                    [(U,), (N, H)]),
    Case(lambda x: x.bincount(),                        (N, "int64"),              (U,)),
    Case(lambda x, r: x.repeat_interleave(r, 1),        [(N, H), (H, "int64")],    (N, U)),
    Case(lambda r: torch.repeat_interleave(r),          (N, "int64"),              (U,)),
    Case(lambda x: torch.nn.functional.one_hot(x),      (N, "int64"),              (N, U)),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_symbol_stands_where_torch_puts_the_number(case: Case) -> None:
    graph = traced(Case(case.call, case.x, case.out, SIZES))
    assert not graph.findings, graph.findings[0]
    formulas = [Shape(shape) for shape in flat_shapes(graph.output)]
    assert formulas == [Shape(shape) for shape in flat_shapes(case.out)]
    (sizes,) = SIZES
    real = flat_shapes(run(case.call, [(_at(shape, sizes), d) for shape, d in case.operands()]))
    number = next(
        got for shape, wanted in zip(real, formulas, strict=True)
        for got, dim in zip(shape, wanted, strict=True) if dim == U
    )  # fmt: skip
    assert [tuple(_at(shape, {**sizes, "u0": number})) for shape in formulas] == real


def _at(shape: Any, sizes: dict[str, int]) -> list[int]:
    return [dims.evaluate(dims.as_dim(dim), sizes) for dim in shape]


def test_a_slice_of_such_a_size_is_the_smaller_of_two() -> None:
    graph = traced(Case(lambda x, m: x[m][:2], [(N, H), MASK], (), SIZES))
    assert graph.output == Shape((dims.minimum(dims.as_dim(2), U), H))


def test_two_such_sizes_are_taken_to_agree() -> None:
    graph = traced(Case(lambda x, m: x[m] + 2 * x[m], [(N, H), MASK], (), SIZES))
    assert not graph.findings
    assert any("taken for granted" in note for note in graph.notes)


def test_a_packed_sequence_has_two_such_sizes_and_keeps_its_batch() -> None:
    def forward(x: torch.Tensor, lengths: torch.Tensor) -> list[torch.Tensor]:
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        padded, lengths = pad_packed_sequence(packed, batch_first=True)
        state = x.new_zeros(2, packed.batch_sizes[0], 7)
        return [packed.data, packed.batch_sizes, padded, lengths, state]

    graph = traced(Case(forward, [(N, C, H), (N, "int64")], (), SIZES))
    assert not graph.findings, graph.findings[0]
    steps, longest = symbol("u0"), symbol("u1")
    assert flat_shapes(graph.output) == [
        (steps, H), (longest,), (N, longest, H), (N,), (2, N, 7),
    ]  # fmt: skip


def test_a_size_out_of_a_tensor_depends_on_data() -> None:
    graph = traced(Case(lambda x: torch.zeros(2, x.argmax()), (N, H), (), SIZES))
    assert graph.output == Shape((2, U))
    graph = traced(Case(lambda x: torch.arange(x.argmax()), (N, H), (), SIZES))
    assert graph.output == Shape((U,))
    graph = traced(Case(lambda x: torch.zeros(x.argmax(), x.argmin()), (N, H), (), SIZES))
    assert graph.output == Shape((U, symbol("u1", minimum=0)))


@pytest.mark.parametrize("call", [
    lambda x: x[:, x.argmax() :],
    lambda x: x[..., : x.argmax() + 5],
    lambda x: x.narrow(0, 0, x.argmax()),
    lambda x: x.reshape(x.argmax(), -1),
    lambda x: x.sum(x.argmax()),
])  # fmt: skip
def test_no_value_of_a_tensor_is_made_up(call: Any) -> None:
    (finding,) = traced(Case(call, (N, H), (), SIZES)).findings
    assert finding.kind == "data"


@pytest.mark.parametrize("call", [
    lambda x: x[x > 0].split(2),
    lambda x: x[x > 0].unbind(),
    lambda x: list(x[x > 0]),
])  # fmt: skip
def test_no_number_of_pieces_is_made_up(call: Any) -> None:
    (finding,) = traced(Case(call, (N, H), (), SIZES)).findings
    assert finding.kind == "data"
    assert "u0, which depends on data" in finding.message
