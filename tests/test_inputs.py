"""Input patterns: what can be written, what is inferred, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from shapecalc.analysis import analyze
from shapecalc.dims import symbol
from shapecalc.errors import PatternError, TargetError
from shapecalc.inputs import parse_pattern

N, H, W, T = map(symbol, "NHWT")


@pytest.mark.parametrize(
    ("text", "shape", "dtype"),
    [
        ("N,3,H,W", (N, 3, H, W), "float32"),
        ("N, 3, 2*H, W + 1", (N, 3, 2 * H, W + 1), "float32"),
        ("(N, T):int64", (N, T), "int64"),
        ("N,T:long", (N, T), "int64"),
        ("[2, 3]", (2, 3), "float32"),
        ("", (), "float32"),
        ("H//2,H%4", (parse_pattern("H//2").shape[0], parse_pattern("H%4").shape[0]), "float32"),
    ],
)
def test_patterns(text: str, shape: Any, dtype: str) -> None:
    pattern = parse_pattern(text)
    assert pattern.shape == shape
    assert pattern.dtype == dtype


@pytest.mark.parametrize(
    "text",
    [
        "N,3,H,W:flaot32",
        "N,3,H.W,2",
        "N,-1",
        "N,__import__('os').system('true')",
        "N,f(H)",
        "N,H**H",
        "N," + "(" * 500,
        "N," + "9" * 400,
        "N,3.5",
        "N,True",
        "N,H/2",
        "N,H//0",
        "N;3",
    ],
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternError):
        parse_pattern(text)


class Text(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 8)
        self.rnn = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(tokens))[0][:, -1])


class Scaled(nn.Module):
    """The first op that sees the input is no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(5, 8, 3)

    def forward(self, image: Tensor) -> Tensor:
        n, c, h, w = image.shape
        return self.conv((image / 255 - 0.5).reshape(n, c, h, w))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (nn.Conv2d(3, 8, 3), "(N, 3, H, W)"),
        (nn.Sequential(nn.ReLU(), nn.Conv1d(2, 8, 3)), "(N, 2, L)"),
        (nn.Conv3d(1, 8, 3), "(N, 1, D, H, W)"),
        (nn.Sequential(nn.Linear(20, 3), nn.ReLU()), "(N, 20)"),
        (nn.Sequential(nn.Flatten(), nn.Linear(20, 3)), "(N, 20)"),
        (nn.LSTM(7, 5), "(N, T, 7)"),
        (Text(), "(N, T)"),
        (Scaled(), "(N, 5, H, W)"),
    ],
)
def test_inputs_are_inferred(model: nn.Module, expected: str) -> None:
    analysis = analyze(model)
    assert str(analysis.inputs[0].shape) == expected
    assert analysis.inferred
    assert not analysis.graph.findings


class Two(nn.Module):
    def forward(self, left: Tensor, right: Tensor, scale: float = 1.0) -> Tensor:
        return torch.cat([left, right * scale], dim=1)


def test_what_cannot_be_inferred_is_asked_for() -> None:
    with pytest.raises(PatternError) as caught:
        analyze(Two())
    assert "left" in str(caught.value)
    assert '--input "left=' in str(caught.value)


def test_a_symbol_may_stand_in_several_inputs() -> None:
    analysis = analyze(Two(), "N,3,H", right="N,5,H")
    assert str(analysis.output) == "(N, 8, H)"
    assert not analysis.domain


def test_two_symbols_that_have_to_agree_are_a_domain() -> None:
    analysis = analyze(Two(), "N,3,H", "M,5,H")
    assert not analysis.graph.findings
    assert any("M" in text and "N" in text for text in analysis.domain)
    assert analysis.at(N=2, M=2, H=4).output == (2, 8, 4)


class Nested(nn.Module):
    def forward(self, batch: dict[str, Any], *, extra: Any = None) -> dict[str, Any]:
        image, (mask, more) = batch["image"], batch["masks"]
        total = image * mask + more
        return {"total": total, "rest": (image, [extra["bias"] + 1])}


