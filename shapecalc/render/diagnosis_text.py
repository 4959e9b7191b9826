"""A diagnosis as text, for someone who has just met convolutions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shapecalc.diagnose.finding import Finding, Repair
from shapecalc.diagnose.written import change
from shapecalc.render.places import place, source_line
from shapecalc.render.plain import plain
from shapecalc.render.text import print_parts

if TYPE_CHECKING:
    from shapecalc.diagnose import Diagnosis

_COLUMNS = 100  # where nobody says how many there are
_LABEL = 15  # columns for `! warning SC201`
_NARROWEST = 40
_GAP = 2
_SIGNS = {"error": "x", "warning": "!", "note": "i"}  # what colours say, where there are none
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold blue"}

_SPACE = "\ue000"  # a space that no line is broken at, until the text is made
_TOGETHER = re.compile(
    r"[\[(](?:[^\[\]();,]{1,12}, )+[^\[\]();,]{1,12}[\])]"  # `[8, 3, 32, 32]`
    r"|\b\w{1,16} = [\w.]{1,12}"  # `in_channels = 16`
)

Line = tuple[RenderableType, RenderableType]


def text(diagnosis: Diagnosis, *, width: int | None = None, color: bool = False) -> str:
    """Return all findings, errors first; those of one cause together."""
    columns = max(width or _COLUMNS, _NARROWEST)
    parts: list[RenderableType] = [_title(diagnosis), Text()]
    for block in blocks(diagnosis.findings):
        drawn = Table.grid(padding=(0, _GAP))
        drawn.add_column(width=_LABEL, no_wrap=True)
        drawn.add_column()
        for label, content in _block(block, diagnosis, columns - _LABEL - _GAP):
            drawn.add_row(label, content)
        parts += [drawn, Text()]
    parts += [Text(line) for line in _ends(diagnosis)]
    codes = dict.fromkeys(finding.code for finding in diagnosis.findings)
    if codes:
        parts.append(Text(f"explained, with examples: shapecalc rule {' '.join(codes)}"))
    style = "" if not diagnosis else "bold green"
    parts.append(Text(counted(diagnosis.findings), style=style or "bold"))
    return print_parts(parts, width=columns, color=color).replace(_SPACE, " ")


def blocks(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return the findings that one change would repair together, in the order of the first."""
    found: dict[tuple[str, int], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.severity, finding.group), []).append(finding)
    return list(found.values())


def counted(findings: Sequence[Finding]) -> str:
    """Return how many mistakes there are: `2 errors, 1 warning`."""
    grouped = blocks(findings)
    texts = []
    for severity in _SIGNS:
        count = sum(block[0].severity == severity for block in grouped)
        places = len({_site(finding) for finding in findings if finding.severity == severity})
        if count:
            where = f" in {places} places" if places > count else ""
            texts.append(f"{count} {severity}{'' if count == 1 else 's'}{where}")
    if all(finding.severity == "note" for finding in findings):
        texts.insert(0, "no mistake found")
    return ", ".join(texts)


def _title(diagnosis: Diagnosis) -> Text:
    title = Text(plain(diagnosis.name), style="bold")
    subject = diagnosis.subject
    if subject is not None:
        case = subject.case
        shapes = [
            f"{plain(name)} = [{', '.join(map(str, shape))}]"
            for name, shape in case.shapes(case.sizes).items()
        ]
        mode = ", in training mode" if subject.train else ""
        title.append(f" with {', '.join(shapes)}{mode}" if shapes else mode, style="not bold")
    return title


