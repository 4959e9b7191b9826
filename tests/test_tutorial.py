"""The first course: what its lessons say, beside torch."""

from __future__ import annotations

import json
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from shapecalc.analysis import analyze
from shapecalc.target import load_target
from tests import course, readme

EXAMPLE = "examples/first_convolutions.py"


def lesson(name: str) -> dict[str, Any]:
    return runpy.run_path(f"examples/{name}.py")


@pytest.mark.parametrize(
    ("name", "x", "out", "weight", "bias"),
    [
        ("halving", (1, 1, 6, 6), (1, 2, 3, 3), (2, 1, 3, 3), (2,)),
        ("keeping", (2, 3, 32, 32), (2, 8, 32, 32), (8, 3, 3, 3), (8,)),
        ("widening", (1, 1, 8, 8), (1, 4, 8, 8), (4, 1, 3, 3), (4,)),
    ],
)
def test_first_convolutions(
    name: str,
    x: tuple[int, ...],
    out: tuple[int, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...],
) -> None:
    model = load_target(f"{EXAMPLE}:{name}", values=True).model
    assert model(torch.rand(x)).shape == out
    assert model[0].weight.shape == weight
    assert model[0].bias.shape == bias
    analysis = analyze(model, f"N,{x[1]},H,W")
    n, _, h, w = x
    assert analysis.at(N=n, H=h, W=w).output == out
    assert analyze(model).inputs[0].shape[1] == x[1]  # the channels are inferred
    assert analysis.verify(sizes=[(h, w), (h + 1, w + 4)])


def test_the_formula_of_halving() -> None:
    analysis = analyze(load_target(f"{EXAMPLE}:halving").model)
    assert str(analysis["0"].out_shape) == "(N, 2, floor((H + 1)/2), floor((W + 1)/2))"


def test_the_kernel_gives_these_nine_numbers() -> None:
    here = lesson("kernel_by_hand")
    image, kernel = here["IMAGE"], here["KERNEL"]
    assert [image[0][:2], image[1][:2], kernel] == [[1, 2], [5, 3], [[1, 0], [0, -1]]]
    torchs = F.conv2d(torch.tensor([[image]]), torch.tensor([[kernel]]))[0, 0].tolist()
    assert torchs == [[-2, 2, -4], [4, 0, -1], [0, 0, 1]]
    analysis = analyze(here["model"](), "N,1,H,W")
    rows = [[analysis.explain("conv", (0, i, j), x=image) for j in range(3)] for i in range(3)]
    assert [[found.value for found in row] for row in rows] == torchs
    assert all(found.agrees and found.torch == found.value for row in rows for found in row)
    assert "  1*1 + 2*0 + 5*0 + 3*(-1) = -2\n" in str(rows[0][0])


@pytest.mark.parametrize(
    ("name", "image", "file"),
    [
        ("kernel_by_hand", "IMAGE", "four_by_four"),
        ("edges", "SQUARE", "white_square"),
    ],
)
def test_the_files_are_the_pictures(name: str, image: str, file: str) -> None:
    text = Path(f"examples/images/{file}.json").read_text(encoding="utf-8")
    assert json.loads(text) == lesson(name)[image]


def test_edges_are_where_they_are_said_to_be() -> None:
    here = lesson("edges")
    rows = here["edges"](here["SQUARE"])
    assert rows == [[0] * 4, [0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0] * 4]
    picture = torch.tensor(here["INSIDE"])
    assert here["edges"](here["INSIDE"]) == (picture[:, 1:] - picture[:, :-1]).tolist()


@pytest.mark.parametrize("name", ["plain", "padded", "strided", "dilated"])
def test_sizes_are_those_of_torch(name: str) -> None:
    assert analyze(lesson("sizes")[name](), "N,1,H,W").verify(sizes=[(7, 8), (8, 9), (9, 13)])


def test_channels_are_added_up() -> None:
    here = lesson("channels")
    model = here["colour"]()
    x = torch.arange(48).reshape(1, 3, 4, 4).float()
    assert model(x)[0, 0, 0, 0] == x[0, 0, 0, 0] + x[0, 1, 0, 1] + 2 * x[0, 2, 1, 0] + 10
    grouped = here["grouped"]()
    x = torch.rand(1, 4, 5, 5)
    changed = x.clone()
    changed[:, 2] += 1
    moved = (grouped(x) != grouped(changed)).any(3).any(2)[0]
    assert moved.tolist() == [False, False, True, False]


def test_the_field_grows_3_5_7() -> None:
    here = lesson("stacking")
    analysis = analyze(here["three"](), "N,1,H,W")
    sizes = [analysis[f"conv{n}"].receptive_field.size for n in (1, 2, 3)]
    assert sizes == [(3, 3), (5, 5), (7, 7)]
    assert analyze(here["one"](), "N,1,H,W")["conv"].receptive_field.size == (7, 7)
    assert (analysis.parameters, analyze(here["one"](), "N,1,H,W").parameters) == (27, 49)


def test_a_dense_layer_does_not_mind_the_order() -> None:
    here = lesson("flattening")
    layer, order = nn.Linear(9, 2), torch.randperm(9)
    x = torch.rand(4, 9)
    torch.testing.assert_close(here["reordered"](layer, order)(x[:, order]), layer(x))


def test_dense_weights_are_as_many_as_are_said() -> None:
    here = lesson("flattening")
    explained = analyze(here["convolutional"](), "N,1,H,W").explain("conv", H=28, W=28)
    own, _, dense = explained.weights
    assert own.count == here["convolutional"]().conv.weight.numel()
    assert dense.count == here["dense"]().dense.weight.numel()


def test_permute_keeps_the_pixels_together_and_reshape_does_not() -> None:
    here = lesson("layouts")
    x = torch.rand(2, 4, 5, 3)
    permuted, reshaped = here["Permuted"](), here["Reshaped"]()
    reshaped.load_state_dict(permuted.state_dict())
    torch.testing.assert_close(permuted(x), permuted.conv(x.movedim(3, 1)))
    assert reshaped(x).shape == permuted(x).shape
    assert not torch.allclose(reshaped(x), permuted(x))


def test_the_contents_are_current() -> None:
    written = course.CONTENTS.read_text(encoding="utf-8")
    assert written == course.text(), "run `python -m tests.course`"


@pytest.mark.parametrize("command", course.commands())
def test_the_commands_of_the_lessons_run(command: str) -> None:
    exit_code = 1 if " check " in command else 0
    assert readme.printed(*shlex.split(command)[1:], exit_code=exit_code)
