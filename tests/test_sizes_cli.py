"""`shapecalc sizes`, and accepted sizes in the other commands: what is printed, and its truth."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from examples.unet import UNet
from shapecalc.analysis import analysis as analysis_module
from shapecalc.analysis import analyze
from shapecalc.cli import main
from shapecalc.cli import sizes as sizes_module
from shapecalc.render import sizes_schema
from shapecalc.sizes.agreement import agree, agreements, of_all_paths, widened

NETS = """
import torch
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)

class Square(Net):
    def forward(self, x):
        assert x.shape[2] == x.shape[3], "only squares"
        return self.conv(x)

class Flipped(Net):
    def forward(self, x):
        if x.shape[2] > 100:
            x = x.flip(-1)
        return self.conv(x)

class Asked(Net):
    def forward(self, x):
        if x.shape[2] > 100:
            self.large = True
        elif x.shape[2] > 50:
            self.large = False
        return self.conv(x)

class Padded(Net):
    def forward(self, x):
        if x.shape[2] % 32:
            x = F.pad(x, (0, 0, 0, -x.shape[2] % 32))
        return self.conv(x)

class Even(Net):
    def forward(self, x):
        h = x.shape[2]
        rows = h // 2 * 2 if h % 2 == 0 else h
        return F.interpolate(self.conv(x), size=(rows, 8))

class Gap(Net):
    def forward(self, x):
        if x.shape[2] >= 10:
            if x.shape[2] < 20:
                raise ValueError("neither small nor large")
        return self.conv(x)

class Larger(Net):
    def forward(self, x):
        return F.interpolate(self.conv(x), size=(max(x.shape[2], 7), 8))

class Counted(Net):
    def forward(self, x):
        for _ in range(x.shape[2]):
            x = x + 1
        return self.conv(x)

class Never(Net):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(7, 2)

    def forward(self, x):
        return self.linear(self.conv(x).mean((2, 3)))

class Raising(Net):
    def forward(self, x):
        raise ValueError("not written yet")

class Asking(Net):
    def forward(self, x):
        x = self.conv(x)
        return x if x.numpy().sum() > 0 else -x

class Flat(Net):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4 * 6, 2)

    def forward(self, x):
        return self.linear(self.conv(x).flatten(1))

class Trained(Net):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.norm(self.conv(x).mean((2, 3), keepdim=True))

def three():
    return nn.Conv1d(3, 4, 3)

def rows():
    return nn.Linear(3, 4)
