"""`shapecalc field`, and the fields in the other commands: what is printed, and that it is true."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
import yaml
from click.testing import CliRunner, Result
from torch import nn

from examples.unet import UNet
from shapecalc import dims
from shapecalc.analysis import analyze
from shapecalc.cli import main
from shapecalc.receptive_field.recurrence import span, steps
from shapecalc.render import field_schema, fields, schema, text
from shapecalc.render.equation import equation
from shapecalc.trace.targets import targets

NETS = """
import torch
from torch import nn

def net():
    # odd numbers everywhere: holes, a stride that does not fit, other kernels along W
    return nn.Sequential(
        nn.Conv2d(1, 1, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(3, 1)),
        nn.ReLU(),
        nn.Conv2d(1, 1, 2, dilation=2),
    )

def upsampled():
    return nn.Sequential(
        nn.Conv2d(1, 1, 3, padding=1), nn.Upsample(scale_factor=2), nn.Conv2d(1, 1, 4, padding=1)
    )

def sequence():
    return nn.Conv1d(1, 1, 3, stride=2, padding=1)

def pooled():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1)
    )

def drawn():
    return nn.Sequential(nn.Conv2d(1, 1, 3), nn.FractionalMaxPool2d(2, output_ratio=0.5))

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)

    def forward(self, x):
        return self.conv(self.conv(x))

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.near, self.far = nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 7, padding=3)

    def forward(self, image, depth):
        return self.near(image) + self.far(depth)

class Halves(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        self.scale = nn.Parameter(torch.zeros(1))
        self.relu = nn.ReLU()

    def forward(self, x):
        if x.shape[-1] % 2:
            raise ValueError("odd")
        return self.conv(x).roll(1, -1) * self.relu(self.scale)

class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)

    def forward(self, x):
        return self.embedding(x)
"""
INPUT = ("--input", "N,1,H,W")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(main, list(arguments), catch_exceptions=False)


def document(*arguments: str) -> Any:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("fields") / "nets.py"
    path.write_text(NETS)
    return str(path)


def made(name: str) -> nn.Module:
    """Return a net with all weights 1: a gradient is not 0 exactly where an input is seen."""
    found: dict[str, Any] = {}
    exec(NETS, found)
    module: nn.Module = found[name]()
    for layer in module.modules():
        if isinstance(layer, (nn.Conv1d, nn.Conv2d)):
            nn.init.ones_(layer.weight)
            nn.init.ones_(layer.bias)
    return module.double()


def seen(module: nn.Module, size: tuple[int, ...], index: tuple[int, ...]) -> torch.Tensor:
    """Return, from a real backward pass, which elements of the input an output element sees."""
    x = torch.ones(1, 1, *size, dtype=torch.float64, requires_grad=True)
    module(x)[(0, 0, *index)].backward()
    return x.grad[0, 0] != 0


# ---------------------------------------------------------------------------- the table


def test_the_table(nets: str) -> None:
    result = run("field", f"{nets}:net", *INPUT)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == """\
Sequential: receptive fields on input (N, 1, H, W)
layer  op                                                                           field  stride  padding  centre  known
-------------------------------------------------------------------------------------------------------------------------
0      Conv2d(kernel_size=(3, 5), stride=(2, 1), padding=(1, 2), dilation=(3, 1))   7 x 5   2 x 1    1 x 2   2 x 0  exact
1      ReLU                                                                         7 x 5   2 x 1    1 x 2   2 x 0  exact
2      Conv2d(kernel_size=2, dilation=2)                                           11 x 7   2 x 1    1 x 2   4 x 1  exact

  pixel indices count from 0; output i sees the inputs from stride*i - padding on
  centre = -padding + (size - 1)/2, where output 0 looks; a field is what outputs far from the borders see
  7 x 5: H x W

what stands out
  - holes: the windows of 0 (Conv2d) have holes (gridding), never filled: an output sees every third row of its window of 7 rows, 3 of 7, at offsets -3, 0, 3 from its centre
  - off-centre: along H, output i of 0 (Conv2d) looks around pixel 2*i + 2; straight is 2*i, the first of its 2 pixels, or 2*i + 1/2, their middle; at the end, output i of 2 (Conv2d) looks around 2*i + 4
  - off-centre: along W, output i of 2 (Conv2d) looks around pixel i + 1, not pixel i
  - unseen: seen by no output: the first row and some of the last 2 rows (for H >= 64); 0 (Conv2d) leaves them out; the same at 1 more op
