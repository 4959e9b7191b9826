"""The commands: what they print, where it goes, and the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from shapecalc.cli import main
from shapecalc.render import schema
from shapecalc.render.ops_json import KNOWN, MISSING

ROOT = Path(__file__).parent.parent
UNET = f"{ROOT / 'examples' / 'unet.py'}:UNet"
SMALL = ("--arg", "depth=2", "--arg", "width=4")

NETS = """
import torch
from torch import nn

class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.Conv2d(16, 8, 3)

    def forward(self, x):
        return self.b(self.a(x))

class Raises(nn.Module):
    def forward(self, x):
        y = x * 2
        raise RuntimeError("not today")

class Lies(nn.Module):
    # what the trace sees is not what a real run does
    def forward(self, x):
        return x[:, 1:] if type(x) is torch.Tensor else x * 2

class Keyword(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)

    def forward(self, tokens, mask=None):
        x = self.embedding(tokens)
        return x if mask is None else x * mask.unsqueeze(-1)
"""

SPEC = """\
input: N,1,H,W
layers:
  - Conv2d: {name: conv1, out_channels: 6, kernel_size: 5, padding: 2}
  - ReLU
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    python = f"{sys.executable} -m shapecalc"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command.replace('shapecalc', python, 1)}"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def nets(tmp_path: Path) -> str:
    path = tmp_path / "nets.py"
    path.write_text(NETS)
    return str(path)


# ---------------------------------------------------------------------------- show


def test_show_infers_the_input() -> None:
    result = run("show", UNET, *SMALL, "--depth", "1")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "UNet"
    assert lines[3].split() == ["x", "float32,", "inferred", "(N,", "3,", "H,", "W)"]
    assert "holds for H mod 4 = 0 and H >= 4, W mod 4 = 0 and W >= 4" in lines


def test_show_puts_numbers_beside_the_formulas() -> None:
    result = run("show", UNET, *SMALL, "--arg", "bilinear=True", "--at", "H=33,W=40")
    assert result.exit_code == 0
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("max_pool2d_1"))
    assert "(N, 8, H2, W2)" in line
    assert "(N, 8, 8, 10)" in line
    assert "H2 = floor(H/4) = 8 " in result.stdout


def test_show_takes_another_path_where_the_sizes_do(nets: str) -> None:
    result = run("show", f"{nets}:Keyword", "--input", "N,T:int64", "--input", "mask=N,T")
    assert result.exit_code == 0
    assert "mask" in result.stdout
    assert "output     " in result.stdout
    assert "(N, T, 4)" in result.stdout


def test_show_layer() -> None:
    result = run("show", UNET, *SMALL, "--layer", "inc.0", "--at", "N=1,H=8,W=8")
    assert result.exit_code == 0
    assert "H_out  = floor((H + 2*p - k)/s) + 1" in result.stdout
    assert "= floor((8 + 2*1 - 3)/1) + 1 = 8" in result.stdout


@pytest.mark.parametrize("form", ["text", "json", "markdown", "latex", "csv"])
def test_show_writes_every_format_to_a_file(tmp_path: Path, form: str) -> None:
    target = tmp_path / "out"
    shown = run("show", UNET, *SMALL, "--format", form)
    written = run("show", UNET, *SMALL, "--format", form, "-o", str(target))
    assert shown.exit_code == written.exit_code == 0
    assert written.stdout == ""
    assert target.read_text() == shown.stdout
    assert list(tmp_path.iterdir()) == [target]


def test_a_finding_is_exit_code_1_after_the_table(nets: str) -> None:
    result = run("show", f"{nets}:Wrong")  # what its first layer takes is inferred all the same
    assert result.exit_code == 1
    assert "1 finding" in result.stdout
    line = NETS.splitlines().index("        return self.b(self.a(x))") + 1
    assert result.stderr == (
        "error: layer 'b': expected input channels 16, got 8\n"
        f"  at {nets}:{line}\n"
        "  fix: build the layer with in_channels=8\n"
    )


def test_a_finding_is_part_of_the_json(nets: str) -> None:
    result = run("show", f"{nets}:Wrong", "--input", "N,3,H,W", "--format", "json")
    assert result.exit_code == 1
    (finding,) = json.loads(result.stdout)["findings"]
    assert finding["message"] == "expected input channels 16, got 8"


# ---------------------------------------------------------------------------- verify


def test_verify() -> None:
    result = run("verify", UNET, *SMALL, "--sizes", "16x20,18x20")
    assert result.exit_code == 0
    assert "N=2, H=16, W=20: " in result.stdout
    assert "N=2, H=18, W=20: rejected, as predicted" in result.stdout


def test_verify_as_json() -> None:
    result = run("verify", UNET, *SMALL, "--sizes", "16x20", "--format", "json")
    document = json.loads(result.stdout)
    jsonschema.validate(document, schema.VERIFICATION)
    assert document["verified"] is True
    assert document["runs"][0]["sizes"] == {"N": 2, "H": 16, "W": 20}


def test_a_difference_is_exit_code_1(nets: str) -> None:
    result = run("verify", f"{nets}:Lies", "--input", "N,C", "--sizes", "5")
    assert result.exit_code == 1
    assert "predicted" in result.stdout


def test_verify_of_wrong_shapes_is_exit_code_1(nets: str) -> None:
    result = run("verify", f"{nets}:Wrong", "--input", "N,3,H,W")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "expected input channels 16, got 8" in result.stderr


