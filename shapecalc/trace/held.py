"""Values that hang on sizes alone: of tensors that a model makes itself, such as `torch.ones`.

How such a tensor was made is kept. Where Python asks for its values, it is computed for real at
the hint, and what it hangs on is pinned there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils import _pytree as pytree

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.errors import DataDependentError
from shapecalc.trace.symbolic_tensor import SymbolicTensor, tensors_in

if TYPE_CHECKING:
    from shapecalc.trace.path_conditions import PathConditions

_LARGEST = 1 << 20  # elements of a tensor that is computed
_OF_SHAPE = {
    "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
}  # fmt: skip
_COUNTED_BY_OTHERS = {"__getitem__", "masked_select", "repeat_interleave"}
# what nobody knows beforehand, and what is never initialised
_UNKNOWABLE = {
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal",
    "bernoulli", "multinomial", "poisson", "dropout", "uniform", "exponential", "random",
    "log_normal", "geometric", "cauchy", "binomial", "gumbel_softmax", "empty", "empty_like",
    "new_empty", "empty_strided", "new_empty_strided", "rrelu",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """How a tensor was made: by which call, as which of its outputs, and of which sizes.

    It is `valueless` where a constant of the model on the meta device went into it.
    """

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: int
    in_place: bool
    hangs_on: frozenset[Dim]
    valueless: bool


@dataclass(frozen=True, slots=True)
class _Shaped:
    """A tensor of which the shape alone counts."""

    shape: Shape
    dtype: torch.dtype


def follow(
    func: Callable[..., Any],
    name: str,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    outputs: Sequence[SymbolicTensor],
    *,
    in_place: bool,
) -> None:
    """Note of the outputs of a call how they were made, where that hangs on sizes alone."""
    plain = name.rpartition(".")[2]
    if plain.rstrip("_") in _UNKNOWABLE or "out" in kwargs:
        return
    symbolic = (x for x in tensors_in((args, kwargs)) if isinstance(x, SymbolicTensor))
    if plain not in _OF_SHAPE and any(x.made is None for x in symbolic):
        return  # most calls, and it spares them the rest
    given = _kept((args, dict(kwargs)), only_shapes=plain in _OF_SHAPE)
    if given is None:
        return
    for number, output in enumerate(outputs):
        output.made = _made(func, given, number, in_place=in_place)


def counted(
    path: PathConditions, func: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: Any
) -> list[torch.Size] | None:
    """Return the shapes that come out of a call whose counts hang on sizes alone, at the hint."""
    first = args[0] if args else None
    if name.rpartition(".")[2] in _COUNTED_BY_OTHERS and isinstance(first, SymbolicTensor):
        rest = _kept((args[1:], dict(kwargs)))
        given = rest and ((_Shaped(first.shape_, first.dtype_), *rest[0]), rest[1])
    else:
        given = _kept((args, dict(kwargs)))
    if given is None:
        return None
    made = _made(func, given, 0, in_place=False)
    result = _computed_of(path, made)
    if result is None:
        return None
    return [leaf.shape for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]


def values(path: PathConditions, x: SymbolicTensor, *, number: bool = True) -> torch.Tensor | None:
    """Return the values of a tensor at the hint, and pin there what they hang on; None for data.

    A `number` is wanted, not a truth that may decide nothing.
    """
    if x.made is None:
        return None
    result = _computed_of(path, x.made)
    path.choices.wanted |= number and path.choices.held
    return None if result is None else _output(result, x.made)


def _made(func: Callable[..., Any], given: Any, number: int, *, in_place: bool) -> Made:
    leaves = pytree.tree_leaves(given)
    return Made(
        func=func,
        args=given[0],
        kwargs=given[1],
        output=number,
        in_place=in_place,
        hangs_on=frozenset(symbol for leaf in leaves for symbol in _sizes_of(leaf)),
        valueless=any(_is_valueless(leaf) for leaf in leaves),
    )


def _is_valueless(leaf: Any) -> bool:
    if isinstance(leaf, Made):
        return leaf.valueless
    return isinstance(leaf, torch.Tensor) and leaf.device.type == "meta"


def without_values() -> DataDependentError:
    """Return the error of a question for the value of a constant that has none."""
    return DataDependentError(
        "the value of a constant is needed, which has none on the meta device: "
        "build the model with values"
    )


def _computed_of(path: PathConditions, made: Made) -> Any:
    """Compute a call for real; None where data are in it, or it is too large.

    Raises:
        DataDependentError: a constant without values is in it.
    """
    if made.valueless:
        raise without_values()
    choices = path.choices
    if any(str(symbol) in path.fresh for symbol in made.hangs_on):
        return None
    choices.held = True
    if not choices.pins:
        return None
    try:
        with torch._C.DisableTorchFunction(), torch.device("cpu"):
            result = _called(made, path.hint, {})
    except Exception:  # whatever torch raises: these values are not known
        return None
    for symbol in sorted(made.hangs_on, key=str):
        path.pin(symbol)
    return result


def _called(made: Made, hint: Mapping[str, int], known: dict[int, Any]) -> Any:
    def concrete(leaf: Any) -> Any:
        match leaf:
            case Made():
                if id(leaf) not in known:
                    known[id(leaf)] = _output(_called(leaf, hint, known), leaf)
                return known[id(leaf)]
            case _Shaped():
                size = [dims.evaluate(dim, hint) for dim in leaf.shape]
                return torch.zeros(size, dtype=leaf.dtype)
            case torch.SymInt():
                return dims.evaluate(leaf.node.expr, hint)
            case torch.SymFloat():
                return leaf.node.double
            case torch.SymBool():
                raise TypeError("a comparison that nobody has decided")
            case torch.device():
                return torch.device("cpu")
            case slice():
                return slice(concrete(leaf.start), concrete(leaf.stop), concrete(leaf.step))
        return leaf

    args, kwargs = pytree.tree_map(concrete, (made.args, dict(made.kwargs)))
    if made.in_place:
        args = (args[0].clone(), *args[1:])
    result = made.func(*args, **kwargs)
    result = args[0] if result is None else result
    sizes = [x.numel() for x in pytree.tree_leaves(result) if isinstance(x, torch.Tensor)]
    if sum(sizes) > _LARGEST:
        raise MemoryError("too large to be computed")
    return result


def _output(result: Any, made: Made) -> torch.Tensor:
    leaves = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]
    return leaves[made.output]


class _UnknownError(Exception):
    """A tensor whose values hang on data."""


def _kept(given: tuple[Any, Any], *, only_shapes: bool = False) -> Any:
    """Return arguments with what is known of their tensors, None where data are among them."""

    def keep(leaf: Any) -> Any:
        if isinstance(leaf, SymbolicTensor):
            if leaf.made is not None:
                return leaf.made
            if only_shapes:
                return _Shaped(leaf.shape_, leaf.dtype_)
            raise _UnknownError
        if only_shapes and isinstance(leaf, torch.Tensor) and leaf.device.type == "meta":
            return _Shaped(Shape(leaf.shape), leaf.dtype)
        return leaf

    try:
        return pytree.tree_map(keep, given)
    except _UnknownError:
        return None


def _sizes_of(leaf: Any) -> Iterator[Dim]:
    match leaf:
        case Made():
            yield from leaf.hangs_on
        case _Shaped():
            yield from dims.symbols_of(leaf.shape)
        case torch.SymInt() | torch.SymFloat():
            yield from leaf.node.expr.free_symbols
        case slice():
            for end in (leaf.start, leaf.stop, leaf.step):
                yield from _sizes_of(end)
