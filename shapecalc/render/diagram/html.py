"""The interactive diagram: a page of its own, or an inset of the report.

Colours are variables of the style sheet, so that one drawing is light and dark.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from shapecalc.render.diagram.interactive import sheet
from shapecalc.render.diagram.picture import Options, Picture
from shapecalc.render.diagram.themes import THEMES, Theme
from shapecalc.render.page.contents import findings_of, first_path, first_sizes
from shapecalc.render.page.document import embedded, policy
from shapecalc.render.page.formulas import Formulas
from shapecalc.render.page.inset import Inset

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

STYLES = ("diagram.css",)
SCRIPTS = (
    "make.js",
    "compose.js",
    "columns.js",
    "draw.js",
    "values.js",
    "camera.js",
    "card.js",
    "folds.js",
    "search.js",
    "keys.js",
    "diagram.js",
)
_DEPTHS = 3  # grounds of nested modules that differ


def document(picture: Picture) -> str:
    """Return the diagram as one HTML file that needs no network.

    Raises:
        BackendError: Graphviz is not there.
    """
    made = diagram(picture)
    style = _asset("sheet.css") + made.style
    evaluate = (resources.files("shapecalc.render.page") / "assets" / "evaluate.js").read_text(
        "utf-8"
    )
    script = f'"use strict";\n(() => {{\n{evaluate}{made.script}}})();\n'
    return Template(_asset("sheet.html")).substitute(
        policy=html.escape(policy(style, script)),
        title=html.escape(picture.diagram.title),
        theme="dark" if picture.options.theme == "dark" else "light",
        style=style,
        script=script,
        diagram=made.markup,
    )


def inset(analysis: Analysis, sizes: Mapping[str, int]) -> Inset:
    """Return the diagram of the report, with numbers at the sizes that it begins with.

    Raises:
        BackendError: Graphviz is not there.
    """
    options = Options(sizes={**first_sizes(analysis), **sizes}, folds=True)
    shown, findings = first_path(analysis), findings_of(analysis)
    if shown.graph.mistakes:
        from shapecalc.diagnose import through_mistakes  # only here: it imports torch

        shown = through_mistakes(shown)
    return diagram(Picture.of(shown, options, findings))


def diagram(picture: Picture) -> Inset:
    """Return the diagram for a page that has an evaluator of formulas.

    Raises:
        BackendError: Graphviz is not there.
    """
    options, analysis = picture.options, picture.analysis
    bright = THEMES["paper" if options.theme == "paper" else "light"]
    formulas = Formulas()
    theme = _in_variables(bright)
    made = sheet(picture.diagram, picture.opened, picture.look, theme, options.direction, formulas)
    conditions = dict.fromkeys(premise.condition for premise in analysis.graph.premises)
    when = [] if analysis.graph.mistakes else formulas.conditions(tuple(conditions))
    data = {
        **made.data,
        "facts": picture.diagram.facts,
        "sizes": {name: options.sizes[name] for name in analysis.symbols if name in options.sizes},
        "fails": bool(analysis.graph.mistakes),
        "when": when,
        "formulas": [tree for _, _, tree in formulas.entries],
        "colours": {"wire": theme.wire, "skip": theme.skip, "value": theme.tones["value"]},
    }
    return Inset(
        markup=Template(_asset("diagram.html")).substitute(
            title=html.escape(f"diagram of {picture.diagram.title}"),
            font=html.escape(bright.font),
            outlines="".join(
                f'<path id="{name}" d="{html.escape(path)}"/>'
                for name, path in made.outlines.items()
            ),
            drawings="".join(made.drawings),
            data=embedded(data),
        ),
        style=_colours(bright, THEMES["dark"]) + "".join(map(_asset, STYLES)),
        script=f"(() => {{\n{''.join(map(_asset, SCRIPTS))}}})();\n",
    )


# ------------------------------------------------------------------------ colours


def _in_variables(theme: Theme) -> Theme:
    """Return a theme that names variables of the style sheet in the place of colours."""
    named: dict[str, Any] = {}
    for entry in fields(theme):
        value = getattr(theme, entry.name)
        if isinstance(value, str) and value.startswith("#"):
            named[entry.name] = _variable(entry.name)
        elif isinstance(value, Mapping):
            named[entry.name] = {key: _variable(key) for key in value}
    return replace(theme, modules=(_variable("module"),), **named)


def _variable(name: str) -> str:
    return f"var(--diagram-{name.replace('_', '-')})"


def _colours(light: Theme, dark: Theme) -> str:
    """Return the colours of both themes; the choice of the reader goes before the system's."""
    bright, dim = "\n".join(_declared(light)), "\n".join(_declared(dark))
    depths = "\n".join(
        f".diagram .depth-{n} {{ --diagram-module: var(--diagram-module-{n}); }}"
        for n in range(_DEPTHS)
    )
    return (
        f".diagram {{\n{bright}\n}}\n{depths}\n"
        "@media screen {\n"
        f':root[data-theme="dark"] .diagram {{\n{dim}\n}}\n'
        "@media (prefers-color-scheme: dark) {\n"
        f':root:not([data-theme="light"]) .diagram {{\n{dim}\n}}\n}}\n}}\n'
    )


def _declared(theme: Theme) -> Iterator[str]:
    for entry in fields(theme):
        value = getattr(theme, entry.name)
        if isinstance(value, str) and value.startswith("#"):
            yield f"--diagram-{entry.name.replace('_', '-')}: {value};"
        elif isinstance(value, Mapping):
            for key, colour in value.items():
                yield f"--diagram-{key.replace('_', '-')}: {colour};"
    for depth in range(_DEPTHS):
        yield f"--diagram-module-{depth}: {theme.module(depth)};"


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8")