"""

UNET = str(Path(__file__).parent.parent / "examples" / "unet.py") + ":UNet"


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("sizes") / "nets_of_sizes.py"
    path.write_text(NETS)
    return str(path)


def run(*arguments: str, columns: int = 100) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(main, list(arguments))


def sizes(nets: str, name: str, *arguments: str) -> Result:
    return run("sizes", f"{nets}:{name}", "--input", "N,3,H,W", *arguments)


def model(name: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(NETS, "nets_of_sizes.py", "exec"), names)
    return names[name]()


# ---------------------------------------------------------------------------- what is accepted


def test_unet_at_100_columns() -> None:
    result = run("sizes", UNET)
    assert result.exit_code == 0
    assert result.stdout == (
        "UNet\n"
        "  accepts   N >= 1,  H mod 16 = 0 and H >= 16,  W mod 16 = 0 and W >= 16\n"
        "  in words  N any,  H a multiple of 16,  W a multiple of 16\n"
        "  because   H mod 16 = 0  cat in up.0 (unet.py:60) needs 2*floor(H/16) = floor(H/8), which holds\n"
        "                          where H mod 16 < 8; and so on, to H mod 16 = 0 by cat in up.3 (unet.py:60)\n"
        "            W             likewise, with W in the place of H\n"
    )
    assert str(analyze(UNet()).sizes) == result.stdout


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_lines_fit(columns: int) -> None:
    result = run("sizes", UNET, columns=columns)
    assert max(map(len, result.stdout.splitlines())) <= columns


def test_an_assert_of_the_model(nets: str) -> None:
    result = sizes(nets, "Square")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Square",
        "  accepts   N >= 1,  H = W and H >= 1",
        "  in words  N any,  H = W",
        "  because   H = W  unless H = W, nets_of_sizes.py:13 raises AssertionError: only squares",
    ]


def test_features_that_are_counted(nets: str) -> None:
    result = sizes(nets, "Flat")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    text = " ".join(result.stdout.split())
    assert "= 24, the input features" in text
    assert "linear (nets_of_sizes.py:82) needs 4*floor((H + 1)/2)*floor((W + 1)/2) = 24" in text
    accepted = analyze(model("Flat"), "N,3,H,W").sizes
    for height in range(1, 14):
        for width in range(1, 14):
            assert accepted.contains(H=height, W=width) == runs("Flat", 1, height, width)
    assert lines[1].startswith("  accepts   N >= 1,")


NEEDS = [
    (nn.Conv1d(4, 8, 3), "N,C,L", "C = 4   conv1d in 0 needs C = 4, the input channels"),
    (nn.PixelUnshuffle(4), "N,3,H,W", "pixel_unshuffle in 0 needs H mod 4 = 0: height H is not"),
    (nn.LayerNorm(30), "N,3,H,W", "W = 30  layer_norm in 0 needs W = 30, the normalized size"),
    (nn.ReflectionPad2d(3), "N,3,H,W", "H >= 4  pad in 0 needs H > 3: reflection of 3 elements"),
]


@pytest.mark.parametrize(("layer", "pattern", "expected"), NEEDS, ids=lambda x: str(x)[:12])
def test_what_an_op_needs_in_words(layer: nn.Module, pattern: str, expected: str) -> None:
    assert expected in str(analyze(nn.Sequential(layer), pattern).sizes)


def test_a_number_stands_on_the_right() -> None:
    class Joined(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([x, torch.zeros(2, 3, 7, 9)], 1)

    text = str(analyze(Joined(), "N,3,H,W").sizes)
    assert "H = 7  cat (test_sizes_cli.py:" in text
    assert ") needs H = 7\n" in text


def test_every_size(nets: str) -> None:
    result = sizes(nets, "Larger")
    assert result.stdout.splitlines()[:3] == [
        "Larger",
        "  accepts   every size",
        "  in words  any N, H and W",
    ]


def test_conditions_that_isl_cannot_write() -> None:
    spec = Path(__file__).parent.parent / "examples" / "conv_formula.yaml"
    result = run("sizes", str(spec))
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "H + 2*p >= d*(k - 1) + 1 and" in text
    assert "p >= 0" in text
    assert (
        "H + 2*p >= d*(k - 1) + 1 Conv2d in conv (conv_formula.yaml:5): "
        "the kernel spans d*(k - 1) + 1 elements, the padded input has H + 2*p"
    ) in text
    asked = run("sizes", str(spec), "--check", "H=3,W=3,k=9,p=0,s=1,d=1")
    assert asked.exit_code == 1
    assert "needs H + 2*p >= d*(k - 1) + 1: 3 and 9 at H = 3, k = 9, p = 0, d = 1" in " ".join(
        asked.stdout.split()
    )


def test_one_size(nets: str) -> None:
    result = run("sizes", f"{nets}:rows", "--input", "2,3")
    assert result.exit_code == 0
    assert result.stdout == "Linear\n  accepts  (2, 3), the one size that its input has\n"


def test_training_needs_more_than_one_value(nets: str) -> None:
    assert "accepts   every size" in sizes(nets, "Trained").stdout
    result = sizes(nets, "Trained", "--train")
    assert "Trained in training mode\n  accepts   N >= 2,  H >= 1,  W >= 1" in result.stdout
    assert "N >= 2  batch_norm in norm (nets_of_sizes.py:" in result.stdout


def test_no_size(nets: str) -> None:
    result = sizes(nets, "Never")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:2] == ["Never", "  accepts  no size"]
    assert "layer 'linear' at nets_of_sizes.py:" in result.stdout
    assert "expected input features 7, got 4" in result.stdout


def test_a_model_that_raises(nets: str) -> None:
    result = sizes(nets, "Raising")
    assert result.exit_code == 2
    assert "accepts  no size" in result.stdout
    assert "raises ValueError: not written yet" in result.stdout


def test_as_far_as_data_decide(nets: str) -> None:
    result = sizes(nets, "Asking", "--paths")
    assert result.exit_code == 0
    assert "as far as  nets_of_sizes.py:" in result.stdout
    assert "output" not in result.stdout


# ---------------------------------------------------------------------------- paths


def test_paths_are_listed(nets: str) -> None:
    result = sizes(nets, "Flipped", "--paths")
    assert result.stdout.splitlines()[3:] == [
        "  paths     2 paths, explored completely with 2 traces",
        "      1     H >= 101",
        "            2 op calls, output (N, 4, floor((H + 1)/2), floor((W + 1)/2))",
        "            chosen by H > 100 (nets_of_sizes.py:18)",
        "      2     1 <= H <= 100",
        "            1 op call, output (N, 4, floor((H + 1)/2), floor((W + 1)/2))",
        "            chosen by H <= 100 (nets_of_sizes.py:18)",
    ]


def test_paths_that_agree_are_listed_as_one(nets: str) -> None:
    result = sizes(nets, "Asked", "--paths")
    assert result.stdout.splitlines()[3:] == [
        "  paths     3 paths, explored completely with 3 traces",
        "      1     every size",
        "            1 op call, output (N, 4, floor((H + 1)/2), floor((W + 1)/2))",
        "            3 paths with the same ops and formulas",
    ]


def test_a_budget_that_is_used_up(nets: str) -> None:
    result = sizes(nets, "Asked", "--traces", "1")
    assert "so far" in result.stdout
    assert "2 paths, not all explored with 2 traces" in result.stdout
    assert "not explored  N >= 1,  1 <= H <= 50,  W >= 1" in result.stdout
    assert "2 traces were made in " in result.stdout
    assert "--traces N and --seconds S allow for more" in result.stdout


def test_a_path_for_every_number(nets: str) -> None:
    result = sizes(nets, "Counted", "--traces", "60")
    assert "so far" in result.stdout
    assert "there, the model takes another path for every single size" in result.stdout


def test_the_budget_is_that_of_the_analysis() -> None:
    assert sizes_module.name == "sizes"
    from shapecalc.cli.sizes import SECONDS, TRACES

    assert (TRACES, SECONDS) == (analysis_module.TRACES, analysis_module.SECONDS)


# ---------------------------------------------------------------------------- --check


def test_check_says_what_fails_with_numbers() -> None:
    result = run("sizes", UNET, "--check", "250x333")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "UNet at H = 250, W = 333: not accepted",
        "  because  cat in up.0 (unet.py:60) needs 2*floor(H/16) = floor(H/8): 30 and 31 at H = 250",
        "           cat in up.0 (unet.py:60) needs 2*floor(W/16) = floor(W/8): 40 and 41 at W = 333",
        "  nearest  H = 256, W = 336",
        "  larger   H = 256, W = 336",
        "  smaller  H = 240, W = 320",
    ]


def test_several_checks() -> None:
    result = run("sizes", UNET, "--check", "H=32,W=48", "--check", "17x16", "--check", "H=17")
    assert result.exit_code == 1
    assert "UNet at H = 32, W = 48: accepted\n" in result.stdout
    assert "UNet at H = 17, W = 16: not accepted\n" in result.stdout
    alone = result.stdout.split("UNet at H = 17: not accepted\n")[1]
    assert "W" not in alone  # nothing that only other widths fail
    assert run("sizes", UNET, "--check", "32x48").exit_code == 0


def runs(name: str, *sizes: int, train: bool = False) -> bool:
    made = UNet(width=4) if name == "UNet" else model(name)
    made.train(train)
    batch, *image = sizes
    try:
        with torch.no_grad():
            made(torch.zeros(batch, 3, *image))
    except Exception:
        return False
    return True


@pytest.mark.parametrize("name", ["UNet", "Square", "Flipped", "Gap", "Flat", "Asked"])
def test_checks_against_the_real_model(nets: str, name: str) -> None:
    sides = [(1, 1), (16, 16), (17, 17), (9, 12), (31, 32), (48, 16), (5, 4), (20, 7), (19, 19)]
    given = [part for h, w in sides for part in ("--check", f"{h}x{w}")]
    target = UNET if name == "UNet" else f"{nets}:{name}"
    result = run("sizes", target, "--input", "N,3,H,W", *given, "--format", "json")
    document = json.loads(result.stdout)
    jsonschema.validate(document, sizes_schema.CHECKED)
    for (height, width), check in zip(sides, document["checks"], strict=True):
        assert check["sizes"] == {"H": height, "W": width}
        assert check["accepted"] == runs(name, 1, height, width), check
        assert check["accepted"] or check["failures"], check
        for which in ("nearest", "larger", "smaller"):
            if near := check[which]:
                assert runs(name, 1, near["H"], near["W"]), check
    accepted = all(check["accepted"] for check in document["checks"])
    assert result.exit_code == (0 if accepted else 1)


def test_check_where_other_symbols_matter(nets: str) -> None:
    result = sizes(nets, "Trained", "--train", "--check", "8x8")
    assert result.exit_code == 0
    assert result.stdout == "Trained in training mode at H = 8, W = 8: accepted\n  for  N >= 2\n"


def test_check_beyond_what_is_explored(nets: str) -> None:
    result = sizes(nets, "Gap", "--traces", "0", "--check", "15x15")
    assert result.exit_code == 1
    assert "not accepted" in result.stdout
    assert "neither small nor large" in result.stdout


WRONG = {
    "250": "--check 250: expected sizes for H and W: 224x224, or by name: H=224",
    "1x2x3x4": "--check 1x2x3x4: expected sizes for H and W: 224x224, or by name: H=224",
    "K=3": "--check K=3: K is no symbol of this model; they are: N, H, W",
    "0x16": "--check 0x16: H is a size: at least 1, got 0",
    "N=0": "--check N=0: N is a size: at least 1, got 0",
    "H=x": "--check 'H=x': expected sizes such as H=224,W=224",
    "": "--check '': expected sizes such as 250x333 or H=250,W=333",
    "big": "--check 'big': expected sizes such as 250x333 or H=250,W=333",
    "H=1,H=2": "--check 'H=1,H=2': H is given twice",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_asked(text: str) -> None:
    result = run("sizes", UNET, "--check", text)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"error: {WRONG[text]}\n"


def test_one_size_cannot_be_checked(nets: str) -> None:
    result = run("sizes", f"{nets}:rows", "--input", "2,3", "--check", "3")
    assert result.exit_code == 2
    assert "the inputs of this model have one size alone" in result.stderr


def test_check_and_paths_are_two_questions() -> None:
    assert run("sizes", UNET, "--check", "16x16", "--paths").exit_code == 2


# ---------------------------------------------------------------------------- JSON


NAMES = [line.split("(")[0].split()[1] for line in NETS.splitlines() if "(Net):" in line]


@pytest.mark.parametrize("name", NAMES)
def test_json_keeps_its_schema(nets: str, name: str) -> None:
    result = sizes(nets, name, "--traces", "5", "--format", "json")
    document = json.loads(result.stdout)
    jsonschema.validate(document, sizes_schema.ACCEPTED)
    assert document["symbols"] == ["N", "H", "W"]
    assert result.exit_code == {"Never": 1, "Raising": 2}.get(name, 0)


def test_every_requirement_is_in_the_json() -> None:
    document = json.loads(run("sizes", UNET, "--format", "json").stdout)
    jsonschema.validate(document, sizes_schema.ACCEPTED)
    needed = {
        (entry["layer"], entry["op"], entry["left"], entry["relation"], entry["right"])
        for entry in document["requirements"]
    }
    for n, level in enumerate((16, 8, 4, 2)):
        for size in "HW":
            right = size if level == 2 else f"floor({size}/{level // 2})"
            assert (f"up.{n}", "cat", f"2*floor({size}/{level})", "==", right) in needed
            left = size if level == 2 else f"floor({size}/{level // 2})"
            assert ("", "max_pool2d", left, ">=", 2) in needed
    premises = analyze(UNet()).premises
    assert len(needed) == len(document["requirements"]) == len(premises)
    assert document["because"][0]["clause"] == "H mod 16 = 0"
    assert len(document["because"][0]["causes"]) == 4


@pytest.mark.parametrize("schema", [sizes_schema.ACCEPTED, sizes_schema.CHECKED])
def test_schemas_are_schemas(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


# ---------------------------------------------------------------------------- paths that agree


def pieces(name: str) -> Any:
    return analyze(model(name), "N,3,H,W").sizes.pieces


@pytest.mark.parametrize(
    ("name", "groups"),
    [("Asked", 1), ("Flipped", 2), ("Padded", 2), ("Larger", 2), ("Even", 1), ("Gap", 1)],
)
def test_which_paths_agree(name: str, groups: int) -> None:
    found = pieces(name)
    assert len(found) > 1
    assert len(agreements(found)) == groups


def test_formulas_that_agree_on_one_side_alone() -> None:
    # floor(H/2)*2 is H for even sizes only: the formula of the odd ones holds for both
    even, odd = sorted(pieces("Even"), key=lambda piece: piece.sizes.contains({"H": 3}))
    assert not agree(even, odd)
    assert agree(odd, even)
    (both,) = agreements([even, odd])
    assert both.graph is odd.graph


@pytest.mark.parametrize("name", ["Asked", "Even"])
def test_a_widened_graph_holds_for_real(name: str) -> None:
    a = analyze(model(name), "N,3,H,W")
    (both,) = agreements(a.sizes.pieces)
    graph = widened(both, a.sizes.every)
    assert graph is not None
    wide = replace(a, graph=graph)
    assert wide.domain == []
    assert all(layer.home.graph is graph for layer in graph.layers)
    assert a.graph.layers[0].home.graph is a.graph
    assert wide.verify([(8, 9), (13, 8), (51, 10), (101, 9), (102, 8)])


def test_sizes_that_no_list_of_conditions_says_are_not_widened() -> None:
    a = analyze(model("Gap"), "N,3,H,W")
    (both,) = agreements(a.sizes.pieces)
    assert widened(both, a.sizes.every) is None
    graph, elsewhere = of_all_paths(a.graph, a.sizes)
    assert graph is a.graph
    assert elsewhere == "elsewhere the same formulas hold"


# ---------------------------------------------------------------------------- show


def shown(nets: str, name: str, *arguments: str) -> str:
    return run("show", f"{nets}:{name}", "--input", "N,3,H,W", *arguments, columns=150).stdout


def test_show_joins_paths_that_agree(nets: str) -> None:
    text = shown(nets, "Asked")
    assert "holds for every N, H, W" in text
    assert "elsewhere" not in text
    assert "holds for every N, H, W" in shown(nets, "Asked", "--at", "H=60,W=9")


def test_show_names_the_command_for_other_paths(nets: str) -> None:
    text = shown(nets, "Flipped")
    assert "holds for H >= 101" in text
    command = f"shapecalc sizes {nets}:Flipped --input N,3,H,W --paths"
    assert f"elsewhere other formulas hold: {command}" in " ".join(text.split())
    notes = json.loads(shown(nets, "Flipped", "--format", "json"))["notes"]
    assert notes == [f"elsewhere other formulas hold: {command}"]


def test_show_of_one_path_traces_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("explored")

    monkeypatch.setattr(analysis_module.Analysis, "explore", refuse)
    assert run("show", UNET).exit_code == 0


@pytest.mark.parametrize("command", [("show", "--at"), ("field", "--size")])
def test_rejected_sizes_come_with_the_nearest(command: tuple[str, str]) -> None:
    result = run(command[0], UNET, command[1], "H=250,W=333")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0].startswith("error: not accepted: ")
    assert result.stderr.splitlines()[-1] == "  nearest accepted: N=5, H=256, W=336"


# ---------------------------------------------------------------------------- in Python


def test_accepted_sizes_print_themselves() -> None:
    found = analyze(nn.Conv2d(3, 4, 5), "N,3,H,W").sizes
    assert repr(found) == "<AcceptedSizes: N >= 1, H >= 5, W >= 5>"
    assert "in words  N any,  H at least 5,  W at least 5" in str(found)
