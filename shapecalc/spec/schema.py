"""The spec language: what a YAML spec says, and the frozen values that it becomes.

    name: LeNet
    input: N,1,32,32                # or `inputs: {image: "N,3,H,W", tokens: "N,T:int64"}`
    layers:
      - Conv2d: {out_channels: 6, kernel_size: 5}
      - ReLU
      - MaxPool2d: {kernel_size: 2}

A layer is a type, or a type with its parameters. A type is a module of `torch.nn`, one of the
functions of torch in `functions.py`, or a block. Parameters have torch's names and defaults;
what follows from the input, such as `in_channels`, may be left out, and is checked where given.
Three more keys are the same everywhere:

    - Conv2d: {name: stem, inputs: [image], out_channels: 8, kernel_size: 3, repeat: 2}

`name` is how others refer to the layer, and its attribute in the module; without it, it is the
type in small letters: `conv2d`, `conv2d_1`. `inputs` are the layers that it reads; without it,
the one before. `input` is what the model or block receives; `lstm.1` is the second output of
`lstm`. A list in the place of the parameters stands for the inputs: `add: [stem, input]`.
`repeat` is a chain of so many copies, named `stem.0`, `stem.1`.

A size is a number, a symbol or a formula: `kernel_size: k`, `out_channels: 4*C`, `stride: [s, 1]`.
A symbol is at least 1; one that a padding is made of is at least 0.

    blocks:
      residual:                     # in small letters; its class is `Residual`
        arguments: [channels]       # or with defaults: {channels: 64, stride: 1}
        layers:
          - Conv2d: {out_channels: channels, kernel_size: 3, padding: 1}
          - add: [conv2d, input]
    layers:
      - residual: {channels: 64, repeat: 3}

A block sees its arguments and nothing else. It may name its `inputs: [query, memory]`, the last
layer is its output unless it says `output: name` or `outputs: [a, b]`, and so may the model, which
may also name them: `outputs: {logits: fc, features: pool}`.

Source:
    https://pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from shapecalc.op import LAYERS, LayerType
from shapecalc.spec.source import Node, Place


@dataclass(frozen=True, slots=True)
class Ref:
    """Output number `output` of the layer or input called `name`."""

    name: str
    output: int = 0

    def __str__(self) -> str:
        return f"{self.name}.{self.output}" if self.output else self.name


Output: TypeAlias = Ref | tuple[Ref, ...] | dict[str, Ref]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One entry of `layers:`. `inputs` is complete, whether the spec says it or not."""

    name: str
    type: str
    parameters: Mapping[str, Node]
    inputs: tuple[Ref, ...]
    repeat: Node | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A list of layers with its own names, the model's own or one of `blocks:`.

    An argument whose default is None has to be given.
    """

    name: str
    inputs: tuple[str, ...]
    layers: tuple[Use, ...]
    output: Output
    arguments: Mapping[str, Node | None] = field(default_factory=dict)

    @property
    def class_name(self) -> str:
        """The name of its class: `ConvBn` for `conv_bn`."""
        return "".join(part[:1].upper() + part[1:] for part in self.name.split("_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A spec without mistakes of its own; whether its shapes fit is for `graph` to say.

    `paddings` are the symbols that a padding is made of, which may be 0.
    """

    name: str
    inputs: Mapping[str, Node]
    model: Block
    blocks: Mapping[str, Block]
    paddings: frozenset[str]
    file: str


# ---------------------------------------------------------------------------- parameters

COMMON = ("name", "inputs", "repeat")
"""What may be said of every layer."""

MINIMUM: Mapping[str, int] = {
    "kernel_size": 1,
    "stride": 1,
    "dilation": 1,
    "groups": 1,
    "in_channels": 1,
    "out_channels": 1,
    "num_groups": 1,
    "num_heads": 1,
    "nhead": 1,
    "num_layers": 1,
    "hidden_size": 1,
    "num_embeddings": 1,
    "embedding_dim": 1,
    "upscale_factor": 1,
    "downscale_factor": 1,
    "output_padding": 0,
    "in_features": 0,
    "out_features": 0,
}
"""The least value of a parameter, in elements or layers."""

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "padding": ("same", "valid"),
    "padding_mode": _PADDING_MODES,
    "nonlinearity": ("tanh", "relu"),
    "activation": ("relu", "gelu"),
    "approximate": ("none", "tanh"),
    "reduction": ("none", "mean", "sum"),
}
"""The words that a parameter may be."""

