"""Bad input: one clear message and an exit code, each whole text written out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import shapecalc
from shapecalc import errors
from shapecalc.cli import main

NETS = """\
import torch
from torch import nn

number = 7
built = nn.Conv2d(3, 8, 3)

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, stride=2)

    def forward(self, image):
        return self.conv(image)

class Two(Net):
    def forward(self, image, mask):
        return self.conv(image) * mask

class Raises(Net):
    def forward(self, image):
        image = self.conv(image)
        raise RuntimeError("not today")  # line 22

class Broken(nn.Module):
    def __init__(self):
        raise ValueError("no width")  # line 26

class Asks(Net):
    def forward(self, image):
        return image * float(image.numpy().sum())  # line 30

class Wrong(Net):
    def __init__(self):
        super().__init__()
        self.next = nn.Conv2d(16, 8, 3)

    def forward(self, image):
        return self.next(self.conv(image))  # line 38

class Leaves(nn.Module):
    def __init__(self):
        raise SystemExit(3)  # line 42

class Needs(nn.Module):
    def __init__(self, width, *, depth):
        super().__init__()

Empty = type("Empty", (nn.Module,), {})

def a_class():
    return Net

def script():
    return torch.jit.script(Net())

def traced():
    return torch.jit.trace(Net(), torch.zeros(1, 3, 9, 9))

def compiled():
    return torch.compile(Net())

def double():
    return Net().double()

def Thrice():
    return _Thrice()

class _Thrice(Net):
    def __init__(self):
        super().__init__(width=3)

    def forward(self, image):
        return self.conv(self.conv(self.conv(image)))

def Named():
    class Named(Net):
        def forward(self, *, image):
            return self.conv(image)
    return Named()

def Anything():
    class Anything(Net):
        def forward(self, **inputs):
            return self.conv(inputs["image"])
    return Anything()

def Typo():
    class Typo(Net):
        def forward(self, image):
            return self.cnov(image)
    return Typo()

def Exits():
    class Exits(Net):
        def forward(self, image):
            raise SystemExit(7)
    return Exits()

def Prints():
    print("building")
    class Prints(Net):
        def forward(self, image):
            print("running")
            return self.conv(image)
    return Prints()

def Joined():
    class Joined(Net):
        def forward(self, image):
            return torch.cat([image, self.conv(image)], 1)
    return Joined()

def Nothing():
    class Nothing(Net):
        def forward(self):
            return self.conv.weight * 2
    return Nothing()

def Silent():
    class Silent(Net):
        def forward(self, image):
            self.conv(image)
    return Silent()

