"""Input patterns: `N,3,H,W` says what a model receives.

A pattern is a list of sizes, each an integer, a symbol or a formula of both (`2*H`, `H + 1`),
with an optional type after a colon: `N,T:int64`. Patterns come nested as `forward` expects its
tensors: in lists, tuples and dicts, positionally or by keyword.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.dtypes import DTYPE_NAMES
from shapecalc.errors import PatternError
from shapecalc.graph import Input

_LONGEST = 1000  # characters of a pattern; a size is short
_HEAVIEST = 1000  # symbols and numbers of a formula, multiplied out


@dataclass(frozen=True, slots=True)
class Pattern:
    """One tensor that a model receives."""

    name: str
    shape: Shape
    dtype: str = "float32"

    def __str__(self) -> str:
        sizes = ",".join(dims.format_dim(dim) for dim in self.shape)
        return sizes if self.dtype == "float32" else f"{sizes}:{self.dtype}"


@dataclass(frozen=True, slots=True)
class Patterns:
    """All that is passed to `forward`: nested structures with a `Pattern` for every tensor."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    inferred: bool = False

    def all(self) -> Iterator[Pattern]:
        """Yield every pattern, in order."""
        yield from _patterns_in(self.args)
        yield from _patterns_in(dict(self.kwargs or {}))

    def inputs(self) -> tuple[Input, ...]:
        """Return the inputs for a layer graph."""
        return tuple(Input(name=p.name, shape=p.shape, dtype=p.dtype) for p in self.all())


def parse_inputs(
    args: Sequence[Any], kwargs: Mapping[str, Any], names: Sequence[str] = ()
) -> Patterns:
    """Read nested patterns; strings become patterns, all else is passed as it is.

    Where nothing is a pattern, tensors stand for their shapes. `names` are those of `forward`'s
    positional parameters, by which the inputs then go.

    Raises:
        PatternError: a pattern cannot be read.
    """
    spare = ["input"] if len(args) == 1 else [f"input{n}" for n in range(len(args))]
    called = [*names[: len(args)], *spare[len(names) :]]
    given = dict(zip(called, args, strict=True))
    for tensors in (False, True):
        read = [_read(value, name, top=True, tensors=tensors) for name, value in given.items()]
        named = {
            name: _read(value, name, top=True, tensors=tensors) for name, value in kwargs.items()
        }
        patterns = Patterns(tuple(read), named)
        if any(True for _ in patterns.all()):
            break
    return patterns