# ---------------------------------------------------------------------------- ops and spec


def test_ops_lists_every_function() -> None:
    from shapecalc.registry import READERS

    result = run("ops")
    words = set(result.stdout.replace(",", " ").split())
    assert set(READERS) <= words
    assert "Convolution layers (3)  https://pytorch.org/docs/stable/nn.html" in result.stdout
    header = "| family | torch functions | lines |\n"
    assert run("ops", "--format", "markdown").stdout.startswith(header)
    printed = json.loads(run("ops", "--format", "json").stdout)
    jsonschema.validate(printed, KNOWN)
    assert {name for family in printed["families"] for name in family["functions"]} == set(READERS)


UNRULED = """
import torch
from torch import nn


class Blocks(nn.Module):
    def forward(self, x):
        return torch.conv_tbc(x, torch.zeros(3, 4, 4), torch.zeros(4), 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = Blocks()

    def forward(self, x):
        return torch.conv_tbc(self.blocks(x), torch.zeros(2, 4, 6), torch.zeros(6), 0).relu()
"""


def test_ops_missing(tmp_path: Path) -> None:
    result = run("ops", "--missing", UNET, "--arg", "depth=2")
    assert (result.exit_code, result.stdout) == (0, "every function has a rule\n")
    path = tmp_path / "net.py"
    path.write_text(UNRULED)
    asked = ("ops", "--missing", f"{path}:Net", "--input", "T,N,4")
    lines = run(*asked).stdout.splitlines()
    assert lines[0] == "conv_tbc  2 calls"
    assert lines[1].split(maxsplit=2) == [f"{path}:8", "blocks", "(T, N, 4)      probed"]
    assert lines[2].split(maxsplit=2) == [f"{path}:17", "conv_tbc", "(T - 1, N, 6)  probed"]
    assert "conv_tbc was measured at N=" in lines[3]
    assert "it has no rule" in lines[3]
    assert len(lines) == 4
    printed = json.loads(run(*asked, "--format", "json").stdout)
    jsonschema.validate(printed, MISSING)
    (entry,) = printed["functions"]
    assert (entry["function"], entry["count"], printed["complete"]) == ("conv_tbc", 2, True)
    assert entry["calls"][1]["out_shapes"] == [["T - 1", "N", "6"]]
    assert entry["calls"][1]["line"] == 17
    assert run(*asked, "--format", "markdown").stdout.count("\n| `conv_tbc` |") == 2


def test_ops_missing_of_a_spec_and_of_a_mistake(tmp_path: Path, nets: str) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    assert run("ops", "--missing", str(path)).stdout == "every function has a rule\n"
    result = run("ops", "--missing", f"{nets}:Wrong")
    assert (result.exit_code, result.stdout) == (
        1,
        "every function up to where it fails has a rule\n",
    )


def test_spec_commands(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    result = run("spec", "validate", str(path))
    assert (result.exit_code, result.stdout) == (0, f"{path}: valid, 2 layers\n")
    assert "class " in run("spec", "code", str(path)).stdout
    jsonschema.Draft202012Validator.check_schema(json.loads(run("spec", "schema").stdout))
    shown = run("show", str(path))
    assert shown.exit_code == 0
    assert "(N, 6, H, W)" in shown.stdout


# ---------------------------------------------------------------------------- the process


def test_help_names_every_command() -> None:
    for option in ("-h", "--help"):
        result = run(option)
        assert result.exit_code == 0
        assert all(f"  {name} " in result.stdout for name in ("show", "verify", "spec", "ops"))


def test_version() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("shapecalc ")


def test_help_imports_neither_torch_nor_sympy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from shapecalc.cli import main; "
        "assert CliRunner().invoke(main, ['show', '--help']).exit_code == 0; "
        "print({'torch', 'sympy', 'rich', 'yaml'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_a_spec_is_shown_without_torch(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    code = (
        "import sys; from click.testing import CliRunner; from shapecalc.cli import main; "
        f"assert CliRunner().invoke(main, ['show', {str(path)!r}]).exit_code == 0; "
        "print({'torch', 'networkx'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_a_closed_pipe_is_no_error() -> None:
    # more text than a pipe holds, so that the writer meets the closed end
    done = shell(f"shapecalc show {UNET} --format json | head -n 1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
def test_a_full_disk_is_one_message() -> None:
    done = shell(f"shapecalc show {UNET} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "error: cannot write: No space left on device\n"


def test_a_pipe_gets_neither_colour_nor_box_drawing() -> None:
    done = shell(f"shapecalc show {UNET} --depth 1 | cat")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}], ids=str)
def test_a_terminal_is_told_of_a_finding_once(nets: str, environment: dict[str, str]) -> None:
    code = (
        "import pty, sys; "
        f"status = pty.spawn([sys.executable, '-m', 'shapecalc', 'show', '{nets}:Wrong']); "
        "sys.exit(status >> 8)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.count("expected input channels 16, got 8") == 1


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_columns_are_respected(columns: str) -> None:
    done = shell(f"shapecalc show {UNET} --depth 1 | cat", COLUMNS=columns)
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


def test_traceback_shows_where_an_error_was_raised() -> None:
    done = shell("shapecalc show nothing.py:Net --traceback")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback ")
    assert "there is no file nothing.py" in done.stderr
