"""The HTML file: a shell with a strict content policy, one style, one script, one JSON document."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from shapecalc.render.page.contents import contents
from shapecalc.render.page.inset import Inset
from shapecalc.render.text import title
from shapecalc.render.writing import Json

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

STYLES = ("tokens.css", "page.css", "table.css", "viewer.css", "print.css")
SCRIPTS = (
    "evaluate.js",
    "membership.js",
    "elements.js",
    "typeset.js",
    "state.js",
    "boxes.js",
    "table.js",
    "detail.js",
    "axis_sets.js",
    "regroup.js",
    "reach.js",
    "viewer.js",
    "findings.js",
    "page.js",
)


def document(
    analysis: Analysis,
    *,
    sizes: Mapping[str, int] | None = None,
    diagram: Inset | None = None,
    explain: bool = False,
) -> str:
    """Return the report as one file that needs no network; `sizes` stand in its boxes at first.

    With `explain` the model is run, and layers are explained with its numbers. Nothing in the
    file is executed or fetched but its own script and style, which the content policy names by
    their hashes.

    Raises:
        InputError: the model has no values to be run with.
    """
    inset = diagram or Inset()
    style = _joined(STYLES) + inset.style
    script = f'"use strict";\n(() => {{\n{_joined(SCRIPTS)}{inset.script}\n}})();\n'
    return Template(_asset("shell.html")).substitute(
        policy=html.escape(policy(style, script)),
        title=html.escape(title(analysis)),
        style=style,
        script=script,
        diagram=inset.markup,
        data=embedded(contents(analysis, sizes or {}, explain=explain)),
    )


def embedded(value: Json) -> str:
    r"""Return JSON that ends no script element and begins no tag, whatever names are in it.

    >>> print(embedded("</script>"))
    "\u003c/script\u003e"
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def policy(style: str, script: str) -> str:
    """Return a content policy that lets one style and one script in, and nothing else."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _joined(names: tuple[str, ...]) -> str:
    return "".join(_asset(name) for name in names)


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8")
