"""`shapecalc draw`: the annotated diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli.options import (
    analyzed,
    complete,
    model_options,
    of_all_paths,
    on_path_at,
    read_at,
)
from shapecalc.cli.output import quiet, save

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


@click.command()
@model_options
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="The picture: .svg .png .pdf .dot .mmd .tex .html, by the extension.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    help="Levels of modules that are open.  [default: as many as can be read]",
)
@click.option("--at", metavar="SIZES", help="Put numbers beside the formulas: H=224,W=224.")
@click.option(
    "--direction",
    type=click.Choice(["TB", "LR"]),
    default="TB",
    show_default=True,
    help="From top to bottom or from left to right.",
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark", "paper"]),
    default="light",
    show_default=True,
)
@click.option("--fields", is_flag=True, help="Write the receptive field into every box.")
@click.option("--unfold", is_flag=True, help="Draw modules in a row that are alike one by one.")
def draw(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    output: str,
    depth: int | None,
    at: str | None,
    direction: Any,
    theme: Any,
    fields: bool,
    unfold: bool,
) -> None:
    """Draw TARGET as a diagram of shape equations.

    \b
    shapecalc draw torchvision.models:resnet50 -o resnet50.svg
    shapecalc draw model.py:UNet -o unet.pdf --at H=224,W=224 --theme paper
    shapecalc draw lenet.yaml -o lenet.mmd --direction LR
    """  # noqa: D301  # \b keeps click from wrapping the examples
    from shapecalc.render.diagram.picture import Options, Picture, folds, form_of

    form, sizes = form_of(output), read_at(at)
    analysis = analyzed(target, inputs, arguments, train=train)
    if sizes:
        if not analysis.graph.findings:
            analysis = on_path_at(analysis, complete(analysis, sizes))
        sizes = complete(analysis, sizes)
    if not analysis.graph.findings:
        analysis = of_all_paths(analysis, target, inputs, arguments, train=train)
    options = Options(
        depth=depth,
        sizes=sizes,
        direction=direction,
        theme=theme,
        fields=fields,
        runs=not unfold,
        folds=folds(output),
    )
    with quiet():
        picture = Picture.checked(analysis, options)
    save(form(picture), output)
    report(analysis)


def report(analysis: Analysis) -> None:
    """Say what is wrong and leave with the exit code for it; the picture is written by then."""
    from shapecalc.cli.show import report as shown

    shown(analysis)
