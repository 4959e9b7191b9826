"""`shapecalc rule`: the pages of the mistakes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from shapecalc.cli.options import traceback_option
from shapecalc.cli.output import emit, terminal
from shapecalc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.diagnose.rule import Rule


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@traceback_option
def rule(codes: tuple[str, ...]) -> None:
    """Explain the mistake CODE with an example, or list all of them.

    \b
    shapecalc rule SC101
    shapecalc rule linear_in_features
    """  # noqa: D301  # \b keeps click from wrapping the examples
    from shapecalc.diagnose.pages import rules
    from shapecalc.render import rule_text

    known = rules()
    width, color = terminal(None)
    if not codes:
        emit(rule_text.table(list(known.values()), width=width, color=color))
        return
    found = [entry for code in codes for entry in _found(code, known)]
    emit("\n".join(rule_text.text(entry, width=width, color=color) for entry in found))


def _found(code: str, known: Mapping[str, Rule]) -> list[Rule]:
    """Return the rule of a code, or those of a kind: a mistake may be an error or a warning.

    Raises:
        InputError: there is none; near ones are named.
    """
    if code.upper() in known:
        return [known[code.upper()]]
    found = [entry for entry in known.values() if entry.kind == code.lower()]
    if found:
        return found
    kinds = dict.fromkeys(entry.kind for entry in known.values())
    near = [entry for entry in known if code and entry.startswith(code.upper())][:3]
    near = near or get_close_matches(code.lower(), [*kinds, *map(str.lower, known)], n=3)
    near = [entry.upper() if entry.upper() in known else entry for entry in near]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise InputError(f"there is no rule {code!r}{hint}  (shapecalc rule lists all)")
