"""Random sampling: https://pytorch.org/docs/stable/torch.html#random-sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.access import Reads, along
from shapecalc.conditions import require, require_element, require_positive
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.ops.creation import create, like
from shapecalc.ops.pointwise import pointwise
from shapecalc.ops.promotion import result_type
from shapecalc.ops.view import Sizes, as_sizes
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Multinomial(Op):
    """`num_samples` draws from each row of weights.

    Shapes:
        x: (rows, categories) or (categories,)
        output: (rows, num_samples) or (num_samples,)

    Raises:
        RankError: `x` has neither 1 nor 2 axes.
        SizeError: there are fewer categories than draws without replacement, or none.

    Source:
        https://pytorch.org/docs/stable/generated/torch.multinomial.html
    """

    num_samples: Dim
    replacement: bool = False

    def out_shape(self, x: Shape) -> OutShape:
        """Put the number of draws in the place of the categories."""
        require_rank(x, 1, 2, layout="(rows, categories)")
        require_positive(self.num_samples, "num_samples")
        if not self.replacement:
            draws, categories = dims.format_dim(self.num_samples), dims.format_dim(x[-1])
            message = f"{draws} draws without replacement from {categories} categories"
            require(self.num_samples, "<=", x[-1], message)
        require_element(x[-1], x[:-1], "the number of categories")
        return (*x[:-1], self.num_samples)

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a row of weights."""
        (x,) = inputs
        return [along(len(x), [-1])]


@reader("rand", "randn", named=True)
def read_rand(function: str, *size: Any, dtype: str | None = None, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.rand.html"""
    return create(function, options.get("size", as_sizes(size)), dtype)


@reader("randint")
def read_randint(*args: Any, dtype: str | None = None, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.randint.html"""
    # randint(high, size) or randint(low, high, size)
    size: Sizes = options["size"] if "size" in options else args[-1]
    return create("randint", size, dtype or "int64")


@reader("randperm")
def read_randperm(n: IntoDim, *, dtype: str | None = None, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.randperm.html"""
    return create("randperm", (n,), dtype or "int64")


@reader("normal")
def read_normal(
    mean: Operand | float = 0.0,
    std: Operand | float = 1.0,
    size: Sizes | None = None,
    *,
    dtype: str | None = None,
    **options: Any,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.normal.html"""
    if size is not None:
        return create("normal", size, dtype)
    return pointwise("normal", [mean, std], result_type([mean, std]))


@reader("bernoulli", "poisson", "binomial", named=True)
def read_draws(function: str, input: Operand, *args: Any, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.bernoulli.html"""
    others = [value for value in (*args, options.get("p")) if isinstance(value, Operand)]
    if function == "bernoulli" and (args or "p" in options):  # the elements are no probabilities
        return like(function, input, *others)
    return pointwise(function, [input, *others], input.dtype)


@reader(
    *("Tensor.normal_", "uniform", "exponential", "geometric", "cauchy", "log_normal", "random"),
    named=True,
)
def read_fill_with_draws(function: str, input: Operand, *args: Any, **options: Any) -> Call:
    """https://pytorch.org/docs/stable/torch.html#in-place-random-sampling"""
    return like(function, input)


@reader("multinomial")
def read_multinomial(
    input: Operand,
    num_samples: IntoDim,
    replacement: bool = False,
    *,
    generator: object = None,
    out: Operand | None = None,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.multinomial.html"""
    op = Multinomial(num_samples=dims.as_dim(num_samples), replacement=replacement)
    return Call(op, (input,), "int64")
