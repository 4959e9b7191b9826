"""What `shapecalc solve` prints to a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from shapecalc import dims
from shapecalc.dims import Dim
from shapecalc.render import sizes_sheet as sheet
from shapecalc.render.plain import plain
from shapecalc.render.text import print_parts
from shapecalc.sets import SizeSet
from shapecalc.sets.parts import parts
from shapecalc.solve.query import parse_question
from shapecalc.solve.question import single_comparison
from shapecalc.solve.solution import Solution

_COLUMNS = 100  # where nobody says how many there are
_FEW = 4  # sets that are listed before the others are counted

Line = tuple[str, str, str]  # a label, a text and its style


def document(
    found: Solution,
    *,
    name: str = "the model",
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return the question with the formulas put in, and the sizes that answer it."""
    lines = [*_asks(found), *_answer(found), *_rests_on(found)]
    title = Text(f"{plain(name)}: {plain(found.question)}", style="bold")
    drawn = Table.grid(padding=(0, 2))
    for label, text, style in lines:
        drawn.add_row(Text(f"  {label}"), Text(text, style=style))
    return print_parts([title, drawn], width=width or _COLUMNS, color=color)


# ---------------------------------------------------------------------------- the question


def _asks(found: Solution) -> Iterator[Line]:
    """Yield what the question speaks of as formulas, for the sizes where each is one."""
    groups: dict[tuple[str, ...], list[SizeSet]] = {}
    for reading in found.readings:
        groups.setdefault(tuple(_equations(found, reading.formulas)), []).append(reading.sizes)
    for n, (equations, sets) in enumerate(groups.items()):
        if n == _FEW:
            yield "", f"and {len(groups) - n} more formulas for other sizes", ""
            break
        where = "" if len(groups) == 1 else f"  where {_joined(sheet.in_words(sets[0]))}"
        where += f", and on {len(sets) - 1} more paths" if where and len(sets) > 1 else ""
        yield from _labelled("" if n else "asks", [equation + where for equation in equations])
    if found.for_ and found.readings:
        inputs = [name for name in found.readings[0].sizes.names if name not in found.symbols]
        yield "for all", f"accepted {sheet.listed(inputs)}", ""


def _equations(found: Solution, formulas: Mapping[str, Sequence[Dim]]) -> Iterator[str]:
    shown = {
        text: " and ".join(map(dims.format_dim, values))
        for text, values in formulas.items()
        if [text] != [str(value) for value in values]
    }
    alone = single_comparison(parse_question(found.question))
    if alone is not None and len(shown) == 1 and alone[0] in shown:
        reference, rest = alone
        if not shown[reference].isdecimal() or not rest.startswith("="):
            yield plain(f"{reference} = {shown[reference]} {rest}")
            return
    for text, formula in shown.items():
        yield plain(f"{text} = {formula}")


# ---------------------------------------------------------------------------- the answer


def _answer(found: Solution) -> Iterator[Line]:
    if found.none:
        yield "solutions", "none", "bold red"
        yield "because", plain(found.reason), ""
        return
    texts = [*_true_for(found), *(_joined(sheet.in_words(part)) for part in found.sizes[:_FEW])]
    if len(found.sizes) > _FEW:
        texts.append(f"and {len(found.sizes) - _FEW} more sets")
    yield from _labelled("solutions", texts, "bold green")
    if not found.for_:
        yield from _labelled("which is", found.forms)
    example = _example(found)
    if example:
        yield "for example", example, ""
    if found.undecided:
        yield "undecided", found.undecided, "yellow"
    if found.trial is not None and not found.sizes and found.trial.found:
        count = found.trial.count
        some = [_numbered(at) for at in found.trial.found]
        more = f"{count} were found, such as" if count and count > len(some) else "found were"
        yield from _labelled("", [f"{more} {some[0]}", *some[1:]])


def _true_for(found: Solution) -> Iterator[str]:
    if found.every:
        yield "every accepted size"
    if found.for_:
        yield from found.forms


def _example(found: Solution) -> str:
    """Return the example, without the symbols that may have any size."""
    if found.example is None or not found.sizes:
        return ""
    free = {
        part.names[0]
        for part in parts(found.sizes[0])
        if len(part.names) == 1 and part.words.startswith("any")
    }
    return _numbered({n: size for n, size in found.example.items() if n not in free})


def _rests_on(found: Solution) -> Iterator[Line]:
    if found.rejected:
        rejected = SizeSet.none(found.symbols)
        for part in found.rejected:
            if not part.open:
                rejected = rejected.union(part)
        if rejected.matches(found.proved):
            text = "none of these sizes: they come that far, but not to the end of the model"
        else:
            text = f"not all of them: not {_joined(sheet.in_words(rejected))}"
        yield "accepted", text, "yellow"
    sets = [", ".join(sheet.formal(part)) for part in found.unexplored[:_FEW]]
    if len(found.unexplored) > _FEW:
        sets.append(f"and {len(found.unexplored) - _FEW} more sets of sizes")
    yield from _labelled("not explored", sets)
    yield from _labelled("note", found.notes)


# ---------------------------------------------------------------------------- layout


def _labelled(label: str, texts: Iterable[str], style: str = "") -> Iterator[Line]:
    for n, text in enumerate(texts):
        yield "" if n else label, plain(text), style


def _joined(texts: Sequence[str]) -> str:
    return ",  ".join(texts)


def _numbered(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())
