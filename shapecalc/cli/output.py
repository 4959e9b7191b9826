"""Where results go: to standard output, or to a file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

import click

from shapecalc.errors import InputError
from shapecalc.render.plain import plain_lines


def emit(text: str, output: str | None = None) -> None:
    """Write a result to `output`, or to standard output.

    Raises:
        InputError: the file cannot be written.
    """
    if output is None or output == "-":
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a name may be outside the encoding
        try:
            click.echo(text, nl=False, color=True)
        except BrokenPipeError:
            raise  # whoever reads has seen enough, which is no error
        except OSError as error:
            raise InputError(f"cannot write: {error.strerror or error}") from error
        return
    if not output:
        raise InputError("-o is the name of a file, got nothing")
    save(text.encode(), output)


def save(data: bytes, output: str) -> None:
    """Write a file, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        _write(Path(output).resolve(), data)
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error


def _write(path: Path, data: bytes) -> None:
    if path.exists() and not path.is_file():  # a device or a pipe
        path.write_bytes(data)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def quiet() -> contextlib.AbstractContextManager[object]:
    """Send what the user's own code prints to standard error: results alone go to the output."""
    return contextlib.redirect_stdout(sys.stderr)


def say(text: str) -> None:
    """Write a message to standard error."""
    click.echo(plain_lines(text), err=True)


def terminal(output: str | None) -> tuple[int | None, bool]:
    """Return the columns to fit, None for as many as needed, and whether to write in colour."""
    columns = os.environ.get("COLUMNS", "")
    stated = int(columns) if columns.isdecimal() and int(columns) > 0 else None
    if output not in (None, "-"):
        return stated, False
    from rich.console import Console

    console = Console()
    color = console.is_terminal and not console.no_color and not console.is_dumb_terminal
    return stated or (console.width if console.is_terminal else None), color
