"""`shapecalc show`: the table, or one layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from shapecalc.cli.options import analyzed, complete, model_options, output_option, read_at
from shapecalc.cli.output import emit, say, terminal
from shapecalc.errors import InputError

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.graph import Layer

Format: TypeAlias = Literal["text", "json", "markdown", "latex", "csv"]


@click.command()
@model_options
@click.option(
    "--depth", type=click.IntRange(min=1), default=3, show_default=True, help="Levels of modules."
)
@click.option("--at", metavar="SIZES", help="Put numbers beside the formulas: H=224,W=224.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "latex", "csv"]),
    default="text",
    show_default=True,
)
@click.option("--layer", "name", metavar="NAME", help="The shape equations of one layer.")
@output_option
def show(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    depth: int,
    at: str | None,
    form: Format,
    name: str | None,
    output: str | None,
) -> None:
    """Show the shape of every layer of TARGET as a formula.

    \b
    shapecalc show torchvision.models:resnet50
    shapecalc show model.py:UNet --input "N,3,H,W" --at H=224,W=225
    shapecalc show lenet.yaml --layer conv1
    """  # noqa: D301  # \b keeps click from wrapping the examples
    sizes = read_at(at)
    analysis = analyzed(target, inputs, arguments, train=train)
    if sizes and not analysis.findings:
        # other sizes may take another path through the model, with formulas of its own
        analysis = replace(analysis, graph=analysis.at(**complete(analysis, sizes)).graph)
    if name is not None:
        emit(_record(_layer(analysis, name), form, sizes, output), output)
    else:
        emit(_table(analysis, form, depth, sizes, output), output)
    report(analysis, shown=form == "text" and name is None and output is None)


def _table(
    analysis: Analysis, form: Format, depth: int, sizes: Mapping[str, int], output: str | None
) -> str:
    match form:
        case "text":
            from shapecalc.render import text

            width, color = terminal(output)
            return text.table(analysis, depth=depth, sizes=sizes, width=width, color=color)
        case "json":
            from shapecalc.render import json

            return json.document(analysis, sizes=sizes)
        case "markdown":
            from shapecalc.render import markdown

            return markdown.document(analysis, depth=depth, sizes=sizes)
        case "latex":
            from shapecalc.render import latex

            return latex.document(analysis, depth=depth, sizes=sizes)
        case "csv":
            from shapecalc.render import csv

            return csv.document(analysis, depth=depth, sizes=sizes)


def _record(layer: Layer, form: Format, sizes: Mapping[str, int], output: str | None) -> str:
    from shapecalc.render.equation import equation

    found = equation(layer)
    match form:
        case "text":
            from shapecalc.render import text

            width, color = terminal(output)
            return text.record(found, sizes=sizes, width=width, color=color)
        case "json":
            from shapecalc.render import json

            return json.record(found, sizes=sizes)
        case "markdown":
            from shapecalc.render import markdown

            return markdown.record(found, sizes=sizes)
        case "latex":
            from shapecalc.render import latex

            return latex.record(found, sizes=sizes)
        case "csv":
            raise InputError("--layer has no form as CSV: choose text, json, markdown or latex")


def _layer(analysis: Analysis, name: str) -> Layer:
    """Return the last call of an op by its name, or by that of a module that is one op.

    Raises:
        InputError: there is none, or the module is more than one op.
    """
    for layer in reversed(analysis.layers):
        if layer.name == name:
            return layer
    for call in reversed(analysis.modules):
        if call.name == name:
            inside = [analysis.layers[n].name for n in call.layers]
            if len(inside) == 1:
                return analysis.layers[call.layers.start]
            listed = ", ".join(inside[:6]) + (", ..." if len(inside) > 6 else "")
            raise InputError(f"{name!r} is {len(inside)} ops: choose one of {listed or 'others'}")
    known = dict.fromkeys(layer.name for layer in analysis.layers)
    near = get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise InputError(f"there is no layer {name!r}{hint}")


def report(analysis: Analysis, *, shown: bool = False) -> None:
    """Say what is wrong and leave with the exit code for it."""
    if not analysis.findings:
        return
    if not (shown and terminal(None)[1]):
        for finding in analysis.findings:
            say(f"error: {finding}")
    wrong = any(finding.kind == "shape" for finding in analysis.findings)
    click.get_current_context().exit(1 if wrong else 2)
