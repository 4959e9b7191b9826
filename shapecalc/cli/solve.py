"""`shapecalc solve`: at which sizes something is true of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from shapecalc.cli.options import analyzed, model_options, output_option
from shapecalc.cli.output import emit, quiet, say, terminal

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.solve.solution import Solution

Format: TypeAlias = Literal["text", "json"]


@click.command()
@model_options
@click.argument("question")
@click.option(
    "--for",
    "names",
    multiple=True,
    metavar="SYMBOL",
    help="For which p is it true of all accepted input sizes? Repeatable.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@output_option
def solve(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    question: str,
    names: tuple[str, ...],
    form: Format,
    output: str | None,
) -> None:
    """Show all sizes at which the answer to QUESTION is yes.

    A question compares formulas of sizes with == != < <= > >=, joined by and, or, not. It speaks
    of symbols (H), the output (out.H, out[1], out["aux"].H), layers (layer4.H), what arrives
    there (in(fc1)[1], fc1.in_features), parameters (conv1.stride) and receptive fields
    (field(layer4).size). What arrives is also said of sizes that the layer itself rejects.

    The exit code is 0 with solutions, 1 if it is proved that there are none, else 2.

    \b
    shapecalc solve torchvision.models:resnet50 "layer4.H == 7"
    shapecalc solve MODEL "fc1.in_features == 400 and H == W"
    shapecalc solve spec.yaml "out.H == H" --for p
    """  # noqa: D301  # \b keeps click from wrapping the examples
    analysis = analyzed(target, inputs, arguments, train=train)
    for finding in analysis.graph.findings:
        say(f"note: {finding}")
    wanted = [name for text in names for name in text.replace(",", " ").split()]
    with quiet():
        found = analysis.solve(question, for_=wanted)
    emit(_document(analysis, found, form, output), output)
    click.get_current_context().exit(0 if found.example is not None else 1 if found.none else 2)


def _document(analysis: Analysis, found: Solution, form: Format, output: str | None) -> str:
    if form == "json":
        from shapecalc.render import solution_json

        return solution_json.document(analysis, found)
    from shapecalc.render import solution_text, text

    width, color = terminal(output)
    return solution_text.document(found, name=text.title(analysis), width=width, color=color)
