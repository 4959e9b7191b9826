"""What a spec may write for the parameters of a type, read off the builders of the registry."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shapecalc.registry import LAYERS, LayerType

_OPERANDS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("Bilinear", "CosineSimilarity", "PairwiseDistance"), (2, 2)),
    **dict.fromkeys(("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"), (2, 2)),
    **dict.fromkeys(("Transformer", "TransformerDecoderLayer"), (2, 2)),
    **dict.fromkeys(("RNN", "GRU", "RNNCell", "GRUCell", "EmbeddingBag"), (1, 2)),
    "MultiheadAttention": (3, 3),
    **dict.fromkeys(("CosineEmbeddingLoss", "MarginRankingLoss", "TripletMarginLoss"), (3, 3)),
    "GaussianNLLLoss": (3, 3),
    "CTCLoss": (4, 4),
}

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
        if not name.startswith("Lazy") and name not in _OF_MODULES
    }


def operands_of(type_name: str) -> tuple[int, int]:
    """Return how many tensors a module reads, at least and at most."""
    usual = (2, 2) if type_name.endswith("Loss") else (1, 1)
    return _OPERANDS.get(type_name, usual)


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
            if entry.name not in (*absent, *_DEPRECATED) and entry.annotation != "object"
        },
    )


_DEPRECATED = ("size_average", "reduce")
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
