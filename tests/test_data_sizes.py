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
    Case(lambda x, s: torch.ops.torchvision.nms(x, s, 0.5), [(N, 4), (N,)],        (U,)),
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


@pytest.mark.parametrize(("call", "out"), [
    (lambda x: x[:, x.argmax() :],       (N, dims.maximum(dims.ZERO, H - dims.minimum(H, U)))),
    (lambda x: x[..., : x.argmax() + 5], (N, dims.minimum(H, U))),
    (lambda x: x.narrow(0, 0, x.argmax()), (U, H)),
    (lambda x: x.reshape(x.argmax(), -1), (U, dims.floordiv(H * N, U))),
])  # fmt: skip
def test_a_tensor_that_is_taken_for_a_number_is_a_size(call: Any, out: Any) -> None:
    graph = traced(Case(call, (N, H), (), SIZES))
    assert not graph.findings, graph.findings[0]
    assert graph.output == Shape(out)


def test_no_axis_is_made_up() -> None:
    (finding,) = traced(Case(lambda x: x.sum(x.argmax()), (N, H), (), SIZES)).findings
    assert finding.kind == "data"


@pytest.mark.parametrize("call", [
    lambda x: x[x > 0].split(2),
    lambda x: x[x > 0].unbind(),
    lambda x: list(x[x > 0]),
])  # fmt: skip
def test_a_number_of_pieces_is_one_of_many(call: Any) -> None:
    graph = traced(Case(call, (N, H), (), SIZES))
    assert not graph.findings
    assert graph.layers[-1].label == "probed"
    assert any("data decide what u0 is: 2 is taken" in note for note in graph.notes)


# ---------------------------------------------------------------------------- what data decide


def test_a_size_that_differs_between_the_ways_is_a_symbol() -> None:
    graph = traced(Case(lambda x: x if x.any() else x[:, 1:], (N, H), (), SIZES))
    assert graph.output == Shape((N, U))
    assert "u0 is a size that depends on data: H - 1 or H" in graph.notes


def test_what_is_the_same_on_all_ways_is_proved() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        y = x.exp()
        if (y > 1).all():
            y = y + 1
        return torch.relu(y)

    graph = traced(Case(forward, (N, H), (), SIZES))
    assert graph.output == Shape((N, H))
    assert {layer.kind: str(layer.label) for layer in graph.layers} == {
        "exp": "proved", "gt": "proved", "all": "proved", "relu": "proved",
    }  # fmt: skip


def test_what_one_way_alone_comes_by_is_not_proved() -> None:
    graph = traced(Case(lambda x: x if x.any() else x.exp(), (N, H), (), SIZES))
    assert [str(layer.label) for layer in graph.layers] == ["proved", "probed"]
    assert "data decide" in graph.layers[-1].note


def test_a_check_of_values_is_taken_to_pass() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        if not (x > 0).all():
            raise ValueError("negative")
        return x.flatten()

    graph = traced(Case(forward, (N, H), (), SIZES))
    assert not graph.findings
    assert graph.output == Shape((H * N,))
    assert [str(layer.label) for layer in graph.layers] == ["proved"] * 3


def test_a_mistake_on_every_way_is_a_mistake() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        if x.any():
            x = x + 1
        return x.view(7, 7, 7)

    (finding,) = traced(Case(forward, (5, 5), (), ({},))).findings
    assert finding.kind == "shape"


def test_a_loop_until_all_is_done_ends() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        while not (x > 1).all():
            x = x * 2
        return x

    assert traced(Case(forward, (N, H), (), SIZES)).output == Shape((N, H))


def test_the_smaller_of_a_number_and_such_a_size() -> None:
    graph = traced(Case(lambda x: torch.zeros(min(300, x[x > 0].size(0))), (N, H), (), SIZES))
    assert graph.output == Shape((dims.minimum(dims.as_dim(300), U),))
    assert "taken" not in " ".join(graph.notes)


def test_a_count_of_rows_differs_and_is_no_number() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([row[None] for row in x[x[:, 0] > 0]])

    graph = traced(Case(forward, (N, H), (), SIZES))
    rows, columns = graph.output
    assert str(rows).startswith("u")  # not 2, and not 3
    assert columns == H


# ---------------------------------------------------------------------------- what sizes alone decide


def test_a_mask_of_ones_is_true() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(x.shape[0], x.shape[1]).bool()[:, None]
        return x if mask.all() else x[:1]

    graph = traced(Case(forward, (N, H), (), SIZES))
    assert graph.output == Shape((N, H))
    assert not graph.notes
    assert not graph.premises


def test_a_value_that_hangs_on_sizes_is_computed() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(x.shape[0], x.shape[1]).tril()
        rows = [int(row.sum()) for row in mask]
        return torch.cat([x[:1, :row] for row in rows], dim=1)

    graph = traced(Case(forward, (N, H), (), SIZES))
    assert graph.output == Shape((1, 1 + 2 + 3 + 4 + 5 + 4 * 5))
    assert {str(premise.condition) for premise in graph.premises} >= {"N = 9", "H = 5"}


def test_what_was_written_into_is_known_no_more() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(x.shape[0], 2)
        mask[:, 0] = x[:, 0]
        return x if mask.all() else x[:, :1]

    graph = traced(Case(forward, (N, H), (), SIZES))
    assert str(graph.output[1]).startswith("u")
