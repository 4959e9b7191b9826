"""Habits of real code, each traced and compared with the real model at several sizes."""

from __future__ import annotations

import copy
import functools
import math
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from shapecalc import analyze, dims
from shapecalc.dims import Shape
from shapecalc.graph import LayerGraph
from shapecalc.inputs import parse_inputs
from shapecalc.trace.run import explore

IMAGE = "N,3,H,W"
SIZES = [{"N": 2, "H": 16, "W": 20}, {"N": 3, "H": 17, "W": 14}, {"N": 1, "H": 9, "W": 33}]


# ---------------------------------------------------------------------------- how to compare


def traced(model: nn.Module, *patterns: Any, at: dict[str, int], train: bool = False) -> LayerGraph:
    return explore(model, parse_inputs(patterns, {}), at, train=train)


def shapes_of(value: Any) -> list[tuple[int, ...]]:
    """Return the shapes of all tensors of a nested value, or what a graph says of them."""
    if isinstance(value, torch.Tensor):
        return [tuple(value.shape)]
    if isinstance(value, Shape):
        return [tuple(value)]
    if isinstance(value, dict):
        value = list(value.values())
    if hasattr(value, "__dataclass_fields__"):
        value = [getattr(value, name) for name in value.__dataclass_fields__]
    if isinstance(value, (tuple, list)):
        return [shape for entry in value for shape in shapes_of(entry)]
    return []


def real(model: nn.Module, pattern: Any, sizes: dict[str, int]) -> Any:
    """Return a tensor, or tensors nested as the pattern is."""
    if isinstance(pattern, dict):
        return {key: real(model, inner, sizes) for key, inner in pattern.items()}
    if isinstance(pattern, (tuple, list)):
        return type(pattern)(real(model, inner, sizes) for inner in pattern)
    (read,) = parse_inputs((pattern,), {}).all()
    shape = [dims.evaluate(dim, sizes) for dim in read.shape]
    if read.dtype == "int64":
        return torch.zeros(shape, dtype=torch.int64)
    return torch.rand(shape)


def state(model: nn.Module) -> dict[str, Any]:
    """Return what a forward must not have changed: attributes, hooks and tensors."""
    found = {}
    for name, module in model.named_modules():
        for key, value in vars(module).items():
            copied = dict(value) if isinstance(value, dict) else value
            found[f"{name}:{key}"] = list(copied) if isinstance(copied, list) else copied
    return found


def compare(
    model: nn.Module,
    *patterns: Any,
    sizes: list[dict[str, int]] = SIZES,
    general: bool = True,
    train: bool = False,
) -> LayerGraph:
    """Trace at every size, and compare each graph with the model wherever it holds.

    `general` says that the first graph holds at all of the sizes.
    """
    model.train(train)
    before, tensors = state(model), copy.deepcopy(model.state_dict())
    graphs = [traced(model, *patterns, at=at, train=train) for at in sizes]
    assert state(model) == before
    for name, value in model.state_dict().items():
        assert torch.equal(value, tensors[name]), name
    for graph, at in zip(graphs, sizes, strict=True):
        assert not graph.findings, graph.findings[0]
        assert graph.holds(at)
        assert [str(layer) for layer in graph.layers if layer.label != "proved"] == []
    for at in sizes:
        with torch.no_grad():
            inputs = [real(model, pattern, at) for pattern in patterns]
            expected = shapes_of(model.train(train)(*inputs))
        holding = [graph for graph in graphs if graph.holds(at)]
        assert graphs[0] in holding or not general, graphs[0].premises
        for graph in holding:
            got = [
                tuple(dims.evaluate(dims.as_dim(dim), at) for dim in shape)
                for shape in shapes_of(graph.output)
            ]
            assert got == expected, at
    return graphs[0]


def module(forward: Any, **children: Any) -> nn.Module:
    """Return a module with these children, whose forward is a function of it and the inputs."""

    class Habit(nn.Module):
        def forward(self, *inputs: Any) -> Any:
            return forward(self, *inputs)

    habit = Habit()
    for name, child in children.items():
        setattr(habit, name, child)
    return habit


