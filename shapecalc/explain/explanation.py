"""What an explanation consists of: a small tree of values, for renderers to write down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.explain.formula import Number, value_of
from shapecalc.graph import Layer

if TYPE_CHECKING:
    import torch

Index: TypeAlias = tuple[int, ...]

_MOST = 27  # terms of a sum that are written out, as many as a kernel of 3x3x3 has
_HEAD, _TAIL = 6, 3  # of a longer one


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisReads:
    """The indices on one axis of the input from which an element is made.

    Those below 0 and from `size` on are in the padding.
    """

    axis: str
    size: int
    indices: tuple[int, ...]

    @property
    def padding(self) -> tuple[int, ...]:
        """The indices that are outside of the input."""
        return tuple(index for index in self.indices if not 0 <= index < self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A number of a sum, as it is or times a weight.

    One with `left_out` stands for so many terms that are not written out; its value is their sum.
    """

    value: Number
    weight: Number | None = None
    name: str = ""
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Terms and what they come to. `size` is the sum of their magnitudes."""

    name: str
    terms: tuple[Term, ...]
    total: Number
    size: float = 0.0

    @classmethod
    def of(
        cls, name: str, values: torch.Tensor, weights: torch.Tensor | None = None, *, each: str = ""
    ) -> Sum:
        """Return the sum of all elements, with the middle ones left out of a long one.

        `each` is what one of them is called.
        """
        values = values.double().flatten()
        factors = None if weights is None else weights.double().flatten()
        products = values if factors is None else values * factors
        count = values.numel()
        kept = [*range(count)] if count <= _MOST else [*range(_HEAD), *range(count - _TAIL, count)]
        terms = [
            Term(
                value=values[place].item(),
                weight=None if factors is None else factors[place].item(),
                name=f"{each} {place}" if each else "",
            )
            for place in kept
        ]
        if count > _MOST:
            rest = products[_HEAD : count - _TAIL]
            terms.insert(_HEAD, Term(value=rest.sum().item(), left_out=rest.numel()))
        total = products.sum().item()
        return cls(name=name, terms=tuple(terms), total=total, size=products.abs().sum().item())

    @classmethod
    def adding(cls, name: str, terms: Sequence[Term]) -> Sum:
        """Return the sum of terms that have no weights."""
        values = [term.value for term in terms]
        total = math.fsum(values) if all(map(math.isfinite, values)) else sum(values)
        return cls(name=name, terms=tuple(terms), total=total, size=sum(map(abs, values)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is read at once: the elements of one channel under a window, row by row.

    `indices` are those on each of `axes`; `values` has an entry for every element, and so have
    `weights`, where they are multiplied. `chosen` is the place in `values` of the one that wins.
    """

    name: str
    axes: tuple[str, ...]
    sizes: tuple[int, ...]
    indices: tuple[tuple[int, ...], ...]
    values: tuple[Number, ...]
    weights: tuple[Number, ...] | None = None
    chosen: int | None = None
    sum: Sum | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """How many elements there are on each axis."""
        return tuple(map(len, self.indices))

    @property
    def products(self) -> tuple[Number, ...] | None:
        """Every element times its weight."""
        if self.weights is None:
            return None
        return tuple(v * w for v, w in zip(self.values, self.weights, strict=True))

    def place(self, number: int) -> Index:
        """Return the index in the input of element `number`."""
        found = []
        for indices in reversed(self.indices):
            number, along = divmod(number, len(indices))
            found.append(indices[along])
        return tuple(reversed(found))

    def is_padding(self, number: int) -> bool:
        """Tell whether element `number` is outside of the input."""
        places = zip(self.place(number), self.sizes, strict=True)
        return any(not 0 <= index < size for index, size in places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A named number: its formula, the values of the names in it, and what it comes to."""

    name: str
    formula: str
    values: Mapping[str, Number] = field(default_factory=dict)
    value: Number
    meaning: str = ""

    @classmethod
    def of(cls, name: str, formula: str, values: Mapping[str, Number], meaning: str = "") -> Step:
        """Return the step with its value, which is what the formula comes to.

        >>> Step.of("average", "sum/divisor", {"sum": 12, "divisor": 4}).value
        3.0
        """
        found = value_of(formula, values)
        return cls(name=name, formula=formula, values=values, value=found, meaning=meaning)


Part: TypeAlias = Patch | Sum | Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How many weights a layer between two tensors has; their number is a product of `factors`."""

    layer: str
    general: str
    factors: tuple[Dim, ...]
    count: int

    @property
    def formula(self) -> str:
        """The number as a product in the symbols of the model's inputs."""
        texts = ((dims.format_dim(factor), factor.is_Add) for factor in self.factors)
        return "*".join(f"({text})" if is_sum else text for text, is_sum in texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How an element is made: what an explainer returns.

    `size` is the sum of the magnitudes that were added up, by which rounding is judged.
    """

    reads: tuple[AxisReads, ...]
    parts: tuple[Part, ...]
    value: Number
    size: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What one layer does to one element of its output, with the numbers of a real forward pass.

    `value` is made of the numbers in `parts`, in float64; `torch` is what torch has there.
    `records` are the ops of the layer, `input` says where its numbers come from, `weights` how
    many weights it has beside those of other layers between the same two tensors.
    """

    model: str
    layer: str
    kind: str
    records: tuple[Layer, ...]
    sizes: Mapping[str, int]
    input: str
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    element: Index
    reads: tuple[AxisReads, ...]
    parts: tuple[Part, ...]
    value: Number
    torch: Number
    tolerance: float
    weights: tuple[Weights, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether torch has this value, as nearly as its type can hold it."""
        if math.isnan(self.value) or math.isnan(self.torch):
            return math.isnan(self.value) and math.isnan(self.torch)
        if math.isinf(self.value) or math.isinf(self.torch):
            return self.value == self.torch
        return abs(self.value - self.torch) <= self.tolerance

    def __str__(self) -> str:
        from shapecalc.render import explain_text

        return explain_text.explanation(self)
