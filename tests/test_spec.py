"""YAML specs: their graphs, modules, code and schema, compared with torch."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
import yaml
from torch import nn

import shapecalc
from shapecalc import dims, spec
from shapecalc.conditions import Condition
from shapecalc.dims import Shape, floordiv, symbol
from shapecalc.graph import LayerGraph
from shapecalc.spec.build_graph import place
from shapecalc.spec.build_module import Applied
from shapecalc.spec.functions import functions
from shapecalc.spec.layers import RESERVED
from shapecalc.spec.parameters import module_signature, modules, operands_of

EXAMPLES = sorted(Path("examples").glob("*.yaml"))
H, N, W, k, s, d = (symbol(name) for name in "HNWksd")
p = symbol("p", minimum=0)

# input and layers of one model each: what they show is in the text itself
TEXTS = {
    "sequential": """
        input: N,3,H,W
        layers:
          - Conv2d: {out_channels: 6, kernel_size: 3, stride: [2, 1], padding: same_size}
          - ReLU
    """.replace("same_size", "[1, 0]"),
    "repeat": """
        input: N,3,20,20
        layers:
          - Conv2d: {out_channels: 6, kernel_size: 3, repeat: 3}
          - Conv2d: {out_channels: 6, kernel_size: 1, repeat: 1}
    """,
    "branches": """
        inputs: {image: "N,3,20,24", mask: "N,1,20,24"}
        layers:
          - Conv2d: {name: left, inputs: [image], out_channels: 4, kernel_size: 3, padding: 1}
          - Conv2d: {name: right, inputs: mask, out_channels: 4, kernel_size: 3, padding: 1}
          - mul: [left, right]
          - cat: {inputs: [mul, image, left], dim: 1}
        outputs: [cat, right]
    """,
    "named outputs": """
        input: N,3,20,20
        layers:
          - Conv2d: {name: stem, out_channels: 4, kernel_size: 3}
          - Flatten
          - Linear: {name: head, out_features: 7}
        outputs: {logits: head, features: stem}
    """,
    "recurrent": """
        input: N,T,5
        layers:
          - LSTM: {hidden_size: 6, batch_first: true, num_layers: 2, bidirectional: true}
          - Linear: {out_features: 3}
          - GRU: {inputs: [lstm], hidden_size: 4, batch_first: true}
        outputs: [linear, lstm.0, lstm.1, lstm.2, gru.1]
    """,
    "attention": """
        inputs: {tokens: "N,T:int64"}
        layers:
          - Embedding: {num_embeddings: 11, embedding_dim: 8}
          - TransformerEncoderLayer: {nhead: 2, dim_feedforward: 16, batch_first: true, repeat: 2}
          - MultiheadAttention:
              inputs: [transformerencoderlayer, embedding, embedding]
              num_heads: 4
              batch_first: true
          - LayerNorm
          - mean: {dim: 1}
    """,
    "nested blocks": """
        input: N,4,H,W
        blocks:
          conv: {arguments: {channels: null, mode: same}, layers: [
            Conv2d: {name: c, out_channels: channels, kernel_size: 3, padding: mode}, BatchNorm2d ]}
          bottleneck:
            arguments: [width, act]
            layers:
              - conv: {name: a, channels: width}
              - ReLU: {inplace: act}
              - conv: {name: b, channels: 4*width, mode: valid}
              - conv: {name: skip, inputs: [input], channels: 4*width, mode: valid}
              - add: [b, skip]
        layers:
          - bottleneck: {name: first, width: 2, act: false, repeat: 2}
          - bottleneck: {name: second, width: 3, act: true}
    """,
    "two outputs of a block": """
        input: N,6,H,W
        blocks:
          both:
            inputs: [left, right]
            layers:
              - add: {name: plus, inputs: [left, right]}
              - sub: {name: minus, inputs: [left, right]}
            outputs: [plus, minus]
        layers:
          - chunk: {chunks: 2, dim: 1}
          - both: [chunk, chunk.1]
          - cat: {inputs: [both.1, both], dim: 1}
    """,
    "sizes of the input": """
        input: N,6,H,W
        layers:
          - reshape: {shape: [N, 2, 3, H*W]}
          - transpose: {dim0: 1, dim1: 3}
          - interpolate: {size: [5, W], mode: bilinear}
    """,
    "numbers in functions": """
        input: N,8,12,12
        blocks:
          grouped:
            arguments: [groups]
            layers:
              - unflatten: {dim: 1, sizes: [groups, 8 // groups]}
              - transpose: {dim0: 1, dim1: 2}
              - flatten: {start_dim: 1, end_dim: 2}
        layers:
          - grouped: {groups: 2}
          - pad: {pad: [1, -1, 0, 2], mode: constant}
          - grouped: {groups: 4}
    """,
    "copies that differ": """
        input: N,3,40,40
        blocks:
          double:
            layers:
              - Conv2d: {name: a, out_channels: 3, kernel_size: 1}
              - cat: {inputs: [a, input], dim: 1}
              - Conv2d: {name: b, out_channels: 5, kernel_size: 1}
              - cat: {inputs: [b, cat], dim: 1}
        layers: [double: {repeat: 3}, double: {repeat: 1}]
    """,
    "depth as an argument": """
        input: N,3,H,W
        blocks:
          stage: {arguments: [channels, depth], layers: [
            Conv2d: {name: convs, out_channels: channels, kernel_size: 3, padding: 1, repeat: depth},
            MaxPool2d: {kernel_size: 2}]}
        layers: [stage: {channels: 4, depth: 2}, stage: {channels: 8, depth: 3}]
    """,
}  # fmt: skip
# a spec with symbols among its parameters is no module: numbers have to be given first
GENERAL = ("conv_formula", "padding")
SPECS = [pytest.param(path, id=path.stem) for path in EXAMPLES if path.stem not in GENERAL]
SPECS += [pytest.param(text, id=name) for name, text in TEXTS.items()]
SAMPLES = ({"N": 2, "H": 48, "W": 32, "T": 7}, {"N": 3, "H": 16, "W": 64, "T": 4})


def load(source: str | Path) -> spec.Spec:
    return spec.load(source)


def tensors(graph: LayerGraph, sizes: dict[str, int]) -> list[torch.Tensor]:
    made = []
    for tensor in graph.inputs:
        shape = [dims.evaluate(dim, sizes) for dim in tensor.shape]
        whole = tensor.dtype == "int64"
        made.append(torch.randint(0, 9, shape) if whole else torch.rand(shape))
    return made


def observed(model: nn.Module, inputs: list[torch.Tensor]) -> tuple[dict[str, Any], Any]:
    """Return what goes in and out of every module, by name, and the shapes of the output."""
    seen: dict[str, Any] = {}

    def hook(name: str) -> Any:
        def note(module: nn.Module, args: Any, out: Any) -> None:
            seen[name] = (type(module).__name__, shapes(args), shapes(out))

        return note

    for name, module in model.named_modules():
        if not isinstance(module, Applied):  # a function, which is no module in written code
            module.register_forward_hook(hook(name))
    with torch.no_grad():
        output = model.eval()(*inputs)
    return seen, shapes(output)


def shapes(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: shapes(entry) for key, entry in value.items()}
    if value is None:  # the weights that an attention within a layer of torch does not return
        return None
    return tuple(shapes(entry) for entry in value)


def at(value: Any, sizes: dict[str, int]) -> Any:
    if isinstance(value, Shape):
        return tuple(dims.evaluate(dim, sizes) for dim in value)
    if isinstance(value, dict):
        return {key: at(entry, sizes) for key, entry in value.items()}
    return tuple(at(entry, sizes) for entry in value)


def written(source: spec.Spec) -> nn.Module:
    """Run generated code, which is ours, and return the model of its last class."""
    scope: dict[str, Any] = {}
    exec(compile(spec.generate(source), "<generated>", "exec"), scope)
    model: nn.Module = scope[source.model.class_name]()
    return model


@pytest.mark.parametrize("sizes", SAMPLES, ids=str)
@pytest.mark.parametrize("source", SPECS)
def test_every_module_call_is_that_of_torch(source: str | Path, sizes: dict[str, int]) -> None:
    loaded = load(source)
    graph = spec.graph(loaded)
    assert not graph.findings
    model = spec.module(loaded)
    seen, output = observed(model, tensors(graph, sizes))
    assert at(graph.output, sizes) == output
    for call in graph.calls:
        kind, inputs, outputs = seen[call.name]
        assert (call.kind, at(call.inputs, sizes)) == (kind, inputs), call.name
        assert at(call.outputs, sizes) == outputs, call.name
    built = {name for name, module in model.named_modules() if not _within_torch(name, model)}
    applied = {name for name in built if isinstance(model.get_submodule(name), Applied)}
    assert {call.name for call in graph.calls} == built - applied
    assert applied <= {layer.name for layer in graph.layers}


def _within_torch(name: str, model: nn.Module) -> bool:
    parents = [name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1)]
    return any(type(model.get_submodule(p)).__module__.startswith("torch.nn.modules.")
               and not isinstance(model.get_submodule(p), nn.Sequential) for p in parents)  # fmt: skip


@pytest.mark.parametrize("source", SPECS)
def test_parameters_are_counted_as_in_torch(source: str | Path) -> None:
    loaded = load(source)
    graph, model = spec.graph(loaded), spec.module(loaded)
    assert graph.parameters == sum(parameter.numel() for parameter in model.parameters())
    for call in graph.calls:
        if call.leaf:
            module = model.get_submodule(call.name)
            assert call.parameters == sum(q.numel() for q in module.parameters()), call.name


@pytest.mark.parametrize("source", SPECS)
def test_generated_code_is_the_same_model(source: str | Path) -> None:
    loaded = load(source)
    sizes = SAMPLES[0]
    inputs = tensors(spec.graph(loaded), sizes)
    built, code = spec.module(loaded), written(loaded)
    code.load_state_dict(built.state_dict())  # the same names and shapes of all weights
    assert observed(code, inputs) == observed(built, inputs)
    with torch.no_grad():
        torch.testing.assert_close(code(*inputs), built(*inputs))


@pytest.mark.parametrize("source", SPECS)
def test_generated_code_is_tidy(source: str | Path) -> None:
    code = spec.generate(load(source))
    compile(code, "<generated>", "exec")
    assert max(map(len, code.splitlines())) <= 100
    command = [sys.executable, "-m", "ruff", "check", "--select=E,F,I,W", "--isolated", "-"]
    found = subprocess.run(
        [*command, "--line-length=100"], input=code, text=True, capture_output=True
    )
    assert found.returncode == 0, found.stdout


def test_general_formula_of_a_convolution() -> None:
    graph = spec.graph(spec.load("examples/conv_formula.yaml"))
    conv = graph.layers[0]
    count = floordiv(H + 2 * p - d * (k - 1) - 1, s) + 1
    assert conv.out_shape[2] == count
    assert dims.format_dim(conv.out_shape[2]) == "floor((H + 2*p - d*(k - 1) - 1)/s) + 1"
    assert Condition(H + 2 * p, ">=", d * (k - 1) + 1) in [q.condition for q in graph.premises]
    assert graph.notes == ("conv has C*M*k**2 + M parameters, which the totals leave out",)


@pytest.mark.parametrize("kernel_size", [2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_general_formula_at_numbers_is_torch(kernel_size: int, padding: int) -> None:
    loaded = spec.load("examples/conv_formula.yaml")
    graph = spec.graph(loaded)
    for stride in (1, 2, 3):
        for dilation in (1, 2):
            numbers = {"k": kernel_size, "p": padding, "s": stride, "d": dilation, "M": 4, "C": 3}
            model = spec.module(loaded, numbers)
            for height, width in ((16, 19), (17, 22)):
                sizes = {**numbers, "N": 2, "H": height, "W": width}
                with torch.no_grad():
                    assert at(graph.output, sizes) == tuple(
                        model(torch.rand(2, 3, height, width)).shape
                    )
                assert graph.holds(sizes)
            assert at(spec.graph(loaded, numbers).output, sizes) == at(graph.output, sizes)


def test_a_formula_is_verified_at_sizes_and_parameters() -> None:
    analysis = shapecalc.analyze("examples/conv_formula.yaml")
    numbers = {"N": 1, "C": 3, "H": 8, "W": 9, "M": 4, "k": 3, "s": 2, "p": 0, "d": 1}
    assert analysis.at(**numbers).output == (1, 4, 1, 2)
    assert analysis.verify(sizes=[numbers, numbers | {"p": 1, "d": 2}])
    assert analysis.verify()


@pytest.mark.parametrize("source", SPECS)
def test_specs_are_verified(source: str | Path) -> None:
    verification = shapecalc.analyze(spec.load(source)).verify(seconds=1)
    assert verification, str(verification)


def test_a_hint_is_found_where_the_first_does_not_fit() -> None:
    text = """
        input: N,1,H,W
        layers:
          - Conv2d: {out_channels: 6, kernel_size: 5}
          - Flatten
          - Linear: {in_features: 600, out_features: 10}
    """
    graph = spec.graph(spec.load(text))
    assert not graph.findings
    assert graph.holds({"N": 1, "H": 14, "W": 14})
    assert not graph.holds({"N": 1, "H": 15, "W": 14})


def test_a_shape_error_is_a_finding_at_its_line() -> None:
    text = "input: N,3,8,8\nlayers:\n  - ReLU\n  - Conv2d: {in_channels: 4, out_channels: 6, kernel_size: 3}"
    graph = spec.graph(spec.load(text))
    (finding,) = graph.findings
    assert str(finding) == (
        "layer 'conv2d': expected input channels 4, got 3\n"
        "  at <text>:4\n"
        "  fix: build the layer with in_channels=3"
    )
    assert [layer.name for layer in graph.layers] == ["relu"]
    assert [(call.name, call.finished) for call in graph.calls] == [
        ("", False), ("relu", True), ("conv2d", False),
    ]  # fmt: skip
    with pytest.raises(shapecalc.errors.ShapeError, match="expected input channels 4, got 3"):
        spec.module(spec.load(text))


def test_a_dict_is_a_spec() -> None:
    loaded = spec.load({"input": ["N", 3, "H", "W"], "layers": [{"Conv2d": {"out_channels": 2, "kernel_size": 3}}]})  # fmt: skip
    assert spec.graph(loaded).output == Shape((N, 2, H - 2, W - 2))


def test_layers_know_their_place_and_sources() -> None:
    graph = spec.graph(spec.load("examples/residual.yaml"))
    by_name = {layer.name: layer for layer in graph.layers}
    conv = by_name["stage1.0.first.conv"]
    assert str(conv.location) == "examples/residual.yaml:9"
    assert graph.calls[conv.call].name == "stage1.0.first.conv"
    added = by_name["stage1.0.add"]
    assert graph.calls[added.call].name == "stage1.0"
    assert [str(s) for s in added.sources] == [
        f"OutputRef(layer={by_name['stage1.0.second.norm'].index}, output=0)",
        f"OutputRef(layer={by_name['relu'].index}, output=0)",
    ]
    for call in graph.calls[1:]:
        parent = graph.calls[call.parent]
        assert call.name.rpartition(".")[0] == parent.name
        assert set(call.layers) <= set(parent.layers)


@pytest.mark.parametrize("name", sorted(set(functions())))
def test_every_function_is_that_of_torch(name: str) -> None:
    function = functions()[name]
    target: Any = torch
    for part in function.target.split(".")[1:]:
        target = getattr(target, part)
    options = {
        "chunk": {"chunks": 2}, "split": {"split_size_or_sections": [1, 3], "dim": 1},
        "reshape": {"shape": [6, -1]}, "unflatten": {"dim": 1, "sizes": [2, 2]},
        "permute": {"dims": [2, 0, 1]}, "transpose": {"dim0": 0, "dim1": -1},
        "movedim": {"source": [0, 1], "destination": [1, 2]}, "squeeze": {"dim": 0},
        "unsqueeze": {"dim": 1}, "narrow": {"dim": 1, "start": 1, "length": 2},
        "select": {"dim": 1, "index": 2}, "flip": {"dims": [0]}, "roll": {"shifts": 2, "dims": 1},
        "logsumexp": {"dim": [0, 1]}, "softmax": {"dim": 1}, "log_softmax": {"dim": 1},
        "pad": {"pad": [1, 2]}, "interpolate": {"scale_factor": 1.5, "mode": "linear"},
        "amax": {"dim": 1}, "mean": {"dim": -1, "keepdim": True},
    }.get(name, {})  # fmt: skip
    shape = [4, 4, 4] if name in ("bmm", "matmul") else [2, 4, 6]
    count = function.operands or 3
    inputs = {f"x{n}": shape for n in range(count)}
    layer = {name: {"inputs": list(inputs), **options}}
    graph = spec.graph(spec.load({"inputs": inputs, "layers": [layer]}))
    values = [torch.rand(shape) for _ in range(count)]
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}
    if name == "split":
        options["split_size_or_sections"] = [1, 3]
    result = target(values, **options) if function.operands is None else target(*values, **options)
    expected = [result] if isinstance(result, torch.Tensor) else list(result)
    assert list(graph.layers[0].out_shapes) == [Shape(value.shape) for value in expected]
    assert graph.layers[0].name == name


# parameters of torch that no spec sets: values of weights, deprecated names, other modules
NOT_IN_SPECS = {
    "_weight", "_freeze", "_random_samples", "min_value", "max_value", "process_group",
    "custom_encoder", "custom_decoder", "size_average", "reduce", "weight", "pos_weight", "device", "dtype", "args", "kwargs",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(modules()))
def test_every_module_has_the_parameters_of_torch(name: str) -> None:
    signature = module_signature(name)
    constructor = getattr(nn, name)
    if name in ("RNN", "LSTM", "GRU"):
        constructor = nn.RNNBase
        assert set(signature.parameters) <= {
            *inspect.signature(constructor).parameters,
            "nonlinearity",
        }
        return
    entries = inspect.signature(constructor).parameters
    known = [n for n in entries if n not in NOT_IN_SPECS]
    assert list(signature.parameters) == known
    for key in known:
        ours, default = signature.parameters[key], entries[key].default
        assert (ours.required or ours.inferred) == (default is inspect.Parameter.empty), key
        if not callable(default) and not (ours.required or ours.inferred):
            assert ours.default == default, key


@pytest.mark.parametrize("name", sorted(modules()))
def test_every_module_reads_as_many_tensors_as_in_torch(name: str) -> None:
    entries = list(inspect.signature(getattr(nn, name).forward).parameters.values())[1:]
    required = [e for e in entries if e.default is e.empty and e.kind is e.POSITIONAL_OR_KEYWORD]
    low, high = operands_of(name)
    assert low == len(required)
    assert high <= len(entries)


def test_reserved_names_are_those_of_modules() -> None:
    attributes = {name for name in dir(nn.Sequential()) if not name.startswith("_")}
    assert attributes == RESERVED


# ---------------------------------------------------------------------------- schema


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_fit_the_schema(path: Path) -> None:
    jsonschema.Draft202012Validator(spec.json_schema()).validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("name", TEXTS)
def test_texts_fit_the_schema(name: str) -> None:
    jsonschema.Draft202012Validator(spec.json_schema()).validate(yaml.safe_load(TEXTS[name]))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(spec.json_schema())


@pytest.mark.parametrize(
    "layer",
    [
        {"Conv2D": {"out_channels": 1, "kernel_size": 1}},
        {"Conv2d": {"out_channels": 1}},
        {"Conv2d": {"out_channels": 1, "kernel_sise": 1}},
        {"Conv2d": {"out_channels": 1, "kernel_size": 1, "stride": -1}},
        {"Conv2d": {"out_channels": 1, "kernel_size": 1, "bias": "maybe not"}},
        {"Conv2d": {"out_channels": 1, "kernel_size": 1}, "ReLU": None},
        {"cat": {"axis": 1}},
        {"Upsample": {"mode": "nearset"}},
        "Conv2d",
        3,
    ],
    ids=str,
)
def test_the_schema_flags_mistakes(layer: Any) -> None:
    validator = jsonschema.Draft202012Validator(spec.json_schema())
    assert not validator.is_valid({"input": "N,3,H,W", "layers": [layer]})


# ---------------------------------------------------------------------------- speed


def test_ten_thousand_layers_take_linear_time() -> None:
    def seconds(layers: int) -> float:
        text = "input: N,3,H,W\nlayers:\n"
        text += "  - Conv2d: {out_channels: 3, kernel_size: 3, padding: 1}\n  - ReLU\n" * (
            layers // 2
        )
        began = time.perf_counter()
        graph = spec.graph(spec.load(text))
        assert len(graph.layers) == layers
        return time.perf_counter() - began

    seconds(100)
    few, many = min(seconds(1_000) for _ in range(3)), seconds(10_000)
    assert many < 25 * few


def test_a_spec_is_analysed_without_torch() -> None:
    code = (
        "import sys; from shapecalc import spec;"
        "g = spec.graph(spec.load('examples/lenet.yaml'));"
        "spec.generate(spec.load('examples/unet.yaml')); spec.json_schema();"
        "assert 'torch' not in sys.modules and 'islpy' not in sys.modules;"
        "assert 'networkx' not in sys.modules; print(g.output)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (found.stdout, found.stderr) == ("(N, 10)\n", "")


def test_place_completes_the_constructors() -> None:
    _, placed = place(spec.load("examples/lenet.yaml"))
    assert placed[3].arguments["in_channels"] == 6