def conv(**options: Any) -> nn.Conv2d:
    return nn.Conv2d(3, 8, 3, **{"stride": 2, "padding": 1, **options})


# ---------------------------------------------------------------------------- around the ops


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return torch.cat([x, x], dim=1)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return grads[0].chunk(2, 1)[0]


class Newer(torch.autograd.Function):
    @staticmethod
    def forward(x: torch.Tensor, factor: int) -> torch.Tensor:
        return x.repeat(1, factor, 1, 1)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.factor = inputs[1]


def autocast(self: Any, x: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        return self.conv(x)


def without_autocast(self: Any, x: torch.Tensor) -> torch.Tensor:
    with torch.amp.autocast(device_type=x.device.type, enabled=False):
        return self.conv(x.float())


def reentrant(self: Any, x: torch.Tensor) -> torch.Tensor:
    return checkpoint(self.conv, x, use_reentrant=True)


def not_reentrant(self: Any, x: torch.Tensor) -> torch.Tensor:
    return checkpoint(lambda y: self.conv(y).relu(), x, use_reentrant=False)


def in_segments(self: Any, x: torch.Tensor) -> torch.Tensor:
    return checkpoint_sequential(self.steps, 2, x, use_reentrant=False)


AROUND = {
    "autocast": module(autocast, conv=conv()),
    "autocast off": module(without_autocast, conv=conv()),
    "checkpoint, reentrant": module(reentrant, conv=conv()),
    "checkpoint, not reentrant": module(not_reentrant, conv=conv()),
    "checkpoint_sequential": module(in_segments, steps=nn.Sequential(conv(), nn.ReLU())),
    "autograd.Function": module(lambda self, x: Doubled.apply(self.conv(x)), conv=conv()),
    "autograd.Function with setup_context": module(lambda self, x: Newer.apply(x, 2)),
    "weight_norm": module(lambda self, x: self.conv(x), conv=parametrizations.weight_norm(conv())),
    "spectral_norm": module(
        lambda self, x: self.conv(x), conv=parametrizations.spectral_norm(conv())
    ),
    "orthogonal": module(
        lambda self, x: self.linear(x.mean((2, 3))),
        linear=parametrizations.orthogonal(nn.Linear(3, 5)),
    ),
    "no_grad": module(lambda self, x: torch.no_grad()(self.conv)(x), conv=conv()),
    "functional_call": module(
        lambda self, x: torch.func.functional_call(
            self.conv, dict(self.conv.named_parameters()), x
        ),
        conv=conv(),
    ),
}


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("name", AROUND)
def test_what_stands_around_the_ops(name: str) -> None:
    compare(AROUND[name], IMAGE)


def test_old_parametrisations() -> None:
    with pytest.warns(FutureWarning):
        model = module(lambda self, x: self.conv(x), conv=nn.utils.weight_norm(conv()))
    compare(model, IMAGE)
    model = module(lambda self, x: self.conv(x), conv=nn.utils.spectral_norm(conv()))
    compare(model, IMAGE)
    compare(model, IMAGE, train=True)


# ---------------------------------------------------------------------------- containers


@dataclass
class Features:
    low: torch.Tensor
    high: torch.Tensor | None = None


class Pair(NamedTuple):
    low: torch.Tensor
    high: torch.Tensor


OUTPUTS = {
    "dataclass": lambda self, x: Features(x, self.conv(x)),
    "dataclass with None": lambda self, x: Features(self.conv(x)),
    "named tuple": lambda self, x: Pair(x, self.conv(x)),
    "dict": lambda self, x: {"low": x, "all": [x, {"high": self.conv(x)}], "none": None},
    "OrderedDict": lambda self, x: OrderedDict(low=x, high=self.conv(x)),
    "list": lambda self, x: [x[..., n::2] for n in range(2)],
    "number beside": lambda self, x: (self.conv(x), 3, "text"),
    "split": lambda self, x: self.conv(x).chunk(2, dim=1),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_nested_outputs(name: str) -> None:
    compare(module(OUTPUTS[name], conv=conv()), IMAGE)


def test_nested_inputs() -> None:
    model = module(lambda self, pyramid, more: pyramid["low"] + pyramid["both"][1] + more[0][0])
    pyramid = {"low": IMAGE, "both": [IMAGE, "N,1,H,W"]}
    compare(model, pyramid, [(IMAGE,)])


def test_containers_between_modules() -> None:
    inner = module(lambda self, found: Features(found["x"], self.conv(found["x"])), conv=conv())

    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        found = self.inner({"x": x})
        return F.interpolate(found.high, size=found.low.shape[-2:])

    compare(module(forward, inner=inner), IMAGE)


# ---------------------------------------------------------------------------- sizes as numbers


def same_padded(x: torch.Tensor, kernel: int = 3, stride: int = 2) -> torch.Tensor:
    """Pad as TensorFlow does."""
    height, width = x.shape[-2:]
    high = max((math.ceil(height / stride) - 1) * stride + kernel - height, 0)
    wide = max((math.ceil(width / stride) - 1) * stride + kernel - width, 0)
    return F.pad(x, [wide // 2, wide - wide // 2, high // 2, high - high // 2])


def padded_to_a_multiple(self: Any, x: torch.Tensor) -> torch.Tensor:
    height, width = x.size()[2:]
    return F.pad(x, (0, (8 - width % 8) % 8, 0, (8 - height % 8) % 8))


def matched(self: Any, x: torch.Tensor) -> torch.Tensor:
    y = self.up(self.conv(x))
    if y.shape[2:] != x.shape[2:]:
        y = F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=False)
    return x.mean(1, keepdim=True) + y


def squared(self: Any, x: torch.Tensor) -> torch.Tensor:
    height, width = x.shape[-2:]
    side = max(height, width)
    return F.pad(x, (0, side - width, 0, side - height))


GENERAL = {
    "math.ceil": lambda self, x: F.adaptive_avg_pool2d(x, (math.ceil(x.shape[2] / 2), 4)),
    "math.floor": lambda self, x: x[:, :, : math.floor(x.shape[2] / 3)],
    "rounded half": lambda self, x: x[..., : (x.shape[-1] + 1) // 2],
    "divmod": lambda self, x: x[:, :, : divmod(x.shape[2], 3)[0]],
    "bits": lambda self, x: x[..., : x.shape[3] & -4][..., : x.shape[3] >> 1],
    "negative index": lambda self, x: x[:, :, -(x.shape[2] // 2) :],
    "max_pool2d": lambda self, x: F.max_pool2d(x, 2),
    "max_pool2d with indices": lambda self, x: F.max_pool2d(x, 2, return_indices=True),
    "adaptive with None": lambda self, x: F.adaptive_max_pool2d(x, (None, 2)),
    "flatten": lambda self, x: x.view(x.size(0), -1),
    "tokens": lambda self, x: x.flatten(2).transpose(1, 2).contiguous(),
    "shape unpacked": lambda self, x: x.new_zeros(*x.shape[:2], sum(x.shape[2:])),
    "torch.Size added": lambda self, x: x.new_ones(x.shape[:1] + torch.Size([7]) + x.shape[2:]),
    "numel": lambda self, x: x.reshape(x.numel() // x.shape[0], x.shape[0]),
    "positions": lambda self, x: torch.arange(x.shape[2], device=x.device)[None] + x[:, 0, 0, :1],
    "meshgrid": lambda self, x: torch.stack(
        torch.meshgrid(*(torch.linspace(0, 1, n) for n in x.shape[2:]), indexing="ij")
    ),
    "f-string": lambda self, x: x if f"{x.shape[1]}" == "3" else x[:, :1],
    "mask by comparison": lambda self, x: x * (torch.arange(x.shape[3]) < x.shape[3] // 2),
    "masked_fill": lambda self, x: x.masked_fill(torch.ones(x.shape[-2:]).triu(1).bool(), 0.0),
    "where": lambda self, x: torch.where(x > 0.5, x, x.new_tensor(0.0)),
}


@pytest.mark.parametrize("name", GENERAL)
def test_arithmetic_on_sizes_stays_general(name: str) -> None:
    compare(module(GENERAL[name], conv=conv()), IMAGE)


BY_CASES = {
    "min of sizes": lambda self, x: x[:, :, : min(x.shape[2], x.shape[3])],
    "int of a quotient": lambda self, x: x[..., : int(x.shape[-1] / 3)],
    "int of a half": lambda self, x: x[..., : int(x.shape[-1] * 0.5)],
    "TensorFlow's padding": lambda self, x: self.conv(same_padded(x)),
    "padded to a multiple": padded_to_a_multiple,
    "sizes compared": matched,
    "padded to a square": squared,
    "range of a size": lambda self, x: torch.stack([x[:, :, n].mean() for n in range(x.shape[2])]),
    "int of an odd factor": lambda self, x: x[..., : int(x.shape[-1] * 0.3)],
    "round": lambda self, x: x[..., : round(x.shape[-1] * 0.3)],
    "a negative power": lambda self, x: x * x.shape[-1] ** -0.5,
    "square root": lambda self, x: x[..., : int(math.sqrt(x.shape[-1]))],
    "a branch on a size": lambda self, x: x[:, :, ::2] if x.shape[2] > 16 else x,
    "a branch on parity": lambda self, x: x[:, :, 1:] if x.shape[2] % 2 else x,
    "a size as a key": lambda self, x: x[..., : {16: 1, 17: 2}.get(x.shape[2], 3)],
    "a size in a set": lambda self, x: x if x.shape[2] in {16, 9} else x[:, :1],
    "a loop until": lambda self, x: halved(x),
    "iteration": lambda self, x: torch.cat([row.mean((0, 1, 2))[None] for row in x]),
    "len": lambda self, x: [x[n] for n in range(len(x))],
    "unbind": lambda self, x: sum(x.unbind(2)),
    "split in pieces": lambda self, x: [piece.sum(2) for piece in x.split(4, dim=2)],
}


def halved(x: torch.Tensor) -> torch.Tensor:
    while x.shape[-1] > 8:
        x = F.avg_pool2d(x, 2)
    return x


@pytest.mark.parametrize("name", BY_CASES)
def test_choices_on_sizes_hold_where_they_were_made(name: str) -> None:
    up = nn.ConvTranspose2d(8, 1, 2, 2)
    compare(module(BY_CASES[name], conv=conv(), up=up), IMAGE, general=False)


@functools.lru_cache
def grid(height: int, width: int) -> torch.Tensor:
    return torch.zeros(1, 1, height, width)


TABLES: dict[Any, torch.Tensor] = {"kept": torch.zeros(3)}


def looked_up(x: torch.Tensor) -> torch.Tensor:
    size = x.shape[-2:]
    if size not in TABLES:
        TABLES[size] = torch.zeros(size)
    return x + TABLES[size]


@functools.lru_cache
def grids(shapes: tuple[tuple[int, int], ...], *, fill: float) -> list[torch.Tensor]:
    return [torch.full((1, 1, *shape), fill) for shape in shapes]


def test_caches_keyed_by_nested_sizes_keep_no_symbol() -> None:
    model = module(lambda self, x: x + grids((tuple(x.shape[-2:]), (1, 1)), fill=0.5)[0])
    compare(model, IMAGE, general=False)
    traced(model, IMAGE, at={"N": 2, "H": 5, "W": 7})
    assert type(grids(((5, 7), (1, 1)), fill=0.5)[0]) is torch.Tensor


def test_checks_of_values_are_no_choices() -> None:
    def checked(self: nn.Module, x: torch.Tensor) -> torch.Tensor:
        torch._check_tensor_all(x == x, lambda: "not a number")
        torch._assert(x.sum() > -1e9, "too small")
        return x.flatten(1)

    compare(module(checked), IMAGE)


def test_caches_keyed_by_sizes_keep_no_symbol() -> None:
    compare(module(lambda self, x: x + grid(*x.shape[-2:])), IMAGE, general=False)
    traced(module(lambda self, x: x + grid(*x.shape[-2:])), IMAGE, at={"N": 2, "H": 5, "W": 7})
    assert type(grid(5, 7)) is torch.Tensor
    compare(module(lambda self, x: looked_up(x)), IMAGE, general=False)
    traced(module(lambda self, x: looked_up(x)), IMAGE, at={"N": 2, "H": 5, "W": 7})
    assert [type(table) for table in TABLES.values()] == [torch.Tensor] * (1 + len(SIZES))


# ---------------------------------------------------------------------------- what depends on data


def test_item_in_a_size() -> None:
    graph = traced(module(lambda self, x, n: x[:, : n.max().item()]), IMAGE, "N:int64", at=SIZES[0])
    assert not graph.findings
    assert [str(dim) for dim in graph.output] == ["N", str(graph.output[1]), "H", "W"]


def test_item_in_a_condition() -> None:
    model = module(lambda self, x: x if x.sum().item() > 0 else x[:, :1])
    graph = traced(model, IMAGE, at=SIZES[0])
    assert not graph.findings
    batch, channels, *_ = graph.output
    assert (str(batch), str(channels)) == ("N", "u0")  # 1 or 3
    assert any("data decide whether a tensor is true" in note for note in graph.notes)


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: bool(x.any()),
        lambda x: float(x.mean()),
        lambda x: x[0, :, 0, 0].tolist(),
        lambda x: torch.equal(x, x + 1) and x,
        lambda x: torch.allclose(x, x) and x,
        lambda x: 1.0 in x,
    ],
)
def test_what_nothing_hangs_on_changes_nothing(ask: Any) -> None:
    graph = traced(module(lambda self, x: (ask(x), x)[1]), IMAGE, at=SIZES[0])
    assert not graph.findings
    assert [str(size) for size in graph.output] == ["N", "3", "H", "W"]


@pytest.mark.parametrize("ask", [lambda x: x.numpy(), lambda x: complex(x.mean() + 0j)])
def test_values_are_never_made_up(ask: Any) -> None:
    graph = traced(module(lambda self, x: (ask(x), x)[1]), IMAGE, at=SIZES[0])
    assert [finding.kind for finding in graph.findings] == ["data"]


def test_boolean_masks() -> None:
    graph = traced(module(lambda self, x: x[x > 0.5]), IMAGE, at=SIZES[0])
    assert not graph.findings
    (size,) = graph.output
    assert str(size) not in ("N", "H", "W")
    compare(module(lambda self, x: put(x)), IMAGE)
    first = module(lambda self, x: x[x[:, 0, 0, 0] > 0.5])
    rows = traced(first, IMAGE, at=SIZES[0]).output
    assert [str(dim) for dim in rows[1:]] == ["3", "H", "W"]


def test_masks_that_are_written_down() -> None:
    compare(module(lambda self, x: x[:, [True, False, True]]), IMAGE)


def test_packed_sequences() -> None:
    def encode(self: Any, x: torch.Tensor) -> list[torch.Tensor]:
        lengths = torch.arange(x.shape[0]).clamp(1, 9)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, (state, _) = self.lstm(packed)
        padded, lengths = pad_packed_sequence(out, batch_first=True)
        return [padded[:, 0], state, lengths]

    compare(module(encode, lstm=nn.LSTM(3, 5, 2, bidirectional=True)), "N,H,3")


def test_floats_of_sizes() -> None:
    compare(module(lambda self, x: torch.arange(x.shape[2] / 2) * (x.shape[3] * 0.5)), IMAGE)


def put(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[y > 0.5] = 0.0
    y[:, 0] = 1.0
    y[..., :2] += x[..., :2]
    return y


def test_scripted_modules_are_measured() -> None:
    with warnings.catch_warnings(action="ignore"):
        scripted = torch.jit.script(nn.Sequential(nn.Softmax(1), nn.Sigmoid()))
    graph = traced(module(lambda self, x: scripted(x)), IMAGE, at=SIZES[0])
    assert not graph.findings
    assert graph.output == Shape(dims.symbol(n) if n != "3" else 3 for n in ("N", "3", "H", "W"))
    assert [str(layer.label) for layer in graph.layers] == ["probed"]


def test_what_cannot_be_followed_is_said() -> None:
    wrap = torch._C._functorch._add_batch_dim
    graph = traced(module(lambda self, x: wrap(x, 0, 1) + 1), IMAGE, at=SIZES[0])
    (finding,) = graph.findings
    assert finding.kind == "forward"


def test_copies() -> None:
    compare(module(lambda self, x: [copy.deepcopy(x), x.clone(), x.data]), IMAGE)
    graph = traced(module(lambda self, x: copy.copy(x)), IMAGE, at=SIZES[0])
    assert [str(dim) for dim in graph.output] == ["N", "3", "H", "W"]


def test_nonzero_leads_to_its_own_size() -> None:
    graph = traced(module(lambda self, x: (x > 0).nonzero()), IMAGE, at=SIZES[0])
    assert not graph.findings
    assert [str(dim) for dim in graph.output][1] == "4"


# ---------------------------------------------------------------------------- modules


def in_place(self: Any, x: torch.Tensor) -> torch.Tensor:
    y = self.conv(x)
    y += 1
    y.mul_(2).add_(y).clamp_(min=0)
    y.unsqueeze_(1)
    F.relu(y, inplace=True)
    return y.squeeze_(1)


class Counting(nn.Module):
    """Updates buffers and attributes in its forward."""

    steps: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(3))
        self.norm = nn.BatchNorm2d(3)
        self.seen: list[Any] = []
        self.last: Any = None
        self.table: dict[str, Any] = {"x": None}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.steps += 1
        self.mean.mul_(0.9).add_(x.mean((0, 2, 3)), alpha=0.1)
        self.mean.copy_(x.mean((0, 2, 3)))
        self.mean = 0.5 * self.mean
        self.seen.append(x)
        self.table["x"] = x
        self.last = x
        return self.norm(x) * self.steps


class Failing(Counting):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) @ torch.ones(x.shape[3] + 1, 5)


def test_in_place_ops() -> None:
    compare(module(in_place, conv=conv()), IMAGE)


def test_buffers_are_left_as_they_were() -> None:
    compare(Counting(), IMAGE)
    compare(Counting(), IMAGE, train=True)


def test_a_model_is_left_as_it_was_after_an_error() -> None:
    model = Failing()
    fired: list[str] = []
    handle = model.norm.register_forward_hook(lambda *_: fired.append("hook"))
    model.train()
    before, tensors = state(model), copy.deepcopy(model.state_dict())
    assert traced(model, IMAGE, at=SIZES[0]).findings
    assert state(model) == before
    assert all(torch.equal(value, tensors[name]) for name, value in model.state_dict().items())
    assert model.training
    assert fired
    handle.remove()
    assert not model.norm._forward_hooks


def test_hooks_run_and_stay() -> None:
    model = module(lambda self, x: self.conv(x), conv=conv())
    caught: list[Any] = []
    model.conv.register_forward_pre_hook(lambda _, args: (args[0][..., 1:],))
    model.conv.register_forward_hook(lambda *args: caught.append(args[2]))
    model.conv.register_forward_hook(lambda *args: args[2][:, :4])
    compare(model, IMAGE)
    assert len(model.conv._forward_hooks) == 2
    assert len(model.conv._forward_pre_hooks) == 1


def test_shared_modules_and_repeated_calls() -> None:
    shared = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        for block in (self.first, self.second, self.first):
            x = x + block(x)
        return x

    model = module(forward, conv=conv(), first=shared, second=nn.Sequential(shared, nn.ReLU()))
    graph = compare(model, IMAGE)
    assert sum(layer.kind == "Conv2d" for layer in graph.layers) == 5 - 1
    assert graph.parameters == sum(p.numel() for p in model.parameters())


def test_functional_weights() -> None:
    class Weights(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(8, 3, 3, 3))
            self.scale = nn.ParameterList([nn.Parameter(torch.ones(8, 1, 1))])
            self.head = nn.ParameterDict({"w": nn.Parameter(torch.rand(5, 8))})

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = F.conv2d(x, self.weight.flip(-1), padding=1) * self.scale[0].abs()
            return F.linear(x.mean((2, 3)), self.head["w"] @ torch.eye(8))

    compare(Weights(), IMAGE)


def test_weights_made_from_the_input() -> None:
    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        batch, channels, height, width = x.shape
        kernels = self.linear(x.mean((2, 3))).view(batch * channels, 1, 3, 3)
        x = x.reshape(1, batch * channels, height, width)
        return F.conv2d(x, kernels, padding=1, groups=batch * channels).view(
            batch, channels, height, width
        )

    compare(module(forward, linear=nn.Linear(3, 27)), IMAGE)


def test_random_depth_and_dropout_in_training() -> None:
    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            keep = torch.rand(x.shape[0], 1, 1, 1, device=x.device)
            x = x.div(0.9) * (keep + 0.9).floor_()
        return self.drop(x)

    compare(module(forward, drop=nn.Dropout(0.5)), IMAGE, train=True)
    compare(module(forward, drop=nn.Dropout(0.5)), IMAGE)


def test_lazy_modules() -> None:
    """A lazy layer takes the sizes of its first input."""
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.AdaptiveAvgPool2d(2))
    model.append(nn.Flatten()).append(nn.LazyLinear(7))
    graph = traced(model, IMAGE, at=SIZES[0])
    assert not graph.findings
    assert [str(dim) for dim in graph.output] == ["N", "7"]
    assert nn.parameter.is_lazy(model[-1].weight)


def test_modules_in_plain_lists_and_dicts() -> None:
    steps = nn.ModuleDict({"one": conv(), "two": nn.Conv2d(8, 8, 3, padding=1)})
    layers = nn.ModuleList([nn.ReLU(), nn.Identity()])

    def forward(self: Any, x: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for _, step in self.steps.items():
            x = step(x)
            found.append(x)
        for layer in self.layers[::-1]:
            x = layer(x)
        return [*found, x]

    compare(module(forward, steps=steps, layers=layers), IMAGE)


def test_recurrent_state_over_time() -> None:
    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        state = None
        for step in x.split(1, dim=1):
            state = self.cell(step.squeeze(1), state)
        return state

    sizes = [{"N": 2, "T": 4}, {"N": 3, "T": 6}]
    cell = nn.GRUCell(3, 5)
    compare(module(forward, cell=cell), "N,T,3", sizes=sizes, general=False)
    compare(nn.LSTM(3, 5, batch_first=True, bidirectional=True), "N,T,3", sizes=sizes)


def test_embeddings_and_positions() -> None:
    def forward(self: Any, tokens: torch.Tensor) -> torch.Tensor:
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.token(tokens) + self.position(positions)
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        return self.layer(x, src_mask=mask, is_causal=True)

    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    token, position = nn.Embedding(10, 8), nn.Embedding(50, 8)
    sizes = [{"N": 2, "T": 5}, {"N": 3, "T": 7}]
    compare(module(forward, layer=layer, token=token, position=position), "N,T:int64", sizes=sizes)


# ---------------------------------------------------------------------------- order in memory


@pytest.mark.parametrize(
    ("function", "refused"),
    [
        (lambda self, x: x.transpose(1, 2).view(x.shape[0], -1), True),
        (lambda self, x: x.permute(0, 2, 3, 1).view(x.shape[0], -1, 3), False),
        (lambda self, x: x.permute(0, 3, 2, 1).view(x.shape[0], -1, 3), True),
        (lambda self, x: x.transpose(1, 2).contiguous().view(x.shape[0], -1), False),
        (lambda self, x: x.transpose(1, 2).transpose(1, 2).view(x.shape[0], -1), False),
        (lambda self, x: x.transpose(1, 2).reshape(x.shape[0], -1), False),
    ],
)
def test_a_view_that_the_order_in_memory_refuses_is_said(function: Any, refused: bool) -> None:
    model = module(function)
    assert analyze(model, IMAGE).sizes.contains(N=2, H=5, W=7) is not refused
    if refused:
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            model(torch.rand(2, 3, 5, 7))
    else:
        model(torch.rand(2, 3, 5, 7))