def nothing():
    return nn.Sequential()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets.py").write_text(NETS)
    (tmp_path / "syntax.py").write_text("import torch\n\ndef (\n")
    (tmp_path / "bytes.py").write_bytes(b"\x00\xff\n")
    (tmp_path / "raises.py").write_text("import torch\n\nraise OSError('no disk')\n")
    (tmp_path / "needs.py").write_text("import a_module_that_nobody_has\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


MESSAGES = [
    # the target
    ("show nothing.py:Net", "there is no file nothing.py"),
    ("show nothing.yaml", "nothing.yaml: cannot be read: No such file or directory"),
    ("show nets.py", "'nets.py' is no target: expected package.module:attribute, path/to/file.py:attribute or spec.yaml; here nets.py:_Thrice, for one"),
    ("show nets.py:", "'nets.py:' is no target: expected package.module:attribute, path/to/file.py:attribute or spec.yaml; here nets.py:_Thrice, for one"),
    ("show nowhere.py", "'nowhere.py' is no target: expected package.module:attribute, path/to/file.py:attribute or spec.yaml"),
    ("show no_such_package.module:Net", "there is no module 'no_such_package'"),
    ("show torch.nn:Conv22d", "torch.nn has no attribute 'Conv22d'; did you mean Conv2d?"),
    ("show nets.py:Nett", "nets.py has no attribute 'Nett'; did you mean Net?"),
    ("show nets.py:number", "nets.py:number is of type int: expected an nn.Module, a class or a factory"),
    ("show nets.py:Broken", "building nets.py:Broken failed: ValueError: no width\n  at {folder}/nets.py:26"),
    ("show nets.py:Net --arg width=-1", "building nets.py:Net failed: RuntimeError: Trying to create tensor with negative dimension -1: [-1, 3, 3, 3]\n  at {folder}/nets.py:10"),
    ("show nets.py:built --arg width=1", "nets.py:built is a model already built: it takes no --arg"),
    ("show nets.py:built.wieght", "nets.py:built has no attribute 'wieght'; did you mean weight?"),
    ("show nets.py:Leaves", "building nets.py:Leaves failed: SystemExit: 3\n  at {folder}/nets.py:42"),
    ("show nets.py:Needs", "nets.py:Needs needs width, depth: give --arg width=... --arg depth=..."),
    ("show nets.py:Net --arg widht=2", "nets.py:Net has no argument 'widht'; did you mean width?"),
    ("show nets.py:Net --arg cls=2", "nets.py:Net has no argument 'cls': it takes width"),
    ("show nets.py:Empty", "Empty has no `forward` of its own: there is nothing to trace"),
    ("show nets.py:a_class", "nets.py:a_class gave the class Net, which is no nn.Module"),
    ("show bytes.py:Net", "importing bytes.py failed: SyntaxError: source code string cannot contain null bytes"),
    ("show syntax.py:Net", "importing syntax.py failed: SyntaxError: invalid syntax (syntax.py, line 3)\n  at {folder}/syntax.py:3"),
    ("show raises.py:Net", "importing raises.py failed: OSError: no disk\n  at {folder}/raises.py:3"),
    ("show needs.py:Net", "importing needs.py failed: ModuleNotFoundError: No module named 'a_module_that_nobody_has'\n  at {folder}/needs.py:1"),
    # options
    ("show nets.py:Net --arg width", "--arg 'width': expected NAME=VALUE"),
    ("show nets.py:Net --arg width=2 --arg width=3", "--arg 'width=3': width is given twice"),
    ("show nets.py:Net --arg width=2+", "--arg 'width=2+': '2+' is no Python literal; put a text into quotes"),
    ("show nets.py:Net --at H", "--at 'H': expected sizes such as H=224,W=224"),
    ("show nets.py:Net --at H=big", "--at 'H=big': expected sizes such as H=224,W=224"),
    ("show nets.py:Net --at Q=3", "Q is no symbol of this model; they are: N, H, W"),
    ("show nets.py:Net --at H=0", "H is a size: a whole number of at least 1, got 0"),
    ("show nets.py:Net --at H=3,H=4", "--at 'H=3,H=4': H is given twice"),
    ("show nets.py:Net --layer CONV", "there is no layer 'CONV'; did you mean conv?"),
    ("show nets.py:Net --layer conv --call 2", "'conv' is called once"),
    ("show nets.py:Net --call 2", "--call is for one layer: give --layer NAME, too"),
    ("show nets.py:Thrice --layer conv --call 4", "'conv' is called 3 times"),
    ("show nets.py:Thrice --layer conv --format json", "'conv' is called 3 times: choose one with --call 1 to 3"),
    ("show nets.py:Net --layer cnv", "there is no layer 'cnv'; did you mean conv?"),
    ("show nets.py:Net --layer conv --format csv", "--layer has no form as CSV: choose text, json, markdown or latex"),
    ("show nets.py:Net -o no/such/folder/out", "cannot write no/such/folder/out: No such file or directory"),
    ("verify nets.py:Net --sizes 3by4", "--sizes '3by4': expected sizes such as 224x224,97x64"),
    ("verify nets.py:Net --sizes 1x2x3x4x5", "5 sizes given, the inputs have 3 symbols: N, H, W"),
    ("verify nets.py:Net --sizes 9", "a size is missing for H: given is W=9"),
    ("verify nets.py:Net --sizes 9x0", "W is a size: a whole number of at least 1, got 0"),
    ("verify nets.py:Net --sizes 9x9 --device meta", "nothing runs on the meta device: choose one with values, such as cpu"),
    ("verify nets.py:Net --sizes 9999999x9999999", "this machine cannot hold the tensors at N=2, H=9999999, W=9999999: choose smaller sizes"),
    # patterns
    ("show nets.py:Net --input N,3,H+", "input pattern 'N,3,H+': 'H+' is not a size: not a formula"),
    ("show nets.py:Net --input ", "--input '': expected sizes such as N,3,H,W; () is a tensor of no axes"),
    ("show nets.py:Net --input image=", "--input 'image=': expected sizes such as N,3,H,W; () is a tensor of no axes"),
    ("show nets.py:Net --input N;3;H;W", "input pattern 'N;3;H;W': 'N;3;H;W' is not a size: commas stand between sizes, as in N,3,H,W"),
    ("show nets.py:Net --input N,3,H//0,W", "input pattern 'N,3,H//0,W': 'H//0' is not a size: it divides by zero"),
    ("show nets.py:Net --input N,3,-4,W", "input pattern 'N,3,-4,W': a size is at least 0, got -4"),
    ("show nets.py:Net --input N,3,H,W:real", "input pattern 'N,3,H,W:real': 'real' is not a type; known are bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex32, complex64, complex128"),
    ("show nets.py:Net --input 1x=N,3,H,W", "--input '1x=N,3,H,W': '1x' is no name of an argument"),
    ("show nets.py:Net --input image=N,3,H,W --input image=N,3,H,W", "--input 'image=N,3,H,W': image is given twice"),
    ("show nets.py:Net --input N,3,H,W --input N,3,H,W", "Net.forward(image) does not take these inputs: 2 are given without a name, which is too many"),
    ("show nets.py:Named --input N,3,H,W", "Named.forward(*, image) does not take these inputs: 1 are given without a name; by name it takes image"),
    ("show nets.py:Anything", 'the inputs of Anything.forward(**inputs) cannot be inferred: give --input "name=N,..."'),
    ("show nets.py:Net --input picture=N,3,H,W", "Net.forward(image) does not take these inputs: it has no input 'picture'"),
    ("show nets.py:Two", 'the inputs of Two.forward(image, mask) cannot be inferred: give --input "image=N,..." --input "mask=N,..."'),
]  # fmt: skip


@pytest.mark.parametrize(("command", "message"), MESSAGES, ids=[command for command, _ in MESSAGES])
def test_a_bad_question_is_one_message_and_exit_code_2(
    folder: Path, command: str, message: str
) -> None:
    before = sorted(folder.iterdir())
    result = run(*command.split(" "))
    assert result.stderr == f"error: {message.format(folder=folder)}\n"
    assert result.stdout == ""
    assert result.exit_code == 2
    after = [path for path in sorted(folder.iterdir()) if path.name != "__pycache__"]
    assert after == before


FINDINGS = [
    ("Wrong", 1, "layer 'next': expected input channels 16, got 8\n  at {folder}/nets.py:38\n  fix: build the layer with in_channels=8"),
    ("Raises", 2, "RuntimeError: not today\n  at {folder}/nets.py:22"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code", "message"), FINDINGS, ids=[row[0] for row in FINDINGS])
def test_a_finding_follows_the_table(folder: Path, name: str, code: int, message: str) -> None:
    result = run("show", f"nets.py:{name}", "--input", "N,3,H,W")
    assert result.stderr == f"error: {message.format(folder=folder)}\n"
    assert result.exit_code == code
    assert " Conv2d(kernel_size=3, stride=2)  (N, 8, floor((H + 1)/2) - 1, " in result.stdout


@pytest.mark.parametrize(("name", "message"), [
    ("Typo", "AttributeError: 'Typo' object has no attribute 'cnov'"),
    ("Exits", "SystemExit: 7"),
    ("Raises", "RuntimeError: not today"),
])  # fmt: skip
def test_what_the_code_raises_is_said_though_the_input_is_inferred(
    folder: Path, name: str, message: str
) -> None:
    result = run("show", f"nets.py:{name}")
    first, place, note = result.stderr.splitlines()
    assert first == f"error: {message}"
    assert place.startswith(f"  at {folder}/nets.py:")
    assert note == "note: the input image=N,3,H,W was inferred; --input gives another" or (
        "image=N,C,H,W" in note  # no layer has seen it
    )
    assert result.exit_code == 2


def test_a_function_that_fails_has_a_row(folder: Path) -> None:
    result = run("show", "nets.py:Joined")
    assert result.exit_code == 1
    message = (
        "tensors joined along axis 1 have to agree on axis 2: expected H, got floor((H + 1)/2) - 1"
    )
    assert result.stderr.startswith(f"error: layer 'cat': {message}\n  at {folder}/nets.py:")
    (row,) = (line for line in result.stdout.splitlines() if line.startswith("cat"))
    assert row.split() == ["cat", "failed"]
    assert run("show", "nets.py:Joined", "--layer", "cat").stderr == result.stderr


@pytest.mark.filterwarnings("ignore")  # torch.jit is deprecated
@pytest.mark.parametrize("name", [
    "script --input N,3,H,W", "traced --input N,3,H,W", "compiled", "double", "Named", "Nothing",
    "Silent", "nothing", "built", "Thrice",
])  # fmt: skip
def test_an_odd_model_is_shown_and_verified(folder: Path, name: str) -> None:
    shown = run("show", *f"nets.py:{name}".split(" "))
    assert (shown.exit_code, shown.stdout != "") == (0, True)
    verified = run("verify", *f"nets.py:{name}".split(" "))
    assert verified.exit_code == 0
    assert verified.stdout.startswith("verified: ")


@pytest.mark.parametrize("command", ["show", "verify"])
def test_what_a_model_prints_is_no_result(folder: Path, command: str) -> None:
    result = run(command, "nets.py:Prints", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["version"] == 1
    assert {"building", "running"} <= set(result.stderr.splitlines())


def test_every_call_of_a_layer_is_shown(folder: Path) -> None:
    result = run("show", "nets.py:Thrice", "--layer", "conv")
    titles = [line for line in result.stdout.splitlines() if line.startswith("conv")]
    assert titles == [f"conv, call {n} of 3" for n in (1, 2, 3)]
    second = run("show", "nets.py:Thrice", "--layer", "conv", "--call", "2").stdout
    assert second in result.stdout
    assert "the H that reaches it is floor((H + 1)/2) - 1" in second


def test_a_mistake_of_our_own_is_one_message(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.render.text.table", lambda *args, **options: 1 // 0)
    result = run("show", "nets.py:Net")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: shapecalc itself failed: ZeroDivisionError: integer division or modulo by zero\n"
        "  --traceback shows where\n"
    )


@pytest.mark.filterwarnings("ignore")  # torch.jit is deprecated
def test_a_size_is_never_taken_for_a_number(folder: Path) -> None:
    # a traced script takes 3 channels alone, so that it can be measured at one size only
    result = run("show", "nets.py:traced", "--input", "N,C,H,W")
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("output"))
    assert line.split() == ["output", "(u0,", "u1,", "u2,", "u3)", "unknown"]


def test_a_value_that_no_shape_determines_is_exit_code_2(folder: Path) -> None:
    result = run("show", "nets.py:Asks", "--input", "N,3,H,W")
    assert result.exit_code == 2
    assert result.stderr.endswith(f"  at {folder}/nets.py:30\n")


def test_sizes_that_the_model_rejects_are_exit_code_1(folder: Path) -> None:
    result = run("show", "nets.py:Net", "--at", "H=2,W=9,N=1")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "error: not accepted: H=2, W=9, N=1\n"
        "layer 'conv': the kernel spans 3 elements, the padded input has H\n"
        "  needs: H >= 3\n"
        f"  at {folder}/nets.py:13\n"
        "  nearest accepted: N=1, H=3, W=9\n"
    )


@pytest.mark.parametrize("form", ["text", "json", "markdown", "latex", "csv"])
def test_a_file_is_written_whole_or_not_at_all(folder: Path, form: str) -> None:
    kept = folder / "kept"
    kept.write_text("what was there")
    result = run("show", "nets.py:Net", "--at", "H=2,W=9", "--format", form, "-o", "kept")
    assert result.exit_code == 1
    assert kept.read_text() == "what was there"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_wrong_option_is_exit_code_2(folder: Path) -> None:
    assert run("show", "nets.py:Net", "--depth", "0").exit_code == 2
    assert run("show", "nets.py:Net", "--format", "pdf").exit_code == 2
    assert run("show").exit_code == 2


def test_every_exception_is_public() -> None:
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert getattr(shapecalc, name) is value
            assert issubclass(value, errors.ShapecalcError)


def test_a_shape_error_says_what_and_how_to_mend_it() -> None:
    error = errors.SizeError("expected input channels 64, got 32", fix="build it with 32")
    assert str(error) == "expected input channels 64, got 32\n  fix: build it with 32"


def test_an_unknown_public_name() -> None:
    with pytest.raises(AttributeError, match="module 'shapecalc' has no attribute 'analyse'"):
        shapecalc.analyse  # noqa: B018
