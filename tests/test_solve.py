"""Questions about sizes, and their answers against what the real models do."""

from __future__ import annotations

import itertools
import json as stdlib_json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn
from torch.nn import functional

import shapecalc
from examples.unet import UNet
from shapecalc.analysis import Analysis, analyze
from shapecalc.cli import main
from shapecalc.errors import InputError, PatternError, UndecidedError
from shapecalc.solve.query import parse_question

Sizes = dict[str, int]


class LeNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        return self.fc2(functional.relu(self.fc1(torch.flatten(x, 1))))


class Strided(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, stride=2, padding=3)
        self.blocks = nn.Sequential(
            nn.Conv2d(8, 8, 3, stride=2), nn.Conv2d(8, 16, (3, 2), stride=(2, 1), padding=(0, 1))
        )

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        low = self.stem(x)
        return {"low": low, "high": self.blocks(low)}


class ChannelsLast(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.avg_pool2d(x, (2, 3)).permute(0, 2, 3, 1)


class Branching(nn.Module):
    """Odd heights take another path, on which there is no `even`."""

    def __init__(self) -> None:
        super().__init__()
        self.even = nn.MaxPool2d(2)
        self.odd = nn.MaxPool2d(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.even(x) if x.shape[2] % 2 == 0 else self.odd(x)


class Sequence(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.pair = nn.AvgPool1d(2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embed(x)
        return x, self.pair(x.transpose(1, 2)).transpose(1, 2)


@dataclass
class Run:
    """What really arrived at the modules of a model, and came out of them."""

    arrived: dict[str, Any] = field(default_factory=dict)
    left: dict[str, Any] = field(default_factory=dict)
    out: Any = None
    accepted: bool = False


def run(model: nn.Module, *shape: int) -> Run:
    """Run a model on a tensor without values."""
    found, handles = Run(), []
    for name, module in model.named_modules():

        def before(_: nn.Module, inputs: Any, name: str = name) -> None:
            found.arrived[name] = tuple(inputs[0].shape)

        def after(_: nn.Module, inputs: Any, output: Any, name: str = name) -> None:
            if isinstance(output, Tensor):
                found.left[name] = tuple(output.shape)

        handles += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
    try:
        found.out = model.to("meta").eval()(torch.empty(shape, device="meta"))
        found.accepted = True
    except RuntimeError:
        pass
    finally:
        for handle in handles:
            handle.remove()
    return found


@dataclass(frozen=True)
class Case:
    """A question, and what it asks of a real run; of accepted ones unless it is on what arrives."""

    model: Callable[[], nn.Module]
    pattern: str
    question: str
    true: Callable[[Run, Sizes], bool]
    arriving: bool = False
    box: Mapping[str, range] = field(
        default_factory=lambda: {"H": range(1, 48), "W": range(1, 52, 3)}
    )

    def __str__(self) -> str:
        return f"{self.model.__name__}: {self.question}"

    def points(self) -> Iterator[Sizes]:
        for values in itertools.product(*self.box.values()):
            yield dict(zip(self.box, values, strict=True))


NARROW = {"H": range(10, 36), "W": range(10, 145)}
LENGTHS = {"N": range(1, 4), "T": range(1, 20)}
CASES = [
    Case(LeNet, "1,1,H,W", "out[1] == 10", lambda r, _: True),
    Case(LeNet, "1,1,H,W", "conv2.H == 10", lambda r, _: r.left["conv2"][2] == 10),
    Case(LeNet, "1,1,H,W", "fc1.in_features == 400", lambda r, _: r.arrived["fc1"][1] == 400, True, NARROW),
    Case(LeNet, "1,1,H,W", "fc1.in_features == 512", lambda r, _: r.arrived["fc1"][1] == 512, True, NARROW),
    Case(LeNet, "1,1,H,W", "in(fc1)[1] > 500 and H < W", lambda r, s: r.arrived["fc1"][1] > 500 and s["H"] < s["W"], True),
    Case(LeNet, "1,1,H,W", "conv2.in_channels == 6", lambda r, _: r.arrived["conv2"][1] == 6, True),
    Case(Strided, "1,3,H,W", "out.H == 7", lambda r, _: r.out["low"].shape[2] == 7),
    Case(Strided, "1,3,H,W", 'out["high"].H == 3', lambda r, _: r.out["high"].shape[2] == 3),
    Case(Strided, "1,3,H,W", "out.high.W * out.high.H = 36", lambda r, _: r.out["high"].shape[2] * r.out["high"].shape[3] == 36),
    Case(Strided, "1,3,H,W", "3 <= blocks.0.H < 6", lambda r, _: 3 <= r.left["blocks.0"][2] < 6),
    Case(Strided, "1,3,H,W", "blocks.1.H != 2 or not W > 20", lambda r, s: r.left["blocks.1"][2] != 2 or s["W"] <= 20),
    Case(Strided, "1,3,H,W", "stem.H - blocks.0[2] == 5", lambda r, _: r.left["stem"][2] - r.left["blocks.0"][2] == 5),
    Case(Strided, "1,3,H,W", "H mod 8 = 3 and out.high.W % 4 == 1", lambda r, s: s["H"] % 8 == 3 and r.out["high"].shape[3] % 4 == 1),
    Case(Strided, "1,3,H,W", "stem.H/3 == 5/3", lambda r, _: r.left["stem"][2] == 5),
    Case(Strided, "1,3,H,W", "blocks.0.stride[0] == 2 and stem.kernel_size >= 7 and W < 9", lambda r, s: s["W"] < 9),
    Case(ChannelsLast, "1,3,H,W", "out.H == 7", lambda r, _: r.out.shape[1] == 7),
    Case(ChannelsLast, "1,3,H,W", "out.W == out.H", lambda r, _: r.out.shape[1] == r.out.shape[2]),
    Case(ChannelsLast, "1,3,H,W", "out[3] == out.W", lambda r, _: r.out.shape[3] == r.out.shape[2]),
    Case(Branching, "1,3,H,W", "out.H == 5", lambda r, _: r.out.shape[2] == 5),
    Case(Branching, "1,3,H,W", "even.H == 5", lambda r, _: r.left.get("even", (0, 0, 0))[2] == 5),
    Case(Branching, "1,3,H,W", "not even.H == 5", lambda r, _: r.left.get("even", (0, 0, 5))[2] != 5),
    Case(Sequence, "N,T,6", "out[1].T == 4", lambda r, _: r.out[1].shape[1] == 4, box=LENGTHS),
    Case(Sequence, "N,T,6", "out.N*out.T == 12", lambda r, _: r.out[0].shape[0] * r.out[0].shape[1] == 12, box=LENGTHS),
    Case(lambda: UNet(), "1,3,H,W", "out.H == 32", lambda r, _: r.out.shape[2] == 32),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_solutions_are_those_of_the_real_model(case: Case) -> None:
    model = case.model()
    solution = analyze(model, case.pattern).solve(case.question)
    assert not solution.undecided
    yes = no = 0
    for sizes in case.points():
        shape = [sizes[n] if n in sizes else int(n) for n in case.pattern.split(",")]
        real = run(model, *shape)
        counts = real.accepted or case.arriving
        expected = counts and _asked(case, real, sizes)
        assert solution.contains(**sizes) == expected, f"{case} at {sizes}"
        yes, no = yes + expected, no + (not expected)
    assert yes or solution.none
    assert no or solution.every


def _asked(case: Case, real: Run, sizes: Sizes) -> bool:
    try:
        return case.true(real, sizes)
    except KeyError:
        assert case.arriving  # the layer is not reached
        return False


# ---------------------------------------------------------------------------- parameters


def conv_spec(**parameters: Any) -> dict[str, Any]:
    return {
        "input": "N,3,H,W",
        "layers": [{"Conv2d": {"name": "conv", "out_channels": 8, **parameters}}],
    }


def real_height(height: int, k: int, p: int = 0, s: int = 1, d: int = 1) -> int | None:
    """Return how high the output of a real convolution is, or None where it raises."""
    x, weight = torch.empty(1, 1, height, 64, device="meta"), torch.empty(1, 1, k, 1, device="meta")
    try:
        out = functional.conv2d(x, weight, stride=s, padding=(p, 0), dilation=(d, 1))
    except RuntimeError:
        return None
    return out.shape[2]


SYMBOLS = {"kernel_size": "k", "padding": "p"}
HEIGHTS = range(1, 24)
# what the spec leaves open, the question, the form of the answer, and what it asks of a real output
FOR_P = [
    (SYMBOLS, "out.H == H", "p = (k - 1)/2, where k is odd", lambda out, h: out == h),
    (SYMBOLS, "out.H >= H", "p >= (k - 1)/2", lambda out, h: out >= h),
    (SYMBOLS, "out.H < H + 2", "p < (k + 1)/2", lambda out, h: out < h + 2),
    (SYMBOLS, "out.H == H + 2 and out.W >= W", "p = (k + 1)/2, where k is odd", lambda out, h: out == h + 2),
    ({**SYMBOLS, "dilation": "d"}, "out.H == H", "p = d*(k - 1)/2, where d*(k - 1) is even", lambda out, h: out == h),
    ({**SYMBOLS, "dilation": "d"}, "out.H + 1 == H", "p = (d*(k - 1) - 1)/2, where d*(k - 1) - 1 is even", lambda out, h: out + 1 == h),
    ({**SYMBOLS, "stride": 2}, "out.H == (H + 1)//2", None, lambda out, h: out == (h + 1) // 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "question", "form", "true"),
    FOR_P,
    ids=[f"{question}-{form}" for _, question, form, _ in FOR_P],
)
def test_paddings_for_all_inputs(
    parameters: Mapping[str, Any], question: str, form: str | None, true: Callable[[int, int], bool]
) -> None:
    solution = analyze(conv_spec(**parameters)).solve(question, for_="p")
    assert not solution.undecided
    assert solution.for_ == ("p",)
    if form is not None:
        assert form in solution.forms
    found = set()
    for k, p, d in itertools.product(range(1, 7), range(6), range(1, 4)):
        if "dilation" not in parameters and d > 1:
            continue
        outs = [(h, real_height(h, k, p, parameters.get("stride", 1), d)) for h in HEIGHTS]
        accepted = [(h, out) for h, out in outs if out is not None]
        expected = bool(accepted) and all(true(out, h) for h, out in accepted)
        sizes = {"k": k, "p": p, **({"d": d} if "dilation" in parameters else {})}
        assert solution.contains(**sizes) == expected, sizes
        found.add(expected)
    assert found == {True, False}


def test_a_form_is_what_isl_finds() -> None:
    """Algebra and isl find the same values independently: a form is only said where they do."""
    solution = analyze(conv_spec(**SYMBOLS)).solve("out.H == H", for_="p")
    assert solution.proved.contains({"k": 5, "p": 2})
    assert not solution.proved.contains({"k": 4, "p": 2})
    assert solution.symbols == ("k", "p")


def test_undecided_says_how_far_it_was_tried() -> None:
    symbols = {**SYMBOLS, "stride": "s"}
    solution = analyze(conv_spec(**symbols)).solve("out.H == H", for_="p")
    assert not solution.none
    assert not solution.sizes
    assert solution.trial is not None
    assert solution.undecided.startswith(
        "no proof was found; tried were all k, p, s up to 16 and H up to"
    )
    for at in solution.trial.found:
        for height in range(1, solution.trial.largest["H"] + 1):
            assert real_height(height, **at) in (None, height)
    with pytest.raises(UndecidedError, match="tried were all"):
        solution.contains(k=3, p=1, s=1)


def test_a_parameter_that_the_question_fixes_helps_to_prove() -> None:
    symbols = {**SYMBOLS, "stride": "s"}
    solution = analyze(conv_spec(**symbols)).solve("out.H == H and s == 1", for_="p")
    assert not solution.undecided
    assert "p = (k - 1)/2, where k is odd" in solution.forms
    assert solution.contains(k=3, p=1, s=1)
    assert not solution.contains(k=3, p=1, s=2)


def test_products_of_parameters_are_answered_at_given_sizes() -> None:
    solution = analyze(conv_spec(**SYMBOLS, dilation="d")).solve("out.H == H")
    for k, p, d, h in itertools.product(range(1, 5), range(4), range(1, 4), range(1, 9)):
        expected = real_height(h, k, p, 1, d) == h
        assert solution.contains(N=1, H=h, W=30, k=k, p=p, d=d) == expected
    assert solution.example is not None
    assert solution.contains(**solution.example)
    with pytest.raises(UndecidedError, match="give"):
        solution.contains(H=9)


# ---------------------------------------------------------------------------- fields


def test_receptive_fields_in_questions() -> None:
    a = analyze(Strided(), "1,3,H,W")
    assert a["blocks"].receptive_field.size == (19, 15)
    assert a.solve("field(blocks).size >= 15").every
    assert a.solve("field(blocks).size >= 16").none  # on every axis
    assert a.solve("not field(blocks).size >= 16").every
    assert a.solve("field(blocks).H.size == 19 and field(blocks).size[1] == 15").every
    assert a.solve("field(blocks.0).stride == 4 and field(stem).padding == 3").every
    assert a.solve("field(blocks.0).centre == 2").every
    assert a.solve("field(blocks).H.size <= H").contains(H=19, W=15)
    assert not a.solve("field(blocks).H.size <= H").contains(H=18, W=15)


def test_the_field_of_a_spec_with_symbols() -> None:
    solution = analyze(conv_spec(**SYMBOLS, dilation="d")).solve("field(conv).size == 7")
    for k, d in itertools.product(range(1, 9), range(1, 9)):
        assert solution.contains(k=k, d=d, N=1, H=30, W=30, p=0) == (d * (k - 1) + 1 == 7)


def test_a_centre_between_two_pixels() -> None:
    a = analyze(nn.Conv2d(1, 1, 2), "N,1,H,W")
    assert a.solve('field("").centre == 1/2').every
    assert a.solve("field(out).centre == 1/2").every
    assert a.solve("field(out).centre == 0").none


# ---------------------------------------------------------------------------- the answer


def test_none_says_what_the_sizes_are() -> None:
    a = analyze(LeNet(), "N,1,H,W")
    assert a.solve("out[1] == 11").reason == "out[1] = 10 for all sizes that are accepted"
    assert (
        a.solve("conv1.kernel_size == 3").reason
        == "conv1.kernel_size = 5 for all sizes that are accepted"
    )
    solution = analyze(UNet(), "N,3,H,W").solve("H - out.H >= 1")
    assert solution.none
    assert solution.reason == "H - out.H = 0 for all sizes that are accepted"
    strided = analyze(Strided(), "N,3,H,W")
    assert (
        strided.solve("out.high.H < 1").reason == "out.high.H >= 1 for all sizes that are accepted"
    )
    larger = strided.solve("out.H == H + 1")  # 13 is the least H, which gives 7
    assert larger.reason == "out.H - (H + 1) <= -7 for all sizes that are accepted"
    both = strided.solve("out.H == 7 and H > 20")
    assert both.reason == "some sizes meet each of the comparisons, but none meet them together"


def test_what_arrives_where_the_layer_is_built_for_something_else() -> None:
    solution = analyze(LeNet(), "N,1,H,W").solve("fc1.in_features == 512")
    (rejected,) = solution.rejected
    assert rejected.matches(solution.proved)
    assert not analyze(LeNet(), "N,1,H,W").solve("fc1.in_features == 400").rejected


def test_the_example_is_near_the_sizes_of_the_trace() -> None:
    a = analyze(Strided(), "N,3,H,W")
    solution = a.solve("out.H == 7")
    assert solution.example == {"N": 5, "H": 14, "W": a.graph.hint["W"]}
    assert solution.nearest(N=1, H=3, W=20) == {"N": 1, "H": 13, "W": 20}


def test_what_is_not_explored_is_said() -> None:
    a = analyze(Branching(), "N,3,H,W")
    a.explore(traces=0)
    solution = a.solve("out.H == 5")
    assert (
        solution.undecided == "not all paths of the model were explored: solutions may be missing"
    )
    assert solution.contains(N=1, H=10, W=9)
    with pytest.raises(UndecidedError):
        solution.contains(N=1, H=15, W=9)
    assert not a.solve("out.H == 5 and out.H == 6").none


def test_a_model_of_one_size() -> None:
    a = analyze(nn.Conv2d(1, 1, 3), "1,1,9,9")
    assert a.solve("out[2] == 7").every
    assert a.solve("out[2] == 7").example == {}
    assert a.solve("out[2] == 8").reason == "out[2] = 7 for all sizes that are accepted"


def test_of_several_calls_the_last_is_meant() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.fc(x).reshape(-1, 8))

    a = analyze(Twice(), "N,T,C")
    solution = a.solve("fc.in_features == 8 and fc[0] == 12")
    assert solution.notes == ("fc is called 2 times: the last call is meant",)
    assert solution.contains(N=3, T=4, C=8)
    assert not solution.contains(N=3, T=4, C=9)
    assert not solution.contains(N=3, T=5, C=8)
    assert a.solve("fc.in_features == 8").every  # no size is said of which that is not known


def test_behind_the_end_of_a_trace_nothing_is_said() -> None:
    class Ends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)
            return self.last(x) if x.numpy().sum() > 0 else x

    a = analyze(Ends(), "N,1,H,W")
    assert a.solve("first.H == 7").contains(N=1, H=9, W=9)
    for question in ("last.H == 7", "out.H == 7"):
        with pytest.raises(InputError, match="the trace ends early"):
            a.solve(question)


# ---------------------------------------------------------------------------- questions


@pytest.mark.parametrize(
    "text",
    [
        "", "out.H", "7", "out.H ==", "out.H in (1, 2)", "out.H is 7", "out.H == 7.0", "H ** 2 == 4", "H if H else W",
        "__import__('os').system('true') == 0", "open('x') == 1", "[h for h in H] == 1", "lambda: 0", "out.H == True",
        "(" * 2000 + "H" + ")" * 2000 + " == 1", "H == " + "9" * 900, "f'{H}' == 1", "out[H] == 1", "out[1:2] == 1",
        "H := 7", "field(layer4, 1).size == 3", "out.H == 7; H == 8", "not", "field().size == 3", "H == 1e400",
    ],
)  # fmt: skip
def test_what_is_no_question(text: str) -> None:
    with pytest.raises(InputError):
        analyze(nn.Conv2d(1, 1, 3), "N,1,H,W").solve(text)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("out.H == 7", "out is (N, 10): none of its axes is H; name one by its number, as in out[1]"),
        ("fc3.H == 7", "there is no layer or symbol 'fc3.H'; did you mean fc2 or fc1?"),
        ("conv1 == 7", "conv1 is a tensor (N, 6, H - 4, W - 4): name an axis, as in conv1.H or conv1[2]"),
        ("conv1[4] == 7", "conv1[4]: conv1 is (N, 6, H - 4, W - 4), of 4 axes from 0"),
        ("conv1.padding_mode == 7", "conv1.padding_mode is 'zeros', which is no size"),
        ("conv1.out_feature == 7", "conv1 has no 'out_feature': it has in_channels, out_channels, kernel_size, stride, "
         "padding, dilation, groups, padding_mode, and axes, as in conv1.H or conv1[2]"),
        ("field(conv1) == 7", "field(conv1) is a receptive field: ask for its size, smallest, stride, padding, centre"),
        ("field(fc1).stride == 7", "field(fc1) has no stride: the window does not move"),
        ("H // (W - W) == 7", "the question divides by zero"),
        ("Q == 7", "there is no layer or symbol 'Q'; the symbols are N, H, W, and out is the output"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(question: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        analyze(LeNet(), "N,1,H,W").solve(question)
    assert str(raised.value) == message


def test_letters_are_never_guessed_against_the_inputs() -> None:
    a = analyze(ChannelsLast(), "N,3,H,W")  # (N, floor(H/2), floor(W/3), 3)
    with pytest.raises(InputError, match=r"which of its axes is C is not clear"):
        a.solve("out.C == 3")
    sequence = analyze(Sequence(), "N,T,6")
    with pytest.raises(InputError, match=r"which of its axes is C is not clear"):
        sequence.solve("out.C == 8")
    assert sequence.solve("out[0][2] == 8").every


def test_text_is_read_as_it_is_printed() -> None:
    assert parse_question("H mod 32 = 0").asked == parse_question("H % 32 == 0").asked
    assert parse_question("floor((H + 1)/2) = 3").asked == parse_question("(H + 1)//2 == 3").asked
    assert [str(r) for r in parse_question('out["a b"].H == a.0.b[1] - in(x.1)[2]').references()] == [
        'out["a b"].H', "a.0.b[1]", "in(x.1)[2]",
    ]  # fmt: skip


def test_data_decide() -> None:
    class Masked(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[x > 0]

    with pytest.raises(PatternError, match=r"out\[0\] depends on data"):
        analyze(Masked(), "N,3").solve("out[0] == 3")


# ---------------------------------------------------------------------------- the command


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["solve", *arguments], env={"COLUMNS": "100"})


def test_the_command_prints_the_question_with_its_formula() -> None:
    result = invoke("examples/resnet.py:resnet50", "layer4.H == 7")
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "ResNet: layer4.H == 7",
        "  asks         layer4.H = floor((H + 31)/32) = 7",
        "  solutions    N any,  H 193 to 224,  W any",
        "  for example  H = 224",
    ]


def test_the_command_for_a_parameter(tmp_path: Path) -> None:
    spec = tmp_path / "conv.yaml"
    spec.write_text(
        "input: N,C,H,W\nlayers:\n  - Conv2d: {name: conv, out_channels: 8, kernel_size: k, padding: p}\n"
    )
    result = invoke(str(spec), "out.H == H", "--for", "p")
    assert result.exit_code == 0
    assert "for all      accepted N, C, H and W" in result.stdout
    assert "solutions    p = (k - 1)/2, where k is odd" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["examples/unet.yaml", "out.H == H"], 0),
        (["examples/unet.yaml", "out.H == 7"], 1),
        (["examples/unet.yaml", "out.H = H", "--for", "q"], 2),
        (["examples/unet.yaml", "out.Q == 7"], 2),
        (["examples/conv_formula.yaml", "conv.H == H", "--for", "p"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    result = invoke(*arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments", [["out.H == H"], ["out.H == 7"], ["H == 16", "--for", "H"]])
def test_json(arguments: list[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from shapecalc.render.solution_schema import SOLUTION

    result = invoke("examples/unet.yaml", *arguments, "--format", "json")
    document = stdlib_json.loads(result.stdout)
    jsonschema.validate(document, SOLUTION)
    assert document["question"] == arguments[0]
    assert document["none"] == (not document["solutions"])


def test_a_name_does_not_steer_the_terminal() -> None:
    result = invoke("examples/unet.yaml", 'H == 16 and "\x1b[31m".H == 3')
    assert "\x1b" not in result.output


def test_the_method_is_public() -> None:
    a: Analysis = shapecalc.analyze(nn.Conv2d(1, 1, 3), "N,1,H,W")
    assert a.solve("out.H == 7").proved.contains({"H": 9})