"""
    )


def test_every_input_has_a_table(nets: str) -> None:
    result = run("field", f"{nets}:Two", *INPUT, *INPUT)
    near, far = result.stdout.split("\n\nTwo: receptive fields on depth")
    assert near.startswith("Two: receptive fields on image (N, 1, H, W)\n")
    assert [line.split()[:3] for line in near.splitlines()[3:5]] == [
        ["near", "Conv2d(kernel_size=3,", "padding=1)"],
        ["add", "add", "3"],
    ]
    assert ["add", "add", "7"] in [line.split()[:3] for line in far.splitlines()]


def test_the_whole_axis_names_the_op_that_widened_it(nets: str) -> None:
    result = run("field", f"{nets}:pooled", *INPUT)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["3", "Conv2d(kernel_size=1)", "all", "exact"] in lines
    assert "  all: the whole axis, since 2\n" in result.stdout
    assert "mixes the batch" not in result.stdout


def test_training_says_that_the_batch_is_mixed(nets: str) -> None:
    result = run("field", f"{nets}:pooled", *INPUT, "--train")
    assert "  all: the whole axis, since 1\n" in result.stdout
    assert "  - batch: 1 (BatchNorm) takes mean and variance over the whole batch" in result.stdout
    (entry, *_) = document("field", f"{nets}:pooled", *INPUT, "--train")["rows"][1:]
    assert entry["field"]["batch"] == "1"


def test_a_bound_says_why(nets: str) -> None:
    result = run("field", f"{nets}:drawn", *INPUT)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["1", "FractionalMaxPool2d(kernel_size=2,", "output_ratio=(0.5,", "0.5))", "<=", "all",
            "bound"] in lines  # fmt: skip
    assert "  <= is an upper bound: the windows are random\n" in result.stdout
    last = document("field", f"{nets}:drawn", *INPUT)["rows"][-1]["field"]
    assert (last["exact"], last["bound"]) == (False, "the windows are random")


def test_an_up_sampling_has_a_smallest_and_a_largest_field(nets: str) -> None:
    unet = str(Path(__file__).parent.parent / "examples" / "unet.py")
    small = ("--arg", "depth=3", "--arg", "width=2", "--depth", "1")
    result = run("field", f"{unet}:UNet", *small)
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("outc"))
    smallest, largest = (int(number) for number in line.split()[2].split(".."))
    assert f"  {smallest}..{largest}, for example: the size depends on" in result.stdout
    # positive weights and a larger input: what is seen changes, through max pooling and ReLU
    module = UNet(depth=3, width=1).double().eval()
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    x = torch.ones(1, 3, 160, 8, dtype=torch.float64)
    with torch.no_grad():
        before = module(x)[0, 0]
        changed = []
        for row in range(160):
            moved = x.clone()
            moved[:, :, row] += 1000
            changed.append((module(moved)[0, 0] != before).any(1))
    sees = torch.stack(changed).T  # by rows of the output
    counts = {len(places) for i in range(76, 84) if (places := sees[i].nonzero()).numel()}
    assert (min(counts), max(counts)) == (smallest, largest)


def test_an_op_without_a_rule_is_a_question_mark(
    nets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = dict(targets())
    table.pop(torch.Tensor.roll, None)
    table.pop(torch.roll, None)
    monkeypatch.setattr("shapecalc.trace.targets.targets", lambda: table)
    result = run("field", f"{nets}:Halves", *INPUT)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["roll", "roll", "?", "unknown"] in lines
    assert ["mul", "mul", "?", "unknown"] in lines
    assert "  ?: unknown from roll on, which has no rule\n" in result.stdout


@pytest.mark.parametrize("columns", [60, 80, 120, 160])
def test_the_table_fits(nets: str, columns: int) -> None:
    for extra in ((), ("--size", "30x31"), ("--size", "30x31", "--pixel", "3,4")):
        result = run("field", f"{nets}:net", *INPUT, *extra, COLUMNS=str(columns))
        assert result.exit_code == 0
        assert max(map(len, result.stdout.splitlines())) <= columns


@pytest.mark.parametrize(("columns", "shown"), [(60, 0), (80, 1), (120, 4), (160, 4)])
def test_show_drops_columns_where_it_is_narrow(nets: str, columns: int, shown: int) -> None:
    result = run("show", f"{nets}:upsampled", *INPUT, COLUMNS=str(columns))
    header = result.stdout.splitlines()[1].split()
    assert [name for name in header if name in fields.HEADERS] == list(fields.HEADERS[:shown])
    assert max(map(len, result.stdout.splitlines())) <= columns


def test_show_has_no_columns_without_positions(nets: str) -> None:
    result = run("show", f"{nets}:Words", "--input", "N:int64")
    assert result.exit_code == 0
    assert "field" not in result.stdout
    missing = run("field", f"{nets}:Words", "--input", "N:int64")
    assert missing.exit_code == 2
    assert missing.stderr.startswith("error: no layer sees an input with positions")


# ---------------------------------------------------------------------------- one element


@pytest.mark.parametrize("index", [(0, 0), (3, 7), (8, 29)])
def test_what_an_output_sees_is_what_it_really_sees(nets: str, index: tuple[int, int]) -> None:
    at = ",".join(map(str, index))
    found = document(
        "field", f"{nets}:net", *INPUT, "--layer", "2", "--at", at, "--size", "25x32"
    )  # fmt: skip
    jsonschema.validate(found, field_schema.ELEMENT_FIELD)
    (call,) = found["calls"]
    assert call["outputs"] == list(made("net")(torch.ones(1, 1, 25, 32).double()).shape[2:])
    rows, columns = (axis["seen"] for axis in call["inputs"][0]["axes"])
    real = seen(made("net"), (25, 32), index)
    predicted = torch.zeros_like(real)
    predicted[torch.tensor(rows)[:, None], torch.tensor(columns)] = True
    assert torch.equal(real, predicted)


def test_what_an_output_sees_is_printed(nets: str) -> None:
    result = run(
        "field", f"{nets}:net", *INPUT, "--layer", "2", "--at", "8,0", "--size", "25x32"
    )  # fmt: skip
    assert (
        result.stdout
        == """\
