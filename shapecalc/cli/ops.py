"""`shapecalc ops`: the torch functions that have a rule, and those of a model that have none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import click

from shapecalc.cli.options import analyzed, traceback_option
from shapecalc.cli.output import emit, terminal
from shapecalc.cli.show import report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.analysis import Analysis


@click.command()
@click.option("--missing", "target", metavar="TARGET", help="The functions of TARGET with no rule.")
@click.option("--input", "inputs", multiple=True, metavar="PATTERN", help="As for `show`.")
@click.option("--arg", "arguments", multiple=True, metavar="K=V", help="As for `show`.")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True
)
@traceback_option
def ops(
    target: str | None,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    form: Literal["text", "markdown"],
) -> None:
    """List the torch functions that have a rule, by family."""
    if target is not None:
        analysis = analyzed(target, inputs, arguments, train=False)
        emit(_missing(analysis))
        report(analysis)
        return
    families = known()
    if form == "markdown":
        emit(table(families))
        return
    width, _ = terminal(None)
    for family, names in families.items():
        emit(click.style(f"{family} ({len(names)})\n", bold=True) if width else f"{family}\n")
        emit(click.wrap_text(", ".join(names), width or 100, "  ", "  ") + "\n")


def known() -> dict[str, list[str]]:
    """Return the names of the torch functions that have a reader, by family."""
    import shapecalc.ops  # noqa: F401  # registers the readers
    from shapecalc.registry import READERS

    families: dict[str, list[str]] = {}
    for name, reader in READERS.items():
        families.setdefault(reader.family, []).append(name)
    return {family: sorted(families[family]) for family in sorted(families)}


def table(families: Mapping[str, list[str]]) -> str:
    """Return the table for the README."""
    from shapecalc.render import markdown

    lines = [
        (family.replace("_", " "), ", ".join(map(markdown.code, names)))
        for family, names in families.items()
    ]
    return markdown.table(("family", "torch functions"), lines)


def _missing(analysis: Analysis) -> str:
    from shapecalc.registry import LAYERS, READERS

    functions = (layer.function for layer in analysis.layers)  # a spec has modules there
    counts = Counter(name for name in functions if name not in READERS and name not in LAYERS)
    if not counts:
        end = " up to where it fails" if analysis.graph.findings else ""
        return f"every function{end} has a rule\n"
    lines = (f"{name}: {n} call{'' if n == 1 else 's'}\n" for name, n in counts.most_common())
    return "".join(lines)
