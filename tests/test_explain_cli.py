"""`shapecalc explain`: from a shell, with numbers from files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema
import numpy
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from shapecalc.cli import main
from shapecalc.errors import InputError
from shapecalc.explain.values import read_values
from shapecalc.render.explain_schema import EXPLANATION

MODEL = "examples/kernel_by_hand.py:model"
IMAGE = "examples/images/four_by_four.json"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments], env={"COLUMNS": "100"})


def test_the_first_patch_of_the_course() -> None:
    result = invoke(MODEL, "conv", "--element", "0,0,0", "--values", IMAGE)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-15:] == [
        "channel 0",
        "  patch    kernel    products",
        "  1  2     1   0     1   0",
        "  5  3     0  -1     0  -3",
        "  1*1 + 2*0 + 5*0 + 3*(-1) = -2",
        "",
        "The value is -2; torch has -2.",
        "",
        "Weights between these two tensors, biases not counted:",
        "  this layer         C_out*(C_in/groups)*kH*kW                = 1*1*2*2                  = 4",
        "  locally connected  H_out*W_out * C_out*(C_in/groups)*kH*kW  = (H - 1)*(W - 1)*1*1*2*2  = 36",
        "  dense              C_in*H*W * C_out*H_out*W_out             = 1*H*W*1*(H - 1)*(W - 1)  = 144",
        "",
        f"  input: {IMAGE}",
        f"  weights: as {MODEL} builds them, with seed 0",
    ]


def test_json_is_as_its_schema_says() -> None:
    result = invoke(MODEL, "conv", "--element", "0,2,1", "--values", IMAGE, "--format", "json")
    document = json.loads(result.stdout)
    jsonschema.validate(document, EXPLANATION)
    assert (document["value"], document["torch"], document["agrees"]) == (0, 0, True)
    assert document["element"] == [0, 0, 2, 1]
    assert document["parts"][0]["values"] == [1, 3, 2, 1]
    assert [entry["count"] for entry in document["weights"]] == [4, 36, 144]


def test_a_spec_is_explained() -> None:
    result = invoke("examples/lenet.yaml", "f5", "--element", "7", "--at", "N=2")
    assert result.exit_code == 0
    assert "x times row 7 of the weight" in result.stdout
    assert (
        invoke("examples/lenet.yaml", "f5", "--element", "7", "--at", "N=2").stdout == result.stdout
    )
    other = invoke("examples/lenet.yaml", "f5", "--element", "7", "--at", "N=2", "--seed", "1")
    assert other.stdout != result.stdout


@pytest.mark.parametrize("option", [("--size", "6x6"), ("--at", "H=6,W=6"), ("--size", "H=6,W=6")])
def test_sizes_are_named_as_elsewhere(option: tuple[str, str]) -> None:
    result = invoke("examples/first_convolutions.py:halving", "0", *option)
    assert "at N=1, H=6, W=6\n" in result.stdout


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    assert invoke(MODEL, "conv", "--values", IMAGE, "-o", str(target)).stdout == ""
    assert "= -2\n" in target.read_text()


def model_of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "model.py"
    path.write_text(f"import torch\nfrom torch import nn\n{text}\n")
    return f"{path}:model"


def test_a_difference_is_exit_code_1(tmp_path: Path) -> None:
    target = model_of(
        tmp_path,
        "def model():\n    model = nn.Sequential(nn.ReLU())\n"
        "    model[0].register_forward_hook(lambda m, a, y: y + 1)\n    return model",
    )
    result = invoke(target, "0", "--input", "N,3")
    assert result.exit_code == 1
    assert "THIS DIFFERS FROM TORCH" in result.stdout


def test_names_steer_no_terminal(tmp_path: Path) -> None:
    target = model_of(
        tmp_path,
        "def model():\n    model = nn.Module()\n    model = nn.Sequential()\n"
        "    model.add_module('\\x1b[31m', nn.ReLU())\n    return model",
    )
    result = invoke(target, "\x1b[31m", "--input", "N,3")
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    result = invoke(target, "\x1b[32m", "--input", "N,3")
    assert result.exit_code == 2
    assert "\x1b" not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((MODEL, "nothing"), "error: there is no layer 'nothing'; the layers are conv\n"),
        ((MODEL, "cnv"), "error: there is no layer 'cnv'; did you mean conv?\n"),
        ((MODEL, "conv", "--element", "a"), "error: --element 'a': expected indices such as 7,7"),
        ((MODEL, "conv", "--element", "9,9,9"), "error: there is no element 9: the output is 1 x "),
        ((MODEL, "conv", "--values", "none.json"), "error: cannot read none.json: No such file"),
        (
            (MODEL, "conv", "--values", "model.pt"),
            "error: model.pt: expected a file with numbers, ",
        ),
        ((MODEL, "conv", "--values", IMAGE, "--size", "5x5"), "error: H is 4 in the given input"),
        ((MODEL, "conv", "--size", "huge"), "error: --size 'huge': expected a size such as"),
        ((MODEL, "conv", "--size", "1x1"), "error: not accepted: "),
        ((MODEL, "conv", "--seed", str(1 << 64)), "error: --seed 18446744073709551616: expected"),
        (("examples/resnet.py:resnet18", "layer1"), "error: 'layer1' is a Sequential, which has "),
        (
            ("examples/resnet.py:resnet18", "layer1.0.add"),
            "error: 'layer1.0.add' is a call of add, for which there is no explanation; there is ",
        ),
    ],
    ids=lambda value: " ".join(value[1:3])[:40] if isinstance(value, tuple) else "",
)
def test_errors_are_one_message(arguments: tuple[str, ...], message: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == (1 if "not accepted" in message else 2), result.output
    assert result.stderr.startswith(message), result.stderr
    assert "Traceback" not in result.output


# ---------------------------------------------------------------------------- files


ARRAYS = [
    numpy.arange(6).reshape(2, 3).astype(dtype)
    for dtype in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", ">f4", ">i8", "?")
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype))
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_what_numpy_writes(tmp_path: Path, array: numpy.ndarray, order: str) -> None:
    path = tmp_path / "x.npy"
    numpy.save(path, numpy.asarray(array, order=order))
    assert read_values(str(path)).tolist() == numpy.load(path).tolist()


def test_png_is_channels_first_from_0_to_1(tmp_path: Path) -> None:
    pixels = numpy.arange(2 * 3 * 3, dtype="u1").reshape(2, 3, 3) * 10
    path = tmp_path / "x.png"
    Image.fromarray(pixels).save(path)
    expected = torch.tensor(pixels).permute(2, 0, 1) / 255
    torch.testing.assert_close(read_values(str(path)), expected.double())
    Image.fromarray(pixels[:, :, 0]).save(path)
    torch.testing.assert_close(read_values(str(path)), expected[:1].double())


def test_a_picture_goes_into_a_model(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    Image.fromarray(numpy.full((4, 4), 51, dtype="u1")).save(path)
    result = invoke(MODEL, "conv", "--values", str(path))
    assert "0.2*1 + 0.2*0 + 0.2*0 + 0.2*(-1) = 0\n" in result.stdout


class Trap:
    """What a pickle would execute."""

    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("executed",))


def pickled() -> bytes:
    written = io.BytesIO()
    numpy.save(written, numpy.array([Trap()]), allow_pickle=True)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.npy", pickled()),
        ("x.npy", b"\x93NUMPY"),
        ("x.npy", b"\x93NUMPY\x01\x00\x10\x00__import__('os')"),
        (
            "x.npy",
            b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (9,)}",
        ),
        ("x.npy", b"nothing"),
        ("x.json", b"[[1, 2], [3]]"),
        ("x.json", b"[]"),
        ("x.json", b"[true]"),
        ("x.json", b"[NaN]"),
        ("x.json", b'{"a": 1}'),
        ("x.json", b"[" * 100000),
        ("x.json", b"\xff\xfe"),
        ("x.json", b"[" + b"9" * 500 + b"]"),
        ("x.png", b"\x89PNG\r\n\x1a\n"),
        ("x.png", b"GIF89a"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_other_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{name} is no .{name[2:]} file with numbers: "):
        read_values(str(path))
    result = invoke(MODEL, "conv", "--values", str(path))
    assert result.exit_code == 2
    assert "executed" not in result.output + capsys.readouterr().out
