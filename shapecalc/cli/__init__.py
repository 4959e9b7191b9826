"""The command line: it loads, calls and prints.

The exit code is 0 when all is well, 1 when the shapes are wrong or a verification failed, and 2
when the question cannot be answered: a wrong target, a bad pattern, a forward that raises.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

import click

from shapecalc.cli.check import check
from shapecalc.cli.draw import draw
from shapecalc.cli.explain import explain
from shapecalc.cli.field import field
from shapecalc.cli.ops import ops
from shapecalc.cli.options import TRACEBACK
from shapecalc.cli.output import say
from shapecalc.cli.report import report
from shapecalc.cli.rule import rule
from shapecalc.cli.run import run
from shapecalc.cli.show import show
from shapecalc.cli.sizes import sizes
from shapecalc.cli.solve import solve
from shapecalc.cli.spec import spec
from shapecalc.cli.verify import verify
from shapecalc.errors import RejectedInput, ShapecalcError, ShapeError


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib import metadata

    try:
        version = metadata.version("torch-shapecalc")
    except metadata.PackageNotFoundError:
        version = "(not installed)"
    click.echo(f"shapecalc {version}")
    ctx.exit()


class Commands(click.Group):
    """The one place where an error becomes a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        # torch says so once it is imported without NumPy, which nothing here needs
        warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
        try:
            return super().invoke(ctx)
        except ShapecalcError as error:
            if ctx.meta.get(TRACEBACK):
                raise
            say(f"error: {error}")
            if isinstance(error, RejectedInput) and (nearest := error.nearest):
                given = ", ".join(f"{name}={size}" for name, size in nearest.items())
                say(f"  nearest accepted: {given}")
            ctx.exit(1 if isinstance(error, (ShapeError, RejectedInput)) else 2)
        except (KeyboardInterrupt, click.Abort):
            say("interrupted")
            ctx.exit(130)
        except BrokenPipeError:
            # whoever reads has seen enough; nothing may be flushed into the closed pipe at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # a mistake of ours
            if ctx.meta.get(TRACEBACK):
                raise
            say(
                f"error: shapecalc itself failed: {type(error).__name__}: {error}\n"
                "  --traceback shows where"
            )
            ctx.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and leave.",
)
def main() -> None:
    """Exact shapes of PyTorch models, for every input size at once.

    TARGET is package.module:attribute, path/to/file.py:attribute or spec.yaml. The attribute is
    an nn.Module, a class or a factory.
    """


for command in (
    show,
    draw,
    check,
    sizes,
    solve,
    field,
    explain,
    report,
    verify,
    spec,
    rule,
    run,
    ops,
):
    main.add_command(command)