_MODES: Mapping[str, tuple[str, ...]] = {
    "Upsample": ("nearest", "linear", "bilinear", "bicubic", "trilinear", "nearest-exact"),
    "interpolate": (
        *("nearest", "linear", "bilinear", "bicubic", "trilinear", "nearest-exact", "area"),
    ),
    "pad": ("constant", "reflect", "replicate", "circular"),
    "EmbeddingBag": ("sum", "mean", "max"),
}
WORDS = frozenset(word for words in (*CHOICES.values(), *_MODES.values()) for word in words)
"""All of these words: none of them is ever a symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a spec may write for a parameter.

    `accepts` holds of: size, int, float, bool, str, null; `several` allows a list of them.
    """

    name: str
    accepts: frozenset[str]
    several: bool = False
    required: bool = False
    inferred: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The parameters of a type, in torch's order; None where a block takes anything."""

    type: str
    parameters: Mapping[str, Parameter]

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters that a spec has to give."""
        return tuple(name for name, entry in self.parameters.items() if entry.required)

    @property
    def inferred(self) -> tuple[str, ...]:
        """The parameters that follow from the input; an op has a field of that name."""
        return tuple(name for name, entry in self.parameters.items() if entry.inferred)


@cache
def modules() -> Mapping[str, LayerType]:
    """Return the modules of `torch.nn` that a spec may use, by name.

    Lazy ones are left out, because every module infers its sizes here, and so are those that
    are made of another module.
    """
    return {
        name: layer
        for name, layer in LAYERS.items()
        if name[0].isupper() and not name.startswith("Lazy") and name not in _OF_MODULES
    }


@cache
def module_signature(type_name: str) -> Signature:
    """Return the parameters of a module of `torch.nn`, as its builder has them."""
    entries = list(inspect.signature(modules()[type_name].build).parameters.values())[2:]
    absent = _ABSENT.get(type_name, ())
    return Signature(
        type=type_name,
        parameters={
            entry.name: parameter(type_name, entry)
            for entry in entries
            if entry.name not in absent and entry.annotation != "object"
        },
    )


_OF_MODULES = ("TransformerEncoder", "TransformerDecoder")

# one builder serves several modules, of which not all have these
_ABSENT: Mapping[str, tuple[str, ...]] = {
    "LSTM": ("nonlinearity",),
    "GRU": ("nonlinearity", "proj_size"),
    "RNN": ("proj_size",),
    "LSTMCell": ("nonlinearity",),
    "GRUCell": ("nonlinearity",),
}


def parameter(type_name: str, entry: inspect.Parameter) -> Parameter:
    """Return what a spec may write for a parameter, from its name, annotation and default.

    One that may be None and has no default follows from the input.

    Raises:
        TypeError: the annotation is not one of those known here.
    """
    accepts, several = set[str](), False
    for part in _alternatives(str(entry.annotation)):
        outer, _, inner = part.partition("[")
        try:
            accepts |= _KINDS[outer]
            if outer in _LISTS:
                several = True
                accepts |= {k for word in re.findall(r"\w+", inner) for k in _KINDS[word]}
        except KeyError as error:
            raise TypeError(f"{type_name}.{entry.name}: no value for {entry.annotation}") from error
    missing = entry.default is inspect.Parameter.empty
    inferred = missing and "null" in accepts
    if not missing and entry.default is None:
        accepts.add("null")
    choices = _MODES.get(type_name, ()) if entry.name == "mode" else CHOICES.get(entry.name, ())
    return Parameter(
        name=entry.name,
        accepts=frozenset(accepts),
        several=several,
        required=missing and not inferred,
        inferred=inferred,
        choices=choices if "str" in accepts else (),
        minimum=_minimum(type_name, entry.name),
        default=None if missing else entry.default,
    )


def _minimum(type_name: str, name: str) -> int | None:
    if name == "padding" and re.search("Conv|Pool|old$", type_name):
        return 0  # a padding layer may crop, and then its padding is negative
    return MINIMUM.get(name)


def _alternatives(annotation: str) -> Iterator[str]:
    """Yield the parts of `A | B[C | D]`."""
    depth, start = 0, 0
    for n, letter in enumerate(annotation):
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and depth == 0:
            yield annotation[start:n].strip()
            start = n + 1
    yield annotation[start:].strip()


_KINDS: Mapping[str, set[str]] = {
    "Dim": {"size"},
    "IntoDim": {"size"},
    "PerAxis": {"size"},
    "Sizes": {"size", "null"},
    "Factors": {"float", "null"},
    "int": {"int"},
    "float": {"float"},
    "bool": {"bool"},
    "str": {"str"},
    "None": {"null"},
    "Sequence": set(),
    "tuple": set(),
    "list": set(),
}
_LISTS = frozenset({"PerAxis", "Sizes", "Factors", "Sequence", "tuple", "list"})
