"""`shapecalc explain`: one element of a layer's output, with real numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import click

from shapecalc.cli.field import named_sizes, read_size
from shapecalc.cli.options import (
    model_options,
    output_option,
    read_arguments,
    read_at,
    read_indices,
    read_inputs,
)
from shapecalc.cli.output import emit, quiet, say, terminal
from shapecalc.cli.show import report
from shapecalc.errors import InputError

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.explain import Explanation


@click.command()
@model_options
@click.argument("layer")
@click.option("--element", metavar="INDICES", help="The element: 0,2,3, with or without the batch.")
@click.option("--size", metavar="SIZE", help="The size of the input: 28x28 or H=28,W=28.")
@click.option("--at", metavar="SIZES", help="The sizes by their symbols: N=1,H=4,W=4.")
@click.option(
    "--values",
    "files",
    multiple=True,
    metavar="FILE",
    help="The numbers of the input: .npy, .json or .png; NAME=FILE where there are several. "
    "Random whole numbers without it.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of random numbers and weights."
)
@click.option(
    "--call", type=click.IntRange(min=1), help="Which call of the layer, where it has several."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@output_option
def explain(
    target: str,
    layer: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    element: str | None,
    size: str | None,
    at: str | None,
    files: tuple[str, ...],
    seed: int,
    call: int | None,
    form: Literal["text", "json"],
    output: str | None,
) -> None:
    """Show what LAYER does to one element of its output, with the numbers of a real run.

    The patch, the kernel, the products, the sum: then the same element as torch has it. The exit
    code is 1 if they differ.

    \b
    shapecalc explain lenet.yaml c1 --element 0,2,3
    shapecalc explain model.py:Net conv1 --element 0,0,0 --values image.png
    shapecalc explain model.py:Net pool --size 28x28 --format json
    """  # noqa: D301  # \b keeps click from wrapping the examples
    index = None if element is None else read_indices(element, "--element")
    by_name = read_at(at)
    wanted = None if size is None else read_size(size)
    positional, keywords = read_inputs(inputs)
    named = read_arguments(arguments)
    if not -(1 << 63) <= seed < 1 << 63:
        raise InputError(f"--seed {seed}: expected a whole number of at most 64 bits")
    import torch

    from shapecalc.analysis import analyze
    from shapecalc.target import load_target

    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        loaded = load_target(target, named, values=True)
        analysis = analyze(loaded.model, *positional, train=train, **keywords)
    for note in loaded.notes:
        say(f"note: {note}")
    report(analysis)
    sizes = {**named_sizes(analysis, wanted), **by_name}
    found = _explained(analysis, layer, index, files, call, seed, sizes)
    weights = f"weights: as {target} {'builds' if loaded.initial else 'has'} them"
    seeded = f"{weights}, with seed {seed}" if loaded.initial else weights
    if analysis.parameters:
        found = replace(found, notes=(seeded, *found.notes))
    emit(_written(found, form, output), output)
    if not found.agrees:
        click.get_current_context().exit(1)


def _explained(
    analysis: Analysis,
    layer: str,
    index: Sequence[int] | None,
    files: Sequence[str],
    call: int | None,
    seed: int,
    sizes: Mapping[str, int],
) -> Explanation:
    from shapecalc.explain import explain as explained
    from shapecalc.explain.values import read_values

    x: Any = None
    if files:
        names = [pattern.name for pattern in analysis.patterns.all()]
        pairs = [_named_file(text, names) for text in files]
        x = {name: read_values(file) for name, file in pairs}
        if len(x) != len(pairs):
            raise InputError("--values names an input twice")
    said = ", ".join(files)
    with quiet():
        return explained(analysis, layer, index, x=x, call=call, seed=seed, said=said, **sizes)


def _named_file(text: str, names: Sequence[str]) -> tuple[str, str]:
    """Return the input that a file is for, and the file."""
    name, equals, file = text.partition("=")
    if equals and name in names:
        return name, file
    if len(names) != 1:
        raise InputError(f"--values {text!r}: expected NAME=FILE, of {', '.join(names)}")
    return names[0], text


def _written(found: Explanation, form: Literal["text", "json"], output: str | None) -> str:
    if form == "json":
        from shapecalc.render import explain_json

        return explain_json.document(found)
    from shapecalc.render import explain_text

    width, color = terminal(output)
    return explain_text.explanation(found, width=width, color=color)