2 (Conv2d), output 8, 0 of 9 x 30 at N=1, H=25, W=32
axis  sees of input       how many  window  outside   centre
------------------------------------------------------------
H     15, 18..19, 21..22         5  15..25  1 after       20
W     0..4                       5  -2..4   2 before       1

  5 x 5 = 25 of 800 elements
  indices count from 0; window: by the formula, before the border of the input cuts it off
"""
    )


def test_an_element_of_a_sequence_has_one_index(nets: str) -> None:
    result = run(
        "field", f"{nets}:sequence", "--input", "N,1,L", "--layer", "conv1d", "--at", "0",
        "--size", "9",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[3].split() == ["L", "0..1", "2", "-1..1", "1", "before", "0"]


# ---------------------------------------------------------------------------- one pixel


@pytest.mark.parametrize("pixel", [(0, 0), (12, 7), (24, 31)])
@pytest.mark.parametrize("name", ["net", "upsampled"])
def test_who_sees_a_pixel_is_who_really_sees_it(
    nets: str, name: str, pixel: tuple[int, int]
) -> None:
    place = ",".join(map(str, pixel))
    found = document("field", f"{nets}:{name}", *INPUT, "--pixel", place, "--size", "25x32")
    jsonschema.validate(found, field_schema.FIELDS)
    last = found["rows"][-1]["seen_by"]
    rows, columns = ([i for (i,) in axis["outputs"]] for axis in last["axes"])
    module = made(name)
    x = torch.ones(1, 1, 25, 32, dtype=torch.float64)
    moved = x.clone()
    moved[(0, 0, *pixel)] += 1
    real = (module(moved) != module(x))[0, 0]
    predicted = torch.zeros_like(real)
    predicted[torch.tensor(rows, dtype=int)[:, None], torch.tensor(columns, dtype=int)] = True
    assert torch.equal(real, predicted)
    assert (last["count"], last["total"]) == (int(real.sum()), real.numel())


def test_who_sees_a_pixel_is_printed(nets: str) -> None:
    result = run("field", f"{nets}:net", *INPUT, "--pixel", "12,7", "--size", "25x32")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Sequential: which outputs see pixel 12, 7 of input (N, 1, H, W)")
    assert lines[3].endswith("  H 5, W 5..9           5 of 352")
    assert lines[5].endswith("  H 3, 5; W 3..9       14 of 270")


def test_tokens_that_count_rows_and_columns_together() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 4, stride=4), nn.Flatten(2)).to("meta")
    field = analyze(model, "N,1,24,24").layers[-1].receptive_field
    from shapecalc.receptive_field.at_sizes import seen_by

    found = seen_by(field, (9, 14), {"N": 1})
    assert (found.count, found.total) == (1, 36)
    rows, columns = ({index for (index,) in places} for places in found.places)
    assert rows & columns == {2 * 6 + 3}


# ---------------------------------------------------------------------------- one layer


def test_a_layer_is_told_in_full(nets: str) -> None:
    result = run("field", f"{nets}:net", *INPUT, "--layer", "2")
    assert result.exit_code == 0
    for line in (
        "  H, where i is the index on axis 2 of the output",
        "    holes     1..2, 5, 8..9, counted from its first",
        "    density   6/11, the share of the window that is seen",
        "    relation  { [i] -> [j] : -2 + i <= j <= 4 + i }",
        "    r = 7 + (2 - 1)*2*2 = 11  size: r + (k - 1)*d*j",
        "    r = 5 + (2 - 1)*2*1 = 7  size: r + (k - 1)*d*j",
    ):
        assert line in result.stdout.splitlines()
    found = document("field", f"{nets}:net", *INPUT, "--layer", "2", "--size", "25x32")
    jsonschema.validate(found, field_schema.LAYER_FIELDS)
    (call,) = found["calls"]
    real = seen(made("net"), (60, 60), (9, 9))
    rows = real.any(1).nonzero().flatten().tolist()
    holes = [n for n in range(rows[-1] - rows[0]) if rows[0] + n not in rows]
    assert call["holes"]["input"][0] == holes
    density = call["receptive_fields"][0]["axes"][0]["density"]
    assert density == f"{len(rows)}/{rows[-1] - rows[0] + 1}"


def test_every_call_of_a_layer_is_told(nets: str) -> None:
    both = run("field", f"{nets}:Twice", *INPUT, "--layer", "conv").stdout
    second = run("field", f"{nets}:Twice", *INPUT, "--layer", "conv", "--call", "2").stdout
    assert "receptive field on x: 3, stride 1" in both
    assert both.endswith(second)
    assert second.startswith("conv (Conv2d)\nreceptive field on x: 5, stride 1")


# ---------------------------------------------------------------------------- the recurrence


def test_the_recurrence_of_a_step() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 3, 7, 2, 3), nn.MaxPool2d(3, 2, 1), nn.Conv2d(3, 3, 3, 2, 2, dilation=2)
    )
    last = analyze(model.to("meta"), "N,3,H,W").layers[-1]
    (step,) = steps(last)
    assert step.axes == ("H", "W")
    assert [str(line) for line in step.formulas] == [
        "r = 11 + (3 - 1)*2*4 = 27",
        "j = 4*2 = 8",
        "P = 5 + 2*4 = 13",
        "c = -13 + (27 - 1)/2 = 0",
    ]
    assert "    r = 11 + (3 - 1)*2*4 = 27  size: r + (k - 1)*d*j\n" in text.record(equation(last))


def test_the_recurrence_of_a_transposed_window() -> None:
    model = nn.Sequential(nn.Conv1d(3, 3, 3), nn.ConvTranspose1d(3, 3, 5, 2))
    (step,) = steps(analyze(model.to("meta"), "N,3,L").layers[-1])
    assert [str(line) for line in step.formulas] == [
        "r = 3 + floor((5 - 1)/2)*1 = 5",
        "j = 1/2",
    ]


SPEC = """\
input: N,1,H,W
layers:
  - Conv2d: {{name: first, out_channels: 1, kernel_size: {k}, stride: {s}, padding: {p}}}
  - Conv2d: {{name: second, out_channels: 1, kernel_size: 3, stride: {s}, dilation: {d}}}
  - MaxPool2d: {{name: third, kernel_size: {k}, stride: 2}}
