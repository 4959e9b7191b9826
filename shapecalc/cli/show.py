"""`shapecalc show`: the table, or one layer."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from shapecalc.cli.options import (
    analyzed,
    complete,
    model_options,
    no_layer,
    of_all_paths,
    on_path_at,
    output_option,
    read_at,
)
from shapecalc.cli.output import emit, say, terminal
from shapecalc.errors import InputError

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.graph import Layer
    from shapecalc.render.equation import Equation

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
@click.option(
    "--call", type=click.IntRange(min=1), help="Which call of the layer, where it has several."
)
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
    call: int | None,
    output: str | None,
) -> None:
    """Show the shape of every layer of TARGET as a formula.

    \b
    shapecalc show torchvision.models:resnet50
    shapecalc show model.py:UNet --input "N,3,H,W" --at H=224,W=225
    shapecalc show lenet.yaml --layer conv1
    """  # noqa: D301  # \b keeps click from wrapping the examples
    sizes = read_at(at)
    if call is not None and name is None:
        raise InputError("--call is for one layer: give --layer NAME, too")
    analysis = analyzed(target, inputs, arguments, train=train)
    if sizes and not analysis.graph.findings:
        # other sizes may take another path through the model, with formulas of its own
        analysis = on_path_at(analysis, complete(analysis, sizes))
    if name is None and form != "csv" and not analysis.graph.findings:
        analysis = of_all_paths(analysis, target, inputs, arguments, train=train)
    if name is not None:
        emit(_records(_layers(analysis, name), name, call, form, sizes, output), output)
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


def _records(
    layers: Sequence[Layer],
    name: str,
    call: int | None,
    form: Format,
    sizes: Mapping[str, int],
    output: str | None,
) -> str:
    """Return the record of every call of a layer, or that of one."""
    from shapecalc.render.equation import equation

    count = len(layers)
    if call is not None and call > count:
        raise InputError(f"{name!r} is called {'once' if count == 1 else f'{count} times'}")
    if form == "json" and count > 1 and call is None:
        raise InputError(f"{name!r} is called {count} times: choose one with --call 1 to {count}")
    records = []
    for number, layer in enumerate(layers, start=1):
        if call in (None, number):
            found = equation(layer)
            if count > 1 and form != "json":
                found = replace(found, layer=f"{found.layer}, call {number} of {count}")
            records.append(_record(found, form, sizes, output))
    return "\n".join(records)


def _record(found: Equation, form: Format, sizes: Mapping[str, int], output: str | None) -> str:
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


def _layers(analysis: Analysis, name: str) -> list[Layer]:
    """Return the calls of an op by its name, or by that of a module that is one op.

    Raises:
        InputError: there is none, or the module is more than one op.
    """
    found = [layer for layer in analysis.layers if layer.name == name]
    if found:
        return found
    calls = [call for call in analysis.modules if call.name == name]
    for call in calls:
        if not call.finished:
            report(analysis)
        if len(call.layers) != 1:
            inside = [analysis.layers[n].name for n in call.layers]
            listed = ", ".join(inside[:6]) + (", ..." if len(inside) > 6 else "")
            raise InputError(f"{name!r} is {len(inside)} ops: choose one of {listed or 'others'}")
        found.append(analysis.layers[call.layers.start])
    if found:
        return found
    if any(finding.layer == name for finding in analysis.graph.findings):
        report(analysis)
    raise no_layer(name, (layer.name for layer in analysis.layers))


def report(analysis: Analysis, *, shown: bool = False) -> None:
    """Say what is wrong and leave with the exit code for it."""
    if not analysis.graph.findings:
        return
    if not (shown and sys.stdout.isatty()):
        for finding in analysis.graph.findings:
            say(f"error: {finding}")
    if analysis.inferred and any(finding.kind == "forward" for finding in analysis.graph.findings):
        patterns = " ".join(f"{pattern.name}={pattern}" for pattern in analysis.patterns.all())
        say(f"note: the input {patterns} was inferred; --input gives another")
    wrong = any(finding.kind == "shape" for finding in analysis.graph.findings)
    click.get_current_context().exit(1 if wrong else 2)
