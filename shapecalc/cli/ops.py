"""`shapecalc ops`: the torch functions that have a rule, and those of a model that have none."""

from __future__ import annotations

from typing import Literal, TypeAlias

import click

from shapecalc.cli.options import analyzed, traceback_option
from shapecalc.cli.output import emit, terminal
from shapecalc.cli.show import report

Form: TypeAlias = Literal["text", "json", "markdown"]


@click.command()
@click.option("--missing", "target", metavar="TARGET", help="The functions of TARGET with no rule.")
@click.option("--input", "inputs", multiple=True, metavar="PATTERN", help="As for `show`.")
@click.option("--arg", "arguments", multiple=True, metavar="K=V", help="As for `show`.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
)
@traceback_option
def ops(
    target: str | None, inputs: tuple[str, ...], arguments: tuple[str, ...], form: Form
) -> None:
    """List the torch functions that have a rule, under the headings of PyTorch's reference.

    With --missing, list the functions that a model calls and that have none: how often, where,
    and how their sizes were found instead.
    """
    if target is None:
        emit(_known(form))
        return
    analysis = analyzed(target, inputs, arguments, train=False)
    from shapecalc.coverage import missing
    from shapecalc.render import ops_json, ops_text

    found = missing(analysis.graph)
    match form:
        case "json":
            emit(ops_json.unruled(analysis, found))
        case "markdown":
            emit(ops_text.unruled_in_markdown(analysis, found))
        case "text":
            width, color = terminal(None)
            emit(ops_text.unruled(analysis, found, width=width, color=color))
    report(analysis)


def _known(form: Form) -> str:
    from shapecalc.coverage import families
    from shapecalc.render import ops_json, ops_text

    match form:
        case "json":
            return ops_json.known(families())
        case "markdown":
            return ops_text.known_in_markdown(families())
        case "text":
            width, color = terminal(None)
            return ops_text.known(families(), width=width, color=color)
