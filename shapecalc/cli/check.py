"""`shapecalc check`: every mistake of a model in one pass."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from shapecalc.cli.options import model_options, read_arguments, read_inputs
from shapecalc.cli.output import emit, quiet, say, terminal
from shapecalc.errors import PatternError

if TYPE_CHECKING:
    from shapecalc.diagnose import Diagnosis

Format: TypeAlias = Literal["text", "json", "sarif", "github"]


@click.command()
@model_options
@click.option("--advice", is_flag=True, help="Say, too, what works and could be better.")
@click.option(
    "--object-size",
    type=click.IntRange(min=1),
    metavar="N",
    help="Pixels of what the model is to recognise; asks for advice, too.",
)
@click.option("--output", "wanted", metavar="PATTERN", help='What has to come out: "N,10".')
@click.option("--target", "labels", metavar="PATTERN", help='What the loss compares with: "N".')
@click.option("--loss", metavar="NAME", help="The loss of both: cross_entropy.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
)
@click.option("-o", "file", metavar="FILE", help="Write to FILE, whole or not at all.")
def check(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    advice: bool,
    object_size: int | None,
    wanted: str | None,
    labels: str | None,
    loss: str | None,
    form: Format,
    file: str | None,
) -> None:
    """Find every mistake of TARGET, with its cause and with repairs that were tried.

    Sizes given as numbers are the case in hand; what depends on others is still said. The exit
    code is 0 when nothing is wrong (notes do not count), 1 with mistakes, 2 where the question
    cannot be answered.

    \b
    shapecalc check train.py:Net --input "N,1,32,32"
    shapecalc check train.py:Net --output "N,10" --target N --loss cross_entropy
    shapecalc check MODEL --format sarif -o shapes.sarif
    """  # noqa: D301  # \b keeps click from wrapping the examples
    asked = {"object_size": object_size, "output": wanted, "target": labels, "loss": loss}
    options: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    options |= {"train": train, "advice": advice or object_size is not None}
    found = _found(target, inputs, arguments, options)
    emit(_document(found, form, file), file)
    click.get_current_context().exit(0 if found else 1)


def _found(
    target: str, inputs: tuple[str, ...], arguments: tuple[str, ...], options: dict[str, Any]
) -> Diagnosis:
    """Check a target; what its constructor raises is a finding."""
    named = read_arguments(arguments)
    positional, keywords = read_inputs(inputs)
    if taken := {"train", "advice", "object_size", "output", "target", "loss"} & keywords.keys():
        name = min(taken)
        raise PatternError(f"--input {name}=...: {name} is an option of check, give it by position")
    options = {**options, **keywords}
    # both import torch or sympy, for which --help does not wait
    from shapecalc.diagnose import check as check_model
    from shapecalc.target import Factory, find_target

    with quiet():
        loaded = find_target(target, named)
        model: Any = loaded if isinstance(loaded, Factory) else loaded.model
    if target.lower().endswith((".yaml", ".yml")):
        from shapecalc.diagnose.specs import check_spec

        if inputs:
            raise PatternError("a spec names its own inputs: change `input:` in the spec")
        with quiet():
            found, note = check_spec(model, **options)
        if note:
            say(f"note: {note}")
        return found
    with quiet():
        found = check_model(model, *positional, **options)
    if found.findings and found.subject is not None and not inputs:
        patterns = found.subject.case.patterns
        given = " ".join(f"{pattern.name}={pattern}" for pattern in patterns.all())
        say(f"note: the input {given} was inferred; --input gives another")
    return found


def _document(found: Diagnosis, form: Format, file: str | None) -> str:
    match form:
        case "text":
            from shapecalc.render import diagnosis_text

            width, color = terminal(file)
            return diagnosis_text.text(found, width=width, color=color)
        case "json":
            from shapecalc.render import diagnosis_json

            return diagnosis_json.document(found)
        case "sarif":
            from shapecalc.render import sarif

            return sarif.document(found, root=_root())
        case "github":
            from shapecalc.render import github

            return github.document(found, root=_root())


def _root() -> str:
    """Return the folder that tools name files from: that of the repository in a workflow."""
    return os.environ.get("GITHUB_WORKSPACE") or os.getcwd()
