"""A picture of a model, in the form that the name of its file asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.dims import Dim, format_dim
from shapecalc.errors import InputError
from shapecalc.render import summary
from shapecalc.render.diagram import annotate, svg, tree
from shapecalc.render.diagram.boxes import Look
from shapecalc.render.diagram.layout import Direction
from shapecalc.render.diagram.nodes import Diagram, Node
from shapecalc.render.diagram.runs import with_runs
from shapecalc.render.diagram.scene import Scene, arrange, opened_to, readable_depth
from shapecalc.render.diagram.themes import THEMES, ThemeName
from shapecalc.render.diagram.words import bracketed
from shapecalc.render.names import Names
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.diagnose import Finding

_LONG = 30  # characters of a formula that gets a short name
_AUTO = None  # a depth that can be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a picture shows.

    `depth` is how many levels of modules are open, by default as many as can be read. `sizes`
    are put beside the formulas. `runs` folds modules that are alike into one. A picture that
    `folds` can show every node.
    """

    depth: int | None = _AUTO
    sizes: Mapping[str, int] = field(default_factory=dict)
    direction: Direction = "TB"
    theme: ThemeName = "light"
    fields: bool = False
    runs: bool = True
    folds: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A diagram with the choices that were made for it: what is open, and how it looks."""

    diagram: Diagram
    opened: frozenset[str]
    look: Look
    options: Options
    analysis: Analysis

    @classmethod
    def of(cls, analysis: Analysis, options: Options, findings: Sequence[Finding] = ()) -> Picture:
        """Return the picture of an analysis; `findings` are marked on it."""
        diagram = tree.diagram(analysis)
        inside = annotate.annotated(
            diagram.inside,
            analysis,
            sizes={} if options.folds else options.sizes,  # the reader types others
            show_fields=options.fields,
            findings=findings,
        )
        diagram = replace(diagram, inside=with_runs(inside) if options.runs else inside)
        depth = options.depth or readable_depth(diagram)
        opened = opened_to(diagram, depth)
        shown = list(diagram.nodes() if options.folds else _shown(diagram.inside.nodes, opened))
        names = _names(shown, analysis)
        look = Look(sizes=options.sizes, fields=options.fields, names=names)
        facts = tuple(_facts(analysis, options, shown, names))
        return cls(replace(diagram, facts=facts), opened, look, options, analysis)

    @classmethod
    def checked(cls, analysis: Analysis, options: Options) -> Picture:
        """Return the picture with all findings, drawn to its end where there are mistakes."""
        findings = () if analysis.source is None else analysis.findings
        if analysis.graph.mistakes:
            from shapecalc.diagnose import through_mistakes  # only here: it imports torch

            analysis = through_mistakes(analysis)
        return cls.of(analysis, options, findings)

    def scene(self) -> Scene:
        """Return everything at its place.

        Raises:
            BackendError: Graphviz is not there.
        """
        return arrange(self.diagram, self.opened, self.look, direction=self.options.direction)

    def svg(self) -> str:
        """Return the picture as SVG.

        Raises:
            BackendError: Graphviz is not there.
        """
        theme = THEMES[self.options.theme]
        return svg.document(self.diagram, self.scene(), self.look, theme)


def _shown(nodes: Sequence[Node], opened: frozenset[str]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if node.inside is not None and node.id in opened:
            yield from _shown(node.inside.nodes, opened)


def _names(shown: Sequence[Node], analysis: Analysis) -> Names:
    """Return short names for the formulas that are too long for a box."""
    long: dict[Dim, None] = {}
    for node in shown:
        for output in node.outputs:
            long.update((dim, None) for dim in output.shape if len(format_dim(dim)) > _LONG)
    return Names.of(long, taken=analysis.symbols)


def _facts(
    analysis: Analysis, options: Options, shown: Sequence[Node], names: Names
) -> Iterator[str]:
    calls, _ = summary.sums(analysis)
    wrong = len({finding.layer for finding in analysis.graph.mistakes})
    if wrong:  # what comes after is taken for granted
        calls = f"{len(analysis.layers):,} op calls, {wrong} with mistakes"
    yield f"{plain(analysis.graph.name)}: {calls}; {analysis.parameters:,} parameters"
    yield bracketed(summary.validity(analysis))
    if options.sizes and not options.folds:
        yield "in numbers: " + ", ".join(f"{name} = {size}" for name, size in options.sizes.items())
    for formula, name in names.names.items():
        yield f"{name} = {bracketed(format_dim(formula))}"
    yield from annotate.legend(shown)


# ---------------------------------------------------------------------------- forms


def _svg(picture: Picture) -> bytes:
    return picture.svg().encode()


def _png(picture: Picture) -> bytes:
    from shapecalc.render.diagram import raster

    return raster.png(picture.svg(), THEMES[picture.options.theme])


def _pdf(picture: Picture) -> bytes:
    from shapecalc.render.diagram import raster

    return raster.pdf(picture.svg())


def _dot(picture: Picture) -> bytes:
    from shapecalc.render.diagram import dot

    theme, direction = THEMES[picture.options.theme], picture.options.direction
    text = dot.document(picture.diagram, picture.opened, picture.look, theme, direction)
    return text.encode()


def _mermaid(picture: Picture) -> bytes:
    from shapecalc.render.diagram import mermaid

    theme, direction = THEMES[picture.options.theme], picture.options.direction
    text = mermaid.document(picture.diagram, picture.opened, picture.look, theme, direction)
    return text.encode()


def _tikz(picture: Picture) -> bytes:
    from shapecalc.render.diagram import tikz

    theme = THEMES[picture.options.theme]
    return tikz.document(picture.diagram, picture.scene(), theme).encode()


def _html(picture: Picture) -> bytes:
    from shapecalc.render.diagram import html

    return html.document(picture).encode()


FORMS: Mapping[str, Callable[[Picture], bytes]] = {
    ".svg": _svg,
    ".png": _png,
    ".pdf": _pdf,
    ".dot": _dot,
    ".mmd": _mermaid,
    ".tex": _tikz,
    ".html": _html,
}


def form_of(output: str) -> Callable[[Picture], bytes]:
    """Return what makes the file of a name, by its extension.

    Raises:
        InputError: no picture has that extension.
    """
    extension = Path(output).suffix.lower()
    if extension not in FORMS:
        got = f"got {extension}" if extension else "got none"
        raise InputError(f"{output}: expected one of {' '.join(FORMS)}, {got}")
    return FORMS[extension]


def folds(output: str) -> bool:
    """Tell whether modules can be folded and unfolded in the file of a name."""
    return Path(output).suffix.lower() == ".html"


def draw(
    analysis: Analysis,
    output: str | os.PathLike[str],
    *,
    depth: int | None,
    at: Mapping[str, int] | None,
    direction: Direction,
    theme: ThemeName,
    fields: bool,
    unfold: bool,
) -> None:
    """Draw an analysis into a file, as `Analysis.draw` says."""
    form = form_of(os.fspath(output))
    if at:
        at = {**{name: analysis.graph.hint[name] for name in analysis.symbols}, **at}
        analysis = replace(analysis, graph=analysis.at(**at).graph)
    options = Options(
        depth=depth,
        sizes=at or {},
        direction=direction,
        theme=theme,
        fields=fields,
        runs=not unfold,
        folds=folds(os.fspath(output)),
    )
    Path(output).write_bytes(form(Picture.checked(analysis, options)))
