"""A diagnosis as the annotations of a GitHub workflow.

Source:
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions and, for what
    has to be escaped, actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.render.places import relative
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.diagnose import Diagnosis
    from shapecalc.diagnose.finding import Finding

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def document(diagnosis: Diagnosis, *, root: str | None = None) -> str:
    """Return a line for each finding; files are named from `root`."""
    return "".join(f"{_annotation(finding, root)}\n" for finding in diagnosis.findings)


def _annotation(finding: Finding, root: str | None) -> str:
    where = finding.used or finding.built
    properties = {}
    if where is not None:
        properties = {"file": relative(where.file, root), "line": str(where.line)}
    properties["title"] = " ".join(filter(None, (finding.code, finding.layer)))
    listed = ",".join(f"{name}={_property(plain(value))}" for name, value in properties.items())
    lines = [finding.message, *finding.because]
    lines += [f"repair: {repair.text} ({repair.tried})" for repair in finding.repairs]
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(chr(10).join(map(plain, lines)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
