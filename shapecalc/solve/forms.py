"""One symbol in terms of the others: `p = (k - 1)/2, where k is odd`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapecalc import dims
from shapecalc.conditions import Condition, Relation
from shapecalc.dims import Dim
from shapecalc.sets import SizeSet

_TURNED: Mapping[Relation, Relation] = {
    "==": "==",
    "!=": "!=",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}


def form(condition: Condition, symbol: Dim) -> str | None:
    """Return a condition solved for a symbol, or None where it is not linear in it.

    >>> k, p = dims.symbol("k"), dims.symbol("p")
    >>> form(Condition(2 * p, "==", k - 1), p)
    'p = (k - 1)/2, where k is odd'
    """
    found = dims.linear(condition.left - condition.right, symbol)
    slope = None if found is None else dims.as_int(found[0])
    if found is None or slope is None:
        return None
    relation = condition.relation if slope > 0 else _TURNED[condition.relation]
    value, divisor = dims.expand(-found[1] if slope > 0 else found[1]), abs(slope)
    whole = dims.as_int(value)
    if whole is not None:
        if whole % divisor and condition.relation in ("==", "!="):
            return None  # no whole number is it
        value, divisor = _rounded(whole, divisor, relation), 1
    sign = "=" if relation == "==" else relation
    text = dims.format_dim(value)
    if divisor == 1:
        return f"{symbol} {sign} {text}"
    quotient = f"{symbol} {sign} {f'({text})' if _is_sum(text) else text}/{divisor}"
    return f"{quotient}, where {_divisible(value, divisor)}" if relation == "==" else quotient


def forms(conditions: Iterable[Condition], symbols: Iterable[Dim]) -> tuple[str, ...]:
    """Return the forms of conditions, each for the first symbol that it has one for."""
    found: dict[str, None] = {}
    symbols = list(symbols)
    for condition in conditions:
        solved = (form(condition, symbol) for symbol in symbols if symbol in condition.symbols)
        text = next((text for text in solved if text is not None), None)
        if text is not None:
            found[text] = None
    return tuple(found)


def _rounded(value: int, divisor: int, relation: Relation) -> Dim:
    """Return value/divisor as the whole number that a comparison with it comes to."""
    down = relation in ("<=", ">")
    return dims.as_dim(value // divisor if down else -(-value // divisor))


def _divisible(value: Dim, divisor: int) -> str:
    """Return that a size is a multiple of a number, in words."""
    names = [str(symbol) for symbol in value.free_symbols]
    if len(names) == 1:
        from shapecalc.sets.clauses import words

        known = SizeSet.every(names, dict.fromkeys(names, 0))
        met = known.where(Condition(dims.mod(value, divisor), "==", 0))
        if not met.open and not met.is_empty():
            return f"{names[0]} is {words(met)}"
    text = dims.format_dim(value)
    return f"{text} is {'even' if divisor == 2 else f'a multiple of {divisor}'}"


def _is_sum(text: str) -> bool:
    """Tell whether a text has a + or - outside of all brackets."""
    depth = 0
    for n, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter in "+-" and depth == 0 and n > 0:
            return True
    return False
