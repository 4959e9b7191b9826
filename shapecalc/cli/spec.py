"""`shapecalc spec`: YAML specs as code, checked, and their schema."""

from __future__ import annotations

import json

import click

from shapecalc.cli.options import output_option, traceback_option
from shapecalc.cli.output import emit


@click.group()
def spec() -> None:
    """Check a YAML spec, or turn it into PyTorch code."""


@spec.command()
@click.argument("file")
@output_option
@traceback_option
def code(file: str, output: str | None) -> None:
    """Print FILE as a PyTorch module."""
    from shapecalc import spec as specs

    emit(specs.generate(specs.load(file)), output)


@spec.command()
@click.argument("file")
@traceback_option
def validate(file: str) -> None:
    """Check FILE, shapes included."""
    from shapecalc.analysis import analyze
    from shapecalc.cli.show import report

    analysis = analyze(file)
    report(analysis)
    count = len(analysis.layers)
    emit(f"{file}: valid, {count} layer{'' if count == 1 else 's'}\n")


@spec.command()
@output_option
@traceback_option
def schema(output: str | None) -> None:
    """Print the JSON Schema of a spec, for editors."""
    from shapecalc import spec as specs

    emit(json.dumps(specs.json_schema(), indent=2) + "\n", output)
