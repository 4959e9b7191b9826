"""`shapecalc run`: a script as Python runs it, with its models' errors explained."""

from __future__ import annotations

import builtins
import io
import os
import sys
from types import ModuleType, TracebackType

import click

from shapecalc.cli.output import say


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(script: str, arguments: tuple[str, ...]) -> None:
    """Run SCRIPT with ARGUMENTS, and explain what its models raise.

    What a model raises gets a diagnosis as a note, which Python prints below the error. Nothing
    else changes: the script is `__main__`, with the arguments, the path and the exit code that it
    has under `python SCRIPT ARGUMENTS`.

    \b
    python -m shapecalc run train.py --epochs 3
    """  # noqa: D301  # \b keeps click from wrapping the examples
    path = os.path.abspath(script)  # what Python makes of it, too
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        say(f"error: cannot open {script}: {error.strerror or error}")
        sys.exit(2)
    from shapecalc.diagnose.live import explain_errors

    main = ModuleType("__main__")
    vars(main).update(__file__=path, __builtins__=builtins, __cached__=None)
    sys.modules["__main__"] = main
    sys.argv[:] = [script, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    try:
        with explain_errors():
            exec(compile(source, path, "exec", dont_inherit=True), vars(main))
    except SystemExit:
        raise
    except BaseException as error:
        error.__traceback__ = _of_script(error.__traceback__, path)
        sys.excepthook(type(error), error, error.__traceback__)
        sys.stderr.flush()
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)


def _of_script(traceback: TracebackType | None, path: str) -> TracebackType | None:
    """Return a traceback from the script on, as if nobody had run it."""
    found = traceback  # a syntax error has no frame of the script
    while found is not None and found.tb_frame.f_code.co_filename != path:
        found = found.tb_next
    return found
