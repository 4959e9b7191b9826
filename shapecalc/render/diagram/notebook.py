"""An analysis in a notebook: its table and, where it can be drawn, its picture."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from shapecalc.errors import BackendError
from shapecalc.render import text
from shapecalc.render.diagram.picture import Options, Picture

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis


def bundle(analysis: Analysis) -> dict[str, str]:
    """Return the table as text, and with the picture above it as HTML.

    Without a back end that draws, the table is all.
    """
    table = text.table(analysis)
    plain = html.escape(text.table(analysis, color=False))
    parts = [f'<pre style="line-height: 1.2; overflow-x: auto">{plain}</pre>']
    try:
        parts.insert(0, _fitted(Picture.of(analysis, Options()).svg()))
    except BackendError as error:
        parts.append(f"<p>no picture: {html.escape(str(error))}</p>")
    return {"text/plain": table, "text/html": "\n".join(parts)}


def _fitted(svg: str) -> str:
    """Return a picture that is no wider than the notebook."""
    return svg.replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1)
