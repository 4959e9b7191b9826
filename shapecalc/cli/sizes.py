"""`shapecalc sizes`: which sizes a model accepts, why not others, and along which paths."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from shapecalc.cli.options import analyzed, complete, model_options, output_option, read_at
from shapecalc.cli.output import emit, quiet, say, terminal
from shapecalc.errors import InputError, RejectedInput, UndecidedError

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.render.sizes_sheet import Budget
    from shapecalc.sizes import AcceptedSizes
    from shapecalc.sizes.exploration import Exploration
    from shapecalc.sizes.verdict import Verdict

Format: TypeAlias = Literal["text", "json"]

TRACES, SECONDS = 200, 20.0  # those of `Analysis.explore`, for which --help does not wait


@click.command()
@model_options
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="SIZES",
    help="Whether 250x333 or H=250,W=333 is accepted, and what is near by. Repeatable.",
)
@click.option("--paths", is_flag=True, help="List the paths through the model's code.")
@click.option(
    "--traces",
    type=click.IntRange(min=0),
    default=TRACES,
    show_default=True,
    help="How often the model is traced at most, to find its paths.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=SECONDS,
    show_default=True,
    help="How long that may take.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@output_option
def sizes(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    checks: tuple[str, ...],
    paths: bool,
    traces: int,
    seconds: float,
    form: Format,
    output: str | None,
) -> None:
    """Show which input sizes TARGET accepts, exactly, and why not others.

    With --check the exit code is 1 if any of the sizes is not accepted.

    \b
    shapecalc sizes torchvision.models:alexnet
    shapecalc sizes MODEL --check 250x333
    shapecalc sizes MODEL --paths
    """  # noqa: D301  # \b keeps click from wrapping the examples
    if checks and paths:
        raise InputError("--check is about some sizes, --paths about all: give one of them")
    wanted = [read_check(text) for text in checks]
    analysis = analyzed(target, inputs, arguments, train=train)
    asked = [_named(analysis, sizes, text) for sizes, text in zip(wanted, checks, strict=True)]
    found, spent = _explored(analysis, traces=traces, seconds=seconds)
    if asked:
        answers = [_verdict(analysis, found, sizes) for sizes in asked]
        emit(_checked(analysis, found, answers, form, output), output)
        click.get_current_context().exit(0 if all(answer.accepted for answer, _ in answers) else 1)
    emit(_document(analysis, found, spent, form, paths=paths, output=output), output)
    if not found.pieces:
        wrong = any(finding.kind == "shape" for finding in analysis.graph.findings)
        click.get_current_context().exit(1 if wrong else 2)


def _explored(analysis: Analysis, *, traces: int, seconds: float) -> tuple[AcceptedSizes, Budget]:
    from shapecalc.render.sizes_sheet import Budget

    made, shown, start = 1, sys.stderr.isatty(), time.monotonic()

    def told(exploration: Exploration) -> None:
        nonlocal made
        made += 1
        if shown:
            known, rest = len(exploration.pieces), len(exploration.open)
            _progress(f"traces: {made}, paths: {known}, parts still open: {rest}")

    with quiet():
        found = analysis.explore(traces=traces, seconds=seconds, told=told)
    if shown:
        _progress("")
    spent = time.monotonic() - start
    used_up = made > traces or spent > seconds
    return found, Budget(traces=made, seconds=spent, used_up=used_up)


def _progress(text: str) -> None:
    click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _document(
    analysis: Analysis,
    found: AcceptedSizes,
    spent: Budget,
    form: Format,
    *,
    paths: bool,
    output: str | None,
) -> str:
    if form == "json":
        from shapecalc.render import sizes_json

        return sizes_json.document(analysis, found, spent)
    from shapecalc.render import sizes_text, text

    width, color = terminal(output)
    title = text.title(analysis)
    return sizes_text.document(
        found, name=title, paths=paths, budget=spent, width=width, color=color
    )


# ---------------------------------------------------------------------------- --check


def read_check(text: str) -> tuple[int, ...] | dict[str, int]:
    """Return sizes to be checked.

    >>> read_check("250x333"), read_check("H=250,W=333")
    ((250, 333), {'H': 250, 'W': 333})
    """
    if "=" in text:
        return read_at(text, "--check")
    if not re.fullmatch(r"[0-9]+(x[0-9]+)*", text.strip()):
        raise InputError(f"--check {text!r}: expected sizes such as 250x333 or H=250,W=333")
    return tuple(map(int, text.strip().split("x")))


def _named(
    analysis: Analysis, wanted: tuple[int, ...] | dict[str, int], text: str
) -> dict[str, int]:
    """Return sizes by symbol; those without names are for the positions of an input, or for all.

    Raises:
        InputError: they fit no input, or something in them is no size of this model.
    """
    known = analysis.symbols
    if isinstance(wanted, tuple):
        groups = [*_positions(analysis), known]
        names = next((group for group in groups if len(group) == len(wanted)), None)
        if names is None:
            raise InputError(f"--check {text}: {_expected(groups[0])}")
        wanted = dict(zip(names, wanted, strict=True))
    for name, size in wanted.items():
        if name not in known:
            others = ", ".join(known) or "none"
            raise InputError(
                f"--check {text}: {name} is no symbol of this model; they are: {others}"
            )
        least = 0 if name in getattr(analysis.source, "paddings", ()) else 1
        if size < least:
            raise InputError(f"--check {text}: {name} is a size: at least {least}, got {size}")
    return wanted


def _expected(names: Sequence[str]) -> str:
    if not names:
        return "the inputs of this model have one size alone"
    together = "x".join(["224"] * len(names))
    return f"expected sizes for {' and '.join(names)}: {together}, or by name: {names[0]}=224"


def _positions(analysis: Analysis) -> Sequence[tuple[str, ...]]:
    """Return the symbols of the positions of each input that has only symbols there."""
    from shapecalc.receptive_field.axes import roles

    found = []
    for tensor in analysis.inputs:
        spatial = [tensor.shape[axis] for axis in roles(tensor).spatial]
        if spatial and all(size.is_Symbol for size in spatial) and len({*spatial}) == len(spatial):
            found.append(tuple(map(str, spatial)))
    return found


def _verdict(
    analysis: Analysis, found: AcceptedSizes, sizes: dict[str, int]
) -> tuple[Verdict, tuple[str, ...]]:
    """Return what is known of sizes, and why they are rejected where only a trace there tells."""
    from shapecalc.sizes.verdict import verdict

    with quiet():
        try:
            answer = verdict(found, sizes)
        except UndecidedError:
            sizes = complete(analysis, sizes)
            names = ", ".join(f"{name} = {size}" for name, size in sizes.items())
            say(f"note: that depends on sizes that are not named: asked at {names}")
            answer = verdict(found, sizes)
        reasons: tuple[str, ...] = ()
        if not answer.accepted and not answer.failures:
            try:
                with suppress(InputError):
                    analysis.at(**complete(analysis, sizes))
            except RejectedInput as rejected:
                reasons = rejected.reasons
    return answer, reasons


def _checked(
    analysis: Analysis,
    found: AcceptedSizes,
    answers: Sequence[tuple[Verdict, tuple[str, ...]]],
    form: Format,
    output: str | None,
) -> str:
    if form == "json":
        from shapecalc.render import sizes_json

        return sizes_json.checked(analysis, found, answers)
    from shapecalc.render import sizes_text, text

    width, color = terminal(output)
    title = text.title(analysis)
    return "\n".join(
        sizes_text.checked(
            answer, found.every, name=title, reasons=reasons, width=width, color=color
        )
        for answer, reasons in answers
    )
