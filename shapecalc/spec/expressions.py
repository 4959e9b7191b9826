"""What a spec writes for a parameter, into the value that torch expects.

Text is a formula of sizes, an argument of the block, or one of the words of the parameter. It is
read by `inputs.parse_formula`, and never evaluated as Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapecalc import dims
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import PatternError
from shapecalc.inputs import Pattern, parse_formula, parse_pattern, parse_size
from shapecalc.spec.nodes import Node, nearest, wrong
from shapecalc.spec.parameters import WORDS, Parameter

UNKNOWN = object()
"""The value of an argument of a block while the block stands for all its uses."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names stand for: the arguments of a block, or else symbols.

    `symbol` is None in a block, which sees nothing but its arguments.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    symbol: Callable[[str], Dim] | None = None

    def size(self, name: str) -> Dim:
        """Return what a name in a formula stands for.

        Raises:
            ValueError: nothing, or no size.
        """
        if name not in self.arguments:
            if self.symbol is None:
                known = nearest(name, self.arguments)
                raise ValueError(f"the block has no argument {name!r}{known}")
            return self.symbol(name)
        value = self.arguments[name]
        if value is UNKNOWN:
            return dims.symbol(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return dims.as_dim(value)
        if not hasattr(value, "free_symbols"):
            raise ValueError(f"the argument {name!r} is {value!r}, which is not a size")
        return value


def value_of(node: Node, parameter: Parameter, scope: Scope) -> Any:
    """Return the value of a parameter.

    Raises:
        SpecError: it is not of the parameter's type, or too small.
    """
    if isinstance(node.value, str) and node.value in scope.arguments:
        return _checked(scope.arguments[node.value], node, parameter)
    if isinstance(node.value, tuple):
        if not parameter.several:
            wrong(node.place, f"{parameter.name} is {expected(parameter)}, got a list")
        return tuple(_single(entry, parameter, scope) for entry in node.value)
    return _single(node, parameter, scope)


def size_of(node: Node, what: str, scope: Scope) -> IntoDim:
    """Return a size that is not a parameter of a layer, such as one of an input."""
    return _single(node, Parameter(name=what, accepts=frozenset({"size"}), minimum=0), scope)


def pattern_of(name: str, node: Node, scope: Scope) -> Pattern:
    """Return an input, written `N,3,H,W`, `N,T:int64` or as a list of sizes.

    Raises:
        SpecError: it is neither.
    """
    if isinstance(node.value, tuple):
        return Pattern(name, Shape(size_of(entry, "a size", scope) for entry in node.value))
    if not isinstance(node.value, (str, int)) or isinstance(node.value, bool):
        wrong(node.place, f"an input is a pattern such as N,3,H,W, got {node}")
    try:
        return parse_pattern(
            str(node.value),
            name,
            size=lambda text, within: parse_size(text, within, symbol=scope.size),
        )
    except PatternError as error:
        wrong(node.place, str(error))


def count_of(node: Node, what: str, scope: Scope) -> int:
    """Return how often something is repeated."""
    value = _single(node, Parameter(name=what, accepts=frozenset({"int"}), minimum=1), scope)
    return 1 if value is UNKNOWN else int(value)


def argument_of(node: Node, scope: Scope) -> Any:
    """Return an argument of a block, which is a size wherever it can be read as one."""
    match node.value:
        case tuple() as entries:
            return tuple(argument_of(entry, scope) for entry in entries)
        case str() as text if text in scope.arguments:
            return scope.arguments[text]
        case str() as text if text in WORDS:
            return text
        case str() as text:
            try:
                return _number(parse_formula(text, symbol=scope.size))
            except PatternError as error:
                wrong(node.place, str(error))
        case dict():
            wrong(node.place, "an argument is a value or a list, got a mapping")
    return node.value


def names_in(node: Node) -> Iterator[str]:
    """Yield the names in the formulas of a value."""
    if isinstance(node.value, tuple):
        for entry in node.value:
            yield from names_in(entry)
    elif isinstance(node.value, str):
        try:
            tree = ast.parse(node.value.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        yield from (part.id for part in ast.walk(tree) if isinstance(part, ast.Name))


def expected(parameter: Parameter) -> str:
    """Say what a parameter may be: `a size, a list of sizes or one of 'same', 'valid'`."""
    kinds = [text for kind, text in _TEXTS.items() if kind in parameter.accepts]
    if parameter.several:
        kinds.append(f"a list of {'sizes' if 'size' in parameter.accepts else 'numbers'}")
    if parameter.choices:
        kinds.append(" or ".join(map(repr, parameter.choices)))
    elif "str" in parameter.accepts:
        kinds.append("a word")
    return " or ".join(filter(None, [", ".join(kinds[:-1]), *kinds[-1:]]))


_TEXTS = {
    "size": "a size",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}


def _single(node: Node, parameter: Parameter, scope: Scope) -> Any:
    value: Any = node.value
    if isinstance(value, str):
        if value in scope.arguments:
            value = scope.arguments[value]
        elif value not in parameter.choices and parameter.accepts & {"size", "int"}:
            value = _formula(node, parameter, scope)
        elif value not in parameter.choices and parameter.choices:
            near = nearest(value, parameter.choices)
            wrong(node.place, f"{parameter.name} is {expected(parameter)}, got {value!r}{near}")
    return _checked(value, node, parameter)


def _formula(node: Node, parameter: Parameter, scope: Scope) -> Any:
    try:
        size = _number(parse_formula(str(node.value), symbol=scope.size))
    except PatternError as error:
        wrong(node.place, f"{parameter.name}: {error}")
    unknown = any(value is UNKNOWN for value in scope.arguments.values())
    return UNKNOWN if unknown and not isinstance(size, int) else size


def _number(size: Dim) -> IntoDim:
    number = dims.as_int(size)
    return size if number is None else number


def _checked(value: Any, node: Node, parameter: Parameter) -> Any:
    """Return a value if it is what the parameter accepts."""
    if value is UNKNOWN:
        return value
    if isinstance(value, tuple) and parameter.several:
        return tuple(_checked(entry, node, parameter) for entry in value)
    got = str(node) if value is node.value else _text(value)
    near = ""
    fits: bool
    match value:
        case str():
            known = parameter.choices
            fits = value in known if known else "str" in parameter.accepts
        case int() if not isinstance(value, bool):
            fits = bool(parameter.accepts & {"size", "int", "float"})
            if fits and parameter.minimum is not None and value < parameter.minimum:
                least = f"which has to be at least {parameter.minimum}"
                wrong(node.place, f"{parameter.name} is {value}, {least}")
        case _ if hasattr(value, "free_symbols"):
            fits = "size" in parameter.accepts
            if parameter.choices and getattr(value, "is_Symbol", False):
                # `padding: smae` is no symbol
                near = nearest(str(value), parameter.choices, cutoff=0.7)
                fits = not near.startswith("; did you mean")
        case _:
            fits = _KINDS.get(type(value)) in parameter.accepts
    if not fits:
        wrong(node.place, f"{parameter.name} is {expected(parameter)}, got {got}{near}")
    return value


_KINDS = {type(None): "null", bool: "bool", float: "float"}


def _text(value: Any) -> str:
    if hasattr(value, "free_symbols"):
        return dims.format_dim(value)
    return "true" if value is True else "false" if value is False else repr(value)
