"""`shapecalc report`: a page to keep open while designing."""

from __future__ import annotations

import click

from shapecalc.cli.options import (
    analyzed,
    complete,
    model_options,
    on_path_at,
    output_option,
    read_at,
)
from shapecalc.cli.output import emit, quiet
from shapecalc.cli.show import report as said


@click.command()
@model_options
@click.option("--at", metavar="SIZES", help="The sizes in the boxes at first: H=224,W=224.")
@click.option(
    "--explain", is_flag=True, help="Run the model once, and show what layers do with numbers."
)
@output_option
def report(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    at: str | None,
    explain: bool,
    output: str | None,
) -> None:
    """Write a page on TARGET: one HTML file that works offline, in which the formulas run.

    Sizes are typed into it, and every shape, the accepted sizes and the receptive fields change
    at once.

    \b
    shapecalc report torchvision.models:resnet50 -o report.html
    shapecalc report lenet.yaml --at N=4 -o lenet.html
    """  # noqa: D301  # \b keeps click from wrapping the examples
    sizes = read_at(at)
    analysis = analyzed(target, inputs, arguments, train=train, values=explain)
    if sizes and not analysis.graph.findings:
        analysis = on_path_at(analysis, complete(analysis, sizes))
    from shapecalc.render.page.report import report as page

    with quiet():
        text = page(analysis, sizes, explain=explain)
    emit(text, output)
    said(analysis)
