"""Options that commands share, and how their texts are read."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shapecalc.cli.output import quiet, say
from shapecalc.errors import InputError, PatternError, RejectedInput

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

TRACEBACK = "shapecalc.traceback"  # the key of click's `meta` for --traceback

_TRACES, _SECONDS = 50, 2.0  # that are spent on the accepted sizes near rejected ones
_PATHS, _PATH_SECONDS = 16, 1.0  # that are spent on other paths of the model

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _keep_traceback(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    ctx.meta[TRACEBACK] = wanted


traceback_option = click.option(
    "--traceback",
    is_flag=True,
    expose_value=False,
    callback=_keep_traceback,
    help="Show where an error was raised.",
)

output_option = click.option(
    "-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all."
)


def model_options(command: _Command) -> _Command:
    """Add TARGET and the options that say how it is built and called."""
    for option in (
        traceback_option,
        click.option("--train", is_flag=True, help="Trace in training mode."),
        click.option(
            "--arg",
            "arguments",
            multiple=True,
            metavar="K=V",
            help="A keyword argument of the class or factory, as a Python literal. Repeatable.",
        ),
        click.option(
            "--input",
            "inputs",
            multiple=True,
            metavar="PATTERN",
            help='What forward receives, such as "N,3,H,W", "N,T:int64" or "mask=N,T". '
            "Repeatable; inferred where it is left out.",
        ),
        click.argument("target"),
    ):
        command = option(command)
    return command


def analyzed(
    target: str,
    inputs: Iterable[str],
    arguments: Iterable[str],
    *,
    train: bool,
    values: bool = False,
) -> Analysis:
    """Load a target and analyse it; what was special about building it is said on stderr."""
    read, named = read_inputs(inputs), read_arguments(arguments)
    # both import torch or sympy, for which --help does not wait
    from shapecalc.analysis import analyze
    from shapecalc.target import load_target

    with quiet():
        loaded = load_target(target, named, values=values)
    for note in loaded.notes:
        say(f"note: {note}")
    positional, keywords = read
    with quiet():
        return analyze(loaded.model, *positional, train=train, **keywords)


def read_inputs(texts: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Return positional and keyword patterns.

    >>> read_inputs(["N,3,H,W", "mask=N,T"])
    (['N,3,H,W'], {'mask': 'N,T'})
    """
    positional, keywords = list[str](), dict[str, str]()
    for text in texts:
        name, equals, pattern = text.partition("=")
        if not (pattern if equals else text).strip():
            raise PatternError(
                f"--input {text!r}: expected sizes such as N,3,H,W; () is a tensor of no axes"
            )
        if not equals:
            positional.append(text)
        elif not name.strip().isidentifier():
            raise PatternError(f"--input {text!r}: {name.strip()!r} is no name of an argument")
        elif name.strip() in keywords:
            raise PatternError(f"--input {text!r}: {name.strip()} is given twice")
        else:
            keywords[name.strip()] = pattern
    return positional, keywords


def read_arguments(texts: Iterable[str]) -> dict[str, object]:
    """Return keyword arguments; a value is a Python literal, a bare word is a str.

    >>> read_arguments(["depth=5", "norm=batch", "widths=(64, 128)"])
    {'depth': 5, 'norm': 'batch', 'widths': (64, 128)}
    """
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            raise InputError(f"--arg {text!r}: expected NAME=VALUE")
        if name in found:
            raise InputError(f"--arg {text!r}: {name} is given twice")
        found[name] = _literal(value.strip(), text)
    return found


def _literal(value: str, within: str) -> object:
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        if value.isidentifier():
            return value
        raise InputError(
            f"--arg {within!r}: {value!r} is no Python literal; put a text into quotes"
        ) from None


def read_at(text: str | None, option: str = "--at") -> dict[str, int]:
    """Return sizes by symbol.

    >>> read_at("H=224,W=225")
    {'H': 224, 'W': 225}
    """
    sizes: dict[str, int] = {}
    for entry in (text or "").split(",") if text is not None else ():
        name, _, number = (part.strip() for part in entry.partition("="))
        if not name or not number.isdecimal():
            raise InputError(f"{option} {text!r}: expected sizes such as H=224,W=224")
        if name in sizes:
            raise InputError(f"{option} {text!r}: {name} is given twice")
        sizes[name] = int(number)
    return sizes


def read_indices(text: str, option: str) -> tuple[int, ...]:
    """Return the indices of one element.

    >>> read_indices("7,7", "--at")
    (7, 7)
    """
    numbers = [entry.strip() for entry in text.split(",")]
    if not all(number.isdecimal() for number in numbers):
        raise InputError(f"{option} {text!r}: expected indices such as 7,7, counted from 0")
    return tuple(map(int, numbers))


def no_layer(name: str, known: Iterable[str]) -> InputError:
    """Return the error for a name that no layer has, with those that it is close to."""
    names = {entry.lower(): entry for entry in known if entry}
    near = [names[match] for match in get_close_matches(name.lower(), names, n=3)]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return InputError(f"there is no layer {name!r}{hint}")


def complete(analysis: Analysis, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return `sizes` with one for every symbol; those left out keep the size of the trace."""
    rest = {name: analysis.graph.hint[name] for name in analysis.symbols if name not in sizes}
    return {**sizes, **rest}


def on_path_at(analysis: Analysis, sizes: Mapping[str, int]) -> Analysis:
    """Return the analysis with the formulas of the path that the model takes at `sizes`.

    Raises:
        RejectedInput: the model does not accept them; a little is spent to know the nearest ones.
    """
    with quiet():
        try:
            return replace(analysis, graph=analysis.at(**sizes).graph)
        except RejectedInput:
            analysis.explore(traces=_TRACES, seconds=_SECONDS)
            raise


def of_all_paths(
    analysis: Analysis,
    target: str,
    inputs: Sequence[str],
    arguments: Sequence[str],
    *,
    train: bool,
) -> Analysis:
    """Return the analysis for the sizes of all paths with its formulas; a note names the others.

    Little is spent on that: a model without branches is not traced again.
    """
    from shapecalc.sizes import agreement

    graph = analysis.graph
    if all(premise.assumption.kind == "requirement" for premise in graph.premises):
        return analysis
    try:
        with quiet():
            found = analysis.explore(traces=_PATHS, seconds=_PATH_SECONDS)
    except InputError:  # there is no model to trace again
        return analysis
    graph, elsewhere = agreement.of_all_paths(graph, found)
    if elsewhere:
        model = _quoted(target, inputs, arguments, train=train)
        command = " ".join(["shapecalc sizes", *model, "--paths"])
        graph = replace(graph, notes=(*graph.notes, f"{elsewhere}: {command}"))
    return replace(analysis, graph=graph)


def _quoted(
    target: str, inputs: Sequence[str], arguments: Sequence[str], *, train: bool
) -> Iterator[str]:
    """Yield the model of this command as another command would name it."""
    yield shlex.quote(target)
    for option, texts in (("--input", inputs), ("--arg", arguments)):
        for text in texts:
            yield from (option, shlex.quote(text))
    if train:
        yield "--train"


def read_sizes(text: str | None) -> list[tuple[int, ...]] | None:
    """Return sizes to verify at.

    >>> read_sizes("224x224,97x64")
    [(224, 224), (97, 64)]
    """
    if text is None:
        return None
    found = []
    for entry in text.split(","):
        numbers = entry.strip().split("x")
        if not all(number.isdecimal() for number in numbers):
            raise InputError(f"--sizes {text!r}: expected sizes such as 224x224,97x64")
        found.append(tuple(int(number) for number in numbers))
    return found
