"""An explanation for a terminal, a pipe or a file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shapecalc.explain.explanation import Patch, Step, Sum
from shapecalc.render.equation import equation
from shapecalc.render.explain_grids import grids
from shapecalc.render.numbers import Number, added, factor, is_exact, product, short, substituted
from shapecalc.render.plain import plain
from shapecalc.render.text import item, print_parts, shapes

if TYPE_CHECKING:
    from shapecalc.explain.explanation import AxisReads, Explanation, Part, Term, Weights

_WIDTH = 100  # columns where nothing says how many there are
_NARROWEST = 40
_UNBROKEN = "\u00a0"
_LISTED = 6  # indices that are listed one by one


def explanation(found: Explanation, *, width: int | None = None, color: bool = False) -> str:
    """Return an explanation from the shapes to the comparison with torch."""
    columns = max(width or _WIDTH, _NARROWEST)
    parts: list[RenderableType] = [
        Text(f"{plain(found.layer) or plain(found.model)}: element {_index(found)} by hand",
             style="bold"),
        item(Text(plain(found.kind))),
        Text(),
    ]  # fmt: skip
    for record in found.records:
        if len(found.records) > 1:
            parts.append(item(Text(plain(str(record.op)))))
        parts += shapes(equation(record), found.sizes)
    parts += [*_reads(found), Text()]
    for part, after in zip(found.parts, (*found.parts[1:], None), strict=True):
        parts += _part(part, columns)
        if not (isinstance(part, Step) and isinstance(after, Step)):
            parts.append(Text())
    parts += [_compared(found), Text()]
    if found.weights:
        parts += [*_weights(found.weights), Text()]
    parts += (item(_wrapped(note, columns, indent=4)) for note in _notes(found))
    return print_parts(parts, width=width, color=color)


def _index(found: Explanation) -> str:
    return ", ".join(map(str, found.element))


# ---------------------------------------------------------------------------- what is read


def _reads(found: Explanation) -> Iterator[RenderableType]:
    yield Text(f"It reads of the input {found.in_shape}:")
    drawn = Table.grid(padding=(0, 2))
    for axis in found.reads:
        drawn.add_row(f"  {axis.axis}", indices(axis.indices), f"of {axis.size}", _padding(axis))
    yield drawn


def indices(found: Sequence[int]) -> str:
    """Return indices in short.

    >>> indices((0, 1, 2)), indices((0, 2, 4)), indices((7,)), indices(())
    ('0..2', '0, 2, 4', '7', 'none')
    """
    if not found:
        return "none"
    if len(found) > 1 and all(b - a == 1 for a, b in pairwise(found)):
        return f"{found[0]}..{found[-1]}"
    if len(found) > _LISTED:
        return f"{', '.join(map(str, found[:3]))}, ..., {found[-1]}"
    return ", ".join(map(str, found))


def _padding(axis: AxisReads) -> str:
    outside = axis.padding
    return f"{indices(outside)} in the padding" if outside else ""


# ---------------------------------------------------------------------------- how it is made


def _part(part: Part, columns: int) -> Iterator[RenderableType]:
    match part:
        case Patch():
            yield Text(plain(part.name), style="bold")
            yield from (_whole(line) for line in grids(part, columns - 2))
            if part.chosen is not None:
                where = zip(part.axes, part.place(part.chosen), strict=True)
                there = ", ".join(f"{axis} {index}" for axis, index in where)
                text = f"the largest is {short(part.values[part.chosen])}, at {there}"
                yield item(Text(text))
            if part.sum is not None:
                yield item(_wrapped(_sum(part.sum), columns))
        case Sum():
            yield Text(plain(part.name), style="bold")
            if any(term.name for term in part.terms):
                yield item(_wrapped(added(map(_called, part.terms)), columns))
            yield item(_wrapped(_sum(part), columns))
        case _:
            yield from _step(part, columns)


def _sum(found: Sum) -> str:
    """Return `1*1 + 2*0 + 5*0 + 3*(-1) = -2`."""
    return f"{added(_term(n, term) for n, term in enumerate(found.terms))} = {short(found.total)}"


def _term(number: int, term: Term) -> str:
    if term.left_out:
        return f"[{term.left_out} more: {short(term.value)}]"
    if term.weight is not None:
        return product(term.value, term.weight)
    return factor(term.value) if number else short(term.value)


def _called(term: Term) -> str:
    return f"[{term.left_out} more]" if term.left_out else plain(term.name)


def _step(step: Step, columns: int) -> Iterator[RenderableType]:
    """Yield `average = sum/divisor = 12/4 = 3`, on one line or on three."""
    numbers = substituted(step.formula, step.values)
    equals = list(dict.fromkeys((step.formula, numbers, short(step.value))))
    line = " = ".join((step.name, *equals))
    if len(line) > columns:
        margin = " " * len(step.name)
        line = "\n".join(f"{margin if n else step.name} = {each}" for n, each in enumerate(equals))
    meaning = plain(step.meaning)
    if meaning and "\n" not in line and len(line) + len(meaning) + 3 <= columns:
        line, meaning = f"{line}   {meaning}", ""
    yield Text(line)
    if meaning:
        yield item(_wrapped(meaning, columns))


# ---------------------------------------------------------------------------- what it comes to


def _compared(found: Explanation) -> RenderableType:
    value, torch = short(found.value), short(found.torch)
    if found.agrees:
        return Text(f"The value is {value}; torch has {torch}.", style="bold")
    return Text(
        f"THIS DIFFERS FROM TORCH: {found.value!r} by hand, {found.torch!r} in the output of the "
        "layer",
        style="bold red",
    )


def _weights(found: Iterable[Weights]) -> Iterator[RenderableType]:
    yield Text("Weights between these two tensors, biases not counted:")
    drawn = Table.grid(padding=(0, 2))
    for entry in found:
        drawn.add_row(f"  {entry.layer}", entry.general, f"= {entry.formula}", f"= {entry.count:,}")
    yield drawn


def _notes(found: Explanation) -> Iterator[str]:
    yield f"input: {plain(found.input)}"
    yield from map(plain, found.notes)
    if any(axis.padding for axis in found.reads):
        yield "(0): in the padding"
    if not all(map(is_exact, _numbers(found))):
        yield "numbers are rounded to 4 digits where they are printed, and nowhere else"


def _numbers(found: Explanation) -> Iterator[Number]:
    """Yield the numbers that are printed."""
    yield from (found.value, found.torch)
    for part in found.parts:
        match part:
            case Patch():
                yield from (*part.values, *(part.weights or ()), *(part.products or ()))
            case Sum():
                yield part.total
                for term in part.terms:
                    yield from (term.value, term.weight or 0)
            case _:
                yield from (*part.values.values(), part.value)


def _whole(line: str) -> RenderableType:
    """Return a line that is never broken, however narrow the terminal is."""
    # a text alone is joined with others when it is printed, and loses what it is set to
    return Group(Text(f"  {line}", no_wrap=True, overflow="ignore"))


def _wrapped(text: str, columns: int, indent: int = 2) -> Text:
    kept = text.replace(" + ", f"{_UNBROKEN}+ ")  # a line ends with a sign, none begins with it
    lines = textwrap.wrap(
        kept, columns - 2, subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return Text("\n".join(lines).replace(_UNBROKEN, " "))
