"""What `shapecalc sizes` prints to a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shapecalc.render import sizes_reasons
from shapecalc.render import sizes_sheet as sheet
from shapecalc.render.plain import plain, plain_lines
from shapecalc.render.sizes_reasons import Reason
from shapecalc.render.sizes_sheet import Budget
from shapecalc.render.text import item, print_parts
from shapecalc.sets import SizeSet
from shapecalc.sizes.accepted import AcceptedSizes
from shapecalc.sizes.agreement import agreements
from shapecalc.sizes.verdict import Verdict

_FEW = 4  # sets that are listed before the others are counted
_CLAUSE = 24  # columns for a clause with its cause beside it
_COLUMNS = 100  # where nobody says how many there are
_LABEL = 12  # columns for the labels
_NARROWEST = 20

Line = tuple[str, RenderableType]


def document(
    found: AcceptedSizes,
    *,
    name: str = "",
    paths: bool = False,
    budget: Budget | None = None,
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return what is accepted, why not more, and which paths there are."""
    columns = width or _COLUMNS
    lines = [*_accepts(found, columns), *_why(found, columns), *_paths(found, paths, budget)]
    lines += _left(found, budget)
    title = name or next((piece.graph.name for piece in found.pieces), "the model")
    return print_parts([Text(plain(title), style="bold"), _grid(lines)], width=columns, color=color)


def checked(
    asked: Verdict,
    every: SizeSet,
    *,
    name: str = "the model",
    reasons: Sequence[str] = (),
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return whether sizes are accepted; `reasons` stand for failures that are not known."""
    verdict = "accepted" if asked.accepted else "not accepted"
    style = "bold green" if asked.accepted else "bold red"
    title = Text(f"{plain(name)} at {sheet.numbered(asked.sizes)}: ", style="bold")
    title.append(verdict, style=style)
    lines: list[Line] = []
    if asked.others is not None:
        lines.append(("for", Text(",  ".join(sheet.formal(asked.others)))))
    failures = [sizes_reasons.failed(failure, asked.sizes, every) for failure in asked.failures]
    lines += _labelled("because", map(Text, failures or map(plain_lines, reasons)))
    if not asked.accepted and asked.unknown:
        lines.append(("nearest", Text("not known: the accepted sizes cannot be written as a set")))
    elif not asked.accepted:
        for label in ("nearest", "larger", "smaller"):
            at = getattr(asked, label)
            lines.append((label, Text("none" if at is None else sheet.numbered(at))))
    parts = [title, _grid(lines)] if lines else [title]
    return print_parts(parts, width=width or _COLUMNS, color=color)


# ---------------------------------------------------------------------------- the sections


def _accepts(found: AcceptedSizes, columns: int) -> Iterator[Line]:
    room = max(columns - _LABEL, _NARROWEST)
    label = "accepts" if found.complete else "so far"
    if not found.pieces:
        yield label, Text("no size", style="bold red")
    elif not found.symbols:
        shapes = ", ".join(str(tensor.shape) for tensor in found.pieces[0].graph.inputs)
        yield label, Text(f"{shapes}, the one size that its input has")
    elif sheet.is_every(found):
        yield label, Text("every size")
        yield "in words", Text(f"any {sheet.listed(found.symbols)}")
    else:
        for n, sizes in enumerate(found.sets):
            texts, words = sheet.formal(sizes), sheet.in_words(sizes)
            yield "or" if n else label, _joined(texts, room)
            if words != texts and not sizes.open:
                yield "in words", _joined(words, room)
    for text in dict.fromkeys(sheet.end(piece.graph) for piece in found.pieces):
        yield from _labelled("as far as", [Text(text)] if text else [])


def _why(found: AcceptedSizes, columns: int) -> Iterator[Line]:
    if not found.pieces:
        never, sometimes = sizes_reasons.refusals(found)
        yield from _labelled("because", map(Text, never or sometimes))
        yield from _labelled("besides", map(Text, sometimes if never else ()))
        return
    reasons = sizes_reasons.reasons(found)
    if all(len(reason.clause) <= _CLAUSE for reason in reasons):
        beside = Table.grid(padding=(0, 2))
        for reason in reasons:
            beside.add_row(Text(reason.clause), Text(reason.cause))
        yield from _labelled("because", [beside] if reasons else [])
    else:
        below = [text for reason in reasons for text in _below(reason, columns)]
        yield from _labelled("because", below)


def _below(reason: Reason, columns: int) -> Iterator[RenderableType]:
    yield Text(_broken(reason.clause, columns - _LABEL))
    yield item(Text(reason.cause))


def _paths(found: AcceptedSizes, listed: bool, budget: Budget | None) -> Iterator[Line]:
    count = len(found.pieces)
    if count > 1 or (listed and count) or not found.complete:
        paths = "1 path" if count == 1 else f"{count} paths"
        how = "explored completely" if found.complete else "not all explored"
        spent = ""
        if budget is not None:
            spent = f" with {budget.traces} trace{'' if budget.traces == 1 else 's'}"
        yield "paths", Text(f"{paths}, {how}{spent}")
    for n, agreement in enumerate(agreements(found.pieces) if listed else (), start=1):
        drawn = Table.grid(padding=(0, 1))
        for line in sheet.path(agreement, found):
            drawn.add_row(Text(line))
        yield f"{n}".rjust(len("paths")), drawn


def _left(found: AcceptedSizes, budget: Budget | None) -> Iterator[Line]:
    for label, sets in (("not explored", found.unexplored), ("undecided", found.undecided)):
        texts = [",  ".join(sheet.formal(sizes)) for sizes in sets[:_FEW]]
        if len(sets) > _FEW:
            texts.append(f"and {len(sets) - _FEW} more sets of sizes")
        yield from _labelled(label, map(Text, texts))
    if found.unexplored and budget is not None:
        if budget.used_up:
            spent = f"{budget.traces} traces were made in {budget.seconds:.1f} s"
            yield "", Text(f"{spent}: --traces N and --seconds S allow for more")
        else:
            yield "", Text("there, the model takes another path for every single size")
    if found.undecided:
        yield "", Text("there, no accepted sizes were found, and none were ruled out")


# ---------------------------------------------------------------------------- layout


def _labelled(label: str, texts: Iterable[RenderableType]) -> Iterator[Line]:
    for n, text in enumerate(texts):
        yield "" if n else label, text


def _joined(texts: Sequence[str], room: int) -> RenderableType:
    """Return texts on one line where there is room, else each on a line of its own."""
    line = ",  ".join(texts)
    return Text(line if len(line) <= room else ",\n".join(_broken(text, room) for text in texts))


def _broken(text: str, room: int) -> str:
    """Return a text that is too long with each of its alternatives or conditions on a line."""
    if len(text) <= room:
        return text
    return text.replace(", or ", ",\nor ") if ", or " in text else text.replace(" and ", " and\n")


def _grid(lines: Sequence[Line]) -> RenderableType:
    drawn = Table.grid(padding=(0, 2))
    for label, content in lines:
        drawn.add_row(Text(f"  {label}"), content)
    return drawn