def fill(
    patterns: Patterns, tensor: Callable[[Pattern], Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call, with `tensor(pattern)` in the place of every pattern."""

    def filled(value: Any) -> Any:
        if isinstance(value, Pattern):
            return tensor(value)
        if isinstance(value, tuple):
            return tuple(filled(entry) for entry in value)
        if isinstance(value, list):
            return [filled(entry) for entry in value]
        if isinstance(value, dict):
            return {key: filled(entry) for key, entry in value.items()}
        return value

    return filled(patterns.args), filled(dict(patterns.kwargs or {}))


def _patterns_in(value: Any) -> Iterator[Pattern]:
    if isinstance(value, Pattern):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _patterns_in(entry)
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from _patterns_in(entry)


def _read(value: Any, name: str, *, top: bool = False, tensors: bool = False) -> Any:
    if isinstance(value, str):
        return parse_pattern(value, name)
    if isinstance(value, Pattern):
        return value
    if isinstance(value, (tuple, list)):
        if top and _is_shape(value):
            sizes = [parse_size(entry) if isinstance(entry, str) else entry for entry in value]
            return Pattern(name, Shape(sizes))  # as in (2, 3, 224, 224) or ("N", 3, "H", "W")
        return type(value)(
            _read(entry, f"{name}[{n}]", tensors=tensors) for n, entry in enumerate(value)
        )
    if isinstance(value, dict):
        return {key: _read(entry, f"{name}.{key}", tensors=tensors) for key, entry in value.items()}
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    if tensors and dtype in DTYPE_NAMES:
        return Pattern(name, Shape(value.shape), dtype)
    return value


def _is_shape(value: Sequence[Any]) -> bool:
    """Tell whether a list or tuple is one shape, and not a structure of several."""
    symbols = [entry for entry in value if isinstance(entry, str) and "," not in entry]
    sizes = [entry for entry in value if _is_size(entry)]
    return bool(sizes) and len(sizes) + len(symbols) == len(value)


def _is_size(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or hasattr(
        value, "free_symbols"
    )


def parse_pattern(
    text: str, name: str = "input", *, size: Callable[[str, str], Dim] | None = None
) -> Pattern:
    """Read one pattern; `size` reads one size of it, by default as `parse_size` does.

    Raises:
        PatternError: it is not a list of sizes, or has an unknown type.

    >>> parse_pattern("N,3,H,2*H").shape
    (N, 3, H, 2*H)
    >>> parse_pattern("N,T:int64").dtype
    'int64'
    """
    if len(text) > _LONGEST:
        raise PatternError(f"input pattern of {len(text)} characters: at most {_LONGEST}")
    sizes, colon, dtype = text.partition(":")
    dtype = dtype.strip().removeprefix("torch.")
    dtype = _SHORT.get(dtype, dtype)
    if colon and dtype not in DTYPE_NAMES:
        raise PatternError(
            f"input pattern {text!r}: {dtype!r} is not a type; known are {', '.join(DTYPE_NAMES)}"
        )
    entries = [entry for entry in re.split(r"[,\s]*,[,\s]*", _unwrapped(sizes.strip())) if entry]
    read = size or parse_size
    shape = Shape(read(entry, text) for entry in entries)
    return Pattern(name, shape, dtype or "float32")


def _unwrapped(text: str) -> str:
    """Return a list of sizes without the brackets that a shape is printed in."""
    return text[1:-1] if text[:1] + text[-1:] in ("()", "[]") else text


_SHORT = {
    "long": "int64",
    "int": "int32",
    "float": "float32",
    "half": "float16",
    "double": "float64",
}


def parse_size(text: str, within: str = "", *, symbol: Callable[[str], Dim] = dims.symbol) -> Dim:
    """Read one size: an integer, a symbol, or a formula of sizes with + - * // and brackets.

    Raises:
        PatternError: it is anything else; nothing is ever evaluated as Python.
    """
    size = parse_formula(text, within, symbol=symbol)
    number = dims.as_int(size)
    if number is not None and number < 0:
        where = f"input pattern {within!r}: " if within else ""
        raise PatternError(f"{where}a size is at least 0, got {text.strip()}")
    return size


def parse_formula(
    text: str, within: str = "", *, symbol: Callable[[str], Dim] = dims.symbol
) -> Dim:
    """Read a formula, which may be negative; `symbol` says what a name stands for.

    Raises:
        PatternError: it is anything else; nothing is ever evaluated as Python.
    """
    where = f"input pattern {within!r}: " if within else ""
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"at most {_LONGEST} characters")
        return _size_of(ast.parse(text.strip(), mode="eval").body, symbol)
    except (SyntaxError, ValueError, RecursionError, MemoryError, ZeroDivisionError) as error:
        detail = "not a formula"
        if isinstance(error, ZeroDivisionError):
            detail = "it divides by zero"
        elif isinstance(error, ValueError) and error.args:
            detail = error.args[0]
        elif re.search(r"\w[\s;]+\w", text):
            detail = "commas stand between sizes, as in N,3,H,W"
        raise PatternError(f"{where}{text.strip()!r} is not a size: {detail}") from None


def _size_of(node: ast.expr, symbol: Callable[[str], Dim]) -> Dim:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number_of(number)
        case ast.Name(id=name):
            return symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_size_of(operand, symbol)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return combined(_size_of(left, symbol), type(operator), _size_of(right, symbol))
    raise ValueError("only integers, symbols, + - * // % and brackets are known")


def number_of(number: int) -> Dim:
    """Return a number as a size.

    Raises:
        ValueError: it is too large.
    """
    return _bounded(dims.as_dim, number)


def combined(left: Dim, operator: type[ast.operator], right: Dim) -> Dim:
    """Return what one of + - * // % makes of two sizes.

    Raises:
        ValueError: the formula is too large.
        ZeroDivisionError: it divides by zero.
    """
    return _bounded(_OPERATORS[operator], left, right)


_OPERATORS: Mapping[type[ast.operator], Callable[[Dim, Dim], Dim]] = {
    ast.Add: dims.add,
    ast.Sub: dims.sub,
    ast.Mult: dims.mul,
    ast.FloorDiv: dims.floordiv,
    ast.Mod: dims.mod,
}


def _bounded(function: Callable[..., Dim], *sizes: Any) -> Dim:
    """Compute a formula, unless it would grow beyond what a size can be.

    Products are multiplied out, so a short text could stand for millions of terms.
    """
    if math.prod(map(_weight, sizes)) > _HEAVIEST:
        raise ValueError("the formula is too large")
    size = function(*sizes)
    if size.is_Integer and abs(int(size)) >= 1 << 62:
        raise ValueError("the number is too large")
    return size


def _weight(size: Any) -> int:
    """Return the number of symbols and numbers in a formula, powers multiplied out."""
    if isinstance(size, int):
        return 1
    if size.is_Pow and size.exp.is_Integer:
        return _weight(size.base) * abs(int(size.exp))
    return max(sum(map(_weight, size.args)), 1)
