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

A block sees its arguments and nothing else; one whose default is null has to be given. It may
name its `inputs: [query, memory]`. The last layer is its output unless it says `output: name` or
`outputs: [a, b]`; so may the model, which may also name them: `outputs: {logits: fc, mid: pool}`.

Source:
    https://pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from shapecalc.spec.nodes import Node, Place

COMMON = ("name", "inputs", "repeat")
"""What may be said of every layer."""


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
