"""Mistakes in a spec: each is one `SpecError`, whose whole text stands here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from shapecalc import spec
from shapecalc.errors import InputError, SpecError

CONV = "Conv2d: {out_channels: 4, kernel_size: 3}"

# what is written, where the message points, and the message
MISTAKES = [
    # words
    ("input: N,3,H,W\nlayers: [Relu6, Conv2D]", "2:10", "no layer type 'Relu6'; did you mean 'ReLU6'?"),
    ("input: N,3,H,W\nlayers:\n  - Con2d: {out_channels: 4}", "3:5", "no layer type 'Con2d'; did you mean 'Conv2d'?"),
    ("input: N,3,H,W\nlayers:\n  - LazyConv2d: {out_channels: 4}", "3:5", "no layer type 'LazyConv2d'; did you mean 'Conv2d'?"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_chanels: 4, kernel_size: 3}", "3:14", "Conv2d has no parameter 'out_chanels'; did you mean 'out_channels'?"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {quickly: true}", "3:12", "ReLU has no parameter 'quickly'; known are inplace, name, inputs, repeat"),
    ("input: N,3,H,W\nlayer: [ReLU]", "2:1", "a spec has no 'layer'; did you mean 'layers'?"),
    ("input: N,3,H,W\nlayers:\n  - Upsample: {size: 4, mode: nearset}", "3:31", "mode is 'nearest' or 'linear' or 'bilinear' or 'bicubic' or 'trilinear' or 'nearest-exact', got 'nearset'; did you mean 'nearest'?"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 4, kernel_size: 3, padding: smae}", "3:56", "padding is a size, a list of sizes or 'same' or 'valid', got smae; did you mean 'same'?"),
    # what a layer needs
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 4}", "3:5", "Conv2d needs 'kernel_size'"),
    ("input: N,3,H,W\nlayers:\n  - ReLU\n  - Conv2d", "4:5", "Conv2d needs 'out_channels'"),
    ("input: N,3,H,W\nlayers:\n  - MaxPool2d: 2", "3:16", "parameters have names: write `MaxPool2d: {kernel_size: 2}`"),
    ("input: N,3,H,W\nlayers:\n  - {type: Conv2d, out_channels: 4}", "3:5", "a layer is one type with its parameters, such as `Conv2d: {out_channels: 8, kernel_size: 3}`; got the keys 'type', 'out_channels'"),
    ("input: N,3,H,W\nlayers:\n  - 3", "3:5", "a layer, if not a type alone, is a mapping, got 3"),
    ("layers: [ReLU]", "1:1", "a spec needs an `input`, such as `input: N,3,H,W`"),
    ("input: N,3,H,W\nname: x", "1:1", "`layers` is missing"),
    ("input: N,3,H,W\nlayers: []", "2:9", "`layers` is empty"),
    ("input: N,3,H,W\nlayers: ReLU", "2:9", "`layers` is a list, got 'ReLU'"),
    ("input: N,3,H,W\ninputs: {x: N}\nlayers: [ReLU]", "2:1", "either `input` for one tensor or `inputs` for several"),
    # values
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 4, kernel_size: 3, stride: -1}", "3:55", "stride is -1, which has to be at least 1"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 4, kernel_size: 3, stride: [1, 0]}", "3:59", "stride is 0, which has to be at least 1"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 4, kernel_size: 3, padding: -2}", "3:56", "padding is -2, which has to be at least 0"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 4.5, kernel_size: 3}", "3:28", "out_channels is a size, got 4.5"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: [4], kernel_size: 3}", "3:28", "out_channels is a size, got a list"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: {a: 1}, kernel_size: 3}", "3:28", "out_channels is a size, got a mapping"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: true, kernel_size: 3}", "3:28", "out_channels is a size, got true"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 4, kernel_size: 3, bias: yes}", "3:53", "bias is true or false, got 'yes'"),
    ("input: N,3,H,W\nlayers:\n  - Flatten: {start_dim: k}", "3:26", "start_dim is a whole number, got k"),
    ("input: N,3,H,W\nlayers:\n  - Dropout: {p: high}", "3:18", "p is a number, got 'high'"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: k**2, kernel_size: 3}", "3:28", "out_channels: 'k**2' is not a size: only integers, symbols, + - * // % and brackets are known"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: __import__('os').getcwd(), kernel_size: 3}", "3:28", "out_channels: \"__import__('os').getcwd()\" is not a size: only integers, symbols, + - * // % and brackets are known"),
    ("input: N,3,H,W\nlayers:\n  - Conv2d: {out_channels: 99999999999999999999, kernel_size: 3}", "3:28", "the number is too large"),
    ("input: N,3,-4,W\nlayers: [ReLU]", "1:8", "input pattern 'N,3,-4,W': a size is at least 0, got -4"),
    ("input: N,3,H,W:int65\nlayers: [ReLU]", "1:8", "input pattern 'N,3,H,W:int65': 'int65' is not a type; known are bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex32, complex64, complex128"),
    ("input: {x: 3}\nlayers: [ReLU]", "1:8", "an input is a pattern such as N,3,H,W, got a mapping"),
    # names and the wires between layers
    ("input: N,3,H,W\nlayers:\n  - ReLU: {inputs: [relu_1]}\n  - ReLU", "3:21", "'relu_1' is not made before this layer: a model has no cycles"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {name: me, inputs: [me]}", "3:31", "'me' is not made before this layer: a model has no cycles"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {name: stem}\n  - add: [stem, inptu]", "4:17", "no layer or input 'inptu'; did you mean 'input'?"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {name: a}\n  - ReLU: {name: a}", "4:18", "two layers are called 'a', the first in <text>:3:18"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {name: input}", "3:18", "'input' is an input already"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {name: forward}", "3:18", "'forward' is an attribute of every nn.Module"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {name: a b}", "3:18", "the name of a layer is a word of letters, digits and _, got 'a b'"),
    ("input: N,3,H,W\nlayers:\n  - add: [input]", "3:5", "add reads 2 inputs, got 1"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: [input, input]", "3:5", "ReLU reads 1 input, got 2"),
    ("input: N,3,H,W\nlayers:\n  - ReLU: {inputs: []}", "3:5", "ReLU reads 1 input, got 0"),
    ("inputs: {a: N, b: N}\nlayers: [ReLU]", "2:10", "the first layer has to say which `inputs` it reads: a, b"),
    ("input: N,8\nlayers:\n  - chunk: {chunks: 2, dim: 1}\n  - ReLU: [chunk.2]", "4:5", "no output chunk.2: 'chunk' has 2 outputs, counted from 0"),
    ("input: N,8\nlayers: [ReLU]\noutput: rleu", "3:9", "no layer or input 'rleu'; did you mean 'relu'?"),
    ("input: N,8\nlayers: [ReLU]\noutput: relu\noutputs: [relu]", "4:1", "either `output` for one layer or `outputs` for several"),
    # repeats
    ("input: N,8\nlayers:\n  - ReLU: {repeat: 0}", "3:20", "repeat is 0, which has to be at least 1"),
    ("input: N,8\nlayers:\n  - ReLU: {repeat: n}", "3:20", "repeat is a whole number, got n"),
    ("input: N,8\nlayers:\n  - ReLU: {repeat: 1000000}", "3:20", "more than 100,000 copies"),
    ("input: N,8\nlayers:\n  - flatten: {repeat: 2}", "3:23", "`repeat` is for modules and blocks, and flatten is a function"),
    ("input: T,N,8\nlayers:\n  - LSTM: {hidden_size: 8, repeat: 2}", "3:36", "LSTM has several outputs: none can repeat it"),
    # blocks
    ("input: N,8\nblocks: {b: {layers: [b]}}\nlayers: [b]", "2:23", "a block cannot contain itself: b -> b"),
    ("input: N,8\nblocks:\n  a: {layers: [b]}\n  b: {layers: [ReLU, a]}\nlayers: [a]", "4:22", "a block cannot contain itself: a -> b -> a"),
    ("input: N,8\nblocks:\n  b: {arguments: [width], layers: [Linear: {out_features: 2*wdth}]}\nlayers: [ReLU]", "3:59", "out_features: '2*wdth' is not a size: the block has no argument 'wdth'; did you mean 'width'?"),
    ("input: N,8\nblocks:\n  b: {arguments: [width], layers: [Linear: {out_features: width}]}\nlayers: [b]", "4:10", "b needs 'width'"),
    ("input: N,8\nblocks:\n  b: {arguments: [width], layers: [Linear: {out_features: width}]}\nlayers: [b: {widht: 3}]", "4:14", "b has no parameter 'widht'; did you mean 'width'?"),
    ("input: N,8\nblocks:\n  b: {arguments: [act], layers: [ReLU: {inplace: act}]}\nlayers: [b: {act: 3}]", "3:50", "inplace is true or false, got 3"),
    ("input: N,3,H,W\nblocks:\n  b: {arguments: [s], layers: [MaxPool2d: {kernel_size: 2, stride: s}]}\nlayers: [b: {s: -1}]", "3:68", "stride is -1, which has to be at least 1"),
    ("input: N,8\nblocks: {ReLu: {layers: [ReLU]}}\nlayers: [ReLU]", "2:10", "the name of a block is in small letters, got 'ReLu'"),
    ("input: N,8\nblocks: {cat: {layers: [ReLU]}}\nlayers: [ReLU]", "2:10", "'cat' is a function of torch: call the block something else"),
    ("input: N,8\nblocks: {b: {layer: [ReLU]}}\nlayers: [b]", "2:14", "the block 'b' has no 'layer'; did you mean 'layers'?"),
    ("input: N,8\nblocks: {b: {arguments: [a, a], layers: [ReLU]}}\nlayers: [ReLU]", "2:29", "two arguments are called 'a'"),
    ("input: N,8\nblocks: {b: {arguments: [name], layers: [ReLU]}}\nlayers: [ReLU]", "2:26", "'name' is said of every layer and cannot be an argument"),
    # YAML
    ("input: N,3,H,W\ninput: N\nlayers: [ReLU]", "2:1", "'input' is given twice, first in line 1"),
    ("input: [N\nlayers: [ReLU]", "2:7", "not YAML: did not find expected ',' or ']'"),
    ("input: !!python/object/apply:os.system ['true']\nlayers: [ReLU]", "1:8", "tags such as tag:yaml.org,2002:python/object/apply:os.system are not allowed"),
    ("input: N\n<<: {a: 1}", "2:1", "merge keys (<<) are not allowed: use a block with arguments"),
    ("input: N\n3: 4", "2:1", "a key is a word, got 3"),
    ("input: N\nlayers: &a [*a]", "2:13", "the alias *a stands for itself"),
    ("input: N\nlayers: [*b]", "2:10", "the alias *b stands for nothing"),
    ("input: N\nlayers: [ReLU]\n---\ninput: N", "3:1", "a second document: a file is one spec"),
    ("\n\n", "1:1", "the spec is empty"),
    ("- input: N\n- b", "1:1", "a spec is a mapping, got a list"),
    ("input: N\nlayers: " + "[" * 40 + "]" * 40, "2:40", "nested more than 32 deep"),
    ("input: N\nlayers: [ReLU]\noutput: \x00", "1:1", "not YAML: unacceptable character #x0000: control characters are not allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_has_one_message(text: str, place: str, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        spec.graph(spec.load(text))
    assert str(raised.value) == f"<text>:{place}: {message}"


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: N,3,H,W\nlayers: [Relu6]")
    with pytest.raises(SpecError, match="no layer type 'Relu6'") as raised:
        spec.load(file)
    assert str(raised.value).startswith(f"{file}:2:10: ")


def test_a_mistake_in_a_dict_has_a_path() -> None:
    layers = [{"Conv2d": {"out_channels": 2, "kernel_size": 3, "stride": -1}}]
    with pytest.raises(SpecError) as raised:
        spec.load({"input": "N,3,H,W", "layers": layers})
    assert str(raised.value) == (
        "<dict>.layers[0].Conv2d.stride: stride is -1, which has to be at least 1"
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"input": "N", "layers": [object()]}, "<dict>.layers[0]: expected a word, number, list or mapping, got object"),
        ({"input": "N", 3: 4}, "<dict>: a key is a word, got 3"),
        ({}, "<dict>: a spec needs an `input`, such as `input: N,3,H,W`"),
    ],
)  # fmt: skip
def test_a_dict_is_checked(value: Any, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        spec.load(value)
    assert str(raised.value) == message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"none\.yaml: cannot be read: No such file"):
        spec.load(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match=r": cannot be read: Is a directory"):
        spec.load(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("input: N # é".encode("latin-1"))
    with pytest.raises(SpecError, match=r"latin\.yaml: is not text in UTF-8"):
        spec.load(latin)
    large = tmp_path / "large.yaml"
    large.write_text("#" * ((4 << 20) + 1))
    with pytest.raises(SpecError, match=r"large\.yaml:1:1: a spec has at most 4 MiB"):
        spec.load(large)


# ---------------------------------------------------------------------------- bombs

BOMB = "input: N\nlayers:\n  - a: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  - a: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
POWER = "input: N\nlayers:\n  - Linear: {out_features: " + "*".join(["(a+b+c+d+e)"] * 80) + "}"
TOWER = "input: N,8\nblocks:\n" + "".join(
    f"  b{n}: {{arguments: [x], layers: [b{n + 1}: {{x: {'*'.join('x' * 40)}}}]}}\n" for n in range(30)
) + "  b30: {arguments: [x], layers: [Linear: {out_features: x}]}\nlayers: [b0: {x: a + 1}]"  # fmt: skip
REPEATS = "input: N,8\nblocks:\n" + "".join(
    f"  b{n}: {{layers: [b{n + 1}: {{repeat: 1000}}]}}\n" for n in range(9)
) + "  b9: {layers: [ReLU]}\nlayers: [b0]"  # fmt: skip
DEEP = "input: N,8\nblocks:\n" + "".join(
    f"  b{n}: {{layers: [b{n + 1}]}}\n" for n in range(200)
) + "  b200: {layers: [ReLU]}\nlayers: [b0]"  # fmt: skip
BRACKETS = "input: N,8\nlayers:\n  - Linear: {out_features: '" + "(" * 900 + ")" * 900 + "'}"


@pytest.mark.parametrize("text", [BOMB, POWER, TOWER, REPEATS, DEEP, BRACKETS, "[" * 100_000, "{a: " * 9_000, "&a *a " * 50_000])  # fmt: skip
def test_a_bomb_is_refused_quickly(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(SpecError):
        spec.graph(spec.load(text + "\n"))
    assert time.perf_counter() - began < 5


def test_aliases_within_bounds_are_fine() -> None:
    text = "input: N,3,H,W\nlayers:\n  - Conv2d: &conv {out_channels: 3, kernel_size: 3}\n  - Conv2d: *conv"
    assert str(spec.graph(spec.load(text)).output) == "(N, 3, H - 4, W - 4)"


def test_scalars_are_those_of_yaml_1_2() -> None:
    text = "input: 2,3,8,8\nlayers:\n  - BatchNorm2d: {eps: 1e-5, momentum: null, affine: True}"
    assert spec.module(spec.load(text)).batchnorm2d.eps == 1e-5
    assert yaml.safe_load("1e-5") == "1e-5"  # what YAML 1.1 makes of it


# ---------------------------------------------------------------------------- sizes


def test_sizes_that_the_spec_does_not_have() -> None:
    loaded = spec.load("examples/conv_formula.yaml")
    with pytest.raises(InputError, match="the spec has no symbol 'K'; did you mean 'k'"):
        spec.graph(loaded, {"K": 3})
    with pytest.raises(InputError, match="s is at least 1, got 0"):
        spec.graph(loaded, {"s": 0})
    assert spec.graph(loaded, {"p": 0})


def test_a_module_needs_numbers() -> None:
    with pytest.raises(SpecError) as raised:
        spec.module(spec.load("examples/conv_formula.yaml"), {"k": 3})
    assert str(raised.value) == (
        "examples/conv_formula.yaml:5:5: in_channels of layer 'conv' is C: a module needs numbers, "
        "sizes={'C': ..., 'M': ..., 's': ..., 'p': ..., 'd': ...}"
    )


def test_what_torch_does_not_build_is_said_so() -> None:
    text = "input: T,N,8\nlayers:\n  - LSTM: {hidden_size: 8, proj_size: 9}"
    with pytest.raises(SpecError) as raised:
        spec.module(spec.load(text))
    assert str(raised.value) == (
        "<text>:3:5: torch does not build this LSTM: proj_size has to be smaller than hidden_size"
    )


def test_what_a_rule_does_not_take_is_said_so() -> None:
    text = "input: N,8\nlayers:\n  - Unflatten: {dim: 1, unflattened_size: 5}"
    with pytest.raises(SpecError, match="<text>:3:5: Unflatten does not take these parameters"):
        spec.graph(spec.load(text))