def _ends(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield up to where the model was checked, where its own code asks for data."""
    graph = None if diagnosis.subject is None else diagnosis.subject.graph
    for ending in graph.findings if graph is not None else ():
        if ending.kind == "data":
            where = "" if ending.location is None else f" {plain(place(ending.location))}"
            yield f"checked as far as{where}: {plain(ending.message)}"


# ---------------------------------------------------------------------------- one cause


def _block(block: list[Finding], diagnosis: Diagnosis, room: int) -> Iterator[Line]:
    first, *others = block
    sign = f"{_SIGNS[first.severity]} {first.severity} {first.code}"
    yield Text(sign, style=_STYLES[first.severity]), _said(first)
    yield from _labelled("", _places(first, room))
    yield from _labelled("why", (Text(_kept(line)) for line in first.because))
    if first.rests_on:
        yield from _labelled("rests on", [Text(_rests_on(first, diagnosis.findings))])
    for other in _sites(others, first):
        yield from _labelled("also", [_said(other), *_places(other, room)])
    yield from _repairs(block, diagnosis)


def _sites(others: Iterable[Finding], first: Finding) -> Iterator[Finding]:
    """Yield one finding for each place: a layer that is called in a loop fails at every turn."""
    seen = {_site(first)}
    for other in others:
        if _site(other) not in seen:
            seen.add(_site(other))
            yield other


def _site(finding: Finding) -> tuple[object, ...]:
    return finding.layer, finding.message, finding.used


def _said(finding: Finding) -> Text:
    said = Text(f"{plain(finding.layer)}  " if finding.layer else "", style="bold")
    return said.append(_kept(finding.message), style="not bold")


def _kept(text: str) -> str:
    """Return text in which a shape stays on one line, and so does a name with its value."""
    return _TOGETHER.sub(lambda found: found[0].replace(" ", _SPACE), plain(text))


def _places(finding: Finding, room: int) -> Iterator[Text]:
    """Yield where a layer is used and where it is built, on one line where there is room."""
    lines = []
    if finding.used is not None:
        used = Text(plain(place(finding.used)), style="cyan")
        source = Text(plain(source_line(finding.used)), style="default")
        left = room - len(used) - _GAP
        if source and left > 0:
            source.truncate(left, overflow="ellipsis")
            used.append("  ").append_text(source)
        lines.append(used)
    if finding.built not in (None, finding.used):
        lines.append(Text(f"built at {plain(place(finding.built))}", style="cyan"))
    if len(lines) == 2 and sum(map(len, lines)) + 4 <= room:
        yield Text("    ").join(lines)
    else:
        yield from lines


def _rests_on(finding: Finding, findings: Sequence[Finding]) -> str:
    before = [findings[n] for n in finding.rests_on]
    where = " and ".join(f"{plain(f.layer)} ({f.code})" if f.layer else f.code for f in before)
    taken = "it declares" if len(before) == 1 else "they declare"
    return f"{where}, taken to hand on what {taken}"


def _repairs(block: list[Finding], diagnosis: Diagnosis) -> Iterator[Line]:
    """Yield what repairs a cause: one change or another, or all those of the sites together."""
    ways: dict[str, Text] = {}
    together: dict[str, Text] = {}
    for finding in block:
        for repair in finding.repairs:
            shown = _repair(repair, finding, diagnosis)
            at_a_site = len(block) > 1 and repair.layer and repair.layer == finding.layer
            (together if at_a_site else ways).setdefault(shown.plain, shown)
    every = (*ways.values(), *together.values())
    if len(every) < 2 or not ways:
        yield from _labelled("repair", every)
        return
    drawn = Table.grid(padding=(0, _GAP))
    for n, shown in enumerate(every):
        drawn.add_row(Text("either" if not n else "or" if n <= len(ways) else "and"), shown)
    yield from _labelled("repair", [drawn])


def _repair(repair: Repair, finding: Finding, diagnosis: Diagnosis) -> Text:
    shown = _kept(repair.text)
    model = None if diagnosis.subject is None else diagnosis.subject.model
    written = None if model is None else change(model, repair)
    if written is not None:
        shown = f"{plain(place(written.place))}  write {_kept(written.call)}"
    elif repair.layer and repair.layer == finding.layer and finding.built is not None:
        shown = f"{plain(place(finding.built))}  {shown}"
    text = Text(shown, style="green")
    if repair.tried:
        text.append(f"  (tried: {plain(repair.tried)})", style="default")
    return text


def _labelled(label: str, contents: Iterable[RenderableType]) -> Iterator[Line]:
    for n, content in enumerate(contents):
        yield Text("" if n else f"  {label}"), content
