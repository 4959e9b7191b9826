"""`shapecalc verify`: formulas and receptive fields beside real forward passes."""

from __future__ import annotations

import sys
from typing import Literal

import click

from shapecalc.cli.options import analyzed, model_options, output_option, read_sizes
from shapecalc.cli.output import emit, quiet
from shapecalc.cli.show import report


@click.command()
@model_options
@click.option("--sizes", metavar="SIZES", help="Sizes of the last symbols: 224x224,97x64.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="How long the forward passes may take where no sizes are given, and how long the "
    "comparison of receptive fields may take.",
)
@click.option(
    "--fields/--no-fields",
    default=True,
    show_default=True,
    help="Whether receptive fields are compared, too.",
)
@click.option("--device", default="cpu", show_default=True, help="Where the model runs.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@output_option
def verify(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    sizes: str | None,
    seconds: float,
    fields: bool,
    device: str,
    form: Literal["text", "json"],
    output: str | None,
) -> None:
    """Run TARGET for real and compare every shape with its formula.

    Receptive fields are compared, too: one row or column of the input is changed at a time, and
    the outputs that change with it are those that see it. The exit code is 1 if anything differs.

    \b
    shapecalc verify torchvision.models:resnet50 --sizes 224x224,225x231,97x64
    """  # noqa: D301  # \b keeps click from wrapping the examples
    wanted = read_sizes(sizes)
    analysis = analyzed(target, inputs, arguments, train=train, values=True)
    report(analysis)
    from shapecalc.verify import verify as compare

    with quiet():
        result = compare(
            analysis,
            wanted,
            device=device,
            seconds=seconds,
            fields=fields,
            progress=_progress if sys.stderr.isatty() else None,
        )
    if sys.stderr.isatty():
        _progress("")
    if form == "json":
        from shapecalc.render import json

        emit(json.verification(result), output)
    else:
        emit(f"{result}\n", output)
    click.get_current_context().exit(0 if result else 1)


def _progress(text: str) -> None:
    click.echo(f"\r\x1b[K{text}", nl=False, err=True)