"""


@pytest.mark.parametrize("values", [(3, 1, 1, 1), (5, 2, 0, 3), (4, 3, 2, 2)])
def test_formulas_in_symbols_give_what_numbers_give(values: tuple[int, ...]) -> None:
    names = dict(zip("kspd", values, strict=True))
    symbolic = analyze(yaml.safe_load(SPEC.format(k="k", s="s", p="p", d="d")))
    numeric = analyze(yaml.safe_load(SPEC.format(**names)))
    for one, other in zip(symbolic.layers, numeric.layers, strict=True):
        known = other.receptive_field
        for axis in range(2):
            found = span(one.receptive_field, axis)
            assert found is not None
            assert dims.evaluate(found.size, names) == known.size[axis]
            assert dims.evaluate(found.stride, names) == known.stride[axis]
            assert dims.evaluate(found.padding, names) == known.padding[axis]


# ---------------------------------------------------------------------------- other formats


def test_json_of_the_table(nets: str) -> None:
    found = document("field", f"{nets}:upsampled", *INPUT, "--size", "9x10")
    jsonschema.validate(found, field_schema.FIELDS)
    axis = found["rows"][-1]["field"]["axes"][0]
    assert (axis["stride"], axis["size"]) == ("1/2", axis["size"])
    assert isinstance(axis["size"], int)
    shown = document("show", f"{nets}:upsampled", *INPUT)
    jsonschema.validate(shown, schema.ANALYSIS)
    assert shown["layers"][-1]["receptive_fields"] == [found["rows"][-1]["field"]]
    assert shown["modules"][-1]["receptive_fields"] == [found["rows"][-1]["field"]]


@pytest.mark.parametrize(
    "each", [field_schema.FIELDS, field_schema.LAYER_FIELDS, field_schema.ELEMENT_FIELD]
)
def test_the_schemas_are_schemas(each: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(each)


def test_csv_of_the_table(nets: str) -> None:
    printed = run("field", f"{nets}:net", *INPUT, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [(row["name"], row["axis"], row["size"]) for row in rows[:3]] == [
        ("0", "H", "7"),
        ("0", "W", "5"),
        ("1", "H", "7"),
    ]
    pixels = run(
        "field", f"{nets}:net", *INPUT, "--format", "csv", "--pixel", "3,3", "--size", "20x20"
    )  # fmt: skip
    last = list(csv.DictReader(io.StringIO(pixels.stdout)))[-1]
    assert int(last["count"]) <= int(last["total"])


def test_markdown_of_the_table(nets: str) -> None:
    printed = run("field", f"{nets}:net", *INPUT, "--format", "markdown").stdout
    assert "| 1 | ReLU | 7 x 5 | 2 x 1 | 1 x 2 | 2 x 0 | exact |\n" in printed


def test_the_table_is_written_to_a_file(nets: str, tmp_path: Path) -> None:
    target = tmp_path / "fields.txt"
    result = run("field", f"{nets}:net", *INPUT, "-o", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.read_text() == run("field", f"{nets}:net", *INPUT).stdout


# ---------------------------------------------------------------------------- bad questions


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--layer", "3"), 2, "there is no layer '3'"),
        (("--layer", "first.con"), 2, "there is no layer 'first.con'"),
        (("--at", "1,1"), 2, "--at is an output of one layer: give --layer NAME, too"),
        (("--layer", "2", "--at", "1,1"), 2, "--at is for one size of the input: give --size, too"),
        (("--pixel", "1,1"), 2, "--pixel is for one size of the input: give --size, too"),
        (("--layer", "2", "--pixel", "1,1"), 2, "--pixel is for all layers: leave --layer out"),
        (("--layer", "2", "--at", "1", "--size", "25x32"), 2,
         "expected 2 indices, for an output of 9 x 30, got 1"),
        (("--layer", "2", "--at", "9,1", "--size", "25x32"), 2,
         "there is no output 9: the output is 9 x 30, counted from 0"),
        (("--layer", "2", "--at", "a,1", "--size", "25x32"), 2,
         "--at 'a,1': expected indices such as 7,7, counted from 0"),
        (("--pixel", "25,1", "--size", "25x32"), 2,
         "there is no pixel 25,1: the input is 25 x 32, counted from 0"),
        (("--pixel", "1", "--size", "25x32"), 2, "a pixel has 2 indices (H, W), got 1"),
        (("--size", "25x"), 2, "--size '25x': expected a size such as 224x224 or H=224,W=224"),
        (("--size", "H=25"), 2, "a size is missing for W: give W=..."),
        (("--size", "H=25,W=5,Z=3"), 2, "Z is no symbol of this model; they are: N, H, W"),
        (("--size", "1x1x1x1"), 2, "--size 1x1x1x1: 4 sizes, the symbols of the inputs are N, H, W"),
        (("--size", "N=1,H=3,W=3"), 1, "not accepted: N=1, H=3, W=3"),
        (("--layer", "2", "--format", "csv"), 2,
         "--layer has no form as csv: choose text or json"),
    ],
)  # fmt: skip
def test_a_bad_question_is_one_message(
    nets: str, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run("field", f"{nets}:net", *INPUT, *arguments)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.splitlines()[0] == f"error: {message}"


def test_a_layer_that_is_nearly_there(nets: str) -> None:
    result = run("field", f"{nets}:Two", *INPUT, *INPUT, "--layer", "Nera")
    assert result.stderr == "error: there is no layer 'Nera'; did you mean near?\n"


def test_a_layer_that_no_input_reaches(nets: str) -> None:
    result = run("field", f"{nets}:Halves", *INPUT, "--layer", "relu")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: no input with positions reaches 'relu'")


def test_indices_are_written_as_ranges() -> None:
    assert fields.ranges([3]) == "3"
    assert fields.ranges([3, 4, 5, 7, 8]) == "3..5, 7..8"
    assert fields.ranges(range(0, 20, 2)) == "0, 2, 4, ..., 18"