def test_nested_inputs_and_outputs() -> None:
    analysis = analyze(
        Nested(), {"image": "N,3,H,W", "masks": ["N,1,H,W", ("H,W",)[0]]}, extra={"bias": "K"}
    )
    assert not analysis.graph.findings
    assert str(analysis.output["total"]) == "(N, 3, H, W)"
    at = analysis.at(N=2, H=4, W=5, K=7)
    assert at.output == {"total": (2, 3, 4, 5), "rest": ((2, 3, 4, 5), [(7,)])}
    assert at.modules[0].outputs == at.output
    assert analysis.verify(sizes=[{"N": 2, "H": 4, "W": 5, "K": 7}])


def test_a_call_that_forward_does_not_take_is_refused() -> None:
    with pytest.raises(PatternError, match="does not take these inputs"):
        analyze(nn.Conv2d(3, 8, 3), "N,3,H,W", "N,3,H,W")
    with pytest.raises(PatternError, match="imaeg"):
        analyze(Scaled(), imaeg="N,5,H,W")


def test_sizes_at_which_to_evaluate_are_checked() -> None:
    analysis = analyze(nn.Conv2d(3, 8, 3), "N,3,H,W")
    for sizes in ({"N": 1, "H": 9}, {"N": 1, "H": 9, "W": 0}, {"N": 1, "H": 9, "W": 9, "Q": 1},
                  {"N": 1, "H": 9.5, "W": 9}):  # fmt: skip
        with pytest.raises(PatternError):
            analysis.at(**sizes)


def test_a_tuple_of_sizes_is_one_shape() -> None:
    conv = nn.Conv2d(3, 8, 3)
    for shape in (("N", 3, "H", "W"), ["N", 3, H, "W"], (N, 3, H, W)):
        assert analyze(conv, shape).inputs[0].shape == (N, 3, H, W)
    assert str(analyze(conv, (2, 3, 9, 8)).output) == "(2, 8, 7, 6)"


def test_a_tensor_stands_for_its_shape_where_nothing_is_a_pattern() -> None:
    analysis = analyze(nn.Embedding(10, 4), torch.zeros(2, 5, dtype=torch.int64))
    assert [(str(t.shape), t.dtype) for t in analysis.inputs] == [("(2, 5)", "int64")]
    assert analysis.verify()
    analysis = analyze(Two(), "N,3,H", torch.zeros(1, 5, 1))  # here it is a constant
    assert [tensor.name for tensor in analysis.inputs] == ["left"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Conv2d, "expected an nn.Module, .* got the class Conv2d"),
        (7, "got 7"),
        ("examples/unet.py:UNet", "is a target of the command line: import it"),
        ("torchvision.models:resnet50", "is a target of the command line: import it"),
    ],
)
def test_what_is_no_model_is_refused(model: Any, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        analyze(model)


def test_a_model_without_inputs() -> None:
    class Table(nn.Module):
        def forward(self) -> Tensor:
            return torch.zeros(3, 4)

    analysis = analyze(Table())
    assert (analysis.symbols, str(analysis.output)) == ((), "(3, 4)")
    assert analysis.verify()


def test_a_keyword_input_is_inferred() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(5, 8, 3).double()

        def forward(self, *, image: Tensor, mask: Any = None) -> Tensor:
            return self.conv(image)

    analysis = analyze(Named())
    (tensor,) = analysis.inputs
    assert (tensor.name, str(tensor.shape), tensor.dtype) == ("image", "(N, 5, H, W)", "float64")
    assert analysis.verify(sizes=[(9, 8)])


def test_a_forward_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            while True:
                x = x + 1

    monkeypatch.setattr("shapecalc.trace.recorder.MOST_LAYERS", 50)
    (finding,) = analyze(Endless(), "N").graph.findings
    assert finding.kind == "forward"
    assert "more than 50 op calls" in finding.message
