"""The whole page, with the interactive diagram in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.errors import InputError
from shapecalc.render.diagram import html
from shapecalc.render.page.document import document

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


def report(analysis: Analysis, sizes: Mapping[str, int], *, explain: bool) -> str:
    """Return the page of a model; `sizes` stand in its boxes at first.

    Raises:
        BackendError: what lays the diagram out is not installed.
        InputError: the model has no values to be run with, so that it can `explain`.
    """
    inset = html.inset(analysis, sizes)
    return document(analysis, sizes=sizes, diagram=inset, explain=explain)


def write_report(
    analysis: Analysis,
    output: str | os.PathLike[str],
    sizes: Mapping[str, int],
    *,
    explain: bool,
) -> None:
    """Write the page of a model into a file.

    Raises:
        BackendError: what lays the diagram out is not installed.
        InputError: the file cannot be written, or the model has no values to be run with.
    """
    text = report(analysis, sizes, explain=explain)
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error
