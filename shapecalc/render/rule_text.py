"""The pages of the rules as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shapecalc.diagnose.pages import page
from shapecalc.diagnose.rule import Rule
from shapecalc.render.text import item, print_parts

_COLUMNS = 100  # where nobody says how many there are
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold blue"}


def text(rule: Rule, *, width: int | None = None, color: bool = False) -> str:
    """Return the page of a rule: what is wrong, why, and an example of wrong and right."""
    found = page(rule)
    head = Text(f"{rule.severity} {rule.code}", style=_STYLES[rule.severity])
    head.append(f"  {rule.kind}", style="default")
    parts: list[RenderableType] = [head, Text(found.title, style="bold")]
    for paragraph in found.explanation:
        parts += [Text(), Text(paragraph)]
    parts += [*_example("Wrong", found.wrong, "red"), *_example("Right", found.right, "green")]
    return print_parts(parts, width=width or _COLUMNS, color=color)


def _example(label: str, code: str, style: str) -> Iterator[RenderableType]:
    if code:
        yield Text()
        yield Text(label, style=style)
        yield item(item(Text(code)))


def table(rules: Sequence[Rule], *, width: int | None = None, color: bool = False) -> str:
    """Return all codes with their kinds and what is wrong."""
    drawn = Table.grid(padding=(0, 2))
    for rule in rules:
        drawn.add_row(
            Text(rule.code, style=_STYLES[rule.severity]),
            Text(rule.severity),
            Text(rule.kind),
            Text(page(rule).title),
        )
    return print_parts([drawn], width=width or _COLUMNS, color=color)
